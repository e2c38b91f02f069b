"""The bulk write: one small interface, a table's name and a frame."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import pandas as pd
from sqlalchemy import Connection

#: Rows and bytes of one executemany: enough to hide the round trip, and well below the smallest
#: max_allowed_packet in use (16 MB).
CHUNK_ROWS, CHUNK_BYTES = 20_000, 4_000_000


class BulkWriter(Protocol):
    """Writes frames into tables, within the transaction of its connection."""

    def write(self, table: str, frame: pd.DataFrame) -> int:
        """Insert the rows of ``frame``, whose columns are the table's; return their number."""


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
        """
        names = ", ".join(frame.columns)
        mark = "?" if self._connection.dialect.paramstyle == "qmark" else "%s"
        marks = ", ".join([mark] * len(frame.columns))
        statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - own names
        for chunk in _chunks(frame):
            columns = [self._values(chunk[name]) for name in chunk.columns]
            # Through SQLAlchemy, so that its errors and events are the same as everywhere.
            self._connection.exec_driver_sql(statement, list(zip(*columns, strict=True)))
        return len(frame)

    def _values(self, column: pd.Series[Any]) -> list[Any]:
        """Return a column as Python values of one type, None for NULL."""
        kind = column.dtype.kind
        if kind == "f":
            floats = column.to_numpy()
            missing = np.isnan(floats)
            if not missing.any():
                return list(floats.tolist())
            values = floats.astype(object)
            values[missing] = None
            return list(values.tolist())
        if kind == "M":
            return self._times(column)
        if isinstance(column.dtype, np.dtype) and kind in "iub":
            return list(column.to_numpy().tolist())
        missing = column.isna().to_numpy()
        values = column.to_numpy(dtype=object)
        if missing.any():
            values = values.copy()
            values[missing] = None
        return [v.item() if isinstance(v, np.generic) else v for v in values.tolist()]

    def _times(self, column: pd.Series[Any]) -> list[Any]:
        times = column.to_numpy().astype("datetime64[us]")
        missing = np.isnat(times)
        if self._is_sqlite:
            # As SQLAlchemy writes a DateTime into SQLite.
            texts = np.char.replace(np.datetime_as_string(times, unit="us"), "T", " ")
            values = texts.astype(object)
        else:
            values = times.astype(object)
        values[missing] = None
        return list(values.tolist())


def _chunks(frame: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Yield a frame in pieces that are neither too long nor too heavy."""
    weight = np.zeros(len(frame), dtype=np.int64)
    for name in frame.columns:
        if frame[name].dtype == object:
            lengths = [len(v) if isinstance(v, str | bytes) else 0 for v in frame[name]]
            weight += np.array(lengths, dtype=np.int64)
    if weight.sum() <= CHUNK_BYTES:
        bounds = list(range(0, len(frame), CHUNK_ROWS))
    else:
        bounds, rows, heavy = [0], 0, 0
        for i, size in enumerate(weight.tolist()):
            if rows and (rows == CHUNK_ROWS or heavy + size > CHUNK_BYTES):
                bounds.append(i)
                rows, heavy = 0, 0
            rows, heavy = rows + 1, heavy + size
    for start, stop in pairwise([*bounds, len(frame)]):
        yield frame.iloc[start:stop]
