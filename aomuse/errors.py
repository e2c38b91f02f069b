"""Errors: those a user can mend, and what is wrong with a file."""

from __future__ import annotations


class AomuseError(Exception):
    """A mistake that the user can mend; its text is one clear line."""


class ConfigurationError(AomuseError):
    """A wrong option, URL or environment; nothing was written."""


class SchemaError(AomuseError):
    """The database's schema is not the one this version works with."""


class DatabaseError(AomuseError):
    """The database has gone away, or takes no more; what was committed is whole."""


class CrowdedError(DatabaseError):
    """The server takes no more connections; those that are open go on."""


class UnfinishedError(DatabaseError):
    """A run that ended before its work was done; what it committed is whole."""


class BusyError(AomuseError):
    """Another loader holds the database, or has changed what was to be changed."""


class OvertakenError(AomuseError):
    """Another loader has the exposure, or has changed it since this one looked."""


class RebuildError(AomuseError):
    """Rows that are missing or do not fit together."""


class FileError(AomuseError):
    """A file that cannot be loaded.

    Parameters
    ----------
    code : str
        Short name of the kind of error, as in ``load_issue.code``.
    path : str
        The file.
    why : str
        What is wrong, and what to do about it.
    extension : str, optional
        The HDU (EXTNAME, or its index as text).
    """

    def __init__(self, code: str, path: str, why: str, extension: str | None = None) -> None:
        super().__init__(why)
        self.code = code
        self.path = path
        self.why = why
        self.extension = extension

    def __str__(self) -> str:
        where = f"{self.path}[{self.extension}]" if self.extension else self.path
        return f"{where}: {self.why}"
