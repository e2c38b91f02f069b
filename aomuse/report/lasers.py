"""The lasers: Strehl ratio and r0 of each in time."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from aomuse.report.blocks import Column, Figure, Section, Table, count, spread
from aomuse.report.data import Content
from aomuse.report.style import (
    FIELDS,
    TIME_TEXT,
    around,
    from_zero,
    layered,
    named,
    time_axis,
)

#: Beyond these, medians by night are drawn, and by month where there are too many nights.
MOST_EXPOSURES, MOST_NIGHTS = 300, 300

_TEXT = (
    "Each mark is a laser guide star in one exposure: the mean over the samples of SPARTA_ATM_DATA"
    " in which it was on. Strehl ratios of the wide and the narrow field are not alike, so each has"
    " a chart; r0 is the Fried parameter that the laser's wavefront sensor saw."
)
_MEDIANS = (
    "Each mark is the median of a laser guide star over {period} in one field of MUSE, with a line"
    " from the 10th to the 90th percentile; an exposure's value is the mean over the samples of"
    " SPARTA_ATM_DATA in which the laser was on. Strehl ratios of the wide and the narrow field are"
    " not alike, so each has a chart; r0 is the Fried parameter that the laser's wavefront sensor"
    " saw."
)
_EMPTY = "No exposure with the telemetry of a laser (SPARTA_ATM_DATA) is loaded."
_LGS = [1, 2, 3, 4]
# Short names: all four have room on one line of any screen.
_LEGEND = alt.Legend(title="Laser", columns=4)
_QUANTITIES = {"strehl_mean": "Strehl ratio, %", "r0_mean": "r0, m"}


def lasers(content: Content) -> Section:
    """Return the section on the lasers."""
    title = "The lasers in time"
    measured = content.lasers.dropna(subset=list(_QUANTITIES), how="all").dropna(subset=["time"])
    if measured.empty:
        return Section("lasers", title, _TEXT, empty=_EMPTY)
    notes = _notes(content.lasers)
    exposures = measured["exposure_id"].nunique()
    period = ""
    if exposures > MOST_EXPOSURES:
        nights = content.exposures[["exposure_id", "night"]]
        table, period = _medians(measured.merge(nights, on="exposure_id"))
        text = _MEDIANS.format(period=f"a {period}")
        notes.append(f"{exposures:,} exposures are more than can be told apart: summed up.")
    else:
        table, text = _exposures(measured), _TEXT
    figures = [
        _figure("strehl_mean", field, measured, table.frame, period)
        for field in FIELDS
        if measured.loc[measured["field"] == field, "strehl_mean"].notna().any()
    ]
    if measured["r0_mean"].notna().any():
        figures.append(_figure("r0_mean", "", measured, table.frame, period))
    return Section("lasers", title, text, figures, [table], notes)


def _notes(all_lasers: pd.DataFrame) -> list[str]:
    off = all_lasers[all_lasers["laser_on"] == 0]
    if off.empty:
        return []
    by_laser = off["lgs"].value_counts().sort_index()
    each = ", ".join(f"laser {lgs} in {count(n, 'exposures')}" for lgs, n in by_laser.items())
    return [f"Off, and so not drawn: {each}."]


def _exposures(measured: pd.DataFrame) -> Table:
    columns = ["time", "target", "mode", "field", "lgs", "laser_samples", "strehl_mean"]
    return Table(
        "lasers",
        "Lasers by exposure",
        (
            Column("time", "Start, UTC", "time"),
            Column("target", "Target"),
            Column("mode", "Mode"),
            Column("lgs", "Laser", "number", 0),
            Column("laser_samples", "Samples with the laser on", "number", 0),
            Column("strehl_mean", "Mean Strehl ratio, %", "number", 2),
            Column("strehl_min", "Lowest Strehl ratio, %", "number", 2),
            Column("r0_mean", "Mean r0, m", "number", 3),
            Column("l0_mean", "Mean L0, m", "number", 1),
        ),
        measured[[*columns, "strehl_min", "r0_mean", "l0_mean"]].reset_index(drop=True),
        "v_laser_metrics",
    )


def _medians(measured: pd.DataFrame) -> tuple[Table, str]:
    night = pd.to_datetime(measured["night"])
    period = "night"
    if night.nunique() > MOST_NIGHTS:
        period, night = "month", night.dt.to_period("M").dt.start_time
    grouped: Any = measured.assign(period=night).groupby(["period", "field", "lgs"])
    parts = {"exposures": grouped["exposure_id"].nunique(), "time": grouped["time"].min()}
    for quantity in _QUANTITIES:
        for name, share in (("p10", 0.1), ("median", 0.5), ("p90", 0.9)):
            parts[f"{quantity}_{name}"] = grouped[quantity].quantile(share)
    frame = pd.DataFrame(parts).reset_index()
    shown = [
        Column(f"{quantity}_{name}", f"{label}, {words}", "number", 2 if "%" in label else 3)
        for quantity, label in _QUANTITIES.items()
        for name, words in (("p10", "10th percentile"), ("median", "median"),
                            ("p90", "90th percentile"))
    ]  # fmt: skip
    table = Table(
        "lasers",
        f"Lasers by {period}",
        (
            Column("period", "Month" if period == "month" else "Night that began on", "date"),
            Column("field", "Field"),
            Column("lgs", "Laser", "number", 0),
            Column("exposures", "Exposures", "number", 0),
            *shown,
        ),
        frame,
        "v_laser_metrics",
    )
    return table, period


def _figure(
    quantity: str, field: str, measured: pd.DataFrame, rows: pd.DataFrame, period: str
) -> Figure:
    ours = measured[measured["field"] == field] if field else measured
    drawn = rows[rows["field"] == field] if field else rows
    label = _QUANTITIES[quantity]
    name = label.partition(",")[0]
    title = f"{name} of each laser" + (f", {FIELDS[field]}" if field else "")
    digits, unit = (2, " %") if quantity == "strehl_mean" else (3, " m")
    by_laser = "; ".join(
        f"laser {lgs}: {spread(values, digits, unit)}"
        for lgs, values in ours.groupby("lgs")[quantity]
        if values.notna().any()
    )
    summary = f"{count(ours['exposure_id'].nunique(), 'exposures')}; {by_laser}."
    identifier = "-".join(p for p in (name.split()[0].lower(), field.lower()) if p)
    return Figure(identifier, title, summary, _chart(quantity, field, drawn, period))


def _chart(
    quantity: str, field: str, frame: pd.DataFrame, period: str
) -> alt.Chart | alt.LayerChart:
    y = f"{quantity}_median" if period else quantity
    shown = [frame[f"{quantity}_p90"]] if period else [frame[quantity]]
    scale = (
        from_zero(shown[0])
        if quantity == "strehl_mean"
        else around(*shown, *([frame[f"{quantity}_p10"]] if period else []))
    )
    chart = alt.Chart(named("lasers"))
    if field:
        chart = chart.transform_filter(alt.datum.field == field)
    first = f"First exposure of the {period}" if period else "Start of the exposure"
    base = chart.transform_calculate(start=TIME_TEXT).encode(
        x=time_axis(frame["time"], first),
        color=alt.Color("lgs:N", scale=alt.Scale(domain=_LGS), legend=_LEGEND),
    )
    detail = (
        [
            alt.Tooltip("exposures:Q", title="Exposures"),
            alt.Tooltip(f"{quantity}_p10:Q", title="10th percentile", format=".3f"),
            alt.Tooltip(f"{quantity}_p90:Q", title="90th percentile", format=".3f"),
        ]
        if period
        else [alt.Tooltip("target:N", title="Target"), alt.Tooltip("mode:N", title="Mode")]
    )
    points = base.mark_point(filled=True, size=70, opacity=0.85).encode(
        y=alt.Y(f"{y}:Q", scale=scale, title=_QUANTITIES[quantity]),
        shape=alt.Shape("lgs:N", scale=alt.Scale(domain=_LGS), legend=_LEGEND),
        tooltip=[
            alt.Tooltip("lgs:N", title="Laser"),
            alt.Tooltip("start:N", title="Start, UTC"),
            alt.Tooltip(f"{y}:Q", title=_QUANTITIES[quantity], format=".3f"),
            *detail,
        ],
    )
    if not period:
        single: alt.Chart = points.properties(width="container", height=280)
        return single
    ranges = base.mark_rule(opacity=0.45, strokeWidth=1.5).encode(
        y=alt.Y(f"{quantity}_p10:Q", scale=scale), y2=f"{quantity}_p90:Q"
    )
    return layered(ranges, points, height=280)
