"""A PEP 249 module over Connector/C, for SQLAlchemy's dialect of MariaDB's own connector.

It has what that dialect uses, and one thing more: `Cursor.execute` of an INSERT whose only
parameter is a `Rows` sends the frame's columns as arrays. So a bulk INSERT runs within the
transaction of the statements around it, and its errors take the way of theirs.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Sequence
from ctypes import byref, c_ulong, c_void_p, create_string_buffer, string_at
from functools import cached_property
from typing import Any

from aomuse.libmariadb import options
from aomuse.libmariadb.columns import Column, Rows
from aomuse.libmariadb.constants import BULK_OPERATIONS, OLDEST_SERVER, Information
from aomuse.libmariadb.cursor import Cursor, Result
from aomuse.libmariadb.exceptions import (
    BulkUnavailable,
    DatabaseError,
    DataError,
    Error,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    Warning,  # noqa: A004 - the name that PEP 249 asks for
    error_of,
)
from aomuse.libmariadb.library import Library, load_library
from aomuse.libmariadb.statement import PreparedInsert, first_bad_row, with_place
from aomuse.libmariadb.values import reader

__all__ = [
    "Connection",
    "Cursor",
    "DataError",
    "DatabaseError",
    "Error",
    "IntegrityError",
    "InterfaceError",
    "InternalError",
    "NotSupportedError",
    "OperationalError",
    "ProgrammingError",
    "Warning",
    "apilevel",
    "connect",
    "paramstyle",
    "threadsafety",
]

apilevel = "2.0"
paramstyle = "qmark"
threadsafety = 1  # threads may share the module, not connections

#: (unsigned) -1, by which the library says that there is no number of rows.
_NO_COUNT = 2**64 - 1


def connect(**given: Any) -> Connection:
    """Return a new connection, which is not in autocommit mode.

    Parameters
    ----------
    **given : Any
        Options as of the connector for Python.

    Returns
    -------
    Connection
        The connection.

    Raises
    ------
    Error
        If it cannot be made.
    """
    return Connection(load_library(), given)


class Connection:
    """A connection.

    Parameters
    ----------
    library : Library
        The library.
    given : dict
        Options as of the connector for Python.
    """

    def __init__(self, library: Library, given: dict[str, Any]) -> None:
        self.library = library
        self._c = library.c
        self._inserts: dict[str, PreparedInsert] = {}
        self._autocommit = False
        self._handle: int | None = self._c.mysql_init(None)
        if self._handle is None:
            raise OperationalError("no memory for a connection", 2008)
        self._finalizer = weakref.finalize(
            self, _close, self._c, self._handle, self._inserts, os.getpid()
        )
        try:
            self._check(not options.connect(library, self._handle, given))
            self.autocommit = False
        except BaseException:
            self.close()
            raise

    @property
    def autocommit(self) -> bool:
        """Whether each statement is a transaction of its own."""
        return self._autocommit

    @autocommit.setter
    def autocommit(self, value: bool) -> None:
        self._check(self._c.mysql_autocommit(self.handle, value))
        self._autocommit = value

    @property
    def handle(self) -> int:
        """Address of the library's structure."""
        if self._handle is None:
            raise InterfaceError("not connected: the connection was closed")
        return self._handle

    def cursor(self, **_buffered: bool) -> Cursor:
        """Return a cursor; its results are always read at once."""
        return Cursor(self)

    def commit(self) -> None:
        """Commit the transaction."""
        self._check(self._c.mysql_commit(self.handle))

    def rollback(self) -> None:
        """Roll the transaction back."""
        self._check(self._c.mysql_rollback(self.handle))

    def ping(self) -> None:
        """Raise OperationalError if the server does not answer."""
        self._check(self._c.mysql_ping(self.handle))

    def close(self) -> None:
        """Close the connection; what was not committed is rolled back."""
        self._handle = None
        self._finalizer()

    def require_bulk(self) -> None:
        """Make sure that the server takes arrays.

        Raises
        ------
        BulkUnavailable
            If it does not.
        """
        c, handle = self._c, self.handle
        version = c.mysql_get_server_info(handle).decode()
        if not c.mariadb_connection(handle):
            raise BulkUnavailable(f"the server ({version}) is not MariaDB")
        capabilities = c_ulong(0)
        c.mariadb_get_info(handle, Information.EXTENDED_SERVER_CAPABILITIES, byref(capabilities))
        if (
            c.mysql_get_server_version(handle) < OLDEST_SERVER
            or not capabilities.value & BULK_OPERATIONS
        ):
            raise BulkUnavailable(f"the server ({version}) does not take arrays of rows")

    def escape(self, text: bytes) -> bytes:
        """Return the bytes of a text as they stand between quotes in this connection's SQL."""
        buffer = create_string_buffer(2 * len(text) + 1)
        size = self._c.mysql_real_escape_string(self.handle, buffer, text, len(text))
        return string_at(buffer, size)

    def query(self, sql: bytes) -> Result:
        """Run one statement and read its whole result.

        Parameters
        ----------
        sql : bytes
            A statement.

        Returns
        -------
        Result
            What it gave.

        Raises
        ------
        Error
            What the server or the library says.
        """
        self._check(self._c.mysql_real_query(self.handle, sql, len(sql)))
        result = self._read_result()
        # A procedure's own status follows its rows.
        while (more := self._c.mysql_next_result(self.handle)) == 0:
            self._read_result()
        self._check(more > 0)
        return result

    def _read_result(self) -> Result:
        c, handle = self._c, self.handle
        address = c.mysql_store_result(handle)
        if not address:
            self._check(c.mysql_field_count(handle))
            return Result(None, [], self._affected(), c.mysql_insert_id(handle))
        try:
            width = c.mysql_field_count(handle)
            fields = (self.library.field * width).from_address(c.mysql_fetch_fields(address))
            description = [
                (string_at(f.name, f.name_length).decode(), f.type, *[None] * 5) for f in fields
            ]
            readers = [reader(f.type, f.charsetnr) for f in fields]
            rows = []
            while row := c.mysql_fetch_row(address):
                pointers = (c_void_p * width).from_address(row)
                lengths = (c_ulong * width).from_address(c.mysql_fetch_lengths(address))
                rows.append(
                    tuple(
                        read(string_at(pointer, length)) if pointer else None
                        for read, pointer, length in zip(readers, pointers, lengths, strict=True)
                    )
                )
        finally:
            c.mysql_free_result(address)
        return Result(description, rows, len(rows), 0)

    def _affected(self) -> int:
        count = self._c.mysql_affected_rows(self.handle)
        return -1 if count == _NO_COUNT else int(count)

    def insert_rows(self, statement: str, rows: Rows) -> tuple[int, int]:
        """Insert a frame.

        Parameters
        ----------
        statement : str
            INSERT with one question mark a column.
        rows : Rows
            The frame and its table.

        Returns
        -------
        count : int
            Rows inserted.
        first_id : int
            Id of the first, where the table gives ids.

        Raises
        ------
        Error
            With the table and, where a row is at fault, the row. Rows of earlier calls stay in
            the transaction, which the caller rolls back.
        """
        first_id = None
        columns = rows.columns()
        for start, stop in rows.packets(columns, self._largest_packet):
            try:
                number = self._prepared(statement).insert(columns, start, stop)
            except Error as error:
                self._forget(statement)
                raise self._located(statement, rows, columns, (start, stop), error) from error
            first_id = number if first_id is None else first_id
        return len(rows.frame), first_id or 0

    @cached_property
    def _largest_packet(self) -> int:
        return int(self.query(b"SELECT @@max_allowed_packet").rows[0][0])

    def _prepared(self, statement: str) -> PreparedInsert:
        if statement not in self._inserts:
            self._inserts[statement] = PreparedInsert(self.library, self.handle, statement)
        return self._inserts[statement]

    def _forget(self, statement: str) -> None:
        # After an error the statement's state is the library's secret; preparing anew is cheap.
        insert = self._inserts.pop(statement, None)
        if insert is not None:
            insert.close()

    def _located(
        self,
        statement: str,
        rows: Rows,
        columns: Sequence[Column],
        span: tuple[int, int],
        error: Error,
    ) -> Error:
        """Return the error with the row that it is about, as far as that can be found out."""
        if not isinstance(error, (IntegrityError, DataError)) or self._autocommit:
            return with_place(error, f"table {rows.table}")

        def insert(start: int, stop: int) -> None:
            try:
                self._prepared(statement).insert(columns, start, stop)
            except Error:
                self._forget(statement)
                raise

        try:
            self.query(b"SAVEPOINT aomuse_bulk")
            row, error = first_bad_row(insert, *span, error)
            self.query(b"ROLLBACK TO SAVEPOINT aomuse_bulk")
        except Error as other:
            return with_place(other, f"table {rows.table}")
        return with_place(error, rows.place(None, row))

    def _check(self, failed: object) -> None:
        if failed:
            raise self._error()

    def _error(self) -> Error:
        return error_of(
            self._c.mysql_errno(self._handle),
            self._c.mysql_sqlstate(self._handle).decode(),
            self._c.mysql_error(self._handle).decode(errors="replace"),
        )


def _close(c: Any, handle: int, inserts: dict[str, PreparedInsert], owner: int) -> None:
    # A forked process inherits connections, but the goodbye is its parent's to say.
    if os.getpid() == owner:
        for insert in inserts.values():
            insert.close()
        inserts.clear()
        c.mysql_close(handle)
