"""Seeing against the delivered FWHM."""

from __future__ import annotations

from functools import partial

import altair as alt
import pandas as pd

from aomuse.report.blocks import ANALYSIS, PageColumn, Section, count, spread, table_of, thinned
from aomuse.report.data import Content
from aomuse.report.scatter import Axis, equal_line, figure_of, marks
from aomuse.report.style import FIELDS, chart_of, from_zero, layered

_TEXT = (
    "Each mark is an analysis by PampelMuse: the seeing of the site monitor (mean of start and"
    " end, at zenith) and the FWHM of the PSF at 700 nm. In the wide field the dashed line shows"
    " where both are equal. They are at different wavelengths and air masses: the gain is above."
)
_EMPTY = (
    "No analysis has both a seeing and an FWHM at 700 nm. The section on missing data says why."
)
_COLUMNS = (
    *ANALYSIS,
    PageColumn("seeing_arcsec", "Seeing, arcsec", "number", 2),
    PageColumn("airmass", "Air mass", "number", 2),
    PageColumn("seeing_los", "Seeing in the line of sight, arcsec", "number", 2),
    PageColumn("fwhm_700nm", "FWHM at 700 nm, arcsec", "number", 3),
)


def quality(content: Content) -> Section:
    """Return the section on seeing and delivered FWHM."""
    title = "Seeing and delivered FWHM"
    conditions = content.exposures[["exposure_id", "seeing_arcsec", "seeing_los", "airmass"]]
    frame = content.fits.merge(conditions, on="exposure_id", how="left")
    frame = frame.dropna(subset=["seeing_arcsec", "fwhm_700nm"])
    left_out = len(content.fits) - len(frame)
    if frame.empty:
        empty = _EMPTY if len(content.fits) else "No analysis is loaded."
        return Section("quality", title, _TEXT, empty=empty)
    drawn, notes = thinned(frame)
    if left_out:
        notes.append(f"{count(left_out, 'analyses')} without seeing or FWHM at 700 nm: not drawn.")
    source = "v_psf_fit_metrics with v_exposure_metrics"
    table = table_of("quality", "Analyses", _COLUMNS, drawn, source, "psf_fit_id", "field")
    figures = [
        figure
        for field, words in FIELDS.items()
        for figure in figure_of(
            f"quality-{field.lower()}",
            f"Seeing and FWHM at 700 nm, {words}",
            drawn[drawn["field"] == field],
            _summary,
            partial(_chart, field=field, modes=content.modes),
        )
    ]
    return Section("quality", title, _TEXT, figures, [table], notes)


def _chart(frame: pd.DataFrame, field: str, modes: list[str]) -> alt.LayerChart:
    seeing, fwhm = frame["seeing_arcsec"], frame["fwhm_700nm"]
    x = Axis("seeing_arcsec", "Seeing of the site monitor, arcsec", from_zero(seeing), ".2f")
    y = Axis("fwhm_700nm", "FWHM at 700 nm, arcsec", from_zero(fwhm), ".3f")
    points = marks(chart_of("quality", field), x, y, frame, modes)
    # Narrow-field PSFs are so much sharper than the seeing that the line would be out of sight.
    line = equal_line(x.column, y.column, 1.08 * float(min(seeing.max(), fwhm.max())))
    return layered(*([points] if field == "NFM" else [line, points]), height=320)


def _summary(frame: pd.DataFrame) -> str:
    return (
        f"{count(len(frame), 'analyses')}. Seeing: {spread(frame['seeing_arcsec'], 2, '″')}."
        f" FWHM at 700 nm: {spread(frame['fwhm_700nm'], 3, '″')}."
    )
