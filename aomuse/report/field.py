"""The PSF over the field, and the isoplanatic angle."""

from __future__ import annotations

from functools import partial

import altair as alt
import pandas as pd

from aomuse.report.blocks import (
    EXPOSURE,
    Figure,
    PageColumn,
    Section,
    Table,
    count,
    spread,
    table_of,
    thinned,
)
from aomuse.report.data import FIELD_WINDOW, Content
from aomuse.report.scatter import Axis, figure_of, marks, trend
from aomuse.report.style import (
    FIELDS,
    around,
    chart_of,
    from_zero,
    layered,
    level_line,
    mode_color,
    mode_shape,
    time_axis,
    tooltips,
)

_TEXT = (
    "Each mark is a PSF star of an analysis: its own FWHM minus that of the PSF of the analysis,"
    f" medians at {FIELD_WINDOW}. Above zero the star is broader. The distance is that to the axis,"
    " the middle of the cube; in the map, triangles that point up are broader stars, and the larger"
    " a mark, the larger the difference. The isoplanatic angle at 500 nm is the mean over SPARTA's"
    " profiles of the turbulence in an exposure, with a line from the smallest to the largest"
    " (Roddier 1981)."
)
_EMPTY = f"No analysis has PSF stars with an FWHM at {FIELD_WINDOW}, and no exposure a profile."
_RESIDUAL, _THETA0 = "residual_arcsec", "theta0_arcsec"
_LABEL = "FWHM of the star minus the PSF's, arcsec"
_STARS = (
    *EXPOSURE,
    PageColumn("pampelmuse_id", "Star", "number", 0),
    PageColumn("x_arcsec", "x from the axis, arcsec", "number", 2),
    PageColumn("y_arcsec", "y from the axis, arcsec", "number", 2),
    PageColumn("distance_arcsec", "Distance, arcsec", "number", 2),
    PageColumn("fwhm_arcsec", "FWHM, arcsec", "number", 4),
    PageColumn(_RESIDUAL, "FWHM minus the PSF's, arcsec", "number", 4),
)
_ANGLES = (
    *EXPOSURE,
    PageColumn("profile_count", "Profiles used", "number", 0),
    PageColumn("rejected_count", "Profiles rejected", "number", 0),
    PageColumn("r0_m", "r0, m", "number", 3),
    PageColumn("h_eff_m", "Effective height, m", "number", 0),
    PageColumn(_THETA0, "Isoplanatic angle, arcsec", "number", 2),
    PageColumn("theta0_min_arcsec", "Smallest, arcsec", "number", 2),
    PageColumn("theta0_max_arcsec", "Largest, arcsec", "number", 2),
)


def field(content: Content) -> Section:
    """Return the section on the PSF over the field."""
    title = "The PSF over the field"
    stars = content.stars.dropna(subset=[_RESIDUAL, "distance_arcsec"])
    angles = content.isoplanatic.dropna(subset=[_THETA0, "time"])
    if stars.empty and angles.empty:
        return Section("field", title, _TEXT, empty=_EMPTY)
    figures: list[Figure] = []
    tables: list[Table] = []
    notes: list[str] = []
    if len(stars):
        drawn, notes = thinned(stars)
        caption = f"PSF stars at {FIELD_WINDOW}"
        tables.append(table_of("field", caption, _STARS, drawn, "v_psf_field", "field"))
        for part, words in FIELDS.items():
            of_field = drawn[drawn["field"] == part]
            for name, heading, chart in (
                ("distance", "FWHM against the distance to the axis", _distances),
                ("map", "FWHM over the field", _map),
            ):
                figures += figure_of(
                    f"field-{name}-{part.lower()}",
                    f"{heading}, {words}",
                    of_field,
                    _slopes,
                    partial(chart, part=part, modes=content.modes),
                )
    if len(angles):
        drawn, more = thinned(angles, by="exposure_id")
        notes += more
        caption = "Isoplanatic angle by exposure"
        tables.append(table_of("isoplanatic", caption, _ANGLES, drawn, "v_isoplanatic"))
        drawing = partial(_angles, modes=content.modes)
        figures += figure_of("isoplanatic", "Isoplanatic angle", drawn, _summary, drawing)
    return Section("field", title, _TEXT, figures, tables, notes)


