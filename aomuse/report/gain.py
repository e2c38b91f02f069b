"""The gain of the adaptive optics against the ground layer, and by wavelength."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from aomuse.metrics.atmosphere import ao_gain
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
    around,
    chart_of,
    layered,
    mode_color,
    mode_shape,
    tooltips,
)

#: Wavelength of the first chart, nm.
SHOWN_NM = 700

_TEXT = (
    "Each mark is an analysis in the wide field. Its gain is the FWHM that the atmosphere and MUSE"
    " would have given without adaptive optics, at the same wavelength and air mass and with a"
    " finite outer scale, over the FWHM delivered: Martinez et al. 2010 and Tokovinin 2002 for the"
    " atmosphere, Fusco et al. 2020 for MUSE's own share. Exposures without adaptive optics are"
    " the control: their gain is about 1. The line is ESO's polynomial of the ground layer for"
    " the atmosphere alone, and so lies higher; open marks are SPARTA's FWHM_GAIN."
)
_EMPTY = (
    "No analysis of the wide field has a gain: it requires the seeing, the air mass and an FWHM."
)
_COLUMNS = (
    *ANALYSIS,
    PageColumn("wavelength_nm", "Wavelength, nm", "number", 0),
    PageColumn("ground_layer_fraction", "Ground layer", "number", 3),
    PageColumn("airmass", "Air mass", "number", 2),
    PageColumn("l0_m", "Outer scale, m", "number", 1),
    PageColumn("natural_fwhm_arcsec", "Without AO, arcsec", "number", 3),
    PageColumn("delivered_fwhm_arcsec", "Delivered, arcsec", "number", 3),
    PageColumn("gain", "Gain", "number", 2),
    PageColumn("eso_gain", "ESO's polynomial", "number", 2),
    PageColumn("sparta_fwhm_gain", "SPARTA's FWHM_GAIN", "number", 2),
)


def gain(content: Content) -> Section:
    """Return the section on the gain."""
    title = "The gain of the adaptive optics"
    frame = content.gains.dropna(subset=["gain"])
    if frame.empty:
        return Section("gain", title, _TEXT, empty=_EMPTY)
    drawn, notes = thinned(frame)
    table = table_of("gain", "Gain by analysis and wavelength", _COLUMNS, drawn, "v_gain")
    figures = []
    against = drawn[drawn["wavelength_nm"] == SHOWN_NM].dropna(subset=["ground_layer_fraction"])
    if len(against):
        heading = f"Gain at {SHOWN_NM} nm against the ground layer"
        chart = _against_ground_layer(against, content.modes)
        figures.append(Figure("gain", heading, by_mode(against, _summary), chart))
    chart = _by_wavelength(drawn, content.modes)
    heading = "Gain by wavelength"
    figures.append(Figure("gain-wavelength", heading, by_mode(drawn, _by_wavelengths), chart))
    return Section("gain", title, _TEXT, figures, [table], notes)


def _against_ground_layer(frame: pd.DataFrame, modes: list[str]) -> alt.LayerChart:
    fractions = frame["ground_layer_fraction"]
    low, high = float(fractions.min()), float(fractions.max())
    grid = np.linspace(low, high, 40)
    line = [{"ground_layer_fraction": float(x), "gain": ao_gain(float(x))} for x in grid]
    y = around(
        frame["gain"], frame["sparta_fwhm_gain"], pd.Series([point["gain"] for point in line])
    )
    x = alt.X(
        "ground_layer_fraction:Q",
        scale=around(fractions),
        title="Share of the turbulence below 900 m",
    )
    base = (
        chart_of("gain")
        .transform_filter(alt.datum.wavelength_nm == SHOWN_NM)
        .encode(x=x, color=mode_color(modes, frame))
    )
    tips = tooltips(
        "target",
        "start",
        "mode",
        ("gain:Q", "Gain", ".2f"),
        ("eso_gain:Q", "ESO's polynomial", ".2f"),
        ("sparta_fwhm_gain:Q", "SPARTA's FWHM_GAIN", ".2f"),
    )
    points = base.mark_point(filled=True, size=80, opacity=0.85).encode(
        y=alt.Y("gain:Q", scale=y, title=f"Gain at {SHOWN_NM} nm"),
        shape=mode_shape(modes, frame),
        tooltip=tips,
    )
    sparta = base.mark_point(filled=False, size=60, opacity=0.7).encode(
        y=alt.Y("sparta_fwhm_gain:Q", scale=y), shape=mode_shape(modes, frame), tooltip=tips
    )
    polynomial = (
        alt.Chart(alt.InlineData(values=line))
        .mark_line(style="reference", strokeDash=[6, 4], strokeWidth=1.5)
        .encode(x="ground_layer_fraction:Q", y="gain:Q")
    )
    return layered(polynomial, sparta, points, height=320)


def _by_wavelength(frame: pd.DataFrame, modes: list[str]) -> alt.LayerChart:
    base = chart_of("gain").encode(
        x=alt.X("wavelength_nm:Q", scale=around(frame["wavelength_nm"]), title="Wavelength, nm"),
        y=alt.Y("gain:Q", scale=around(frame["gain"]), title="Gain"),
        color=mode_color(modes, frame),
    )
    # Bars are the standard deviation over the analyses of a mode.
    bars = base.mark_errorbar(extent="stdev", ticks=True).encode(
        y=alt.Y("gain:Q", scale=around(frame["gain"]), title="Gain")
    )
    means = base.mark_line(point=True, strokeWidth=2).encode(
        y=alt.Y("mean(gain):Q", scale=around(frame["gain"]), title="Gain"),
        shape=mode_shape(modes, frame),
    )
    return layered(bars, means, height=280)


def _summary(frame: pd.DataFrame) -> str:
    return f"{count(len(frame), 'analyses')}, gain: {spread(frame['gain'], 2)}."


def _by_wavelengths(frame: pd.DataFrame) -> str:
    each = ", ".join(
        f"{values.mean():.2f} at {nm:.0f} nm"
        for nm, values in frame.groupby("wavelength_nm")["gain"]
    )
    return f"mean gain {each}."
