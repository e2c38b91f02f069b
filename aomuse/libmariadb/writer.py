"""Frames into tables, by arrays."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd
from sqlalchemy import Connection

from aomuse.libmariadb import dbapi
from aomuse.libmariadb.columns import Rows


class BulkArrayWriter:
    """Array binding of Connector/C: columns go to the server as they are in memory.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        A connection of `create_bulk_engine` with an open transaction.
    trusted : collection of str, optional
        Tables whose foreign keys the caller vouches for, since it wrote the rows that they refer
        to in the same transaction. The server then does not look each of them up, a fifth of the
        time of a large table. It is told so for the INSERT alone: nothing is left switched off,
        and cascades of other statements go on.
    """

    def __init__(self, connection: Connection, trusted: Collection[str] = ()) -> None:
        if not isinstance(connection.connection.dbapi_connection, dbapi.Connection):
            raise TypeError("the connection is not one of create_bulk_engine")
        self._connection: Connection = connection
        self._trusted: Collection[str] = trusted

    def write(self, table: str, frame: pd.DataFrame) -> int:
        """Insert rows.

        Parameters
        ----------
        table : str
            Name of the table.
        frame : DataFrame
            The rows; columns have the table's names, NaN, NaT, None and NA are NULL.

        Returns
        -------
        int
            Rows inserted.

        Raises
        ------
        sqlalchemy.exc.DBAPIError
            As of any statement; the text names the table and, where a row is at fault, the row.
        """
        if frame.empty:
            return len(frame)
        quote = self._connection.dialect.identifier_preparer.quote
        names = ", ".join(quote(str(name)) for name in frame.columns)
        marks = ", ".join("?" * len(frame.columns))
        scope = "SET STATEMENT foreign_key_checks = 0 FOR " if table in self._trusted else ""
        self._connection.exec_driver_sql(
            f"{scope}INSERT INTO {quote(table)} ({names}) VALUES ({marks})",  # noqa: S608 - own names
            (Rows(table, frame),),
        )
        return len(frame)
