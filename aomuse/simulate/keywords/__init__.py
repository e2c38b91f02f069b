"""The observatory's header keywords as tables, and how they become cards.

A row is (keyword without ``ESO``, value, comment). The value is a constant, a `Fact` of the
exposure, or drawn `Around` a mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from aomuse.simulate.cards import Value, card


@dataclass(frozen=True, slots=True)
class Fact:
    """A value that follows from the exposure.

    Attributes
    ----------
    name : str
        Name of the fact.
    digits : int, optional
        Decimals to keep.
    """

    name: str
    digits: int | None = None


@dataclass(frozen=True, slots=True)
class Around:
    """A reading that scatters from exposure to exposure.

    Attributes
    ----------
    mean, spread : float
        Mean and standard deviation.
    digits : int, optional
        Decimals to keep; None makes an integer.
    """

    mean: float
    spread: float
    digits: int | None = None


Row = tuple[str, Value | Fact | Around, str]


def each(indices: Iterable[object], *rows: Row) -> list[Row]:
    """Repeat rows for every index.

    Parameters
    ----------
    indices : iterable
        Values that take the place of ``{i}`` in keywords, strings, facts and comments.
    *rows : tuple
        Rows with ``{i}`` in them.

    Returns
    -------
    list of tuple
        All rows of the first index, then of the next.
    """
    repeated: list[Row] = []
    for i in indices:
        for keyword, value, comment in rows:
            filled = value
            if isinstance(value, str):
                filled = value.format(i=i)
            elif isinstance(value, Fact):
                filled = Fact(value.name.format(i=i), value.digits)
            repeated.append((keyword.format(i=i), filled, comment.format(i=i)))
    return repeated


def alphabetical(rows: Iterable[Row]) -> list[Row]:
    """Sort rows as the observatory sorts the keywords of a subsystem.

    Parameters
    ----------
    rows : iterable of tuple
        Rows.

    Returns
    -------
    list of tuple
        Rows by keyword, so that IFU10 comes before IFU2.
    """
    return sorted(rows, key=lambda row: row[0])


def expand(rows: Iterable[Row], facts: Mapping[str, Value], rng: np.random.Generator) -> list[str]:
    """Make the cards of a table of keywords.

    Parameters
    ----------
    rows : iterable of tuple
        Rows.
    facts : mapping
        Values of the exposure by name.
    rng : Generator
        Draws the readings.

    Returns
    -------
    list of str
        A card a row.
    """
    return [card(f"ESO {key}", _value(value, facts, rng), comment) for key, value, comment in rows]


def _value(
    value: Value | Fact | Around, facts: Mapping[str, Value], rng: np.random.Generator
) -> Value:
    if isinstance(value, Fact):
        found = facts[value.name]
        if isinstance(found, float) and value.digits is not None:
            return _rounded(found, value.digits)
        return found
    if isinstance(value, Around):
        drawn = rng.normal(value.mean, value.spread)
        return round(drawn) if value.digits is None else _rounded(float(drawn), value.digits)
    return value


def _rounded(value: float, digits: int) -> float:
    # Adding zero turns a negative zero, which no instrument writes, into a plain one.
    return round(value, digits) + 0.0
