"""The sensors against each other: seeing and ground layer, and each laser with the others."""

from __future__ import annotations

from functools import partial
from typing import Any

import altair as alt
import pandas as pd

from aomuse.report.blocks import (
    EXPOSURE,
    PageColumn,
    Section,
    Table,
    count,
    spread,
    table_of,
    thinned,
)
from aomuse.report.data import Content
from aomuse.report.scatter import Axis, equal_line, figure_of, marks
from aomuse.report.style import (
    around,
    chart_of,
    from_zero,
    layered,
    level_line,
    mode_color,
    mode_shape,
    tooltips,
)

_TEXT = (
    "Each mark is an exposure. SPARTA's seeing is brought to the zenith with the power -0.6 of the"
    " air mass; on the dashed line it is that of the DIMM. The share of the ground layer differs"
    " between sensors by definition: each has a height of its own up to which it counts."
    " Lasers: r0 of each over the median of the lasers, mean and standard deviation over the"
    " exposures of a mode."
)
_EMPTY = "No exposure has the telemetry of two sensors (SPARTA_ATM_DATA and ASM_DATA)."
_SPARTA, _DIMM = "sparta_seeing_arcsec", "dimm_seeing_arcsec"
_GROUND = "sparta_ground_layer"
_SHARES = {"mass_ground_layer": "MASS", "slodar_300m": "SLODAR below 300 m"}
_COLUMNS = (
    *EXPOSURE,
    PageColumn(_SPARTA, "SPARTA's seeing at the zenith, arcsec", "number", 3),
    PageColumn(_DIMM, "DIMM, arcsec", "number", 3),
    PageColumn(_GROUND, "Ground layer by SPARTA", "number", 3),
    *(PageColumn(name, f"Ground layer by {label}", "number", 3) for name, label in _SHARES.items()),
)
_RATIOS = {
    "r0_ratio": "r0 over the median",
    "l0_ratio": "Outer scale over the median",
    "seeing_ratio": "Seeing over the median",
    "strehl_difference": "Strehl ratio minus the median, %",
}
_LASERS = (
    EXPOSURE[2],
    PageColumn("lgs", "Laser", "number", 0),
    PageColumn("exposures", "Exposures", "number", 0),
    *(
        PageColumn(f"{name}_{statistic}", f"{label}: {words}", "number", 4)
        for name, label in _RATIOS.items()
        for statistic, words in (("mean", "mean"), ("std", "standard deviation"))
    ),
)


def sensors(content: Content) -> Section:
    """Return the section on sensors against each other."""
    title = "Sensors against each other"
    frame = content.sensors.dropna(subset=[_SPARTA, _DIMM])
    lasers = content.laser_ratios.dropna(subset=["r0_ratio"])
    if frame.empty and lasers.empty:
        return Section("sensors", title, _TEXT, empty=_EMPTY)
    drawn, notes = thinned(frame, by="exposure_id")
    pairs = {"sensors-seeing": (_DIMM, "DIMM", _SPARTA, "Seeing, arcsec")}
    pairs |= {
        f"sensors-{name.partition('_')[0]}": (name, label, _GROUND, "Share of the ground layer")
        for name, label in _SHARES.items()
    }
    figures = []
    for name, (x, label, y, what) in pairs.items():
        figures += figure_of(
            name,
            f"{what.partition(',')[0]}: SPARTA and {label}",
            drawn.dropna(subset=[x, y]),
            partial(_summary, x=x, y=y),
            partial(
                _chart, x=(x, f"{what}: {label}"), y=(y, f"{what}: SPARTA"), modes=content.modes
            ),
        )
    tables = [table_of("sensors", "Sensors by exposure", _COLUMNS, drawn, "v_sensor")]
    if len(lasers):
        means = _by_laser(lasers)
        tables.append(Table("laser-ratios", "Lasers by mode", _LASERS, means, "v_laser_ratio"))
        heading = "Agreement of the lasers: r0 over their median"
        drawing = partial(_ratios, modes=content.modes)
        figures += figure_of("laser-ratio", heading, means, _each_laser, drawing)
    return Section("sensors", title, _TEXT, figures, tables, notes)


def _by_laser(frame: pd.DataFrame) -> pd.DataFrame:
    """Return mean and standard deviation of each laser in each mode, over all exposures."""
    grouped = frame.groupby(["mode", "lgs"])
    sums: dict[str, pd.Series[Any]] = {"exposures": grouped["exposure_id"].nunique()}
    for name in _RATIOS:
        sums |= {f"{name}_mean": grouped[name].mean(), f"{name}_std": grouped[name].std()}
    found = pd.DataFrame(sums).reset_index()
    spreads = found["r0_ratio_std"].fillna(0)
    ends = {"low": found["r0_ratio_mean"] - spreads, "high": found["r0_ratio_mean"] + spreads}
    return found.assign(**ends)


def _ratios(frame: pd.DataFrame, modes: list[str]) -> alt.LayerChart:
    scale = around(frame["low"], frame["high"], pd.Series([1.0]))
    title = "r0 over the median of the lasers"
    base = alt.Chart(alt.NamedData(name="laser-ratios")).encode(
        x=alt.X("lgs:O", title="Laser", axis=alt.Axis(labelAngle=0)),
        xOffset=alt.XOffset("mode:N"),
        color=mode_color(modes, frame),
    )
    bars = base.mark_rule(strokeWidth=1.5).encode(
        y=alt.Y("low:Q", scale=scale, title=title), y2="high:Q"
    )
    means = base.mark_point(filled=True, size=80).encode(
        y=alt.Y("r0_ratio_mean:Q", scale=scale, title=title),
        shape=mode_shape(modes, frame),
        tooltip=tooltips(
            *("mode", ("lgs:O", "Laser"), ("exposures:Q", "Exposures")),
            ("r0_ratio_mean:Q", "Mean", ".4f"),
            ("r0_ratio_std:Q", "Standard deviation", ".4f"),
        ),
    )
    return layered(level_line(1), bars, means, height=280)


def _each_laser(frame: pd.DataFrame) -> str:
    each = "; ".join(
        f"laser {lgs}: {ratio:.3f} in {count(exposures, 'exposures')}"
        for lgs, ratio, exposures in zip(
            frame["lgs"], frame["r0_ratio_mean"], frame["exposures"], strict=True
        )
    )
    return f"{each}."


def _chart(
    frame: pd.DataFrame, x: tuple[str, str], y: tuple[str, str], modes: list[str]
) -> alt.LayerChart:
    both = pd.concat([frame[x[0]], frame[y[0]]])
    seeing = x[0] == _DIMM
    scale = from_zero(both) if seeing else around(both)
    points = marks(
        chart_of("sensors"), Axis(*x, scale, ".3f"), Axis(*y, scale, ".3f"), frame, modes
    )
    line = [equal_line(x[0], y[0], 1.08 * float(both.max()))] if seeing else []
    return layered(*line, points, height=300 if seeing else 260)


def _summary(frame: pd.DataFrame, x: str, y: str) -> str:
    difference = spread(frame[y] - frame[x], 3)
    return f"{count(len(frame), 'exposures')}, SPARTA minus the other: {difference}."
