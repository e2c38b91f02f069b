"""Results that come in parts are whole, or reading them raises.

The connector, 1.1.14 as 2.0.0rc2, does not see that a result ends with an error: the server has
gone away, somebody or a limit of time has ended the statement. Its rows just end, and the binary
protocol adds one that repeats the values of the last without owning them, or has none at all. Using
such a row can end the process.
"""

from __future__ import annotations

from ctypes import c_void_p, pythonapi
from importlib import import_module
from typing import Any

_own = pythonapi.Py_IncRef
_own.argtypes, _own.restype = [c_void_p], None

Row = tuple[Any, ...]


class WholeResult:
    """A cursor of the connector for one statement, which asks at the end if that was all.

    The last row that has come is held back until the one after it has, or the end is known: it may
    be the wrong one.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._cursor = connection.cursor(buffered=False, binary=True)
        self._held: list[Row] = []
        self._given: list[Row] = []  # the row before: it owns the values that a wrong one repeats
        self._is_read = False

    def __getattr__(self, name: str) -> Any:
        """Return what the connector's cursor knows or does."""
        return getattr(self._cursor, name)

    def fetchone(self) -> Row | None:
        """Fetch a row."""
        return next(iter(self.fetchmany(1)), None)

    def fetchmany(self, size: int = 1) -> list[Row]:
        """Fetch some rows."""
        missing = size + 1 - len(self._held)
        more = [] if self._is_read else self._cursor.fetchmany(missing)
        rows = self._held + more
        if len(more) < missing:
            self._end(rows)
        self._held, self._given = rows[size:], rows[:size][-1:]
        return rows[:size]

    def fetchall(self) -> list[Row]:
        """Fetch all rows that are left."""
        rows = self._held + ([] if self._is_read else self._cursor.fetchall())
        self._end(rows)
        self._held = []
        return rows

    def _end(self, rows: list[Row]) -> None:
        """Raise if these are not the last rows, but those before an error."""
        if self._is_read:
            return
        self._is_read, self._held = True, []
        is_whole = False
        try:
            with self._connection.cursor() as cursor:
                cursor.execute("SHOW ERRORS")
                errors = cursor.fetchall()
            is_whole = not errors
        finally:
            if not is_whole:
                _let_own(rows[-1:])
        if errors:
            _, number, text = errors[0]
            error = import_module("mariadb").OperationalError(text)
            error.errno = number
            raise error


def _let_own(rows: list[Row]) -> None:
    """Let rows own their values, of which some may be missing."""
    for row in rows:
        values = (c_void_p * len(row)).from_address(id(row) + tuple.__basicsize__)
        for value in filter(None, values):
            _own(value)
