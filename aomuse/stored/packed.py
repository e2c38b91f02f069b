"""Rows of SQLite as bytes, many at once.

Python's driver makes an object of each value, and SQLite takes and releases its lock twice for each
one. A function within the query gets its arguments without a lock: one packs a row into bytes, and
one joins those of many rows. So what the driver hands out are few and long values.
"""

from __future__ import annotations

import io
import secrets
import struct
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from aomuse.errors import DatabaseError
from aomuse.stored.special import Values

#: Stands for NULL. SQLite has no NaN, so every other double could be a value; but nobody can have
#: stored this one, which each process draws again.
_NULL = float.fromhex(f"-0x1.{secrets.randbits(52):013x}p-1000")

#: Arguments that SQLite lets a function have.
_MOST_COLUMNS = 100


class _Joined(io.BytesIO):
    """An aggregate function: the bytes of rows, one after the other.

    Python runs none of its own instructions for it, which would take time, and in which Ctrl-C
    would get lost.
    """

    step = io.BytesIO.write
    finalize = io.BytesIO.getvalue


class _Doubles(array):  # type: ignore[type-arg]  # Python 3.12 is the first to have it
    """An aggregate function: doubles, one after the other."""

    step = array.append
    finalize = array.tobytes


def joined_doubles(
    connection: Connection, column: Any, key: Sequence[Any], *where: sa.ColumnElement[bool]
) -> Values:
    """Return a column of doubles, in which NULL is NaN, as SQLite comes upon its rows.

    That is in the order of the key where the table has no index but that.
    """
    offered = connection.info.setdefault("aomuse_doubles", set())
    if not offered:
        driver: Any = connection.connection.dbapi_connection
        driver.create_aggregate("aomuse_doubles", 1, partial(_Doubles, "d"))
        offered.add("d")
    shared = key[:-1]
    joined = sa.func.aomuse_doubles(sa.func.ifnull(column, _NULL))
    select = sa.select(joined).where(*where).group_by(*shared).order_by(*shared)
    with _numbers_alone(column.class_.__tablename__):
        found = connection.scalars(select).all()
    values = np.frombuffer(b"".join(found), np.float64).copy()
    values[values == _NULL] = np.nan
    return values


@contextmanager
def _numbers_alone(table: str) -> Iterator[None]:
    """Say what is wrong where a function gets something else than a number."""
    try:
        yield
    except OperationalError as error:
        if "user-defined" not in str(error.orig):
            raise
        raise DatabaseError(
            f"{table} holds something else than a number in a column of numbers: it was not aomuse "
            "that wrote it"
        ) from error


class Packing:
    """How the rows of a query are packed, which is sorted by a table's key.

    Rows that differ in the last column of the key alone come together: the samples of all sources
    in a layer, the layers of a parameter. What they share comes once, and may be a text.

    Parameters
    ----------
    columns : sequence of sqlalchemy.Column
        What the query selects, the columns of the key first.
    """

    def __init__(self, columns: Sequence[Any]) -> None:
        key = [column.primary_key for column in columns].count(True)
        self._shared, self._own = columns[: key - 1], columns[max(key - 1, 0) :]
        self._code = "".join("d" if _is_double(column) else "q" for column in self._own)
        self.is_possible = (
            key > 1
            and all(column.primary_key for column in columns[:key])
            and len(self._own) <= _MOST_COLUMNS
            and all(_is_double(column) or _is_integer(column) for column in self._own)
        )

    def read(
        self, connection: Connection, select: sa.Select[Any], size: int
    ) -> Iterator[dict[str, Values]]:
        """Yield columns of about ``size`` rows at a time, in which NULL is NaN."""
        self._offer(connection)
        values = (
            sa.func.ifnull(column, _NULL) if _is_double(column) else column for column in self._own
        )
        joined = sa.func.aomuse_joined(sa.Function(f"aomuse_{self._code}", *values))
        packed = select.with_only_columns(*self._shared, joined, maintain_column_froms=True)
        packed = packed.order_by(None).group_by(*self._shared).order_by(*self._shared)
        waiting: list[Any] = []
        count = 0
        with _numbers_alone(self._own[0].table.name):
            for row in connection.execute(packed):
                waiting.append(row)
                count += self._rows(row[-1])
                if count >= size:
                    yield from self._pieces(waiting, size)
                    waiting, count = [], 0
        if waiting:
            yield from self._pieces(waiting, size)

    def _offer(self, connection: Connection) -> None:
        """Let a connection know the functions, each once: none can be replaced while it is used."""
        driver: Any = connection.connection.dbapi_connection
        offered = connection.info.setdefault("aomuse_packing", set())
        if not offered:
            driver.create_aggregate("aomuse_joined", 1, _Joined)
        if self._code not in offered:
            pack = struct.Struct(f"={self._code}").pack
            driver.create_function(f"aomuse_{self._code}", len(self._code), pack)
            offered.add(self._code)

    def _rows(self, packed: bytes) -> int:
        return len(packed) // (8 * len(self._own))

    def _pieces(self, groups: Sequence[Any], size: int) -> Iterator[dict[str, Values]]:
        """Yield the rows of groups in the order of the key."""
        *shared, packed = zip(*groups, strict=True)
        table = np.frombuffer(b"".join(packed), np.int64).reshape(-1, len(self._own))
        group = np.repeat(np.arange(len(groups)), [self._rows(rows) for rows in packed])
        if ((np.diff(group) == 0) & (np.diff(table[:, 0]) < 0)).any():
            # SQLite read another index than that of the key.
            table = table[np.lexsort((table[:, 0], group))]
        kinds = [np.int64 if _is_integer(column) else object for column in self._shared]
        arrays = [np.array(values, kind) for values, kind in zip(shared, kinds, strict=True)]
        # A group can have many more rows than a piece should.
        parts = max(len(table) // size, 1)
        names = [column.name for column in (*self._shared, *self._own)]
        for rows, places in zip(
            np.array_split(table, parts), np.array_split(group, parts), strict=True
        ):
            columns = [*(values[places] for values in arrays), *self._columns(rows)]
            yield dict(zip(names, columns, strict=True))

    def _columns(self, table: Values) -> Iterator[Values]:
        for place, column in enumerate(self._own):
            values = table[:, place].copy()
            if _is_double(column):
                values = values.view(np.float64)
                values[values == _NULL] = np.nan
            yield values


def _is_double(column: Any) -> bool:
    return isinstance(column.type, sa.Double)


def _is_integer(column: Any) -> bool:
    return isinstance(column.type, sa.Integer) and not column.nullable
