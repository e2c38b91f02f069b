"""The lasers: Strehl ratio and r0 of each in time."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from aomuse.report.blocks import (
    EXPOSURE,
    Figure,
    PageColumn,
    Section,
    Table,
    by_mode,
    count,
    spread,
    table_of,
)
from aomuse.report.data import Content
from aomuse.report.groups import month_of, period_column, quantile_columns, quantiles
from aomuse.report.style import FIELDS, around, chart_of, from_zero, layered, time_axis, tooltips

#: Beyond these, the charts show medians by night, and by month if there are too many nights.
MOST_EXPOSURES, MOST_NIGHTS = 300, 300

_FIELDS_DIFFER = (
    " Strehl ratios of the wide and the narrow field differ, so each field has a chart. r0 is the"
    " Fried parameter measured by the laser's wavefront sensor."
)
_TEXT = (
    "Each mark is a laser guide star in one exposure: the mean over the samples of SPARTA_ATM_DATA"
    " in which it was on." + _FIELDS_DIFFER
)
_MEDIANS = (
    "Each mark is the median of a laser guide star over {period} in one instrument mode, with a"
    " line from the 10th to the 90th percentile. The value of an exposure is the mean over the"
    " samples of SPARTA_ATM_DATA in which the laser was on." + _FIELDS_DIFFER
)
_EMPTY = "No exposure with telemetry of the lasers (SPARTA_ATM_DATA) is loaded."
_LGS = alt.Scale(domain=[1, 2, 3, 4])
# Short names: all four fit on one line of any screen.
_LEGEND = alt.Legend(title="Laser", columns=4)
_QUANTITIES = {"strehl_mean": "Strehl ratio, %", "r0_mean": "r0, m"}
_DIGITS = {"strehl_mean": 2, "r0_mean": 3}


def lasers(content: Content) -> Section:
    """Return the section on the lasers."""
    title = "The lasers in time"
    measured = content.lasers.dropna(subset=list(_QUANTITIES), how="all").dropna(subset=["time"])
    if measured.empty:
        return Section("lasers", title, _TEXT, empty=_EMPTY)
    notes = _notes(content.lasers)
    exposures = measured["exposure_id"].nunique()
    if exposures <= MOST_EXPOSURES:
        table, text, period = _exposures(measured), _TEXT, ""
    else:
        nights = content.exposures[["exposure_id", "night"]]
        table, period = _medians(measured.merge(nights, on="exposure_id"))
        text = _MEDIANS.format(period=f"a {period}")
        notes.append(f"{count(exposures, 'exposures')} are too many to draw one by one: grouped.")
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
    columns = (
        *EXPOSURE,
        PageColumn("lgs", "Laser", "number", 0),
        PageColumn("laser_samples", "Samples with the laser on", "number", 0),
        PageColumn("strehl_mean", "Mean Strehl ratio, %", "number", 2),
        PageColumn("strehl_min", "Lowest Strehl ratio, %", "number", 2),
        PageColumn("r0_mean", "Mean r0, m", "number", 3),
        PageColumn("l0_mean", "Mean L0, m", "number", 1),
    )
    return table_of("lasers", "Lasers by exposure", columns, measured, "v_laser_metrics", "field")


def _medians(measured: pd.DataFrame) -> tuple[Table, str]:
    night = pd.to_datetime(measured["night"])
    period = "night"
    if night.nunique() > MOST_NIGHTS:
        period, night = "month", month_of(night)
    grouped: Any = measured.assign(period=night).groupby(["period", "mode", "field", "lgs"])
    sums = {"exposures": grouped["exposure_id"].nunique(), "time": grouped["time"].min()}
    frame = pd.DataFrame(sums | quantiles(grouped, _QUANTITIES)).reset_index()
    columns = (
        period_column(period),
        EXPOSURE[2],
        PageColumn("lgs", "Laser", "number", 0),
        PageColumn("exposures", "Exposures", "number", 0),
        *quantile_columns(_QUANTITIES, _DIGITS),
    )
    return Table("lasers", f"Lasers by {period}", columns, frame, "v_laser_metrics"), period


def _figure(
    quantity: str, field: str, measured: pd.DataFrame, rows: pd.DataFrame, period: str
) -> Figure:
    values = measured[measured["field"] == field] if field else measured
    drawn = rows[rows["field"] == field] if field else rows
    name, unit = _QUANTITIES[quantity].split(", ")
    title = f"{name} of each laser" + (f", {FIELDS[field]}" if field else "")

    def summary(of_mode: pd.DataFrame) -> str:
        by_laser = "; ".join(
            f"laser {lgs}: {spread(of_laser, _DIGITS[quantity], f' {unit}')}"
            for lgs, of_laser in of_mode.groupby("lgs")[quantity]
            if of_laser.notna().any()
        )
        return f"{count(of_mode['exposure_id'].nunique(), 'exposures')}; {by_laser}."

    identifier = "-".join(p for p in (name.split()[0].lower(), field.lower()) if p)
    return Figure(
        identifier, title, by_mode(values, summary), _chart(quantity, field, drawn, period)
    )


def _chart(
    quantity: str, field: str, frame: pd.DataFrame, period: str
) -> alt.Chart | alt.LayerChart:
    low, y, high = (f"{quantity}_{q}" if period else quantity for q in ("p10", "median", "p90"))
    scale = from_zero(frame[high]) if quantity == "strehl_mean" else around(frame[low], frame[high])
    first = f"First exposure of the {period}" if period else "Start of the exposure"
    base = chart_of("lasers", field).encode(
        x=time_axis(frame["time"], first),
        color=alt.Color("lgs:N", scale=_LGS, legend=_LEGEND),
    )
    details: tuple[str | tuple[str, ...], ...] = ("target", "mode")
    if period:
        details = (
            "mode",
            ("exposures:Q", "Exposures"),
            (f"{low}:Q", "10th percentile", ".3f"),
            (f"{high}:Q", "90th percentile", ".3f"),
        )
    points = base.mark_point(filled=True, size=70, opacity=0.85).encode(
        y=alt.Y(f"{y}:Q", scale=scale, title=_QUANTITIES[quantity]),
        shape=alt.Shape("lgs:N", scale=_LGS, legend=_LEGEND),
        tooltip=tooltips(
            ("lgs:N", "Laser"), "start", (f"{y}:Q", _QUANTITIES[quantity], ".3f"), *details
        ),
    )
    if not period:
        single: alt.Chart = points.properties(width="container", height=280)
        return single
    ranges = base.mark_rule(opacity=0.45, strokeWidth=1.5).encode(
        y=alt.Y(f"{low}:Q", scale=scale), y2=f"{high}:Q"
    )
    return layered(ranges, points, height=280)
