"""Rows as bytes, many at once: what the driver hands out are few and long values.

Drivers make a Python object of each value, and SQLite takes and releases its lock twice for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.stored.packers import (
    FunctionPacker,
    GeometryPacker,
    Packer,
    is_integer,
    is_number,
    numbers_alone,
)
from aomuse.stored.special import Values

_PACKERS: dict[str, type[Packer]] = {
    "sqlite": FunctionPacker,
    "mariadb": GeometryPacker,
    "mysql": GeometryPacker,
}

#: SQLite lets a function have 100 arguments, and an integer that may be NULL is two.
_MOST_COLUMNS = 50

#: Columns of a key that rows have in common. With more each group would have few rows.
_MOST_SHARED = 2

#: How much is fetched at once: a layer of 100 sources has 8 kB, one of 10,000 has 0.8 MB.
_FETCHED_BYTES = 100_000


class TooLongError(Exception):
    """The server does not join as many rows as a group has; all before it have come."""

    def __init__(self, group: tuple[Any, ...]) -> None:
        self.group = group


class Packing:
    """How the rows of a query are packed, which is sorted by a table's key.

    Rows that differ in the last column of the key alone come together: the samples of all sources
    in a layer, the layers of a parameter; or in all but the first two, such as the values of a
    column of a file's table. What they share comes once, and may be a text.

    Parameters
    ----------
    columns : sequence of sqlalchemy.Column
        What the query selects, the columns of the key first.
    dialect : str
        SQLAlchemy's name of the engine.
    """

    def __init__(self, columns: Sequence[Any], dialect: str) -> None:
        key = [column.primary_key for column in columns].count(True)
        # In a telemetry table, few rows of an exposure share more of the key.
        most = 1 if columns[0].name == "exposure_id" else _MOST_SHARED
        shared = max(min(key - 1, most), 0)
        self.shared, self._own = columns[:shared], columns[shared:]
        self._own_keys = key - shared
        self.is_possible = (
            dialect in _PACKERS
            and key > 1
            and all(column.primary_key for column in columns[:key])
            and len(self._own) <= _MOST_COLUMNS
            and all(is_number(column) for column in self._own)
        )
        if self.is_possible:
            self._packer = _PACKERS[dialect](self._own)

    def groups(
        self, connection: Connection, select: sa.Select[Any]
    ) -> Iterator[tuple[tuple[Any, ...], dict[str, Values]]]:
        """Yield what the rows of each group share, and their other columns, in any order."""
        for row in self._packed(connection, select):
            shared, _, table = self._joined([row])
            yield tuple(value for (value,) in shared), self._columns(table)

    def read(
        self, connection: Connection, select: sa.Select[Any], size: int
    ) -> Iterator[dict[str, Values]]:
        """Yield columns of about ``size`` rows at a time, in which NULL is NaN."""
        waiting: list[Any] = []
        count = 0
        most = size * self._packer.row_bytes
        try:
            for row in self._packed(connection, select):
                waiting.append(row)
                count += len(row[-1])
                if count >= most:
                    yield from self._pieces(waiting, size)
                    waiting, count = [], 0
        except TooLongError:
            yield from self._pieces(waiting, size)
            raise
        yield from self._pieces(waiting, size)

    def _packed(self, connection: Connection, select: sa.Select[Any]) -> Iterator[Any]:
        """Yield a row for each group: what its rows share, their number or NULL, their bytes."""
        joined = self._packer.joined(connection)
        packed = select.with_only_columns(*self.shared, *joined, maintain_column_froms=True)
        packed = packed.order_by(None).group_by(*self.shared).order_by(*self.shared)
        with numbers_alone(self._own[0].table.name):
            result = connection.execute(packed, execution_options={"binary_rows": True})
            some = result.fetchmany(1)
            while some:
                for row in some:
                    *group, rows, found = row
                    if rows not in (None, len(found) // self._packer.row_bytes):
                        result.close()
                        raise TooLongError(tuple(group))
                    yield row
                some = result.fetchmany(1 + _FETCHED_BYTES // max(len(some[-1][-1]), 1_000))

    def _joined(self, groups: Sequence[Any]) -> tuple[list[Any], Values, Values]:
        """Return what groups share, by column, the group of each of their rows, and the rows."""
        *shared, _, packed = zip(*groups, strict=True)
        rows = [len(some) // self._packer.row_bytes for some in packed]
        table = self._packer.table(b"".join(packed))
        return shared, np.repeat(np.arange(len(groups)), rows), table

    def _pieces(self, groups: Sequence[Any], size: int) -> Iterator[dict[str, Values]]:
        """Yield the rows of groups in the order of the key."""
        if not groups:
            return
        shared, group, table = self._joined(groups)
        keys = [group, *islice(self._packer.columns(table), self._own_keys)]
        if not _is_sorted(keys):
            # The database read another index than that of the key.
            table = table[np.lexsort(keys[::-1])]
        kinds = [np.int64 if is_integer(column) else object for column in self.shared]
        arrays = [np.array(values, kind) for values, kind in zip(shared, kinds, strict=True)]
        names = [column.name for column in self.shared]
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


def _is_sorted(keys: Sequence[Values]) -> bool:
    """Tell whether rows are in the order of their keys, of which the first counts first."""
    is_later = np.zeros(max(len(keys[0]) - 1, 0), np.bool_)
    for key in keys:
        step = np.diff(key)
        if ((step < 0) & ~is_later).any():
            return False
        is_later |= step > 0
    return True
