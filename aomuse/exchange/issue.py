"""What there is to say about a file or an exposure: for the user's eyes and for load_issue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from aomuse.errors import FileError

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Issue:
    """One line about a file: an error keeps something out of the database, the others do not.

    Parameters
    ----------
    severity : {'error', 'warning', 'note'}
        How bad it is.
    code : str
        Short name of the kind of issue.
    message : str
        Where, why, and what to do, in one line.
    path : str, optional
        The file.
    extension : str, optional
        The HDU.
    """

    severity: Severity
    code: str
    message: str
    path: str | None = None
    extension: str | None = None

    @classmethod
    def from_error(cls, error: FileError) -> Issue:
        """Return the issue that tells of a file that could not be loaded."""
        return cls("error", error.code, error.why, error.path, error.extension)

    def __str__(self) -> str:
        where = f"{self.path}[{self.extension}]" if self.path and self.extension else self.path
        text = f"{where}: {self.message}" if where else self.message
        return " ".join(text.split())
