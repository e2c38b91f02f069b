"""Rows as arrays, a column each."""

from __future__ import annotations

import gc
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice, pairwise
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.models import Base
from aomuse.stored.packed import Packing, TooLongError
from aomuse.stored.special import SpecialValues, Values

Select = sa.Select[*tuple[Any, ...]]

#: Rows of an array that is filled at once: a fit of a thousand sources has millions.
_PIECE_ROWS = 50_000

#: Rows that are Python objects at once: few enough to stay in the processor's cache.
_OBJECT_ROWS = 2_000

#: Integers below it are exact as doubles.
_EXACT = 2.0**53


@contextmanager
def uncollected() -> Iterator[None]:
    """Hold the garbage collector back.

    Rows are many small objects that refer to no other: looking through them again and again,
    as each thousand more makes it do, takes as long as reading them.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def select_rows(table: str, names: Iterable[str], fixed: Mapping[str, Any] | None = None) -> Select:
    """Return the query for columns of a table, behind those of its key and in their order.

    ``fixed`` has the only values of some columns that are asked for; these are not read.
    """
    source = Base.metadata.tables[table]
    key = source.primary_key.columns
    others = (source.c[name] for name in names if name not in key)
    fixed = fixed or {}
    columns = (column for column in (*key, *others) if column.name not in fixed)
    conditions = (source.c[name] == value for name, value in fixed.items())
    return sa.select(*columns).where(*conditions).order_by(*key)


def _arrays(columns: Sequence[Any], rows: Sequence[Any]) -> list[Values]:
    """Return rows by column: int64 (never NULL), float64 (NULL is NaN) or objects."""
    types = [_dtype(column) for column in columns]
    if object not in types:
        # None becomes NaN.
        flat = np.fromiter(chain.from_iterable(rows), np.float64, len(rows) * len(columns))
        table = flat.reshape(len(rows), len(columns))
        big = [p for p, column in enumerate(columns) if isinstance(column.type, sa.BigInteger)]
        if (np.abs(table[:, big]) < _EXACT).all():
            return [table[:, place].astype(dtype) for place, dtype in enumerate(types)]
    values = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    return [np.array(cells, dtype=dtype) for cells, dtype in zip(values, types, strict=True)]


def _dtype(column: Any) -> Any:
    if isinstance(column.type, sa.Double):
        return np.float64
    return np.int64 if isinstance(column.type, sa.Integer) and not column.nullable else object


def pieces(
    connection: Connection, select: Select, size: int = _PIECE_ROWS
) -> Generator[dict[str, Values], None, None]:
    """Yield the result of a query by column, in pieces: it is never in memory as a whole.

    A column is int64 (without NULL), float64 (NULL is NaN) or objects. At least one piece comes.
    The query is sorted by the key of its table.
    """
    columns = list(select.selected_columns)
    packing = Packing(columns, connection.dialect.name)
    if packing.is_possible:
        try:
            found = packing.read(connection, select, size)
            first = next(found, None)
            yield _named(columns, _arrays(columns, [])) if first is None else first
            yield from found
        except TooLongError as error:
            select = _from_group(select, packing, error)
        else:
            return
    yield from _unpacked(connection, select, columns, size)


def _unpacked(
    connection: Connection, select: Select, columns: Sequence[Any], size: int
) -> Iterator[dict[str, Values]]:
    """Yield the result of a query by column, with an object of Python for each value."""
    # Drivers give floats: SQLAlchemy would call float() for each.
    untyped = (
        sa.type_coerce(c, sa.types.NullType()) if _dtype(c) is np.float64 else c for c in columns
    )
    statement = select.with_only_columns(*untyped, maintain_column_froms=True)
    result = connection.execute(statement, execution_options={"binary_rows": True})
    parts = result.partitions(_OBJECT_ROWS)
    is_first = True
    while True:
        with uncollected():
            some = [_arrays(columns, rows) for rows in islice(parts, max(size // _OBJECT_ROWS, 1))]
        if not some and not is_first:
            return
        some, is_first = some or [_arrays(columns, [])], False
        values = some[0] if len(some) == 1 else map(np.concatenate, zip(*some, strict=True))
        yield _named(columns, values)


def _from_group(select: Select, packing: Packing, error: TooLongError) -> Select:
    """Return the query for the rows of a group and of those after it."""
    return select.where(sa.tuple_(*packing.shared) >= sa.tuple_(*error.group))


def read_groups(
    connection: Connection, select: Select
) -> Iterator[tuple[tuple[Any, ...], dict[str, Values]]]:
    """Yield the rows that share all of their key but its end: what they share, the other columns.

    The rows of a group can come in parts, and in any order.
    """
    columns = list(select.selected_columns)
    packing = Packing(columns, connection.dialect.name)
    if packing.is_possible:
        try:
            yield from packing.groups(connection, select)
        except TooLongError as error:
            select = _from_group(select, packing, error)
        else:
            return
    names = [column.name for column in packing.shared]
    for piece in _unpacked(connection, select, columns, _PIECE_ROWS):
        shared = [piece.pop(name) for name in names]
        is_new = np.any([values[1:] != values[:-1] for values in shared], axis=0)
        bounds = [0, *(np.flatnonzero(is_new) + 1).tolist(), len(shared[0])]
        for start, stop in pairwise(bounds):
            if start < stop:
                own = {name: values[start:stop] for name, values in piece.items()}
                yield tuple(values[start] for values in shared), own


def _named(columns: Sequence[Any], values: Iterable[Values]) -> dict[str, Values]:
    return {column.name: cells for column, cells in zip(columns, values, strict=True)}


def fetch(connection: Connection, select: Select) -> dict[str, Values]:
    """Return the result of a query by column."""
    return joined(list(pieces(connection, select)))


def joined(some: Sequence[dict[str, Values]]) -> dict[str, Values]:
    """Return pieces as one."""
    if len(some) == 1:
        return some[0]
    return {name: np.concatenate([piece[name] for piece in some]) for name in some[0]}


def read_rows(
    connection: Connection,
    special: SpecialValues,
    table: str,
    names: Iterable[str],
    *where: sa.ColumnElement[bool],
    fixed: Mapping[str, Any] | None = None,
) -> dict[str, Values]:
    """Return columns of a table and its key, with special values, in the order of the key."""
    columns = fetch(connection, select_rows(table, names, fixed).where(*where))
    return special.restored(table, columns, fixed)
