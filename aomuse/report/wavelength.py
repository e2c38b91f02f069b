"""The PSF by wavelength: FWHM and beta."""

from __future__ import annotations

from functools import partial
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from aomuse.metrics.wavelength import notch_of
from aomuse.report.blocks import (
    ANALYSIS,
    EXPOSURE,
    Figure,
    PageColumn,
    Section,
    Table,
    by_mode,
    count,
    table_of,
)
from aomuse.report.data import Content
from aomuse.report.groups import quantile_columns, quantiles
from aomuse.report.style import FIELDS, around, chart_of, layered, mode_color, mode_shape, tooltips

#: Beyond this, the charts show quantiles instead of analyses.
MOST_ANALYSES = 12
#: Width of the bins of the quantiles, nm: no narrower than the windows.
_BIN_NM = 50.0

_QUANTITIES = {"fwhm_arcsec": "FWHM, arcsec", "beta": "Moffat β"}
_DIGITS = {"fwhm_arcsec": 3, "beta": 2}
_SOURCE = "v_psf_window, version corrected"
_BETA_AND_NOTCH = (
    " β is the exponent of the Moffat profile, small for broad wings. The band marks where a mode"
    " blocks the light of the sodium lasers: layers in it are left out, and lines have a gap there."
)
_LINES = (
    "Each line is an analysis: means over about ten windows of wavelength, with bars"
    " for the standard deviation of the FWHM over the layers of a window. The dashed line of the"
    " same colour is the image quality predicted from SPARTA's r0 and L0 with MUSE's own share"
    " (WFM-AO)." + _BETA_AND_NOTCH
)
_QUANTILES = (
    f"For each instrument mode, the median over its analyses in bins of {_BIN_NM:.0f} nm, and"
    " around it the range from the 10th to the 90th percentile. The dotted line of the same"
    " colour is the median of the image quality predicted from SPARTA." + _BETA_AND_NOTCH
)
_EMPTY = "No analysis with an FWHM by wavelength is loaded."


def wavelength(content: Content) -> Section:
    """Return the section on the PSF by wavelength."""
    title = "The PSF by wavelength"
    frame = content.windows.dropna(subset=["fwhm_arcsec", "beta"], how="all")
    frame = frame[frame["field"].isin(FIELDS)]
    if frame.empty:
        return Section("wavelength", title, _LINES, empty=_EMPTY)
    frame = frame.assign(side=_sides(frame, "wavelength_nm"))
    analyses = frame["psf_fit_id"].nunique()
    notes = []
    if analyses <= MOST_ANALYSES:
        table, text, chart = _lines(frame), _LINES, _line_chart
    else:
        table, text, chart = _quantiles(frame), _QUANTILES, _quantile_chart
        notes.append(f"{count(analyses, 'analyses')} are too many to draw one by one: grouped.")
    figures = []
    for field, words in FIELDS.items():
        of_field = frame[frame["field"] == field]
        drawn = table.frame[table.frame["field"] == field]
        for quantity, label in _QUANTITIES.items():
            if of_field[quantity].notna().any():
                name = f"{quantity.removesuffix('_arcsec')}-{field.lower()}"
                heading = f"{label.partition(',')[0]} by wavelength, {words}"
                drawing = chart(drawn, field, quantity, content.modes)
                summary = by_mode(of_field, partial(_summary, quantity=quantity))
                figures.append(Figure(name, heading, summary, drawing))
    return Section("wavelength", title, text, figures, [table], notes)


def _lines(frame: pd.DataFrame) -> Table:
    columns = (
        *ANALYSIS,
        PageColumn("wavelength_nm", "Wavelength, nm", "number", 1),
        PageColumn("fwhm_arcsec", "FWHM, arcsec", "number", 3),
        PageColumn("fwhm_standard_deviation_arcsec", "Its scatter, arcsec", "number", 3),
        PageColumn("sparta_iq_arcsec", "Predicted by SPARTA, arcsec", "number", 3),
        PageColumn("beta", "Moffat β", "number", 2),
    )
    caption = "Analyses by window of wavelength"
    scatter = frame["fwhm_standard_deviation_arcsec"]
    frame = frame.assign(low=frame["fwhm_arcsec"] - scatter, high=frame["fwhm_arcsec"] + scatter)
    more = ("psf_fit_id", "field", "side", "low", "high")
    return table_of("wavelength", caption, columns, frame, _SOURCE, *more)


def _quantiles(frame: pd.DataFrame) -> Table:
    """Return quantiles over analyses by mode and bin, where an analysis counts once in a bin."""
    bins = np.floor(frame["wavelength_nm"] / _BIN_NM) * _BIN_NM + _BIN_NM / 2
    once: Any = frame.assign(bin_nm=bins).groupby(["field", "mode", "bin_nm", "psf_fit_id"])
    means = once[[*_QUANTITIES, "sparta_iq_arcsec"]].mean().reset_index()
    grouped = means.groupby(["field", "mode", "bin_nm"])
    predicted = {"predicted_median": grouped["sparta_iq_arcsec"].median()}
    sums = {"analyses": grouped.size()} | quantiles(grouped, _QUANTITIES) | predicted
    columns = (
        EXPOSURE[2],
        PageColumn("bin_nm", "Middle of the bin, nm", "number", 0),
        PageColumn("analyses", "Analyses", "number", 0),
        *quantile_columns(_QUANTITIES, _DIGITS),
        PageColumn("predicted_median", "Predicted by SPARTA, arcsec, median", "number", 3),
    )
    caption = f"Quantiles over analyses by mode, in bins of {_BIN_NM:.0f} nm"
    table = pd.DataFrame(sums).reset_index()
    table = table.assign(side=_sides(table, "bin_nm"))
    return Table("wavelength", caption, columns, table, _SOURCE)


