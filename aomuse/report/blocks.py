"""What a page is made of: sections of charts and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

if TYPE_CHECKING:
    import altair as alt

#: Marks of one chart at most; more are thinned evenly in time, and the page says so.
MOST_POINTS = 1500


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    name : str
        Column of the frame.
    label : str
        Heading, with the unit.
    kind : {'text', 'prose', 'number', 'time', 'date'}, optional
        How values are shown; prose may take several lines.
    digits : int, optional
        Digits behind the point that are shown; the page has the exact value as well.
    """

    name: str
    label: str
    kind: Literal["text", "prose", "number", "time", "date"] = "text"
    digits: int = 0


@dataclass(frozen=True)
class Table:
    """Data of charts, as a table for people and for the charts of the same name.

    Parameters
    ----------
    name : str
        Name that charts know the data by.
    caption : str
        What a row is.
    columns : sequence of Column
        Those that people see; charts see all columns of the frame.
    frame : DataFrame
        The rows.
    source : str
        View or table that the rows come from.
    """

    name: str
    caption: str
    columns: Sequence[Column]
    frame: pd.DataFrame
    source: str


@dataclass(frozen=True)
class Figure:
    """A chart with its words.

    Parameters
    ----------
    name : str
        Identifier within the page.
    title : str
        What is drawn.
    summary : str
        What it shows, for those who do not see it.
    chart : altair.Chart
        Its data is a named table.
    wide : bool, optional
        Whether a narrow screen moves over it instead of squeezing it.
    """

    name: str
    title: str
    summary: str
    chart: alt.Chart | alt.LayerChart
    wide: bool = False


@dataclass(frozen=True)
class Section:
    """One question, with the charts and tables that answer it.

    Parameters
    ----------
    name : str
        Identifier within the page.
    title : str
        Heading.
    text : str
        How to read the charts.
    figures : sequence of Figure, optional
        The charts.
    tables : sequence of Table, optional
        Their data.
    notes : sequence of str, optional
        What was thinned, summed up or left out.
    empty : str, optional
        Why there is no chart, and what to do about it.
    data : dict, optional
        Further data of charts by name, which is no table.
    """

    name: str
    title: str
    text: str
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()
    notes: Sequence[str] = ()
    empty: str = ""
    data: dict[str, pd.DataFrame] = field(default_factory=dict)


def thinned(frame: pd.DataFrame, most: int = MOST_POINTS) -> tuple[pd.DataFrame, str]:
    """Return analyses evenly spread over the time, with few enough rows, and what was left out."""
    if len(frame) <= most:
        return frame, ""
    step = -(-len(frame) // most)
    analyses = frame["psf_fit_id"].unique()
    chosen = analyses[::step]
    told = (
        f"Of {count(len(analyses), 'analyses')} every {ordinal(step)} in order of time is drawn:"
        f" {len(chosen):,}."
    )
    return frame[frame["psf_fit_id"].isin(chosen)].reset_index(drop=True), told


def count(number: int, plural: str) -> str:
    """Return a number of things: 1 exposure, 2 exposures, 1 analysis, 2 analyses."""
    singular = plural.removesuffix("s")
    if plural.endswith("yses"):
        singular = plural.removesuffix("es") + "is"
    return f"{number:,} {singular if number == 1 else plural}"


def ordinal(number: int) -> str:
    """Return a number as 2nd, 3rd, 4th, …."""
    last = number % 10 if number // 10 % 10 != 1 else 0
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') }"


def sentence(*parts: str) -> str:
    """Return sentences, without those that are empty."""
    return " ".join(part for part in parts if part)


def spread(values: pd.Series[Any], digits: int, unit: str = "") -> str:
    """Return the median of values, and their range, in words; empty where there are none."""
    known = values.dropna()
    if known.empty:
        return ""
    low, middle, high = (f"{v:.{digits}f}" for v in known.quantile([0, 0.5, 1]))
    if len(known) == 1:
        return f"{middle}{unit}"
    return f"median {middle}{unit} ({low} to {high}{unit})"
