"""The residual ledger: predicted minus delivered FWHM, by wavelength and against conditions."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from aomuse.report.blocks import (
    ANALYSIS,
    Figure,
    PageColumn,
    Section,
    by_mode,
    count,
    table_of,
    thinned,
)
from aomuse.report.data import Content
from aomuse.report.style import around, chart_of, layered, mode_color, mode_shape, tooltips

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
        known = drawn.dropna(subset=[column])
        if len(known):
            name = f"residual-{column.removesuffix('_arcsec').replace('_', '-')}"
            words = by_mode(known, lambda rows, c=column: _means(rows, c))  # type: ignore[misc]
            heading = f"{label.partition(',')[0]}, by wavelength"
            figures.append(
                Figure(name, heading, words, _wavelengths(known, column, label, content))
            )
    shown = next(column for column in _PREDICTIONS if drawn[column].notna().any())
    at = drawn[(drawn["wavelength_nm"] == SHOWN_NM) & drawn[shown].notna()]
    for condition, label in _CONDITIONS.items():
        known = at.dropna(subset=[condition])
        if len(known):
            heading = f"{_PREDICTIONS[shown].partition(',')[0]} at {SHOWN_NM} nm: {label.lower()}"
            name = f"residual-{condition.partition('_')[0]}"
            words = by_mode(
                known,
                lambda rows, c=condition: _correlation(rows, c, shown),  # type: ignore[misc]
            )
            chart = _condition(known, condition, label, shown, content)
            figures.append(Figure(name, heading, words, chart))
    return Section("residuals", title, _TEXT, figures, [table], notes)


def _wavelengths(frame: pd.DataFrame, column: str, label: str, content: Content) -> alt.LayerChart:
    y = alt.Y(f"{column}:Q", scale=around(frame[column], pd.Series([0.0])), title=label)
    base = chart_of("residuals").encode(
        x=alt.X("wavelength_nm:Q", scale=around(frame["wavelength_nm"]), title="Wavelength, nm"),
        color=mode_color(content.modes, frame),
    )
    means = base.mark_line(point=True, strokeWidth=2).encode(
        y=alt.Y(f"mean({column}):Q", scale=around(frame[column], pd.Series([0.0])), title=label),
        shape=mode_shape(content.modes, frame),
    )
    bars = base.mark_errorbar(extent="stdev", ticks=True).encode(y=y)
    return layered(_zero(), bars, means, height=280)


def _condition(
    frame: pd.DataFrame, condition: str, label: str, column: str, content: Content
) -> alt.LayerChart:
    title = _PREDICTIONS[column]
    points = (
        chart_of("residuals")
        .transform_filter(alt.datum.wavelength_nm == SHOWN_NM)
        .mark_point(filled=True, size=70, opacity=0.8)
        .encode(
            x=alt.X(f"{condition}:Q", scale=around(frame[condition]), title=label),
            y=alt.Y(f"{column}:Q", scale=around(frame[column], pd.Series([0.0])), title=title),
            color=mode_color(content.modes, frame),
            shape=mode_shape(content.modes, frame),
            tooltip=tooltips(
                "target", "start", "mode", (f"{condition}:Q", label), (f"{column}:Q", title, ".3f")
            ),
        )
    )
    return layered(_zero(), points, height=240)


def _zero() -> alt.Chart:
    line: alt.Chart = (
        alt.Chart(alt.InlineData(values=[{"zero": 0}]))
        .mark_rule(style="reference", strokeDash=[6, 4], strokeWidth=1.5)
        .encode(y="zero:Q")
    )
    return line


def _means(frame: pd.DataFrame, column: str) -> str:
    each = ", ".join(
        f"{values.mean():+.3f} ± {values.std(ddof=1) if len(values) > 1 else 0:.3f} at {nm:.0f} nm"
        for nm, values in frame.groupby("wavelength_nm")[column]
    )
    return (
        f"{count(frame['psf_fit_id'].nunique(), 'analyses')}, mean and standard deviation {each}."
    )


def _correlation(frame: pd.DataFrame, condition: str, column: str) -> str:
    said = f"{count(len(frame), 'analyses')}"
    x, y = frame[condition].to_numpy(), frame[column].to_numpy()
    if len(frame) > 2 and np.ptp(x) > 0 and np.ptp(y) > 0:
        return f"{said}, r = {np.corrcoef(x, y)[0, 1]:+.2f}."
    return f"{said}."
