"""What differs between a file and the database."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Verified:
    """What came of the comparison of one file."""

    path: str
    values: int
    differences: tuple[str, ...]


@dataclass
class Comparison:
    """Collects what differs in one file, and counts the values compared."""

    values: int = 0
    differences: list[str] = field(default_factory=list)

    def tell(self, where: str, file: object, database: object) -> None:
        """Note a difference."""
        self.differences.append(f"{where}: the file has {file!r}, the database {database!r}")
