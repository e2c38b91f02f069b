"""Values that connector 2.0.0rc2 has read are freed, which it forgets to do itself.

Its cursor holds the values of a row, beside the tuple that it returns. Those of the next row take
their place, and nothing releases what was there: 30 bytes of each number, for as long as the
process lives, or 80 MB for the source rows of an exposure. Of the other ways that install without a
compiler, PyMySQL reads such rows at an eighth of the speed, and the connector in pure Python at a
quarter. So what the cursor forgets is taken over here.

That is right only for a connector with exactly this fault. So the first connection of a process
reads a few values of each kind, both as text and in the binary protocol, and counts the references
to them. A connector without the fault, and one with another, is left alone.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from ctypes import c_ssize_t, c_void_p, memmove, py_object, pythonapi, sizeof
from functools import cache
from importlib import import_module
from itertools import chain, islice
from typing import Any, ClassVar

from sqlalchemy import Connection

#: Two rows with a value of each kind; the parameter lets them come in the binary protocol.
_KINDS = "300000, 1.5e0, 1.25, 'text', x'ff00', TIMESTAMP'2018-08-13 01:02:03', DATE'2018-08-13'"
_ROWS = f"SELECT {_KINDS} FROM DUAL WHERE 1 = ? UNION ALL SELECT {_KINDS}"  # noqa: S608 - no values

_new_tuple = pythonapi.PyTuple_New
_new_tuple.argtypes, _new_tuple.restype = [c_ssize_t], py_object


def kept_references(connection: Connection) -> int | None:
    """Return how many references the driver keeps to each value that it has read.

    One is freed by aomuse. None: some, and in a way that is not known.
    """
    own: Any = connection.connection.dbapi_connection
    return own.kept_references() if hasattr(own, "kept_references") else 0


@cache
def freeing_connection() -> Any:
    """Return a class of connections with cursors that free, for the connector from 2.0 on."""
    driver: Any = import_module("mariadb")
    plain: Any = driver.SyncConnection
    cursors = _freeing_cursor(driver.SyncCursor)

    class FreeingConnection(plain):  # type: ignore[misc]
        """A connection to a server."""

        _kept: ClassVar[list[int | None]] = []  # of this process, once it is known

        def cursor(self, cursorclass: Any = None, **options: Any) -> Any:
            """Return a new cursor."""
            gives_tuples = cursorclass is None and not options.get("dictionary")
            if gives_tuples and self.kept_references() == 1:
                cursorclass = cursors
            return super().cursor(cursorclass, **options)

        def kept_references(self) -> int | None:
            """Return how many references to each value a cursor keeps; None if they differ."""
            if not self._kept:
                kept = set()
                for options in ({}, {"binary": True}):
                    with super().cursor(**options) as cursor:
                        cursor.execute(_ROWS, (1,))
                        rows = cursor.fetchall()
                    # Of the last row nothing is kept once its cursor is closed.
                    counts = [[sys.getrefcount(value) for value in row] for row in rows]
                    kept |= {more - usual for more, usual in zip(*counts, strict=True)}
                self._kept.append(kept.pop() if len(kept) == 1 else None)
            return self._kept[0]

    return FreeingConnection


def _freeing_cursor(plain: Any) -> Any:
    class FreeingCursor(plain):  # type: ignore[misc]
        """A cursor that frees the rows before the last one that it has fetched."""

        _last: Sequence[Any] = ()

        def execute(self, *arguments: Any, **options: Any) -> Any:
            """Run a statement. The connector itself frees the last row of the one before."""
            self._last = ()
            return super().execute(*arguments, **options)

        def executemany(self, *arguments: Any, **options: Any) -> Any:
            """Run a statement for many rows."""
            self._last = ()
            return super().executemany(*arguments, **options)

        def nextset(self) -> Any:
            """Go to the next result."""
            self._last = ()
            return super().nextset()

        def fetchone(self) -> Any:
            """Fetch a row."""
            row = super().fetchone()
            self._free([] if row is None else [row])
            return row

        def fetchmany(self, size: int = 0) -> Any:
            """Fetch some rows."""
            rows = super().fetchmany(size)
            self._free(rows)
            return rows

        def fetchall(self) -> Any:
            """Fetch all rows that are left."""
            rows = super().fetchall()
            self._free(rows)
            return rows

        def _free(self, rows: list[Sequence[Any]]) -> None:
            if rows:
                before = chain.from_iterable(islice(rows, len(rows) - 1))
                _take_over((*self._last, *before))
                self._last = rows[-1]

    return FreeingCursor


def _take_over(values: tuple[Any, ...]) -> None:
    """Let a reference to each value be one of a tuple's, which releases them as it goes.

    ``Py_DecRef`` for each would take six times as long.
    """
    owner = _new_tuple(len(values))
    first = tuple.__basicsize__
    memmove(id(owner) + first, id(values) + first, len(values) * sizeof(c_void_p))
