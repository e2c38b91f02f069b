"""What can go wrong with arrays of rows."""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any, cast

#: SQLSTATE's class to PEP 249's exception; all others, client errors included, are operational.
_BY_CLASS = {
    "0A": "NotSupportedError",
    "21": "ProgrammingError",
    "22": "DataError",
    "23": "IntegrityError",
    "42": "ProgrammingError",
}

#: Errors whose SQLSTATE says less than their number.
_BY_NUMBER = {
    1265: "DataError",  # data truncated for column
    1364: "IntegrityError",  # a column without default was left out
    1366: "DataError",  # incorrect value for column
}

#: A row of the call, not of the frame.
_AT_ROW = re.compile(r" at row \d+$")


class BulkUnavailable(Exception):  # noqa: N818 - a state of affairs that the loader lives with
    """Rows cannot go through array binding here; the text is the reason, in one line."""


class ArrayError(Exception):
    """Rows could not be inserted.

    `kind` is the name of PEP 249's exception, `errno` 0 for what this package found itself.
    """

    def __init__(self, kind: str, text: str, errno: int = 0, sqlstate: str = "HY000") -> None:
        super().__init__(text)
        self.kind = kind
        self.errno = errno
        self.sqlstate = sqlstate

    @classmethod
    def of(cls, errno: int, sqlstate: str, text: str) -> ArrayError:
        """Return the error of a number."""
        kind = _BY_NUMBER.get(errno) or _BY_CLASS.get(sqlstate[:2], "OperationalError")
        return cls(kind, text, errno, sqlstate)

    @property
    def is_about_a_row(self) -> bool:
        """True where some row is at fault, and not the statement or the server."""
        return self.kind in {"DataError", "IntegrityError"}

    def at(self, place: str) -> ArrayError:
        """Return the same error with a place in the frame instead of the row of the call."""
        said = _AT_ROW.sub("", str(self))
        return ArrayError(self.kind, f"{said} ({place})", self.errno, self.sqlstate)

    def of_driver(self, driver: ModuleType) -> Exception:
        """Return the driver's own exception, with number and SQLSTATE as on its own errors."""
        error: Any = getattr(driver, self.kind)(str(self))
        error.errno, error.sqlstate = self.errno, self.sqlstate
        return cast("Exception", error)
