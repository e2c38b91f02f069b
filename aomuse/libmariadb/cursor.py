"""What a statement gave, and the cursor of PEP 249 that hands it on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from aomuse.libmariadb.columns import Rows
from aomuse.libmariadb.values import fill_in

if TYPE_CHECKING:
    from aomuse.libmariadb.dbapi import Connection

#: Rows of one INSERT that `Cursor.executemany` writes: a round trip for each would be slow.
_ROWS_OF_INSERT = 100

#: An INSERT that ends with one row of question marks.
_VALUES = re.compile(r"^\s*INSERT\s.*\sVALUES\s*(\((?:\s*\?\s*,)*\s*\?\s*\))\s*$", re.I | re.S)


class Result:
    """What a statement gave.

    Parameters
    ----------
    description : list of tuple, optional
        As of `Cursor.description`.
    rows : list of tuple
        The rows.
    count : int
        Rows found or changed.
    insert_id : int
        Id of the first row inserted.
    """

    def __init__(
        self,
        description: list[tuple[Any, ...]] | None,
        rows: list[tuple[Any, ...]],
        count: int,
        insert_id: int,
    ) -> None:
        self.description = description
        self.rows = rows
        self.count = count
        self.insert_id = insert_id


class Cursor:
    """A cursor.

    Parameters
    ----------
    connection : Connection
        The connection.
    """

    arraysize = 1

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.description: list[tuple[Any, ...]] | None = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self._rows: Iterator[tuple[Any, ...]] = iter(())

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        """Run a statement.

        Parameters
        ----------
        statement : str
            SQL.
        parameters : sequence, optional
            A value for each question mark; or a single `Rows`, for an INSERT with a question
            mark a column.
        """
        if len(parameters) == 1 and isinstance(parameters[0], Rows):
            count, first_id = self.connection.insert_rows(statement, parameters[0])
            result = Result(None, [], count, first_id)
        else:
            sql = statement.encode()
            if parameters:
                sql = fill_in(statement, parameters, self.connection.escape)
            result = self.connection.query(sql)
        self.description = result.description
        self.rowcount = result.count
        self.lastrowid = result.insert_id or None
        self._rows = iter(result.rows)

    def executemany(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement for each row of parameters; a frame of many rows goes as `Rows`."""
        values = _VALUES.search(statement)
        if values:
            size = _ROWS_OF_INSERT
            calls = [
                (
                    statement[: values.start(1)] + ", ".join([values[1]] * len(part)),
                    [value for row in part for value in row],
                )
                for part in (rows[start : start + size] for start in range(0, len(rows), size))
            ]
        else:
            calls = [(statement, list(row)) for row in rows]
        count = 0
        for sql, parameters in calls:
            self.execute(sql, parameters)
            count += self.rowcount
        self.rowcount = count

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next row, or None."""
        return next(self._rows, None)

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        """Return the next rows."""
        return [row for _, row in zip(range(size or self.arraysize), self._rows, strict=False)]

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return all rows that are left."""
        return list(self._rows)

    def setinputsizes(self, _sizes: Sequence[Any]) -> None:
        """Do nothing, as PEP 249 allows."""

    def setoutputsize(self, _size: int, _column: int | None = None) -> None:
        """Do nothing, as PEP 249 allows."""

    def close(self) -> None:
        """Forget the result."""
        self._rows = iter(())
