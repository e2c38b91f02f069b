"""What was observed: exposures in time, by target and mode."""

from __future__ import annotations

import altair as alt
import pandas as pd

from aomuse.report.blocks import EXPOSURE, Figure, PageColumn, Section, Table, count, table_of
from aomuse.report.data import Content
from aomuse.report.groups import month_of, period_column
from aomuse.report.style import chart_of, mode_color, mode_shape, time_axis, tooltips

#: Beyond these, the chart shows nights instead of exposures, months instead of nights, and the
#: other targets together.
MOST_EXPOSURES, MOST_NIGHTS, MOST_TARGETS = 300, 1500, 24

_TEXT = (
    "Each mark is an exposure at the time when it began. Colour and shape show the instrument mode."
)
_GROUPED = (
    "Each mark is {period} of a target in one instrument mode, at its first exposure. Its size"
    " shows the number of exposures."
)
_OTHERS = " other targets"


def coverage(content: Content) -> Section:
    """Return the section on what was observed."""
    exposures = content.exposures
    known = exposures.dropna(subset=["time"])
    undated = len(exposures) - len(known)
    notes = [f"{count(undated, 'exposures')} without DATE-OBS: not drawn."] if undated else []
    title = "What was observed"
    if known.empty:
        empty = "No exposure with a time is loaded. Load some with aomuse load."
        return Section("coverage", title, _TEXT, notes=notes, empty=empty)
    summary = _summary(known)
    known, more_notes = _few_targets(known)
    notes += more_notes
    if len(known) <= MOST_EXPOSURES:
        table = _exposures(known)
        chart, text = _chart(table.frame, content.modes), _TEXT
    else:
        table, period = _periods(known)
        chart = _chart(table.frame, content.modes, period)
        text = _GROUPED.format(period=f"a {period}")
        notes.append(f"{count(len(known), 'exposures')} are too many to draw one by one: grouped.")
    figure = Figure("coverage", "Exposures in time, by target and mode", summary, chart)
    return Section("coverage", title, text, [figure], [table], notes)


def _few_targets(exposures: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return the exposures with all but the most observed targets as one."""
    targets = exposures["target"].value_counts()
    if len(targets) <= MOST_TARGETS:
        return exposures, []
    rest = targets.index[MOST_TARGETS - 1 :]
    name = f"{len(rest)}{_OTHERS}"
    return (
        exposures.assign(target=exposures["target"].where(~exposures["target"].isin(rest), name)),
        [f"The {MOST_TARGETS - 1} targets with most exposures have a row each."],
    )


def _exposures(known: pd.DataFrame) -> Table:
    columns = (
        *EXPOSURE,
        PageColumn("archive_id", "Archive name"),
        PageColumn("exposure_time_s", "Exposure time, s", "number", 0),
        PageColumn("airmass", "Air mass", "number", 2),
    )
    return table_of("coverage", "Exposures", columns, known, "v_exposure")


def _periods(known: pd.DataFrame) -> tuple[Table, str]:
    """Return the exposures grouped by night, or by month if there are too many nights."""
    night = pd.to_datetime(known["night"])
    period = "night"
    grouped = known.assign(period=night).groupby(["period", "target", "mode"], sort=True)
    if grouped.ngroups > MOST_NIGHTS:
        period = "month"
        by_month = known.assign(period=month_of(night))
        grouped = by_month.groupby(["period", "target", "mode"], sort=True)
    frame = grouped.agg(
        exposures=("exposure_id", "size"),
        total_s=("exposure_time_s", "sum"),
        time=("time", "min"),
        last=("time", "max"),
    ).reset_index()
    columns = (
        period_column(period),
        *EXPOSURE[1:],
        PageColumn("exposures", "Exposures", "number", 0),
        PageColumn("total_s", "Exposure time, s", "number", 0),
        PageColumn("time", "First start, UTC", "time"),
        PageColumn("last", "Last start, UTC", "time"),
    )
    caption = f"Exposures by {period}, target and mode"
    return table_of("coverage", caption, columns, frame, "v_exposure"), period


def _chart(frame: pd.DataFrame, modes: list[str], period: str = "") -> alt.Chart:
    first = frame.groupby("target")["time"].min()
    targets = sorted(first.index, key=lambda target: (target.endswith(_OTHERS), first[target]))
    size: alt.Size | alt.SizeValue = alt.value(90)  # type: ignore[assignment]
    details: tuple[tuple[str, ...], ...] = (
        ("archive_id:N", "Exposure"),
        ("exposure_time_s:Q", "Exposure time, s"),
    )
    if period:
        most = int(frame["exposures"].max())
        sizes = sorted({1, max(1, most // 2), most})
        size = alt.Size(
            "exposures:Q",
            scale=alt.Scale(range=[25, 450], zero=True),
            legend=alt.Legend(title="Exposures", orient="bottom", values=sizes, format="d"),
        )
        details = (("exposures:Q", "Exposures"),)
    chart: alt.Chart = (
        chart_of("coverage")
        .properties(width="container", height=30 * len(targets))
        .mark_point(filled=True, opacity=0.85)
        .encode(
            x=time_axis(frame["time"], "Start of the exposure"),
            y=alt.Y("target:N", sort=targets, title=None, axis=alt.Axis(grid=True, labelLimit=150)),
            color=mode_color(modes, frame),
            shape=mode_shape(modes, frame),
            size=size,
            tooltip=tooltips("target", "mode", *details, "start"),
        )
    )
    return chart


def _summary(known: pd.DataFrame) -> str:
    by_mode = ", ".join(f"{n:,} in {mode}" for mode, n in known["mode"].value_counts().items())
    (most, number), *_ = known["target"].value_counts().items()
    return (
        f"{count(len(known), 'exposures')} of {count(known['target'].nunique(), 'targets')} in"
        f" {count(known['night'].nunique(), 'nights')},"
        f" from {known['time'].min():%Y-%m-%d} to {known['time'].max():%Y-%m-%d}: {by_mode}."
        f" The most observed target is {most} with {number:,}."
    )
