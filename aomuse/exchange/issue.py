"""What is wrong, odd or missing in a file or an exposure: shown, and kept in load_issue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from aomuse.errors import FileError
from aomuse.paths import shown

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Issue:
    """One line about a file or HDU: where, why, and what to do.

    An error keeps something out of the database, a warning or note does not.
    """

    severity: Severity
    code: str
    message: str
    path: str | None = None
    extension: str | None = None

    @classmethod
    def from_error(cls, error: FileError) -> Issue:
        """Return the issue of a file that could not be loaded."""
        return cls("error", error.code, error.why, error.path, error.extension)

    def __str__(self) -> str:
        where = f"{self.path}[{self.extension}]" if self.path and self.extension else self.path
        text = f"{where}: {self.message}" if where else self.message
        return shown(text)
