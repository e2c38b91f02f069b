"""What many sections draw: one quantity against another, and means by wavelength."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from aomuse.report.blocks import Figure, by_mode
from aomuse.report.style import (
    around,
    chart_of,
    layered,
    level_line,
    mode_color,
    mode_shape,
    tooltips,
)


@dataclass(frozen=True)
class Axis:
    """A quantity on an axis: its column, title and scale, and its format in tooltips."""

    column: str
    title: str
    scale: alt.Scale
    form: str = ""
    #: Its name in tooltips where the axis has several quantities.
    name: str = ""

    def x(self) -> alt.X:
        """Return it as the horizontal axis."""
        return alt.X(f"{self.column}:Q", scale=self.scale, title=self.title)

    def y(self) -> alt.Y:
        """Return it as the vertical axis."""
        return alt.Y(f"{self.column}:Q", scale=self.scale, title=self.title)

    def tip(self) -> tuple[str, ...]:
        """Return its line of a tooltip."""
        return (f"{self.column}:Q", self.name or self.title, *([self.form] if self.form else []))


def marks(
    base: alt.Chart,
    x: Axis,
    y: Axis,
    frame: pd.DataFrame,
    modes: list[str],
    *more_tips: tuple[str, ...],
    filled: bool = True,
) -> alt.Chart:
    """Return a mark for each row, in the colour and shape of its mode."""
    made: alt.Chart = base.mark_point(filled=filled, size=75, opacity=0.8).encode(
        x=x.x(),
        y=y.y(),
        color=mode_color(modes, frame),
        shape=mode_shape(modes, frame),
        tooltip=tooltips("target", "start", "mode", x.tip(), y.tip(), *more_tips),
    )
    return made


def by_wavelength(
    table: str, frame: pd.DataFrame, column: str, title: str, modes: list[str], level: float
) -> alt.LayerChart:
    """Return means of each mode, bars of the standard deviation over analyses, and a level."""
    groups = frame.groupby(["mode", "wavelength_nm"])[column]
    middle, spreads = groups.mean(), groups.std().fillna(0)
    scale = around(middle - spreads, middle + spreads, pd.Series([level]))
    nm = Axis("wavelength_nm", "Wavelength, nm", around(frame["wavelength_nm"]))
    base = chart_of(table).encode(x=nm.x(), color=mode_color(modes, frame))
    bars = base.mark_errorbar(extent="stdev", ticks=True).encode(y=Axis(column, title, scale).y())
    means = base.mark_line(point=True, strokeWidth=2).encode(
        y=alt.Y(f"mean({column}):Q", scale=scale, title=title), shape=mode_shape(modes, frame)
    )
    return layered(level_line(level), bars, means, height=280)


def figure_of(
    name: str,
    title: str,
    rows: pd.DataFrame,
    summary: Callable[[pd.DataFrame], str],
    chart: Callable[[pd.DataFrame], alt.Chart | alt.LayerChart],
) -> list[Figure]:
    """Return the figure of rows, with a summary of each mode; none if there are no rows."""
    return [Figure(name, title, by_mode(rows, summary), chart(rows))] if len(rows) else []


def _against(
    base: alt.Chart,
    condition: str,
    label: str,
    y: Axis,
    modes: list[str],
    below: Sequence[alt.Chart],
    rows: pd.DataFrame,
) -> alt.LayerChart:
    x = Axis(condition, label, around(rows[condition]))
    return layered(*below, marks(base, x, y, rows, modes), height=240)


def against_conditions(
    base: alt.Chart,
    name: str,
    heading: str,
    frame: pd.DataFrame,
    y: Axis,
    conditions: Mapping[str, str],
    modes: list[str],
    summary: Callable[[pd.DataFrame], str],
    *below: alt.Chart,
) -> list[Figure]:
    """Return a figure of a quantity against each condition that is known, with the correlation.

    ``summary`` says the rest of a mode in words, without a full stop.
    """
    figures = []
    for condition, label in conditions.items():
        known = frame.dropna(subset=[condition])
        figures += figure_of(
            f"{name}-{condition.partition('_')[0]}",
            f"{heading}: {label.partition(',')[0].lower()}",
            known,
            partial(_correlated, x=condition, y=y.column, summary=summary),
            partial(_against, base, condition, label, y, modes, below),
        )
    return figures


def equal_line(x: str, y: str, top: float) -> alt.Chart:
    """Return the dashed line on which two columns are equal, from 0 to ``top``."""
    ends: Any = [{x: 0, y: 0}, {x: top, y: top}]
    return dashed(ends, x, y)


def dashed(points: list[dict[str, float]], x: str, y: str) -> alt.Chart:
    """Return the dashed line through points."""
    line: alt.Chart = (
        alt.Chart(alt.InlineData(values=points))
        .mark_line(style="reference", strokeDash=[6, 4], strokeWidth=1.5)
        .encode(x=f"{x}:Q", y=f"{y}:Q")
    )
    return line


def trend(frame: pd.DataFrame, x: str, y: str) -> tuple[float, float] | None:
    """Return the slope of a straight line and the correlation, None for too few points."""
    if len(frame) < 3 or not np.ptp(frame[x]) > 0 or not np.ptp(frame[y]) > 0:
        return None
    slope = np.polyfit(frame[x], frame[y], 1)[0]
    return float(slope), float(np.corrcoef(frame[x], frame[y])[0, 1])


def _correlated(frame: pd.DataFrame, x: str, y: str, summary: Callable[[pd.DataFrame], str]) -> str:
    found = trend(frame, x, y)
    return f"{summary(frame)}, r = {found[1]:+.2f}." if found else f"{summary(frame)}."
