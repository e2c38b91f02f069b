"""A prepared INSERT that takes the rows of arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from ctypes import CDLL, byref, c_uint
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ExecutionContext

from aomuse.libmariadb.columns import BoundColumn, columns_of, packets
from aomuse.libmariadb.connector_c import STMT_ATTR_ARRAY_SIZE, Layouts, handle_of
from aomuse.libmariadb.errors import ArrayError


@dataclass(frozen=True)
class ArrayInsert:
    """Rows on their way into a table: the one parameter of an INSERT with a mark a column.

    `rows` has an array for each column, `count` is their length, `largest` is
    ``max_allowed_packet`` of the connection, bytes.
    """

    library: CDLL
    layouts: Layouts
    table: str
    rows: Mapping[str, Any]
    count: int
    largest: int

    def __repr__(self) -> str:
        return f"<rows for {self.table}: {self.count}>"

    def run(self, connection: Any, statement: str) -> None:
        """Insert the rows.

        An `ArrayError` has the table and, where a row is at fault, the row. Rows of earlier calls
        stay in the transaction, which the caller rolls back.
        """
        columns = columns_of(self.table, self.rows, self.layouts.time)

        def insert_anew(start: int, stop: int) -> None:
            # After an error a statement's state is the library's secret; preparing is cheap.
            with closing(PreparedInsert(self, connection, statement)) as other:
                other.insert(columns, start, stop)

        with closing(PreparedInsert(self, connection, statement)) as prepared:
            for start, stop in packets(self.table, columns, self.count, self.largest):
                try:
                    prepared.insert(columns, start, stop)
                except ArrayError as error:
                    raise self._located(connection, insert_anew, start, stop, error) from error

    def _located(
        self,
        connection: Any,
        insert: Callable[[int, int], object],
        start: int,
        stop: int,
        error: ArrayError,
    ) -> ArrayError:
        """Return the error with the row that it is about, as far as that can be found out."""
        if not error.is_about_a_row or connection.autocommit:
            return error.at(f"table {self.table}")
        with closing(connection.cursor()) as cursor:
            cursor.execute("SAVEPOINT aomuse_bulk")
            try:
                row, error = first_bad_row(insert, start, stop, error)
            except ArrayError as other:
                return other.at(f"table {self.table}")
            cursor.execute("ROLLBACK TO SAVEPOINT aomuse_bulk")
        return error.at(f"table {self.table}, row {row + 1} of {self.count}")


def run_array_insert(
    cursor: Any, statement: str, parameters: Any, context: ExecutionContext
) -> bool | None:
    """Run an INSERT whose parameter is an `ArrayInsert`; SQLAlchemy's event ``do_execute``.

    So it is a statement as any other: errors become SQLAlchemy's, and other listeners see it.
    """
    if len(parameters) != 1 or not isinstance(parameters[0], ArrayInsert):
        return None
    try:
        parameters[0].run(cursor.connection, statement)
    except ArrayError as error:
        raise error.of_driver(context.dialect.loaded_dbapi) from error  # type: ignore[arg-type]
    return True


class PreparedInsert:
    """One INSERT, prepared on one connection."""

    def __init__(self, insert: ArrayInsert, connection: object, statement: str) -> None:
        self._c = insert.library
        self._bind = insert.layouts.bind
        handle = handle_of(connection, insert.layouts)
        if not handle:
            raise ArrayError("InterfaceError", "not connected: the connection was closed", 2006)
        self._address = self._c.mysql_stmt_init(handle)
        if not self._address:
            raise ArrayError("OperationalError", "no memory for a prepared statement", 2008)
        sql = statement.encode()
        if self._c.mysql_stmt_prepare(self._address, sql, len(sql)):
            raise self._last_error().at(f"table {insert.table}")

    def close(self) -> None:
        """Let the server and the library forget the statement."""
        self._c.mysql_stmt_close(self._address)

    def insert(self, columns: Sequence[BoundColumn], start: int, stop: int) -> None:
        """Insert rows, all of them or none."""
        c = self._c
        count = c.mysql_stmt_param_count(self._address)
        if count != len(columns):
            text = f"{len(columns)} columns for {count} question marks"
            raise ArrayError("ProgrammingError", text)
        rows = c_uint(stop - start)
        self._check(c.mysql_stmt_attr_set(self._address, STMT_ATTR_ARRAY_SIZE, byref(rows)))
        # The library copies the structures, but reads the arrays while it executes.
        binds: Any = (self._bind * len(columns))()
        for bind, column in zip(binds, columns, strict=True):
            bind.buffer_type = column.type
            bind.is_unsigned = column.is_unsigned
            bind.buffer = column.values.ctypes.data + start * column.values.itemsize
            if column.lengths is not None:
                bind.length = column.lengths.ctypes.data + start * column.lengths.itemsize
            if column.missing is not None:
                bind.indicator = column.missing.ctypes.data + start
        self._check(c.mysql_stmt_bind_param(self._address, byref(binds)))
        self._check(c.mysql_stmt_execute(self._address))
        inserted = c.mysql_stmt_affected_rows(self._address)
        if inserted != stop - start:
            text = f"rows inserted: {inserted} of {stop - start}"
            raise ArrayError("InternalError", text)

    def _check(self, failed: int) -> None:
        if failed:
            raise self._error()

    def _last_error(self) -> ArrayError:
        try:
            return self._error()
        finally:
            self.close()

    def _error(self) -> ArrayError:
        return ArrayError.of(
            self._c.mysql_stmt_errno(self._address),
            self._c.mysql_stmt_sqlstate(self._address).decode(),
            self._c.mysql_stmt_error(self._address).decode(errors="replace"),
        )


def first_bad_row(
    insert: Callable[[int, int], object], start: int, stop: int, error: ArrayError
) -> tuple[int, ArrayError]:
    """Find the row at which rows cannot be inserted, by halving, and what was said of it.

    The server names a row with some of its errors only. Rows before the one sought are inserted on
    the way: it may be their duplicate. The caller takes them back.
    """
    while stop - start > 1:
        middle = (start + stop) // 2
        try:
            insert(start, middle)
        except ArrayError as found:
            if not found.is_about_a_row:
                raise
            # Without its traceback, which holds this frame: no cycle for the garbage collector.
            stop, error = middle, found.with_traceback(None)
        else:
            start = middle
    return start, error
