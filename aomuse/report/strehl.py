"""The Strehl ratio of the narrow field: MAOPPY's beside SPARTA's, and against the conditions."""

from __future__ import annotations

from functools import partial

import altair as alt
import pandas as pd

from aomuse.query.views.strehl import SPARTA_NM
from aomuse.report.blocks import ANALYSIS, PageColumn, Section, count, spread, table_of, thinned
from aomuse.report.data import Content
from aomuse.report.scatter import Axis, against_conditions, equal_line, figure_of, marks
from aomuse.report.style import chart_of, from_zero, layered

_TEXT = (
    "Strehl ratio of each narrow-field analysis with MAOPPY: of the variance of the phase in its"
    " parameters, by Maréchal (Fétick et al. 2019, A&A 628, A99), brought to"
    f" {SPARTA_NM} nm, for which SPARTA states its own. On the dashed line both are equal. Open"
    " marks have the median that the pipeline wrote into the header (ESO DRS MUSE RTC STREHL)"
    " instead of SPARTA's mean."
)
_EMPTY = "No analysis of the narrow field with MAOPPY is loaded."
_MAOPPY, _SPARTA = "strehl_650nm_percent", "sparta_strehl_percent"
_HEADER = "header_strehl_percent"
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
    PageColumn(_HEADER, "Header, %", "number", 2),
    PageColumn("ngs_flux", "NGS flux", "number", 0),
    PageColumn("tau0_s", "Coherence time, s", "number", 4),
    PageColumn("airmass", "Air mass", "number", 2),
    PageColumn("theta0_arcsec", "Isoplanatic angle, arcsec", "number", 2),
)


def strehl(content: Content) -> Section:
    """Return the section on the Strehl ratio of the narrow field."""
    name, title = "strehl-maoppy", "Strehl ratio of the narrow field"
    frame = content.strehls.dropna(subset=[_MAOPPY])
    # The parameters scale with wavelength: one row says it all, the nearest to SPARTA's.
    away = (frame["wavelength_nm"] - SPARTA_NM).abs()
    frame = frame[away == away.groupby(frame["psf_fit_id"]).transform("min")]
    frame = frame.drop_duplicates("psf_fit_id")
    if frame.empty:
        return Section(name, title, _TEXT, empty=_EMPTY)
    drawn, notes = thinned(frame)
    table = table_of(name, "Strehl ratios by analysis", _COLUMNS, drawn, "v_strehl")
    figures = [
        *figure_of(
            name,
            "Strehl ratio by MAOPPY and by SPARTA",
            drawn.dropna(subset=[_SPARTA]),
            _summary,
            partial(_beside_sparta, modes=content.modes),
        ),
        *against_conditions(
            chart_of(name),
            name,
            "Strehl ratio by MAOPPY",
            drawn,
            Axis(_MAOPPY, _LABEL, from_zero(drawn[_MAOPPY]), ".2f"),
            _CONDITIONS,
            content.modes,
            _alone,
        ),
    ]
    return Section(name, title, _TEXT, figures, [table], notes)


def _beside_sparta(frame: pd.DataFrame, modes: list[str]) -> alt.LayerChart:
    both = pd.concat([frame[_MAOPPY], frame[_SPARTA], frame[_HEADER]])
    scale = from_zero(both)
    y = Axis(_MAOPPY, _LABEL, scale, ".2f")
    sparta = Axis(_SPARTA, "SPARTA's Strehl ratio, %", scale, ".2f")
    header = Axis(_HEADER, sparta.title, scale, ".2f", name="Header, %")
    base = chart_of("strehl-maoppy")
    return layered(
        equal_line(_SPARTA, _MAOPPY, 1.08 * float(both.max())),
        marks(base, header, y, frame, modes, filled=False),
        marks(base, sparta, y, frame, modes, header.tip()),
        height=300,
    )


def _summary(frame: pd.DataFrame) -> str:
    difference = spread(frame[_MAOPPY] - frame[_SPARTA], 2, "%")
    return f"{_alone(frame)}. MAOPPY minus SPARTA: {difference}."


def _alone(frame: pd.DataFrame) -> str:
    return f"{count(len(frame), 'analyses')}: {spread(frame[_MAOPPY], 2, '%')}"
