"""What differs between a file and the database."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

#: Differences of one column that are reported one by one.
_REPORTED = 5


@dataclass(frozen=True)
class Verified:
    """The result of the comparison of one file."""

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

    def tell_some(self, where: str, found: Sequence[tuple[str, object, object]]) -> None:
        """Note the first differences of a column by their places, and how many there are."""
        for place, in_file, in_database in found[:_REPORTED]:
            self.tell(f"{where} {place}", in_file, in_database)
        if len(found) > _REPORTED:
            self.differences.append(f"{where}: {len(found)} values differ in all")


def same(in_file: Any, in_database: Any) -> bool:
    """Return whether two values are equal and of one type; 0.0 differs from -0.0."""
    if isinstance(in_file, float):
        if math.isnan(in_file):
            return in_database is None
        return isinstance(in_database, float) and in_file.hex() == in_database.hex()
    return type(in_file) is type(in_database) and bool(in_file == in_database)
