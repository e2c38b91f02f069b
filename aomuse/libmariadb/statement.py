"""A prepared INSERT that takes the rows of arrays."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from ctypes import byref, c_uint

from aomuse.libmariadb.columns import Column
from aomuse.libmariadb.constants import STMT_ATTR_ARRAY_SIZE
from aomuse.libmariadb.exceptions import (
    DataError,
    Error,
    IntegrityError,
    InternalError,
    OperationalError,
    ProgrammingError,
    error_of,
)
from aomuse.libmariadb.library import Library

#: A row of the call, not of the frame.
_AT_ROW = re.compile(r" at row \d+$")


class PreparedInsert:
    """One INSERT, prepared on one connection.

    Parameters
    ----------
    library : Library
        The library.
    handle : int
        Address of the connection.
    statement : str
        INSERT with one question mark a column.
    """

    def __init__(self, library: Library, handle: int, statement: str) -> None:
        self._library = library
        self._c = library.c
        self._address = self._c.mysql_stmt_init(handle)
        if not self._address:
            raise OperationalError("no memory for a prepared statement", 2008)
        sql = statement.encode()
        if self._c.mysql_stmt_prepare(self._address, sql, len(sql)):
            error = self._error()
            self.close()
            raise error

    def close(self) -> None:
        """Let the server and the library forget the statement."""
        if self._address:
            self._c.mysql_stmt_close(self._address)
            self._address = None

    def insert(self, columns: Sequence[Column], start: int, stop: int) -> int:
        """Insert rows, all of them or none.

        Parameters
        ----------
        columns : sequence of Column
            The buffers.
        start, stop : int
            First row, and the one after the last.

        Returns
        -------
        int
            Id of the first row, where the table gives ids.

        Raises
        ------
        Error
            What the server or the library says.
        """
        c = self._c
        count = c.mysql_stmt_param_count(self._address)
        if count != len(columns):
            raise ProgrammingError(f"{len(columns)} columns for {count} question marks")
        rows = c_uint(stop - start)
        if c.mysql_stmt_attr_set(self._address, STMT_ATTR_ARRAY_SIZE, byref(rows)):
            raise self._error()
        # The library copies the structures, but reads the arrays while it executes.
        binds = (self._library.bind * len(columns))()
        for bind, column in zip(binds, columns, strict=True):
            bind.buffer_type = column.type
            bind.is_unsigned = column.is_unsigned
            bind.buffer = column.values.ctypes.data + start * column.values.itemsize
            if column.lengths is not None:
                bind.length = column.lengths.ctypes.data + start * column.lengths.itemsize
            if column.missing is not None:
                bind.indicator = column.missing.ctypes.data + start
        if c.mysql_stmt_bind_param(self._address, byref(binds)):
            raise self._error()
        if c.mysql_stmt_execute(self._address):
            raise self._error()
        inserted = c.mysql_stmt_affected_rows(self._address)
        if inserted != stop - start:
            raise InternalError(f"{inserted} rows were inserted of {stop - start}")
        return int(c.mysql_stmt_insert_id(self._address))

    def _error(self) -> Error:
        return error_of(
            self._c.mysql_stmt_errno(self._address),
            self._c.mysql_stmt_sqlstate(self._address).decode(),
            self._c.mysql_stmt_error(self._address).decode(errors="replace"),
        )


def first_bad_row(
    insert: Callable[[int, int], object], start: int, stop: int, error: Error
) -> tuple[int, Error]:
    """Find the row at which rows cannot be inserted, by halving.

    The server tells a row with some of its errors only. Rows before the one sought are inserted on
    the way: it may be their duplicate. The caller takes them back.

    Parameters
    ----------
    insert : callable
        Inserts the rows from a start to a stop, all of them or none.
    start, stop : int
        Rows that could not be inserted at once.
    error : Error
        What was said of them.

    Returns
    -------
    row : int
        The row.
    error : Error
        What was said of it.

    Examples
    --------
    >>> def insert(start, stop):
    ...     if start <= 5 < stop:
    ...         raise DataError("too long")
    >>> first_bad_row(insert, 0, 8, DataError("too long"))
    (5, DataError('too long'))
    """
    while stop - start > 1:
        middle = (start + stop) // 2
        try:
            insert(start, middle)
        except (IntegrityError, DataError) as found:
            stop, error = middle, found
        else:
            start = middle
    return start, error


def with_place(error: Error, place: str) -> Error:
    """Return an error that names a place in the frame.

    Parameters
    ----------
    error : Error
        What the server said; its own row counts within one call and goes.
    place : str
        Table and row.

    Returns
    -------
    Error
        An error of the same class and number.
    """
    said = _AT_ROW.sub("", str(error))
    return type(error)(f"{said} ({place})", error.errno, error.sqlstate)
