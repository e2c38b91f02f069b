"""Compare what a chart got from Superset with the rows of a query."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

#: Columns that Superset adds for its own drawing (the colour of a heat map).
_ADDED = {"rank"}


def differences(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    direct: Iterable[Sequence[Any]],
    *,
    pivoted: bool,
) -> list[str]:
    """Compare, whatever the order of the rows.

    Parameters
    ----------
    rows : sequence of mapping
        The chart's data, as the API gives them: times in milliseconds since 1970.
    columns : sequence of str
        Names of the columns of the query.
    direct : iterable of sequence
        The rows of the query.
    pivoted : bool
        Whether the chart has a column for each series; the query gives place, series and value.

    Returns
    -------
    list of str
        What differs; empty where everything is the same.
    """
    wanted = [tuple(_plain(value) for value in row) for row in direct]
    if pivoted:
        found = _series(rows, columns[0])
        wanted = [row for row in wanted if row[2] is not None]
    else:
        for row in rows:
            if set(row) - _ADDED != set(columns):
                return [f"columns {sorted(row)} instead of {sorted(columns)}"]
        found = [tuple(_plain(row[name]) for name in columns) for row in rows]
    found.sort(key=_order)
    wanted.sort(key=_order)
    if len(found) != len(wanted):
        return [f"{len(found)} values instead of {len(wanted)}"]
    return [
        f"{mine} instead of {theirs}"
        for mine, theirs in zip(found, wanted, strict=True)
        if not all(map(_same, mine, theirs))
    ]


def _series(rows: Sequence[Mapping[str, Any]], place: str) -> list[tuple[Any, ...]]:
    return [
        (_plain(row[place]), name, _plain(value))
        for row in rows
        for name, value in row.items()
        if name != place and value is not None
    ]


def _plain(value: Any) -> Any:
    """Return times as milliseconds, and all numbers as float."""
    match value:
        case dt.datetime():
            since = value - dt.datetime(1970, 1, 1)
            return float(since // dt.timedelta(milliseconds=1))
        case dt.date():
            return _plain(dt.datetime.combine(value, dt.time()))
        case bool() | int() | float() | Decimal():
            return float(value)
    return value


def _order(row: tuple[Any, ...]) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Order by texts and NULLs, which are exact, and only then by what was computed."""
    return (
        tuple(str(value) for value in row if not isinstance(value, float)),
        tuple(round(value, 6) for value in row if isinstance(value, float)),
    )


def _same(mine: Any, theirs: Any) -> bool:
    if isinstance(mine, float) and isinstance(theirs, float):
        # of a time, a millisecond
        return math.isclose(mine, theirs, rel_tol=1e-12, abs_tol=1e-12)
    return bool(mine == theirs)
