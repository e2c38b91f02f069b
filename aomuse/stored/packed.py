"""Rows as bytes, many at once: what the driver hands out are few and long values.

Drivers make a Python object of each value, and SQLite takes and releases its lock twice for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.errors import DatabaseError
from aomuse.stored.packers import (
    FunctionPacker,
    GeometryPacker,
    Packer,
    is_double,
    is_integer,
    numbers_alone,
)
from aomuse.stored.special import Values

_PACKERS: dict[str, type[Packer]] = {
    "sqlite": FunctionPacker,
    "mariadb": GeometryPacker,
    "mysql": GeometryPacker,
}

#: Arguments that SQLite lets a function have.
_MOST_COLUMNS = 100

#: How much is fetched at once: a layer of 100 sources has 8 kB, one of 10,000 has 0.8 MB.
_FETCHED_BYTES = 100_000


class Packing:
    """How the rows of a query are packed, which is sorted by a table's key.

    Rows that differ in the last column of the key alone come together: the samples of all sources
    in a layer, the layers of a parameter. What they share comes once, and may be a text.

    Parameters
    ----------
    columns : sequence of sqlalchemy.Column
        What the query selects, the columns of the key first.
    dialect : str
        SQLAlchemy's name of the engine.
    """

    def __init__(self, columns: Sequence[Any], dialect: str) -> None:
        key = [column.primary_key for column in columns].count(True)
        self._shared, self._own = columns[: key - 1], columns[max(key - 1, 0) :]
        self.is_possible = (
            dialect in _PACKERS
            and key > 1
            and all(column.primary_key for column in columns[:key])
            and len(self._own) <= _MOST_COLUMNS
            and all(is_double(column) or is_integer(column) for column in self._own)
        )
        if self.is_possible:
            self._packer = _PACKERS[dialect](self._own)

    def groups(
        self, connection: Connection, select: sa.Select[Any]
    ) -> Iterator[tuple[tuple[Any, ...], dict[str, Values]]]:
        """Yield what the rows of each group share, and their other columns, in any order."""
        for row in self._packed(connection, select):
            (*shared,), _, table = self._joined([row])
            yield tuple(value for (value,) in shared), self._columns(table)

    def read(
        self, connection: Connection, select: sa.Select[Any], size: int
    ) -> Iterator[dict[str, Values]]:
        """Yield columns of about ``size`` rows at a time, in which NULL is NaN."""
        waiting: list[Any] = []
        count = 0
        most = size * self._packer.row_bytes
        for row in self._packed(connection, select):
            waiting.append(row)
            count += len(row[-1])
            if count >= most:
                yield from self._pieces(waiting, size)
                waiting, count = [], 0
        if waiting:
            yield from self._pieces(waiting, size)

    def _packed(self, connection: Connection, select: sa.Select[Any]) -> Iterator[Any]:
        """Yield a row for each group: what its rows share, their number or NULL, their bytes."""
        joined = self._packer.joined(connection)
        packed = select.with_only_columns(*self._shared, *joined, maintain_column_froms=True)
        packed = packed.order_by(None).group_by(*self._shared).order_by(*self._shared)
        with numbers_alone(self._own[0].table.name):
            result = connection.execute(packed, execution_options={"binary_rows": True})
            some = result.fetchmany(1)
            while some:
                yield from some
                some = result.fetchmany(1 + _FETCHED_BYTES // max(len(some[-1][-1]), 1_000))

    def _joined(self, groups: Sequence[Any]) -> tuple[list[Any], Values, Values]:
        """Return what groups share, by column, the group of each of their rows, and the rows."""
        *shared, counts, packed = zip(*groups, strict=True)
        table = self._packer.table(b"".join(packed))
        rows = [len(some) // self._packer.row_bytes for some in packed]
        for place, (count, found) in enumerate(zip(counts, rows, strict=True)):
            if count not in (None, found):
                raise DatabaseError(self._cut(groups[place]))
        return shared, np.repeat(np.arange(len(groups)), rows), table

    def _pieces(self, groups: Sequence[Any], size: int) -> Iterator[dict[str, Values]]:
        """Yield the rows of groups in the order of the key."""
        shared, group, table = self._joined(groups)
        last = next(self._packer.columns(table))
        if ((np.diff(group) == 0) & (np.diff(last) < 0)).any():
            # The database read another index than that of the key.
            table = table[np.lexsort((last, group))]
        kinds = [np.int64 if is_integer(column) else object for column in self._shared]
        arrays = [np.array(values, kind) for values, kind in zip(shared, kinds, strict=True)]
        names = [column.name for column in self._shared]
        # A group can have many more rows than a piece should.
        parts = max(len(table) // size, 1)
        for rows, places in zip(
            np.array_split(table, parts), np.array_split(group, parts), strict=True
        ):
            own = {name: values[places] for name, values in zip(names, arrays, strict=True)}
            yield own | self._columns(rows)

    def _columns(self, table: Values) -> dict[str, Values]:
        names = [column.name for column in self._own]
        return dict(zip(names, self._packer.columns(table), strict=True))

    def _cut(self, group: Any) -> str:
        *shared, rows, packed = group
        names = (column.name for column in self._shared)
        place = ", ".join(f"{name} {value!r}" for name, value in zip(names, shared, strict=True))
        table = self._own[0].table.name
        return (
            f"the server joins {len(packed):,} bytes of {table} at most, which is less than the "
            f"{rows:,} rows of {place} have: its max_allowed_packet must be larger"
        )
