"""The PSF that the telemetry lets expect, beside the one that was delivered."""

from __future__ import annotations

import altair as alt
import pandas as pd

from aomuse.report.blocks import (
    Column,
    Figure,
    Section,
    Table,
    count,
    sentence,
    spread,
    thinned,
)
from aomuse.report.data import Content
from aomuse.report.quality import equal_line
from aomuse.report.style import TIME_TEXT, from_zero, layered, named

#: Blue, middle and red, nm: more would hide each other.
SHOWN_NM = (500, 700, 900)

_TEXT = (
    "On the dashed line the PSF is as sharp as was expected, above it broader. Two expectations"
    " stand beside PampelMuse's fit: the PSF that muse-psfr reconstructs from SPARTA's telemetry"
    " (aomuse predict), and the image quality that a formula makes of r0, L0 and the ground layer."
    " Both are for the wide field with adaptive optics."
)
_NO_PSFR = "No prediction by muse-psfr has an analysis beside it: aomuse predict makes them."
_EMPTY = (
    "No analysis has an expectation beside it: exposures in WFM-AO with SPARTA_ATM_DATA have"
    " one, and aomuse predict (extra psfr) makes the other."
)


def prediction(content: Content) -> Section:
    """Return the section on predicted and delivered PSFs."""
    title = "Predicted and delivered"
    found = {
        "psfr": ("FWHM by muse-psfr", "v_psf_prediction", _psfr(content)),
        "formula": (
            "image quality by SPARTA",
            "v_exposure_metrics (iq_los_…nm) with v_psf_fit_metrics",
            _formula(content),
        ),
    }
    figures, tables, notes = [], [], []
    for name, (words, source, whole) in found.items():
        frame, note = thinned(whole)
        if frame.empty:
            continue
        table_name = f"prediction-{name}"
        tables.append(_table(table_name, words, source, frame))
        figures.append(
            Figure(
                table_name,
                f"FWHM delivered, and {words}",
                _summary(frame),
                _chart(table_name, frame, words),
            )
        )
        if note and note not in notes:
            notes.append(note)
    if not figures:
        return Section("prediction", title, _TEXT, empty=_EMPTY)
    if found["psfr"][2].empty:
        notes.append(_NO_PSFR)
    return Section("prediction", title, _TEXT, figures, tables, notes)


def _psfr(content: Content) -> pd.DataFrame:
    columns = {"predicted_fwhm_arcsec": "predicted", "delivered_fwhm_arcsec": "delivered"}
    frame = content.predictions.rename(columns=columns)
    return _known(frame[frame["wavelength_nm"].isin(SHOWN_NM)])


def _formula(content: Content) -> pd.DataFrame:
    names = {f"iq_los_{w}nm": w for w in SHOWN_NM}
    conditions = content.exposures[["exposure_id", *names]]
    fits = content.fits[content.fits["mode"].str.startswith("WFM-AO")]
    merged = fits.merge(conditions, on="exposure_id", how="left")
    return _known(
        pd.concat(
            merged.assign(
                wavelength_nm=float(w), predicted=merged[name], delivered=merged[f"fwhm_{w}nm"]
            )
            for name, w in names.items()
        ).sort_values(["time", "exposure_id", "psf_fit_id", "wavelength_nm"], kind="stable")
    )


def _known(frame: pd.DataFrame) -> pd.DataFrame:
    columns = ["psf_fit_id", "time", "target", "mode", "model", "wavelength_nm"]
    both = ["predicted", "delivered"]
    known = frame[[*columns, *both]].dropna(subset=both).reset_index(drop=True)
    return known.assign(difference=known["delivered"] - known["predicted"])


def _table(name: str, words: str, source: str, frame: pd.DataFrame) -> Table:
    return Table(
        name,
        f"FWHM delivered, and {words}",
        (
            Column("time", "Start, UTC", "time"),
            Column("target", "Target"),
            Column("mode", "Mode"),
            Column("model", "PSF model"),
            Column("wavelength_nm", "Wavelength, nm", "number", 0),
            Column("predicted", "Predicted, arcsec", "number", 3),
            Column("delivered", "Delivered, arcsec", "number", 3),
            Column("difference", "Delivered minus predicted, arcsec", "number", 3),
        ),
        frame,
        source,
    )


def _chart(name: str, frame: pd.DataFrame, words: str) -> alt.LayerChart:
    wavelengths = [f"{w} nm" for w in SHOWN_NM]
    both = pd.concat([frame["predicted"], frame["delivered"]])
    points = (
        alt.Chart(named(name))
        .mark_point(filled=True, size=80, opacity=0.8)
        .transform_calculate(start=TIME_TEXT, at="datum.wavelength_nm + ' nm'")
        .encode(
            x=alt.X(
                "predicted:Q",
                scale=from_zero(both),
                title=f"{words[0].upper()}{words[1:]}, arcsec",
            ),
            y=alt.Y("delivered:Q", scale=from_zero(both), title="FWHM delivered, arcsec"),
            color=alt.Color("at:N", scale=alt.Scale(domain=wavelengths), title="Wavelength"),
            shape=alt.Shape("at:N", scale=alt.Scale(domain=wavelengths), title="Wavelength"),
            tooltip=[
                alt.Tooltip("target:N", title="Target"),
                alt.Tooltip("start:N", title="Start, UTC"),
                alt.Tooltip("at:N", title="Wavelength"),
                alt.Tooltip("predicted:Q", title="Predicted, arcsec", format=".3f"),
                alt.Tooltip("delivered:Q", title="Delivered, arcsec", format=".3f"),
            ],
        )
    )
    line = equal_line("predicted", "delivered", float(both.max()) * 1.08)
    return layered(line, points, height=320)


def _summary(frame: pd.DataFrame) -> str:
    each = "; ".join(
        f"at {w:.0f} nm {spread(values, 3, '″')}"
        for w, values in frame.groupby("wavelength_nm")["difference"]
    )
    return sentence(
        f"{count(frame['psf_fit_id'].nunique(), 'analyses')}.",
        f"Delivered minus predicted: {each}.",
    )
