"""Doubles of SQLite, each put into its place: one call a row, in whatever order they come."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.stored.packers import doubles, numbers_alone, or_null
from aomuse.stored.special import Values


class _Places:
    """An aggregate function: puts doubles into an array.

    Python runs none of its own instructions for a row, in which Ctrl-C would get lost.
    """

    def __init__(self, values: Any) -> None:
        places = memoryview(values)
        self.step, self.finalize = places.__setitem__, places.__len__


def place_doubles(
    connection: Connection,
    column: Any,
    owners: Sequence[tuple[Any, ...]],
    limits: Sequence[tuple[int, int]],
) -> Iterator[tuple[Values, Values]]:
    """Yield the rows that each owner has between two numbers, both included: places and values.

    An owner is the first parts of the table's key, and the last part is the number.
    """
    sizes = [last - first + 1 for first, last in limits]
    bounds = np.cumsum([0, *sizes])
    values = np.full(bounds[-1], np.nan)
    *shared, number = column.class_.__table__.primary_key
    rows = [
        [*owner, first, last, int(start) - first]
        for owner, (first, last), start in zip(owners, limits, bounds, strict=False)
    ]
    given = sa.func.json_each(json.dumps(rows)).table_valued("value").alias("given")
    parts = [sa.func.json_extract(given.c.value, f"$[{i}]") for i in range(len(shared) + 3)]
    # With a limit, for else it would take the parts out of the text again for each row.
    owner = sa.select(*(part.label(f"part{i}") for i, part in enumerate(parts))).limit(-1)
    *own, first, last, start = owner.subquery("owner").c
    put = sa.func.aomuse_place(start + number, or_null(column))
    same = (a == b for a, b in zip(shared, own, strict=True))
    select = sa.select(put).where(*same, number.between(first, last))
    waiting = connection.info.get("aomuse_places")
    if waiting is None:
        waiting = connection.info["aomuse_places"] = []
        driver: Any = connection.connection.dbapi_connection
        driver.create_aggregate("aomuse_place", 2, waiting.pop)
    waiting[:] = [_Places(values)]
    with numbers_alone(column.class_.__tablename__):
        connection.execute(select)
    for begin, end in pairwise(bounds):
        there = np.flatnonzero(~np.isnan(values[begin:end]))
        yield there, doubles(values[begin:end][there])
