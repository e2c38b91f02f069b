"""The gain of the adaptive optics against the ground layer, and by wavelength."""

from __future__ import annotations

from functools import partial

import altair as alt
import numpy as np
import pandas as pd

from aomuse.metrics.atmosphere import ao_gain
from aomuse.report.blocks import ANALYSIS, PageColumn, Section, count, spread, table_of, thinned
from aomuse.report.data import Content
from aomuse.report.scatter import Axis, by_wavelength, dashed, figure_of, marks
from aomuse.report.style import around, chart_of, layered

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
    against = drawn[drawn["wavelength_nm"] == SHOWN_NM].dropna(subset=["ground_layer_fraction"])
    figures = [
        *figure_of(
            "gain",
            f"Gain at {SHOWN_NM} nm against the ground layer",
            against,
            _summary,
            partial(_against_ground_layer, modes=content.modes),
        ),
        *figure_of(
            "gain-wavelength",
            "Gain by wavelength",
            drawn,
            _by_wavelengths,
            lambda rows: by_wavelength("gain", rows, "gain", "Gain", content.modes, level=1),
        ),
    ]
    return Section("gain", title, _TEXT, figures, [table], notes)


def _against_ground_layer(frame: pd.DataFrame, modes: list[str]) -> alt.LayerChart:
    fractions = frame["ground_layer_fraction"]
    grid = np.linspace(float(fractions.min()), float(fractions.max()), 40)
    line = [{"ground_layer_fraction": float(x), "gain": ao_gain(float(x))} for x in grid]
    polynomial = pd.Series([point["gain"] for point in line])
    scale = around(frame["gain"], frame["sparta_fwhm_gain"], polynomial)
    x = Axis(
        "ground_layer_fraction", "Share of the turbulence below 900 m", around(fractions), ".3f"
    )
    title = f"Gain at {SHOWN_NM} nm"
    own = Axis("gain", title, scale, ".2f")
    sparta = Axis("sparta_fwhm_gain", title, scale, ".2f", name="SPARTA's FWHM_GAIN")
    base = chart_of("gain").transform_filter(alt.datum.wavelength_nm == SHOWN_NM)
    eso = ("eso_gain:Q", "ESO's polynomial", ".2f")
    return layered(
        dashed(line, "ground_layer_fraction", "gain"),
        marks(base, x, sparta, frame, modes, own.tip(), eso, filled=False),
        marks(base, x, own, frame, modes, sparta.tip(), eso),
        height=320,
    )


def _summary(frame: pd.DataFrame) -> str:
    return f"{count(len(frame), 'analyses')}, gain: {spread(frame['gain'], 2)}."


def _by_wavelengths(frame: pd.DataFrame) -> str:
    each = ", ".join(
        f"{values.mean():.2f} at {nm:.0f} nm"
        for nm, values in frame.groupby("wavelength_nm")["gain"]
    )
    return f"mean gain {each}."
