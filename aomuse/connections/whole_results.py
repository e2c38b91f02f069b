"""Results that come in parts are whole, or reading them raises.

The connector, 1.1.14 as 2.0.0rc2, does not see that a result ends with an error: the server has
gone away, somebody or a limit of time has ended the statement. Its rows just end, and the binary
protocol adds one that repeats the values of the last without owning them, or has none at all. Using
such a row can end the process.
"""

from __future__ import annotations

from collections.abc import Callable
from ctypes import c_void_p, memset, py_object, pythonapi, sizeof
from importlib import import_module
from typing import Any

_untrack = pythonapi.PyObject_GC_UnTrack
_untrack.argtypes, _untrack.restype = [py_object], None

Row = tuple[Any, ...]


class WholeResult:
    """A cursor of the connector for one statement, which asks at the end if that was all.

    The last row that has come is held back until the one after it has, or the end is known: it may
    be the wrong one.
    """

    def __init__(self, connection: Any) -> None:
        self._held: list[Row] = []
        self._is_read = False
        self._connection = connection
        self._cursor = connection.cursor(buffered=False, binary=True)

    def __del__(self) -> None:
        """Give up the row that is held: nobody has asked if it owns its values."""
        if not self._is_read:
            _empty(self._held)

    def __getattr__(self, name: str) -> Any:
        """Return what the connector's cursor knows or does."""
        return getattr(self._cursor, name)

    def fetchone(self) -> Row | None:
        """Fetch a row."""
        return next(iter(self.fetchmany(1)), None)

    def fetchmany(self, size: int = 1) -> list[Row]:
        """Fetch some rows."""
        missing = size + 1 - len(self._held)
        rows = self._held + self._fetch(self._cursor.fetchmany, missing)
        self._held = rows[size:]
        return rows[:size]

    def fetchall(self) -> list[Row]:
        """Fetch all rows that are left."""
        rows = self._held + self._fetch(self._cursor.fetchall)
        self._held = []
        return rows

    def _fetch(self, fetch: Callable[..., list[Row]], *size: int) -> list[Row]:
        """Fetch rows that come after the one that is held; raise at an error, not at the end."""
        if self._is_read:
            return []
        rows = fetch(*size)
        if rows:
            _untrack(rows[-1])  # the garbage collector would look at its values
        if (len(rows),) != size:
            self._is_read = True
            self._raise_error([*self._held, *rows][-1:])
        return rows

    def _raise_error(self, last: list[Row]) -> None:
        """Raise if the statement, whose last row this is, has not come to its end."""
        is_whole = False
        try:
            with self._connection.cursor() as cursor:
                cursor.execute("SHOW ERRORS")
                errors = cursor.fetchall()
            is_whole = not errors
        finally:
            if not is_whole:
                _empty(last)
        if errors:
            _, number, text = errors[0]
            error = import_module("mariadb").OperationalError(text)
            error.errno = number
            raise error


def _empty(rows: list[Row]) -> None:
    """Take from rows the values that they do not own, so that nothing is released twice."""
    for row in rows:
        memset(id(row) + tuple.__basicsize__, 0, len(row) * sizeof(c_void_p))
