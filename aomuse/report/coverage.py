"""What was observed: exposures in time, by target and mode."""

from __future__ import annotations

import altair as alt
import pandas as pd

from aomuse.report.blocks import Column, Figure, Section, Table, count, sentence
from aomuse.report.data import Content
from aomuse.report.style import TIME_TEXT, mode_color, mode_shape, named, time_axis

#: Beyond these, nights are drawn instead of exposures, months instead of nights, and targets
#: together.
MOST_EXPOSURES, MOST_NIGHTS, MOST_TARGETS = 300, 1500, 24

_TEXT = (
    "Each mark is an exposure at the time when it began; colour and shape tell the instrument mode."
)
_OTHERS = " other targets"
_PERIODS = {"night": "a night", "month": "a month"}


def coverage(content: Content) -> Section:
    """Return the section on what was observed."""
    exposures = content.exposures
    known = exposures.dropna(subset=["time"])
    undated = len(exposures) - len(known)
    notes = [f"{count(undated, 'exposures')} without DATE-OBS: not drawn."] if undated else []
    title = "What was observed"
    if known.empty:
        empty = "No exposure with a time is loaded: load some with aomuse load."
        return Section("coverage", title, _TEXT, notes=notes, empty=empty)
    summary = _summary(known)
    known, told = _few_targets(known)
    notes += told
    if len(known) <= MOST_EXPOSURES:
        table = _exposures(known)
        chart, text = _chart(table.frame, content.modes), _TEXT
    else:
        table, period = _periods(known)
        chart = _chart(table.frame, content.modes, period)
        text = (
            f"Each mark is {_PERIODS[period]} of a target in one instrument mode, at its first"
            " exposure; the size tells how many exposures there are."
        )
        notes.append(f"{len(known):,} exposures are more than can be told apart: summed up.")
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
    columns = ["time", "target", "mode", "archive_id", "exposure_time_s", "airmass"]
    return Table(
        "coverage",
        "Exposures",
        (
            Column("time", "Start, UTC", "time"),
            Column("target", "Target"),
            Column("mode", "Mode"),
            Column("archive_id", "Archive name"),
            Column("exposure_time_s", "Exposure time, s", "number", 0),
            Column("airmass", "Air mass", "number", 2),
        ),
        known[columns].reset_index(drop=True),
        "v_exposure",
    )


def _periods(known: pd.DataFrame) -> tuple[Table, str]:
    """Return exposures summed up by night, or by month where there are too many nights."""
    night = pd.to_datetime(known["night"])
    period = "night"
    grouped = known.assign(period=night).groupby(["period", "target", "mode"], sort=True)
    if grouped.ngroups > MOST_NIGHTS:
        period = "month"
        month = night.dt.to_period("M").dt.start_time
        grouped = known.assign(period=month).groupby(["period", "target", "mode"], sort=True)
    frame = grouped.agg(
        exposures=("exposure_id", "size"),
        total_s=("exposure_time_s", "sum"),
        time=("time", "min"),
        last=("time", "max"),
    ).reset_index()
    table = Table(
        "coverage",
        f"Exposures by {period}, target and mode",
        (
            Column("period", "Month" if period == "month" else "Night that began on", "date"),
            Column("target", "Target"),
            Column("mode", "Mode"),
            Column("exposures", "Exposures", "number", 0),
            Column("total_s", "Exposure time, s", "number", 0),
            Column("time", "First start, UTC", "time"),
            Column("last", "Last start, UTC", "time"),
        ),
        frame,
        "v_exposure",
    )
    return table, period


def _chart(frame: pd.DataFrame, modes: list[str], period: str = "") -> alt.Chart:
    first = frame.groupby("target")["time"].min()
    targets = sorted(first.index, key=lambda target: (target.endswith(_OTHERS), first[target]))
    tooltip = [alt.Tooltip("target:N", title="Target"), alt.Tooltip("mode:N", title="Mode")]
    size: alt.Size | alt.SizeValue = alt.value(90)  # type: ignore[assignment]
    if period:
        size = alt.Size(
            "exposures:Q",
            scale=alt.Scale(range=[25, 450], zero=True),
            legend=alt.Legend(title="Exposures", orient="bottom", values=_sizes(frame), format="d"),
        )
        tooltip.append(alt.Tooltip("exposures:Q", title="Exposures"))
    else:
        tooltip += [
            alt.Tooltip("archive_id:N", title="Exposure"),
            alt.Tooltip("exposure_time_s:Q", title="Exposure time, s"),
        ]
    chart: alt.Chart = (
        alt.Chart(named("coverage"), width="container", height=30 * len(targets))
        .mark_point(filled=True, opacity=0.85)
        .transform_calculate(start=TIME_TEXT)
        .encode(
            x=time_axis(frame["time"], "Start of the exposure"),
            y=alt.Y("target:N", sort=targets, title=None, axis=alt.Axis(grid=True, labelLimit=150)),
            color=mode_color(modes, frame),
            shape=mode_shape(modes, frame),
            size=size,
            tooltip=[*tooltip, alt.Tooltip("start:N", title="Start, UTC")],
        )
    )
    return chart


def _sizes(frame: pd.DataFrame) -> list[int]:
    most = int(frame["exposures"].max())
    return sorted({1, max(1, most // 2), most})


def _summary(known: pd.DataFrame) -> str:
    by_mode = ", ".join(f"{n:,} in {mode}" for mode, n in known["mode"].value_counts().items())
    (most, number), *_ = known["target"].value_counts().items()
    return sentence(
        f"{count(len(known), 'exposures')} of {count(known['target'].nunique(), 'targets')} in"
        f" {count(known['night'].nunique(), 'nights')},"
        f" from {known['time'].min():%Y-%m-%d} to {known['time'].max():%Y-%m-%d}: {by_mode}.",
        f"The most observed target is {most} with {number:,}.",
    )
