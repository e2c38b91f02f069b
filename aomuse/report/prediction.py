"""Predicted PSFs against the delivered ones."""

from __future__ import annotations

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
from aomuse.report.scatter import equal_line
from aomuse.report.style import chart_of, from_zero, layered, tooltips

#: Blue, middle and red, nm: more would hide each other.
SHOWN_NM = (500, 700, 900)

_TEXT = (
    "On the dashed line the PSF is as sharp as predicted, above it broader. PampelMuse's fit is"
    " compared with two predictions: the PSF that muse-psfr reconstructs from SPARTA's telemetry"
    " (aomuse predict), and the image quality that a formula derives from r0, L0 and the ground"
    " layer. Both are for the wide field with adaptive optics."
)
_NO_PSFR = "No analysis has a prediction by muse-psfr. aomuse predict makes them."
_EMPTY = (
    "No analysis has a prediction. Exposures in WFM-AO with SPARTA_ATM_DATA have one by formula;"
    " aomuse predict, which requires pip install 'aomuse[psfr]', makes the other."
)
_COLUMNS = (
    *ANALYSIS,
    PageColumn("wavelength_nm", "Wavelength, nm", "number", 0),
    PageColumn("predicted", "Predicted, arcsec", "number", 3),
    PageColumn("delivered", "Delivered, arcsec", "number", 3),
    PageColumn("difference", "Delivered minus predicted, arcsec", "number", 3),
)


def prediction(content: Content) -> Section:
    """Return the section on predicted and delivered PSFs."""
    title = "Predicted and delivered"
    psfr = _psfr(content)
    figures, tables, notes = [], [], []
    for name, words, source, frame in (
        ("prediction-psfr", "FWHM by muse-psfr", "v_psf_prediction", psfr),
        (
            "prediction-formula",
            "image quality by SPARTA",
            "v_exposure_metrics (iq_los_…nm) with v_psf_fit_metrics",
            _formula(content),
        ),
    ):
        if frame.empty:
            continue
        drawn, note = thinned(frame)
        caption = f"Delivered FWHM and {words}"
        tables.append(table_of(name, caption, _COLUMNS, drawn, source, "psf_fit_id"))
        figures.append(Figure(name, caption, by_mode(drawn, _summary), _chart(name, drawn, words)))
        notes += [n for n in note if n not in notes]
    if not figures:
        return Section("prediction", title, _TEXT, empty=_EMPTY)
    if psfr.empty:
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
    known = frame.dropna(subset=["predicted", "delivered"])
    return known.assign(difference=known["delivered"] - known["predicted"])


def _chart(name: str, frame: pd.DataFrame, words: str) -> alt.LayerChart:
    wavelengths = alt.Scale(domain=[f"{w} nm" for w in SHOWN_NM])
    scale = from_zero(pd.concat([frame["predicted"], frame["delivered"]]))
    points = (
        chart_of(name)
        .mark_point(filled=True, size=80, opacity=0.8)
        .transform_calculate(at="datum.wavelength_nm + ' nm'")
        .encode(
            x=alt.X("predicted:Q", scale=scale, title=f"{words[0].upper()}{words[1:]}, arcsec"),
            y=alt.Y("delivered:Q", scale=scale, title="Delivered FWHM, arcsec"),
            color=alt.Color("at:N", scale=wavelengths, title="Wavelength"),
            shape=alt.Shape("at:N", scale=wavelengths, title="Wavelength"),
            tooltip=tooltips(
                "target",
                "start",
                ("at:N", "Wavelength"),
                ("predicted:Q", "Predicted, arcsec", ".3f"),
                ("delivered:Q", "Delivered, arcsec", ".3f"),
            ),
        )
    )
    top = 1.08 * float(frame[["predicted", "delivered"]].max().max())
    return layered(equal_line("predicted", "delivered", top), points, height=320)


def _summary(frame: pd.DataFrame) -> str:
    each = "; ".join(
        f"at {w:.0f} nm {spread(values, 3, '″')}"
        for w, values in frame.groupby("wavelength_nm")["difference"]
    )
    analyses = count(frame["psf_fit_id"].nunique(), "analyses")
    return f"{analyses}. Delivered minus predicted: {each}."