def _sides(frame: pd.DataFrame, x: str) -> list[int]:
    """Return 1 for what lies beyond the notch of its mode, so that no line crosses it."""
    notches = [notch_of(mode) for mode in frame["mode"]]
    return [
        int(notch is not None and wavelength > sum(notch) / 2)
        for notch, wavelength in zip(notches, frame[x], strict=True)
    ]


def _base(frame: pd.DataFrame, field: str, x: str, modes: list[str]) -> alt.Chart:
    chart: alt.Chart = chart_of("wavelength", field).encode(
        x=alt.X(f"{x}:Q", scale=around(frame[x]), title="Wavelength, nm"),
        color=mode_color(modes, frame),
    )
    return chart


def _with_notch(frame: pd.DataFrame, x: str, *charts: alt.Chart) -> alt.LayerChart:
    """Return charts upon each other, below them the notches of the modes that have wavelengths."""
    low, high = frame[x].min(), frame[x].max()
    notches = {notch for mode in frame["mode"].unique() if (notch := notch_of(mode)) is not None}
    spanned = [{"from": n[0], "to": n[1]} for n in sorted(notches) if low < n[0] and n[1] < high]
    band = (
        alt.Chart(alt.InlineData(values=spanned))
        .mark_rect(color="#8a94a6", opacity=0.2, strokeWidth=0)
        .encode(x="from:Q", x2="to:Q")
    )
    return layered(*([band, *charts] if spanned else charts), height=280)


def _line_chart(frame: pd.DataFrame, field: str, quantity: str, modes: list[str]) -> alt.LayerChart:
    label = _QUANTITIES[quantity]
    of_fwhm = [frame[name] for name in ("low", "high", "sparta_iq_arcsec")]
    scale = around(frame[quantity], *(of_fwhm if quantity == "fwhm_arcsec" else ()))
    base = _base(frame, field, "wavelength_nm", modes).encode(
        y=alt.Y(f"{quantity}:Q", scale=scale, title=label),
        detail=["psf_fit_id:N", "side:N"],
    )
    points = base.mark_point(filled=True, size=45).encode(
        shape=mode_shape(modes, frame),
        tooltip=tooltips(
            "target",
            "start",
            "mode",
            ("wavelength_nm:Q", "Wavelength, nm", ".0f"),
            (f"{quantity}:Q", label, ".3f"),
        ),
    )
    line = base.mark_line(strokeWidth=1.5, opacity=0.75)
    if quantity != "fwhm_arcsec":
        return _with_notch(frame, "wavelength_nm", line, points)
    y = alt.Y(f"{quantity}:Q", scale=scale, title=label)
    bars = base.mark_rule(strokeWidth=1, opacity=0.6).encode(
        y=alt.Y("low:Q", scale=scale), y2="high:Q"
    )
    predicted = base.mark_line(strokeWidth=1.5, strokeDash=[5, 4], opacity=0.75).encode(
        y=alt.Y("sparta_iq_arcsec:Q", scale=scale, title=label)
    )
    return _with_notch(frame, "wavelength_nm", predicted, bars, line, points.encode(y=y))


def _quantile_chart(
    frame: pd.DataFrame, field: str, quantity: str, modes: list[str]
) -> alt.LayerChart:
    low, middle, high = (f"{quantity}_{name}" for name in ("p10", "median", "p90"))
    present = [mode for mode in modes if mode in set(frame["mode"])]
    base = _base(frame, field, "bin_nm", modes).encode(detail="side:N")
    more = [frame["predicted_median"]] if quantity == "fwhm_arcsec" else []
    scale = around(frame[low], frame[high], *more)
    band = base.mark_area(opacity=0.18).encode(
        y=alt.Y(f"{low}:Q", scale=scale, title=_QUANTITIES[quantity]), y2=f"{high}:Q"
    )
    line = base.mark_line(strokeWidth=2).encode(
        y=f"{middle}:Q",
        strokeDash=alt.StrokeDash("mode:N", scale=alt.Scale(domain=present), legend=None),
    )
    points = base.mark_point(filled=True, size=60).encode(
        y=f"{middle}:Q",
        shape=mode_shape(modes, frame),
        tooltip=tooltips(
            "mode",
            ("bin_nm:Q", "Middle of the bin, nm"),
            ("analyses:Q", "Analyses"),
            (f"{low}:Q", "10th percentile", ".3f"),
            (f"{middle}:Q", "Median", ".3f"),
            (f"{high}:Q", "90th percentile", ".3f"),
        ),
    )
    if quantity != "fwhm_arcsec":
        return _with_notch(frame, "bin_nm", band, line, points)
    predicted = base.mark_line(strokeWidth=1.5, strokeDash=[2, 3]).encode(
        y=alt.Y("predicted_median:Q", scale=scale)
    )
    return _with_notch(frame, "bin_nm", band, predicted, line, points)


def _summary(frame: pd.DataFrame, quantity: str) -> str:
    known = frame.dropna(subset=[quantity])
    if known.empty:
        return "none."
    nm = known["wavelength_nm"]
    edge = (nm.max() - nm.min()) / 4
    ends = {"blue": known[nm <= nm.min() + edge], "red": known[nm >= nm.max() - edge]}
    unit = "″" if quantity == "fwhm_arcsec" else ""
    sentences = [f"{count(known['psf_fit_id'].nunique(), 'analyses')}."]
    for end, part in ends.items():
        low, high = part["wavelength_nm"].min(), part["wavelength_nm"].max()
        median = f"{part[quantity].median():.{_DIGITS[quantity]}f}{unit}"
        sentences.append(f"Median in the {end} ({low:.0f} to {high:.0f} nm): {median}.")
    return " ".join(sentences)