_TIPS = (("pampelmuse_id:Q", "Star"), (f"{_RESIDUAL}:Q", "Difference, arcsec", "+.4f"))


def _distances(frame: pd.DataFrame, part: str, modes: list[str]) -> alt.LayerChart:
    distance, residual = frame["distance_arcsec"], frame[_RESIDUAL]
    x = Axis("distance_arcsec", "Distance to the axis, arcsec", from_zero(distance), ".2f")
    y = Axis(_RESIDUAL, _LABEL, around(residual, pd.Series([0.0])), "+.4f")
    points = marks(chart_of("field", part), x, y, frame, modes, _TIPS[0])
    return layered(level_line(0), points, height=280)


def _map(frame: pd.DataFrame, part: str, modes: list[str]) -> alt.Chart:
    reach = frame[["x_arcsec", "y_arcsec"]].abs().max().max() * 1.08 or 1.0
    scale = alt.Scale(domain=[-float(reach), float(reach)], nice=False)
    x = Axis("x_arcsec", "x from the axis, arcsec", scale, ".2f")
    y = Axis("y_arcsec", "y from the axis, arcsec", scale, ".2f")
    signs = alt.Scale(domain=["broader", "sharper"], range=["triangle-up", "triangle-down"])
    chart: alt.Chart = (
        chart_of("field", part)
        .transform_calculate(
            sign=f"datum.{_RESIDUAL} >= 0 ? 'broader' : 'sharper'", away=f"abs(datum.{_RESIDUAL})"
        )
        .mark_point(filled=True, opacity=0.7)
        .encode(
            x=x.x(),
            y=y.y(),
            color=mode_color(modes, frame),
            shape=alt.Shape("sign:N", scale=signs, legend=None),
            size=alt.Size("away:Q", scale=alt.Scale(range=[20, 240]), legend=None),
            tooltip=tooltips("target", "start", "mode", x.tip(), y.tip(), *_TIPS),
        )
        .properties(width="container", height=420)
    )
    return chart


def _angles(frame: pd.DataFrame, modes: list[str]) -> alt.LayerChart:
    y = Axis(_THETA0, "Isoplanatic angle, arcsec", from_zero(frame["theta0_max_arcsec"]), ".2f")
    base = chart_of("isoplanatic").encode(
        x=time_axis(frame["time"]), color=mode_color(modes, frame)
    )
    ranges = base.mark_rule(opacity=0.45, strokeWidth=1.5).encode(
        y=alt.Y("theta0_min_arcsec:Q", scale=y.scale, title=y.title), y2="theta0_max_arcsec:Q"
    )
    height = ("h_eff_m:Q", "Effective height, m", ".0f")
    points = base.mark_point(filled=True, size=70, opacity=0.85).encode(
        y=y.y(),
        shape=mode_shape(modes, frame),
        tooltip=tooltips("target", "start", "mode", y.tip(), height),
    )
    return layered(ranges, points, height=280)


def _slopes(frame: pd.DataFrame) -> str:
    said = (
        f"{count(len(frame), 'stars')} of {count(frame['psf_fit_id'].nunique(), 'analyses')},"
        f" difference {spread(frame[_RESIDUAL], 4, '″')}"
    )
    if found := trend(frame, "distance_arcsec", _RESIDUAL):
        said += f", {10 * found[0]:+.4f}″ for each 10″ from the axis, r = {found[1]:+.2f}"
    return f"{said}."


def _summary(frame: pd.DataFrame) -> str:
    return f"{count(len(frame), 'exposures')}, {spread(frame[_THETA0], 2, '″')}."
