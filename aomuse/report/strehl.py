"""The Strehl ratio of the narrow field: MAOPPY's beside SPARTA's, and against the conditions."""

from __future__ import annotations

import altair as alt
import pandas as pd

from aomuse.query.views.strehl import SPARTA_NM
from aomuse.report.blocks import (
    ANALYSIS,
    Figure,
    PageColumn,
    Section,
    by_mode,
    count,
    spread,
    table_of,
    thinned,
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

_TEXT = (
    "Strehl ratio of each narrow-field analysis with MAOPPY: of the variance of the phase in its"
    " parameters, by Maréchal (Fétick et al. 2019, A&A 628, A99), brought to"
    f" {SPARTA_NM} nm, for which SPARTA states its own. On the dashed line both are equal. Open"
    " marks have the median that the pipeline wrote into the header (ESO DRS MUSE RTC STREHL)"
    " instead of SPARTA's mean."
)
_EMPTY = "No analysis of the narrow field with MAOPPY is loaded."
_MAOPPY, _SPARTA = "strehl_650nm_percent", "sparta_strehl_percent"
_LABEL = f"MAOPPY's Strehl ratio at {SPARTA_NM} nm, %"
_CONDITIONS = {
    "ngs_flux": "Flux of the natural guide star, NGS1 to 4",
    "tau0_s": "Coherence time, s",
    "airmass": "Air mass",
    "theta0_arcsec": "Isoplanatic angle, arcsec",
}
_COLUMNS = (
    *ANALYSIS,
    PageColumn(_MAOPPY, f"MAOPPY at {SPARTA_NM} nm, %", "number", 2),
    PageColumn(_SPARTA, "SPARTA, %", "number", 2),
    PageColumn("header_strehl_percent", "Header, %", "number", 2),
    PageColumn("ngs_flux", "NGS flux", "number", 0),
    PageColumn("tau0_s", "Coherence time, s", "number", 4),
    PageColumn("airmass", "Air mass", "number", 2),
    PageColumn("theta0_arcsec", "Isoplanatic angle, arcsec", "number", 2),
)


def strehl(content: Content) -> Section:
    """Return the section on the Strehl ratio of the narrow field."""
    title = "Strehl ratio of the narrow field"
    frame = content.strehls.dropna(subset=[_MAOPPY])
    # The parameters scale with wavelength: one row says it all, the nearest to SPARTA's.
    away = (frame["wavelength_nm"] - SPARTA_NM).abs()
    frame = frame[away == away.groupby(frame["psf_fit_id"]).transform("min")]
    frame = frame.drop_duplicates("psf_fit_id")
    if frame.empty:
        return Section("strehl-maoppy", title, _TEXT, empty=_EMPTY)
    drawn, notes = thinned(frame)
    table = table_of("strehl-maoppy", "Strehl ratios by analysis", _COLUMNS, drawn, "v_strehl")
    figures = []
    if drawn[_SPARTA].notna().any():
        heading = "Strehl ratio by MAOPPY and by SPARTA"
        chart = _beside_sparta(drawn, content.modes)
        figures.append(Figure("strehl-maoppy", heading, by_mode(drawn, _summary), chart))
    for condition, label in _CONDITIONS.items():
        known = drawn.dropna(subset=[condition])
        if len(known):
            name = f"strehl-maoppy-{condition.partition('_')[0]}"
            heading = f"Strehl ratio by MAOPPY: {label.partition(',')[0].lower()}"
            chart = _condition(known, condition, label, content.modes)
            figures.append(Figure(name, heading, by_mode(known, _alone), chart))
    return Section("strehl-maoppy", title, _TEXT, figures, [table], notes)


def _beside_sparta(frame: pd.DataFrame, modes: list[str]) -> alt.LayerChart:
    both = pd.concat([frame[_MAOPPY], frame[_SPARTA], frame["header_strehl_percent"]])
    scale = from_zero(both)
    base = chart_of("strehl-maoppy").encode(
        y=alt.Y(f"{_MAOPPY}:Q", scale=scale, title=_LABEL),
        color=mode_color(modes, frame),
        shape=mode_shape(modes, frame),
        tooltip=tooltips(
            "target",
            "start",
            "mode",
            (f"{_MAOPPY}:Q", "MAOPPY, %", ".2f"),
            (f"{_SPARTA}:Q", "SPARTA, %", ".2f"),
            ("header_strehl_percent:Q", "Header, %", ".2f"),
        ),
    )
    x = alt.X(f"{_SPARTA}:Q", scale=scale, title="SPARTA's Strehl ratio, %")
    points = base.mark_point(filled=True, size=80, opacity=0.85).encode(x=x)
    header = base.mark_point(filled=False, size=120, opacity=0.7).encode(
        x=alt.X("header_strehl_percent:Q", scale=scale, title="SPARTA's Strehl ratio, %")
    )
    line = equal_line(_SPARTA, _MAOPPY, 1.08 * float(both.max()))
    return layered(line, header, points, height=300)


def _condition(frame: pd.DataFrame, condition: str, label: str, modes: list[str]) -> alt.LayerChart:
    points = (
        chart_of("strehl-maoppy")
        .mark_point(filled=True, size=80, opacity=0.85)
        .encode(
            x=alt.X(f"{condition}:Q", scale=around(frame[condition]), title=label),
            y=alt.Y(f"{_MAOPPY}:Q", scale=from_zero(frame[_MAOPPY]), title=_LABEL),
            color=mode_color(modes, frame),
            shape=mode_shape(modes, frame),
            tooltip=tooltips(
                "target",
                "start",
                "mode",
                (f"{condition}:Q", label),
                (f"{_MAOPPY}:Q", _LABEL, ".2f"),
            ),
        )
    )
    return layered(points, height=240)


def _summary(frame: pd.DataFrame) -> str:
    difference = frame[_MAOPPY] - frame[_SPARTA]
    return f"{_alone(frame)} MAOPPY minus SPARTA: {spread(difference, 2, '%')}."


def _alone(frame: pd.DataFrame) -> str:
    return f"{count(len(frame), 'analyses')}: {spread(frame[_MAOPPY], 2, '%')}."
