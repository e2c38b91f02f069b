"""Rows as arrays, a column each."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.models import Base
from aomuse.stored.special import SpecialValues, Values

Select = sa.Select[*tuple[Any, ...]]

#: Rows that are Python objects at once: a fit of a thousand sources has millions.
_PIECE_ROWS = 50_000


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


def select_rows(table: str, names: Iterable[str]) -> Select:
    """Return the query for columns of a table, behind those of its key and in their order."""
    source = Base.metadata.tables[table]
    key = source.primary_key.columns
    others = (source.c[name] for name in names if name not in key)
    return sa.select(*key, *others).order_by(*key)


def arrays(select: Select, rows: Sequence[Any]) -> dict[str, Values]:
    """Return rows of a query by column: int64 (never NULL), float64 (NULL is NaN) or objects."""
    columns = select.selected_columns
    values = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    return {
        column.name: np.array(cells, dtype=_dtype(column))
        for column, cells in zip(columns, values, strict=True)
    }


def _dtype(column: Any) -> Any:
    if isinstance(column.type, sa.Double):
        return np.float64
    return np.int64 if isinstance(column.type, sa.Integer) and not column.nullable else object


def fetch(connection: Connection, select: Select) -> dict[str, Values]:
    """Return the result of a query by column."""
    options = {"stream_results": True, "max_row_buffer": _PIECE_ROWS}
    with uncollected():
        result = connection.execute(select, execution_options=options)
        pieces = [arrays(select, rows) for rows in result.partitions(_PIECE_ROWS)]
    if len(pieces) < 2:
        return pieces[0] if pieces else arrays(select, [])
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}


def read_rows(
    connection: Connection,
    special: SpecialValues,
    table: str,
    names: Iterable[str],
    *where: sa.ColumnElement[bool],
) -> dict[str, Values]:
    """Return columns of a table and its key, with special values, in the order of the key."""
    columns = fetch(connection, select_rows(table, names).where(*where))
    return special.restored(table, columns)
