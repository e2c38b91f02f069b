"""How a database puts many rows into one value of bytes: a packer for each kind of engine."""

from __future__ import annotations

import io
import secrets
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from aomuse.errors import DatabaseError
from aomuse.stored.special import Values

#: Stands for NULL. Neither engine has NaN, so every other double could be a value; but nobody can
#: have stored this one, which each process draws again.
_NULL = float.fromhex(f"-0x1.{secrets.randbits(52):013x}p-1000")

_LOW_BITS = 2**32 - 1


class Packer(Protocol):
    """Packs columns of numbers: doubles and integers."""

    row_bytes: int

    def __init__(self, columns: Sequence[Any]) -> None: ...

    def joined(self, connection: Connection) -> tuple[sa.ColumnElement[Any], ...]:
        """Return what to select of a group: the number of its rows or NULL, and their bytes."""

    def table(self, packed: bytes) -> Values:
        """Return the rows in bytes as an array, some cells for each row."""

    def columns(self, table: Values) -> Iterator[Values]:
        """Yield columns: float64 in which NULL is NaN, int64, or objects where one is NULL."""


class FunctionPacker:
    """Packs rows of SQLite: one function packs a row, and one joins those of many rows.

    A function within the query gets its arguments without a lock.
    """

    def __init__(self, columns: Sequence[Any]) -> None:
        self._columns = columns
        self._code = ""
        self._values: list[Any] = []
        for column in columns:
            if is_double(column):
                self._code += "d"
                self._values.append(or_null(column))
            elif column.nullable:
                self._code += "qq"
                self._values += [column.is_(None), sa.func.ifnull(column, 0)]
            else:
                self._code += "q"
                self._values.append(column)
        self.row_bytes = 8 * len(self._code)

    def joined(self, connection: Connection) -> tuple[sa.ColumnElement[Any], ...]:
        """Return NULL and the bytes; let the connection know the functions."""
        # Each once: none can be replaced while it is used.
        offered = connection.info.setdefault("aomuse_packing", set())
        driver: Any = connection.connection.dbapi_connection
        if not offered:
            driver.create_aggregate("aomuse_joined", 1, _Joined)
        if self._code not in offered:
            pack = struct.Struct(f"={self._code}").pack
            driver.create_function(f"aomuse_{self._code}", len(self._code), pack)
            offered.add(self._code)
        row: Any = sa.Function(f"aomuse_{self._code}", *self._values)
        return sa.null(), sa.func.aomuse_joined(row)

    def table(self, packed: bytes) -> Values:
        """Return rows of eight bytes a cell."""
        return np.frombuffer(packed, np.int64).reshape(-1, len(self._code))

    def columns(self, table: Values) -> Iterator[Values]:
        """Yield the columns."""
        cells = iter(table.T)
        for column in self._columns:
            first = next(cells)
            if is_double(column):
                yield doubles(first.copy().view(np.float64))
            elif column.nullable:
                yield _integers(next(cells).copy(), first != 0)
            else:
                yield first.copy()


class GeometryPacker:
    """Packs rows of MariaDB: as lines, whose points have two doubles as they are.

    A line of two points or more is 13 bytes and the doubles, a point alone 9 bytes and its two.
    """

    def __init__(self, columns: Sequence[Any]) -> None:
        self._columns = columns
        cells: list[Any] = []
        for column in columns:
            if is_double(column):
                cells.append(or_null(column))
            elif _has_64_bits(column):
                high, low = column.op(">>")(32), column.op("&")(_LOW_BITS)
                cells += [or_null(high), sa.func.ifnull(low, 0)] if column.nullable else [high, low]
            else:
                cells.append(or_null(column) if column.nullable else column)
        cells += [0] * (len(cells) % 2)
        points = [sa.func.point(*cells[i : i + 2]) for i in range(0, len(cells), 2)]
        self._line = points[0] if len(points) == 1 else sa.func.linestring(*points)
        head = 9 if len(points) == 1 else 13
        self._type = np.dtype([("head", f"V{head}"), ("cells", "<f8", (len(cells),))])
        self.row_bytes = self._type.itemsize

    def joined(self, connection: Connection) -> tuple[sa.ColumnElement[Any], ...]:
        """Return number of rows and bytes."""
        joined = sa.func.group_concat(self._line.op("SEPARATOR")(sa.literal_column("''")))
        return sa.func.count(), sa.type_coerce(joined, sa.LargeBinary)

    def table(self, packed: bytes) -> Values:
        """Return the doubles of rows; bytes of half a row at the end are left out."""
        rows = np.frombuffer(packed, self._type, len(packed) // self.row_bytes)
        cells: Values = rows["cells"]
        return cells

    def columns(self, table: Values) -> Iterator[Values]:
        """Yield the columns."""
        cells = iter(table.T)
        for column in self._columns:
            first = next(cells)
            if is_double(column):
                yield doubles(first.copy())
                continue
            nulls = first == _NULL
            first = np.where(nulls, 0, first)
            if _has_64_bits(column):
                high, low = first.astype(np.uint64), next(cells).astype(np.uint64)
                yield _integers((high << np.uint64(32) | low).view(np.int64), nulls)
            else:
                yield _integers(first.astype(np.int64), nulls)


class _Joined(io.BytesIO):
    """An aggregate function: the bytes of rows, one after the other.

    Python runs none of its own instructions for it, which would take time, and in which Ctrl-C
    would get lost.
    """

    step = io.BytesIO.write
    finalize = io.BytesIO.getvalue


def or_null(column: Any) -> sa.ColumnElement[Any]:
    """Return what to select of a column of doubles, in which something else stands for NULL."""
    return sa.func.ifnull(column, _NULL)


def doubles(values: Values) -> Values:
    """Return values that were selected so, with NaN for NULL; they are changed in place."""
    values[values == _NULL] = np.nan
    return values


def _integers(values: Values, nulls: Values) -> Values:
    """Return integers, as objects where one is NULL."""
    if nulls.any():
        values = values.astype(object)
        values[nulls] = None
    return values


@contextmanager
def numbers_alone(table: str) -> Iterator[None]:
    """Say what is wrong where a function of SQLite gets something else than a number."""
    try:
        yield
    except OperationalError as error:
        if "user-defined" not in str(error.orig):
            raise
        raise DatabaseError(
            f"{table} holds something else than a number in a column of numbers: it was not aomuse "
            "that wrote it"
        ) from error


def is_double(column: Any) -> bool:
    """Tell whether a column has doubles."""
    return isinstance(column.type, sa.Double)


def is_number(column: Any) -> bool:
    """Tell whether a column has doubles or integers."""
    return isinstance(column.type, sa.Double | sa.Integer)


def is_integer(column: Any) -> bool:
    """Tell whether a column has integers that are never NULL."""
    return isinstance(column.type, sa.Integer) and not column.nullable


def _has_64_bits(column: Any) -> bool:
    return isinstance(column.type, sa.BigInteger)
