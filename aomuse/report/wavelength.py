"""The PSF by wavelength: FWHM and beta."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from aomuse.metrics.windows import NOTCH_NM
from aomuse.report.blocks import Column, Figure, Section, Table, count, sentence
from aomuse.report.data import Content
from aomuse.report.style import FIELDS, TIME_TEXT, around, layered, mode_color, mode_shape, named

#: Beyond this, quantiles are drawn instead of analyses.
MOST_ANALYSES = 12
#: Width of the bins that quantiles are taken in, nm: no narrower than the windows.
_BIN_NM = 50.0

_QUANTITIES = {"fwhm_arcsec": "FWHM, arcsec", "beta": "Moffat β"}
_TITLES = {"fwhm_arcsec": "FWHM by wavelength", "beta": "Moffat β by wavelength"}
_NOTCH = (
    f"The band marks {NOTCH_NM[0]:.0f} to {NOTCH_NM[1]:.0f} nm, where the light of the sodium"
    " lasers is blocked: layers in it are left out."
)
_LINES = (
    "Each line is an analysis: means over about ten windows of wavelength. β is the exponent of the"
    " Moffat profile, small for broad wings. " + _NOTCH
)
_QUANTILES = (
    f"For each instrument mode, the median over its analyses in bins of {_BIN_NM:.0f} nm, and"
    " around it the range from the 10th to the 90th percentile. β is the exponent of the Moffat"
    " profile, small for broad wings. " + _NOTCH
)
_EMPTY = "No analysis with an FWHM by wavelength is loaded."


def wavelength(content: Content) -> Section:
    """Return the section on the PSF by wavelength."""
    title = "The PSF by wavelength"
    frame = content.windows.dropna(subset=["fwhm_arcsec", "beta"], how="all")
    frame = frame[frame["field"].isin(FIELDS)]
    if frame.empty:
        return Section("wavelength", title, _LINES, empty=_EMPTY)
    analyses = frame["psf_fit_id"].nunique()
    several = analyses > MOST_ANALYSES
    table = _quantiles(frame) if several else _lines(frame)
    notes = []
    if several:
        notes.append(f"{count(analyses, 'analyses')} are more than can be told apart as lines.")
    figures = [
        Figure(
            f"{quantity.removesuffix('_arcsec')}-{field.lower()}",
            f"{_TITLES[quantity]}, {words}",
            _summary(ours, quantity),
            _quantile_chart(rows, field, quantity, content.modes)
            if several
            else _line_chart(ours, field, quantity, content.modes),
        )
        for field, words in FIELDS.items()
        for quantity in _QUANTITIES
        if (ours := frame[frame["field"] == field])[quantity].notna().any()
        for rows in [table.frame[table.frame["field"] == field]]
    ]
    text = _QUANTILES if several else _LINES
    return Section("wavelength", title, text, figures, [table], notes)


def _lines(frame: pd.DataFrame) -> Table:
    columns = ["time", "target", "mode", "field", "model", "psf_fit_id", "wavelength_nm"]
    return Table(
        "wavelength",
        "Analyses by window of wavelength",
        (
            Column("time", "Start, UTC", "time"),
            Column("target", "Target"),
            Column("mode", "Mode"),
            Column("model", "PSF model"),
            Column("wavelength_nm", "Wavelength, nm", "number", 1),
            Column("fwhm_arcsec", "FWHM, arcsec", "number", 3),
            Column("beta", "Moffat β", "number", 2),
        ),
        frame[[*columns, *_QUANTITIES]].reset_index(drop=True),
        "v_psf_window, version corrected",
    )


def _quantiles(frame: pd.DataFrame) -> Table:
    """Return quantiles over analyses by mode and bin, where an analysis counts once in a bin."""
    bins = np.floor(frame["wavelength_nm"] / _BIN_NM) * _BIN_NM + _BIN_NM / 2
    once: Any = frame.assign(bin_nm=bins).groupby(["field", "mode", "bin_nm", "psf_fit_id"])
    means = once[list(_QUANTITIES)].mean().reset_index()
    grouped = means.groupby(["field", "mode", "bin_nm"])
    parts = {"analyses": grouped.size()}
    for quantity in _QUANTITIES:
        for name, share in (("p10", 0.1), ("median", 0.5), ("p90", 0.9)):
            parts[f"{quantity}_{name}"] = grouped[quantity].quantile(share)
    shown = [
        Column(f"{quantity}_{name}", f"{label}, {words}", "number", 3 if "FWHM" in label else 2)
        for quantity, label in _QUANTITIES.items()
        for name, words in (("p10", "10th percentile"), ("median", "median"),
                            ("p90", "90th percentile"))
    ]  # fmt: skip
    return Table(
        "wavelength",
        f"Quantiles over analyses by mode, in bins of {_BIN_NM:.0f} nm",
        (
            Column("mode", "Mode"),
            Column("bin_nm", "Middle of the bin, nm", "number", 0),
            Column("analyses", "Analyses", "number", 0),
            *shown,
        ),
        pd.DataFrame(parts).reset_index(),
        "v_psf_window, version corrected",
    )


def _notch() -> alt.Chart:
    edges = [{"from": NOTCH_NM[0], "to": NOTCH_NM[1]}]
    band: alt.Chart = (
        alt.Chart(alt.InlineData(values=edges))
        .mark_rect(color="#8a94a6", opacity=0.2, strokeWidth=0)
        .encode(x="from:Q", x2="to:Q")
    )
    return band


def _x(column: str, values: pd.Series[Any]) -> alt.X:
    return alt.X(f"{column}:Q", scale=around(values), title="Wavelength, nm")


def _layered(*charts: alt.Chart, notch: bool) -> alt.LayerChart:
    layers = [_notch(), *charts] if notch else charts
    return layered(*layers, height=280)


def _spans_notch(values: pd.Series[Any]) -> bool:
    return bool(values.min() < NOTCH_NM[0] and values.max() > NOTCH_NM[1])


def _line_chart(frame: pd.DataFrame, field: str, quantity: str, modes: list[str]) -> alt.LayerChart:
    base = (
        alt.Chart(named("wavelength"))
        .transform_filter(alt.datum.field == field)
        .transform_calculate(start=TIME_TEXT)
        .encode(
            x=_x("wavelength_nm", frame["wavelength_nm"]),
            y=alt.Y(f"{quantity}:Q", scale=around(frame[quantity]), title=_QUANTITIES[quantity]),
            color=mode_color(modes, frame),
            detail="psf_fit_id:N",
        )
    )
    points = base.mark_point(filled=True, size=45).encode(
        shape=mode_shape(modes, frame),
        tooltip=[
            alt.Tooltip("target:N", title="Target"),
            alt.Tooltip("start:N", title="Start, UTC"),
            alt.Tooltip("mode:N", title="Mode"),
            alt.Tooltip("wavelength_nm:Q", title="Wavelength, nm", format=".0f"),
            alt.Tooltip(f"{quantity}:Q", title=_QUANTITIES[quantity], format=".3f"),
        ],
    )
    line = base.mark_line(strokeWidth=1.5, opacity=0.75)
    return _layered(line, points, notch=_spans_notch(frame["wavelength_nm"]))


def _quantile_chart(
    frame: pd.DataFrame, field: str, quantity: str, modes: list[str]
) -> alt.LayerChart:
    low, middle, high = (f"{quantity}_{name}" for name in ("p10", "median", "p90"))
    label = _QUANTITIES[quantity]
    ours = [mode for mode in modes if mode in set(frame["mode"])]
    base = (
        alt.Chart(named("wavelength"))
        .transform_filter(alt.datum.field == field)
        .encode(x=_x("bin_nm", frame["bin_nm"]), color=mode_color(modes, frame))
    )
    scale = around(frame[low], frame[high])
    band = base.mark_area(opacity=0.18).encode(
        y=alt.Y(f"{low}:Q", scale=scale, title=label), y2=f"{high}:Q"
    )
    line = base.mark_line(strokeWidth=2).encode(
        y=f"{middle}:Q",
        strokeDash=alt.StrokeDash("mode:N", scale=alt.Scale(domain=ours), legend=None),
    )
    points = base.mark_point(filled=True, size=60).encode(
        y=f"{middle}:Q",
        shape=mode_shape(modes, frame),
        tooltip=[
            alt.Tooltip("mode:N", title="Mode"),
            alt.Tooltip("bin_nm:Q", title="Middle of the bin, nm"),
            alt.Tooltip("analyses:Q", title="Analyses"),
            alt.Tooltip(f"{low}:Q", title="10th percentile", format=".3f"),
            alt.Tooltip(f"{middle}:Q", title="Median", format=".3f"),
            alt.Tooltip(f"{high}:Q", title="90th percentile", format=".3f"),
        ],
    )
    return _layered(band, line, points, notch=_spans_notch(frame["bin_nm"]))


def _summary(frame: pd.DataFrame, quantity: str) -> str:
    known = frame.dropna(subset=[quantity])
    edge = (known["wavelength_nm"].max() - known["wavelength_nm"].min()) / 4
    blue = known[known["wavelength_nm"] <= known["wavelength_nm"].min() + edge]
    red = known[known["wavelength_nm"] >= known["wavelength_nm"].max() - edge]
    digits, unit = (3, "″") if quantity == "fwhm_arcsec" else (2, "")
    return sentence(
        f"{count(known['psf_fit_id'].nunique(), 'analyses')}.",
        *(
            f"Median {where} ({part['wavelength_nm'].min():.0f} to"
            f" {part['wavelength_nm'].max():.0f} nm): {part[quantity].median():.{digits}f}{unit}."
            for where, part in (("in the blue", blue), ("in the red", red))
        ),
    )
