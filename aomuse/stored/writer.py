"""The bulk write: one small interface, a table's name and its rows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from aomuse.exchange.frames import Rows, arrays_of

#: Rows and bytes of one executemany: enough to hide the round trip, and well below the smallest
#: max_allowed_packet in use (16 MB).
CHUNK_ROWS, CHUNK_BYTES = 20_000, 4_000_000
#: Values of one INSERT into SQLite: every build of it takes so many. A statement for each row would
#: take a quarter longer.
_MAX_VALUES = 999


class BulkWriter(Protocol):
    """Writes rows into tables, within the transaction of its connection."""

    def write(self, table: str, rows: Rows) -> int:
        """Insert rows, whose columns are the table's; return their number."""


class ExecutemanyWriter:
    """The drivers' own executemany: prepared statements, or PyMySQL's INSERTs of many rows.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        A connection with an open transaction.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._is_sqlite = connection.dialect.name == "sqlite"

    def write(self, table: str, rows: Rows) -> int:
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
        """
        found = arrays_of(rows)
        names, arrays = list(found), list(found.values())
        count = len(arrays[0])
        for start, stop in _chunks(arrays, count):
            columns = [self._values(values[start:stop]) for values in arrays]
            if self._is_sqlite:
                self._write_several(table, names, columns)
            else:
                self._execute(table, names, 1, list(zip(*columns, strict=True)))
        return count

    def _write_several(self, table: str, names: list[str], columns: list[list[Any]]) -> None:
        """Insert columns with several rows in each INSERT."""
        width, count = len(columns), len(columns[0])
        values: list[Any] = [None] * (width * count)
        for place, column in enumerate(columns):
            values[place::width] = column
        several = min(count, max(1, _MAX_VALUES // width))
        step = several * width
        whole = len(values) // step * step
        inserts = [tuple(values[start : start + step]) for start in range(0, whole, step)]
        self._execute(table, names, several, inserts)
        if rest := values[whole:]:
            self._execute(table, names, len(rest) // width, [tuple(rest)])

    def _execute(
        self, table: str, names: list[str], rows: int, values: list[tuple[Any, ...]]
    ) -> None:
        """Run an INSERT that takes some rows, once for each of the tuples of values."""
        mark = "?" if self._connection.dialect.paramstyle == "qmark" else "%s"
        marks = ", ".join([f"({', '.join([mark] * len(names))})"] * rows)
        statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES {marks}"  # noqa: S608 - own names
        # Through SQLAlchemy, so that its errors and events are the same as everywhere.
        self._connection.exec_driver_sql(statement, values)

    def _values(self, column: Any) -> list[Any]:
        """Return a column as Python values of one type, None for NULL."""
        kind = column.dtype.kind
        if kind == "M":
            return self._times(column)
        if isinstance(column.dtype, np.dtype) and kind in "fiub":
            missing = np.isnan(column) if kind == "f" else np.zeros(0, np.bool_)
            if not missing.any():
                return list(column.tolist())
            values = column.astype(object)
            values[missing] = None
            return list(values.tolist())
        missing = np.asarray(pd.isna(column))
        values = np.asarray(column, dtype=object)
        if missing.any():
            values = values.copy()
            values[missing] = None
        return [v.item() if isinstance(v, np.generic) else v for v in values.tolist()]

    def _times(self, column: Any) -> list[Any]:
        times = np.asarray(column).astype("datetime64[us]")
        missing = np.isnat(times)
        if self._is_sqlite:
            # As SQLAlchemy writes a DateTime into SQLite.
            texts = np.char.replace(np.datetime_as_string(times, unit="us"), "T", " ")
            values = texts.astype(object)
        else:
            values = times.astype(object)
        values[missing] = None
        return list(values.tolist())


def _chunks(arrays: list[Any], count: int) -> Iterator[tuple[int, int]]:
    """Yield start and end of pieces that are neither too long nor too heavy."""
    weight = np.zeros(count, dtype=np.int64)
    for values in arrays:
        if values.dtype == object:
            lengths = [len(v) if isinstance(v, str | bytes) else 0 for v in values]
            weight += np.array(lengths, dtype=np.int64)
    if weight.sum() <= CHUNK_BYTES:
        bounds = list(range(0, count, CHUNK_ROWS))
    else:
        bounds, rows, heavy = [0], 0, 0
        for i, size in enumerate(weight.tolist()):
            if rows and (rows == CHUNK_ROWS or heavy + size > CHUNK_BYTES):
                bounds.append(i)
                rows, heavy = 0, 0
            rows, heavy = rows + 1, heavy + size
    yield from pairwise([*bounds, count])
