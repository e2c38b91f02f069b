"""The residual ledger: predicted minus delivered FWHM, by wavelength and against conditions."""

from __future__ import annotations

from functools import partial

import altair as alt
import pandas as pd

from aomuse.report.blocks import ANALYSIS, PageColumn, Section, count, table_of, thinned
from aomuse.report.data import Content
from aomuse.report.scatter import Axis, against_conditions, by_wavelength, figure_of
from aomuse.report.style import around, chart_of, level_line

#: Wavelength of the charts against conditions, nm.
SHOWN_NM = 700

_TEXT = (
    "Predicted minus delivered FWHM of each analysis in WFM-AO: above zero the PSF came out sharper"
    " than predicted. Predictions are those of muse-psfr where there are any (aomuse predict), else"
    " the image quality that a formula derives from r0, L0 and the ground layer, with MUSE's own"
    " share. By wavelength, the marks are means, and the bars the standard deviation over the"
    f" analyses of a mode. At {SHOWN_NM} nm a mark is an analysis, and r is the correlation"
    " with the condition."
)
_EMPTY = (
    "No analysis in WFM-AO has a prediction. aomuse predict makes them from SPARTA's telemetry."
)
_CONDITIONS = {
    "l0_m": "Outer scale, m",
    "ground_layer_fraction": "Share of the turbulence below 900 m",
    "lasers_on": "Lasers that were on",
    "airmass": "Air mass",
}
_COLUMNS = (
    *ANALYSIS,
    PageColumn("wavelength_nm", "Wavelength, nm", "number", 0),
    PageColumn("delivered_fwhm_arcsec", "Delivered, arcsec", "number", 3),
    PageColumn("psfr_residual_arcsec", "muse-psfr minus delivered, arcsec", "number", 3),
    PageColumn("psfr_beta_residual", "Beta, the same", "number", 2),
    PageColumn("iq_residual_arcsec", "Formula minus delivered, arcsec", "number", 3),
    PageColumn("l0_m", "Outer scale, m", "number", 1),
    PageColumn("ground_layer_fraction", "Ground layer", "number", 3),
    PageColumn("lasers_on", "Lasers", "number", 0),
    PageColumn("airmass", "Air mass", "number", 2),
)
_PREDICTIONS = {
    "psfr_residual_arcsec": "FWHM by muse-psfr minus delivered, arcsec",
    "psfr_beta_residual": "Beta by muse-psfr minus delivered",
    "iq_residual_arcsec": "Image quality by formula minus delivered, arcsec",
}


def residuals(content: Content) -> Section:
    """Return the section on predicted minus delivered FWHM and beta."""
    title = "Residual ledger"
    frame = content.residuals.dropna(subset=[*_PREDICTIONS], how="all")
    if frame.empty:
        return Section("residuals", title, _TEXT, empty=_EMPTY)
    drawn, notes = thinned(frame)
    source = "v_residual; v_residual_summary has means and scatter"
    table = table_of("residuals", "Residuals by analysis and wavelength", _COLUMNS, drawn, source)
    figures = []
    for column, label in _PREDICTIONS.items():
        figures += figure_of(
            f"residual-{column.removesuffix('_arcsec').replace('_', '-')}",
            f"{label.partition(',')[0]}, by wavelength",
            drawn.dropna(subset=[column]),
            partial(_means, column=column),
            partial(
                by_wavelength,
                "residuals",
                column=column,
                title=label,
                modes=content.modes,
                level=0,
            ),
        )
    shown = next(column for column in _PREDICTIONS if drawn[column].notna().any())
    label, scale = _PREDICTIONS[shown], around(drawn[shown], pd.Series([0.0]))
    figures += against_conditions(
        chart_of("residuals").transform_filter(alt.datum.wavelength_nm == SHOWN_NM),
        "residual",
        f"{label.partition(',')[0]} at {SHOWN_NM} nm",
        drawn[drawn["wavelength_nm"] == SHOWN_NM].dropna(subset=[shown]),
        Axis(shown, label, scale, ".3f"),
        _CONDITIONS,
        content.modes,
        lambda rows: count(len(rows), "analyses"),
        level_line(0),
    )
    return Section("residuals", title, _TEXT, figures, [table], notes)


def _means(frame: pd.DataFrame, column: str) -> str:
    each = ", ".join(
        f"{values.mean():+.3f} ± {values.std(ddof=1) if len(values) > 1 else 0:.3f} at {nm:.0f} nm"
        for nm, values in frame.groupby("wavelength_nm")[column]
    )
    return (
        f"{count(frame['psf_fit_id'].nunique(), 'analyses')}, mean and standard deviation {each}."
    )
