"""Rows into tables, by arrays."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any

import pandas as pd
from sqlalchemy import Connection, event

from aomuse.libmariadb.connector_c import Layouts, library_of
from aomuse.libmariadb.insert import ArrayInsert, run_array_insert


class BulkArrayWriter:
    """Array binding of Connector/C: columns go to the server as they are in memory.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        A connection of MariaDB's connector for Python with an open transaction, of a database
        for which `aomuse.libmariadb.try_out` has found nothing wrong.
    trusted : collection of str, optional
        Tables whose foreign keys the caller vouches for, since it wrote the rows that they refer
        to in the same transaction. The server then does not look each of them up, a fifth of the
        time of a large table. That holds for the INSERT alone: nothing is left switched off, and
        cascades of other statements go on.
    layouts : Layouts, optional
        Where things are in memory.

    Raises
    ------
    BulkUnavailable
        If the connection is one of another driver.
    """

    def __init__(
        self,
        connection: Connection,
        trusted: Collection[str] = (),
        layouts: Layouts = Layouts(),  # noqa: B008 - immutable
    ) -> None:
        self._connection = connection
        self._trusted = trusted
        self._layouts = layouts
        self._library = library_of(connection.connection.dbapi_connection)
        # Of the dialect, whose event it is: SQLAlchemy knows by id() who listens, and takes a new
        # engine for one that is gone, if the dialect of that one is still in use.
        if not event.contains(connection.dialect, "do_execute", run_array_insert):
            event.listen(connection.dialect, "do_execute", run_array_insert)

    def write(self, table: str, rows: pd.DataFrame | Mapping[str, Any]) -> int:
        """Insert rows.

        Parameters
        ----------
        table : str
            Name of the table.
        rows : DataFrame or mapping
            A frame, or arrays of numpy or pandas by name, all of one length. Columns have the
            table's names, NaN, NaT, None and NA are NULL.

        Returns
        -------
        int
            Rows inserted.

        Raises
        ------
        sqlalchemy.exc.DBAPIError
            As of any statement; the text names the table and, where a row is at fault, the row.
        """
        columns = {str(name): values for name, values in rows.items()}
        count = len(next(iter(columns.values())))
        if not count:
            return 0
        quote = self._connection.dialect.identifier_preparer.quote
        names = ", ".join(quote(name) for name in columns)
        marks = ", ".join("?" * len(columns))
        scope = "SET STATEMENT foreign_key_checks = 0 FOR " if table in self._trusted else ""
        insert = ArrayInsert(
            self._library, self._layouts, table, columns, count, self._largest_packet
        )
        sql = f"{scope}INSERT INTO {quote(table)} ({names}) VALUES ({marks})"  # noqa: S608 - own names
        self._connection.exec_driver_sql(sql, (insert,))
        return count

    @cached_property
    def _largest_packet(self) -> int:
        return int(self._connection.exec_driver_sql("SELECT @@max_allowed_packet").scalar_one())
