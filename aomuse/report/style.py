"""Colours and axes that all charts share."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

#: The fields of MUSE in words, by the first three letters of the mode.
FIELDS = {"WFM": "wide field", "NFM": "narrow field"}

#: Colours that the colour-blind can tell apart (after Okabe and Ito), darkened or lightened until
#: each has a contrast of at least 3 : 1 with the page (WCAG 2.2, 1.4.11).
_CATEGORIES = {
    "light": ["#0067a5", "#c2480a", "#00785a", "#9a4690", "#7a6000", "#4d4d4d"],
    "dark": ["#5cb8f0", "#ff9d52", "#3fd0a4", "#e69bd2", "#ece05a", "#c4c4c4"],
}
#: Parts that are present, missing, wrong, or not expected.
_STATES = {
    "light": ["#c3e0d3", "#e08a00", "#b3261e", "#f1f1ef"],
    "dark": ["#21443a", "#e8a33d", "#ff7b72", "#26292e"],
}
#: Signs on top of these.
_SIGNS = {
    "light": ["#1d2430", "#1d1200", "#ffffff", "#1d2430"],
    "dark": ["#e7eaf0", "#1d1200", "#2b0000", "#e7eaf0"],
}
_INK = {"light": ("#1d2430", "#566072", "#dfe3e8"), "dark": ("#e7eaf0", "#a9b2c0", "#343b47")}

_SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"]

#: 24 hours and no names of days, whatever step the axis has.
_TIMES = {
    "milliseconds": "%H:%M:%S",
    "seconds": "%H:%M:%S",
    "minutes": "%H:%M",
    "hours": "%H:%M",
    "day": "%d %b",
    "date": "%d %b",
    "week": "%d %b",
    "month": "%b %Y",
    "quarter": "%b %Y",
    "year": "%Y",
}

#: Time as text for tooltips, which would show the reader's local time.
_START = "utcFormat(datum.time, '%Y-%m-%d %H:%M')"

#: Lines of tooltips that many charts have.
_TIPS = {
    "target": ("target:N", "Target"),
    "start": ("start:N", "Start, UTC"),
    "mode": ("mode:N", "Mode"),
}


def theme(scheme: str) -> dict[str, Any]:
    """Return Vega-Lite's configuration for the colour scheme ``light`` or ``dark``."""
    ink, faint, grid = _INK[scheme]
    return {
        "background": "transparent",
        # room for half a label beyond the end of an axis
        "padding": {"left": 5, "right": 16, "top": 5, "bottom": 5},
        "aria": False,  # the page describes each chart itself, once
        "font": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif",
        "view": {"stroke": grid},
        "axis": {
            "labelColor": ink,
            "titleColor": ink,
            "domainColor": faint,
            "tickColor": faint,
            "gridColor": grid,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": 500,
            "titlePadding": 8,
            "labelOverlap": True,
            "labelSeparation": 6,
            "labelFlush": False,
        },
        "legend": {
            "orient": "top",
            "direction": "horizontal",
            "labelColor": ink,
            "titleColor": ink,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": 500,
            "titleOrient": "left",
            "symbolStrokeWidth": 2,
            "symbolOpacity": 1,
            "symbolBaseFillColor": ink,
            "symbolBaseStrokeColor": ink,
            "rowPadding": 4,
            "columnPadding": 14,
            "labelLimit": 240,
        },
        "range": {
            "category": _CATEGORIES[scheme],
            "symbol": _SHAPES,
            "ordinal": _STATES[scheme],
            "heatmap": _SIGNS[scheme],
        },
        "rect": {"stroke": grid},
        "style": {"reference": {"color": faint}},
    }


def tooltips(*lines: str | tuple[str, ...]) -> list[alt.Tooltip]:
    """Return the lines of a tooltip: shared ones by name, or field, title and format."""
    fields = (_TIPS[line] if isinstance(line, str) else line for line in lines)
    return [
        alt.Tooltip(field, title=title, format=form[0] if form else alt.Undefined)
        for field, title, *form in fields
    ]


def chart_of(name: str, field: str = "") -> alt.Chart:
    """Return a chart of the table with that name, of one field of MUSE if it is given."""
    data: Any = alt.NamedData(name=name)
    chart = alt.Chart(data)
    if field:
        chart = chart.transform_filter(alt.datum.field == field)
    with_start: alt.Chart = chart.transform_calculate(start=_START)
    return with_start


def time_axis(times: pd.Series[Any], what: str = "Start of the exposure") -> alt.X:
    """Return the axis of time, in UTC, with a margin on either side."""
    first, last = times.min(), times.max()
    margin = max((last - first) * 0.03, pd.Timedelta(minutes=20))
    days = " to ".join(dict.fromkeys(f"{t:%Y-%m-%d}" for t in (first, last)))
    return alt.X(
        "time:T",
        scale=alt.Scale(
            type="utc",
            domainMin=_milliseconds(first - margin),
            domainMax=_milliseconds(last + margin),
            nice=False,
        ),
        axis=alt.Axis(format=_TIMES),
        title=[f"{what}, UTC", days],
    )


def _milliseconds(time: pd.Timestamp) -> Any:
    # Vega-Lite would turn a plain number into a data source, with a warning.
    return {"expr": str(round(time.timestamp() * 1000))}


def from_zero(values: pd.Series[Any], margin: float = 1.08) -> alt.Scale:
    """Return a scale from 0 to a little more than the largest value."""
    top = values.max()
    return alt.Scale(domain=[0, float(top) * margin if top > 0 else 1], nice=False)


def around(*values: pd.Series[Any]) -> alt.Scale:
    """Return a scale with a margin around the values that does not begin with 0."""
    known = pd.concat(values).dropna()
    low, high = float(known.min()), float(known.max())
    margin = (high - low) * 0.08 or abs(high) * 0.05 or 1.0
    return alt.Scale(domain=[low - margin, high + margin], zero=False, nice=False)


def level_line(level: float) -> alt.Chart:
    """Return the dashed line at a value of y."""
    line: alt.Chart = (
        alt.Chart(alt.InlineData(values=[{"level": level}]))
        .mark_rule(style="reference", strokeDash=[6, 4], strokeWidth=1.5)
        .encode(y="level:Q")
    )
    return line


def layered(*charts: alt.Chart, height: int) -> alt.LayerChart:
    """Return charts on top of each other, as wide as the page allows."""
    chart: Any = alt.layer(*charts)
    made: alt.LayerChart = chart.properties(width="container", height=height)
    return made


def mode_color(modes: list[str], frame: pd.DataFrame) -> alt.Color:
    """Return the colour of each instrument mode, the same in all charts."""
    return alt.Color("mode:N", scale=alt.Scale(domain=modes), legend=_mode_legend(modes, frame))


def mode_shape(modes: list[str], frame: pd.DataFrame) -> alt.Shape:
    """Return the shape of each instrument mode, for those who do not see the colours."""
    return alt.Shape("mode:N", scale=alt.Scale(domain=modes), legend=_mode_legend(modes, frame))


def _mode_legend(modes: list[str], frame: pd.DataFrame) -> alt.Legend:
    present = set(frame["mode"])
    return alt.Legend(title="Mode", values=[mode for mode in modes if mode in present])
