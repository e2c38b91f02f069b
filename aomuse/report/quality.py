"""Seeing against the delivered FWHM."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

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
from aomuse.report.style import (
    FIELDS,
    chart_of,
    from_zero,
    layered,
    mode_color,
    mode_shape,
    tooltips,
)

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
        Figure(
            f"quality-{field.lower()}",
            f"Seeing and FWHM at 700 nm, {words}",
            by_mode(of_field, _summary),
            _chart(of_field, field, content.modes),
        )
        for field, words in FIELDS.items()
        if len(of_field := drawn[drawn["field"] == field])
    ]
    return Section("quality", title, _TEXT, figures, [table], notes)


def _chart(frame: pd.DataFrame, field: str, modes: list[str]) -> alt.LayerChart:
    x, y = from_zero(frame["seeing_arcsec"]), from_zero(frame["fwhm_700nm"])
    points = (
        chart_of("quality", field)
        .mark_point(filled=True, size=80, opacity=0.8)
        .encode(
            x=alt.X("seeing_arcsec:Q", scale=x, title="Seeing of the site monitor, arcsec"),
            y=alt.Y("fwhm_700nm:Q", scale=y, title="FWHM at 700 nm, arcsec"),
            color=mode_color(modes, frame),
            shape=mode_shape(modes, frame),
            tooltip=tooltips(
                "target",
                "start",
                "mode",
                ("seeing_arcsec:Q", "Seeing, arcsec", ".2f"),
                ("fwhm_700nm:Q", "FWHM, arcsec", ".3f"),
            ),
        )
    )
    # Narrow-field PSFs are so much sharper than the seeing that the line would be out of sight.
    top = 1.08 * min(float(frame[c].max()) for c in ("seeing_arcsec", "fwhm_700nm"))
    line = equal_line("seeing_arcsec", "fwhm_700nm", top)
    layers = [points] if field == "NFM" else [line, points]
    return layered(*layers, height=320)


def equal_line(x: str, y: str, top: float) -> alt.Chart:
    """Return the dashed line on which two columns are equal, from 0 to ``top``."""
    ends: Any = [{x: 0, y: 0}, {x: top, y: top}]
    line: alt.Chart = (
        alt.Chart(alt.InlineData(values=ends))
        .mark_line(style="reference", strokeDash=[6, 4], strokeWidth=1.5)
        .encode(x=f"{x}:Q", y=f"{y}:Q")
    )
    return line


def _summary(frame: pd.DataFrame) -> str:
    return (
        f"{count(len(frame), 'analyses')}. Seeing: {spread(frame['seeing_arcsec'], 2, '″')}."
        f" FWHM at 700 nm: {spread(frame['fwhm_700nm'], 3, '″')}."
    )
