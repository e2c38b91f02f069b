"""Compare the rows of one engine with those of another, whatever their order."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from typing import Any

Rows = Sequence[Sequence[Any]]


def differences(name: str, columns: Sequence[str], found: Rows, wanted: Rows) -> Iterator[str]:
    """Yield what differs in the rows of a view.

    Parameters
    ----------
    name : str
        The view.
    columns : sequence of str
        Its columns.
    found, wanted : sequence of rows
        Of the engine that is tested, and of SQLite, which has times as texts. The last digits of a
        double may differ: engines add in another order, and SQLite's text of one has 15 digits.

    Yields
    ------
    str
        A line for the first difference of each column.
    """
    if len(found) != len(wanted):
        yield f"{name}: {len(found):,} rows and not {len(wanted):,}"
        return
    seen = set()
    for one, other in zip(_ordered(found), _ordered(wanted), strict=True):
        for column, here, there in zip(columns, one, other, strict=True):
            if column not in seen and not _same(here, there):
                seen.add(column)
                yield f"{name}.{column}: {here!r} and not {there!r}"


def _ordered(rows: Rows) -> list[list[float | str]]:
    return sorted(([_plain(value) for value in row] for row in rows), key=_order)


def _order(row: list[float | str]) -> tuple[list[str], list[float]]:
    return (
        [value if isinstance(value, str) else "" for value in row],
        [float(f"{value:.6e}") for value in row if not isinstance(value, str)],
    )


def _plain(value: Any) -> float | str:
    if not isinstance(value, dt.datetime):
        try:
            return float(value)
        except (TypeError, ValueError):
            pass
        try:
            # JDBC leaves out the last zeros of a second.
            value = dt.datetime.fromisoformat(str(value))
        except ValueError:
            return str(value)
    text: str = value.isoformat(" ", "microseconds")
    return text


def _same(one: float | str, other: float | str) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return math.isclose(one, other, rel_tol=1e-12)
