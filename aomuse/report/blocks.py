"""What a page is made of: sections of charts and tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

if TYPE_CHECKING:
    import altair as alt

#: Most marks in one chart. More are thinned evenly in time, and the page says so.
MOST_POINTS = 1500


@dataclass(frozen=True)
class PageColumn:
    """A column of a table: its name in the frame, its heading, and how its values are shown."""

    name: str
    label: str
    #: Prose may take several lines.
    kind: Literal["text", "prose", "number", "time", "date"] = "text"
    #: Digits after the point; the page has the exact value too.
    digits: int = 0


#: Columns that begin many tables.
EXPOSURE = (
    PageColumn("time", "Start, UTC", "time"),
    PageColumn("target", "Target"),
    PageColumn("mode", "Mode"),
)
ANALYSIS = (*EXPOSURE, PageColumn("model", "PSF model"))


@dataclass(frozen=True)
class Table:
    """The data of charts; charts know it by its name and see all columns of the frame."""

    name: str
    caption: str
    #: Those that people see.
    columns: Sequence[PageColumn]
    frame: pd.DataFrame
    #: View or table that the rows come from.
    source: str


@dataclass(frozen=True)
class Figure:
    """A chart, and a summary for those who do not see it."""

    name: str
    title: str
    summary: str
    chart: alt.Chart | alt.LayerChart
    #: A narrow screen scrolls over it instead of squeezing it.
    wide: bool = False


@dataclass(frozen=True)
class Section:
    """One question, with the charts and tables that answer it."""

    name: str
    title: str
    #: How to read the charts.
    text: str
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()
    #: What was thinned, grouped or left out.
    notes: Sequence[str] = ()
    #: Why there is no chart, and what to do about it.
    empty: str = ""
    #: Data of charts without a table, by name.
    data: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def table_of(
    name: str,
    caption: str,
    columns: Sequence[PageColumn],
    frame: pd.DataFrame,
    source: str,
    *more: str,
) -> Table:
    """Return a table of the columns that people see, and ``more`` that only charts use."""
    names = [*more, *(column.name for column in columns)]
    return Table(name, caption, columns, frame[names].reset_index(drop=True), source)


def thinned(
    frame: pd.DataFrame, most: int = MOST_POINTS, *, by: str = "psf_fit_id"
) -> tuple[pd.DataFrame, list[str]]:
    """Return at most so many rows, of analyses evenly spread in time, and a note if thinned.

    ``by`` is ``exposure_id`` for rows of exposures.
    """
    if len(frame) <= most:
        return frame, []
    step = -(-len(frame) // most)
    all_of_them = frame[by].unique()
    chosen = all_of_them[::step]
    what = "analyses" if by == "psf_fit_id" else "exposures"
    note = (
        f"Of {count(len(all_of_them), what)}, sorted by time, every {ordinal(step)} is drawn:"
        f" {len(chosen):,}."
    )
    return frame[frame[by].isin(chosen)].reset_index(drop=True), [note]


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


def by_mode(frame: pd.DataFrame, summary: Callable[[pd.DataFrame], str]) -> str:
    """Return a summary of each instrument mode: no number is a mean or median over modes."""
    return " ".join(f"{mode}: {summary(rows)}" for mode, rows in frame.groupby("mode"))


def spread(values: pd.Series[Any], digits: int, unit: str = "") -> str:
    """Return the median and the range of values in words; empty if there are none."""
    known = values.dropna()
    if known.empty:
        return ""
    low, middle, high = (f"{v:.{digits}f}" for v in known.quantile([0, 0.5, 1]))
    if len(known) == 1:
        return f"{middle}{unit}"
    return f"median {middle}{unit} ({low} to {high}{unit})"
