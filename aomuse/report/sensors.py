"""The sensors against each other: seeing and ground layer."""

from __future__ import annotations

from functools import partial

import altair as alt
import pandas as pd

from aomuse.report.blocks import (
    EXPOSURE,
    Figure,
    PageColumn,
    Section,
    by_mode,
    count,
    spread,
    table_of,
)
from aomuse.report.data import Content
from aomuse.report.quality import equal_line
from aomuse.report.style import (
    around,
    chart_of,
    from_zero,
    layered,
    mode_color,
    mode_shape,
    tooltips,
)

#: Most exposures in a chart; the table has as many.
MOST_EXPOSURES = 1500

_TEXT = (
    "Each mark is an exposure. SPARTA's seeing is brought to the zenith with the power -0.6 of the"
    " air mass; on the dashed line it is that of the DIMM. The share of the ground layer differs"
    " between sensors by definition: each has a height of its own up to which it counts."
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


def sensors(content: Content) -> Section:
    """Return the section on sensors against each other."""
    title = "Sensors against each other"
    frame = content.sensors.dropna(subset=[_SPARTA, _DIMM])
    if frame.empty:
        return Section("sensors", title, _TEXT, empty=_EMPTY)
    step = -(-len(frame) // MOST_EXPOSURES)
    drawn = frame.iloc[::step].reset_index(drop=True)
    notes = [f"Of {count(len(frame), 'exposures')}, {len(drawn):,} are drawn."] if step > 1 else []
    pairs = {"sensors-seeing": (_DIMM, "DIMM", _SPARTA, "Seeing, arcsec")}
    pairs |= {
        f"sensors-{name.partition('_')[0]}": (name, label, _GROUND, "Share of the ground layer")
        for name, label in _SHARES.items()
    }
    figures = []
    for name, (x, label, y, what) in pairs.items():
        known = drawn.dropna(subset=[x, y])
        if len(known):
            words = by_mode(known, partial(_summary, x=x, y=y))
            chart = _chart(known, (x, f"{what}: {label}"), (y, f"{what}: SPARTA"), content.modes)
            figures.append(
                Figure(name, f"{what.partition(',')[0]}: SPARTA and {label}", words, chart)
            )
    table = table_of("sensors", "Sensors by exposure", _COLUMNS, drawn, "v_sensor")
    return Section("sensors", title, _TEXT, figures, [table], notes)


def _chart(
    frame: pd.DataFrame, x: tuple[str, str], y: tuple[str, str], modes: list[str]
) -> alt.LayerChart:
    both = pd.concat([frame[x[0]], frame[y[0]]])
    scale = from_zero(both) if x[0] == _DIMM else around(both)
    points = (
        chart_of("sensors")
        .mark_point(filled=True, size=70, opacity=0.8)
        .encode(
            x=alt.X(f"{x[0]}:Q", scale=scale, title=x[1]),
            y=alt.Y(f"{y[0]}:Q", scale=scale, title=y[1]),
            color=mode_color(modes, frame),
            shape=mode_shape(modes, frame),
            tooltip=tooltips(
                *("target", "start", "mode"),
                (f"{x[0]}:Q", x[1], ".3f"),
                (f"{y[0]}:Q", y[1], ".3f"),
            ),
        )
    )
    if x[0] != _DIMM:
        return layered(points, height=260)
    return layered(equal_line(x[0], y[0], 1.08 * float(both.max())), points, height=300)


def _summary(frame: pd.DataFrame, x: str, y: str) -> str:
    difference = spread(frame[y] - frame[x], 3)
    return f"{count(len(frame), 'exposures')}, SPARTA minus the other: {difference}."
