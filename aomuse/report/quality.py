"""Seeing against the FWHM that was delivered."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from aomuse.report.blocks import Column, Figure, Section, Table, count, sentence, spread, thinned
from aomuse.report.data import Content
from aomuse.report.style import FIELDS, TIME_TEXT, from_zero, layered, mode_color, mode_shape, named

_TEXT = (
    "Each mark is an analysis by PampelMuse: the seeing of the site monitor (mean of start and"
    " end, at zenith) and the FWHM of the PSF at 700 nm. In the wide field the dashed line is where"
    " both are equal; the further below it, the more was gained."
)
_EMPTY = (
    "No analysis has both a seeing and an FWHM at 700 nm: the section on what is missing tells why."
)


def quality(content: Content) -> Section:
    """Return the section on seeing and delivered FWHM."""
    title = "Seeing and the FWHM delivered"
    conditions = content.exposures[["exposure_id", "seeing_arcsec", "seeing_los", "airmass"]]
    frame = content.fits.merge(conditions, on="exposure_id", how="left")
    columns = [
        "psf_fit_id",
        "time",
        "target",
        "mode",
        "field",
        "model",
        "seeing_arcsec",
        "seeing_los",
    ]
    frame = frame[[*columns, "airmass", "fwhm_700nm"]].dropna(
        subset=["seeing_arcsec", "fwhm_700nm"]
    )
    left_out = len(content.fits) - len(frame)
    if frame.empty:
        empty = _EMPTY if len(content.fits) else "No analysis is loaded."
        return Section("quality", title, _TEXT, empty=empty)
    drawn, note = thinned(frame.reset_index(drop=True))
    notes = [note] if note else []
    if left_out:
        notes.append(f"{count(left_out, 'analyses')} without seeing or FWHM at 700 nm: not drawn.")
    table = Table(
        "quality",
        "Analyses",
        (
            Column("time", "Start, UTC", "time"),
            Column("target", "Target"),
            Column("mode", "Mode"),
            Column("model", "PSF model"),
            Column("seeing_arcsec", "Seeing, arcsec", "number", 2),
            Column("airmass", "Air mass", "number", 2),
            Column("seeing_los", "Seeing in the line of sight, arcsec", "number", 2),
            Column("fwhm_700nm", "FWHM at 700 nm, arcsec", "number", 3),
        ),
        drawn,
        "v_psf_fit_metrics with v_exposure_metrics",
    )
    figures = [
        Figure(
            f"quality-{field.lower()}",
            f"Seeing and FWHM at 700 nm, {words}",
            _summary(ours, field),
            _chart(ours, field, content.modes),
        )
        for field, words in FIELDS.items()
        if len(ours := drawn[drawn["field"] == field])
    ]
    return Section("quality", title, _TEXT, figures, [table], notes)


def _chart(frame: pd.DataFrame, field: str, modes: list[str]) -> alt.LayerChart:
    x, y = from_zero(frame["seeing_arcsec"]), from_zero(frame["fwhm_700nm"])
    points = (
        alt.Chart(named("quality"))
        .mark_point(filled=True, size=80, opacity=0.8)
        .transform_filter(alt.datum.field == field)
        .transform_calculate(start=TIME_TEXT)
        .encode(
            x=alt.X("seeing_arcsec:Q", scale=x, title="Seeing of the site monitor, arcsec"),
            y=alt.Y("fwhm_700nm:Q", scale=y, title="FWHM at 700 nm, arcsec"),
            color=mode_color(modes, frame),
            shape=mode_shape(modes, frame),
            tooltip=[
                alt.Tooltip("target:N", title="Target"),
                alt.Tooltip("start:N", title="Start, UTC"),
                alt.Tooltip("mode:N", title="Mode"),
                alt.Tooltip("seeing_arcsec:Q", title="Seeing, arcsec", format=".2f"),
                alt.Tooltip("fwhm_700nm:Q", title="FWHM, arcsec", format=".3f"),
            ],
        )
    )
    # Narrow-field PSFs are so much sharper than the seeing that the line would not be in sight.
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


def _summary(frame: pd.DataFrame, field: str) -> str:
    gain = frame["seeing_arcsec"] / frame["fwhm_700nm"]
    return sentence(
        f"{count(len(frame), 'analyses')}.",
        f"Seeing: {spread(frame['seeing_arcsec'], 2, '″')}.",
        f"FWHM at 700 nm: {spread(frame['fwhm_700nm'], 3, '″')}.",
        f"Seeing over FWHM: {spread(gain, 1)}.",
    )
