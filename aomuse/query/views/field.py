"""The PSF over the field: how the FWHM of each PSF star differs from the PSF of its exposure."""

from __future__ import annotations

from aomuse.query.views.fits import FIT_COLUMNS, FIT_JOINS, PIXEL_SCALE_SQL
from aomuse.query.views.formulae import double
from aomuse.query.views.view import THEN_JOIN, View, columns

#: Half the field of MUSE in pixels: 1 arcmin at 0.2 arcsec, 7.5 arcsec at 0.025.
NOMINAL_AXIS_PIXEL = 150.0
#: A smaller cube is part of one, and its middle says nothing of the axis.
LEAST_SIZE_PIXEL = 200


def _first_number(text: str) -> str:
    """Return the SQL for the number before the first `` x ``, as in ``300 x 300 x 3681``."""
    return f"CAST(SUBSTR({text}, 1, INSTR({text}, ' x ') - 1) AS SIGNED)"


_WIDTH = _first_number("h.dimensions")
_HEIGHT = _first_number("SUBSTR(h.dimensions, INSTR(h.dimensions, ' x ') + 3)")
#: Of headers, not of their cards, of which a warehouse has a thousand times as many.
_SIZES = f"""(
    SELECT g.id AS psf_fit_id, MAX({_WIDTH}) AS width, MAX({_HEIGHT}) AS height
    FROM psf_fit g
    {THEN_JOIN} header h
    WHERE h.source_file_id = g.reduced_file_id AND h.extension_name = 'DATA'
      AND h.dimensions LIKE '% x % x %' AND h.dimensions NOT LIKE '%?%'
    GROUP BY g.id
  )"""
_IS_WHOLE = f"z.width >= {LEAST_SIZE_PIXEL} AND z.height >= {LEAST_SIZE_PIXEL}"


def _axis(size: str) -> str:
    return f"CASE WHEN {_IS_WHOLE} THEN z.{size} / 2e0 ELSE {double(NOMINAL_AXIS_PIXEL)} END"


def _star(alias: str, quantity: str) -> str:
    return (
        f"LEFT JOIN source_summary {alias} ON {alias}.psf_fit_id = s.psf_fit_id"
        f" AND {alias}.pampelmuse_id = s.pampelmuse_id"
        f" AND {alias}.wavelength_window_id = s.wavelength_window_id"
        f" AND {alias}.quantity = '{quantity}'"
    )


_X = f"((x.median - {_axis('width')}) * {PIXEL_SCALE_SQL})"
_Y = f"((y.median - {_axis('height')}) * {PIXEL_SCALE_SQL})"

FIELD_VIEW = View(
    "v_psf_field",
    "One PSF star in one wavelength window: its place in the field, and its FWHM minus the PSF's",
    FIT_COLUMNS
    + columns(f"""
        pampelmuse_id | s.pampelmuse_id | Id of the source
        wavelength_window | w.name | Wavelength window
        wavelength_min_nm | w.wavelength_min_nm | Lower edge, nm
        wavelength_max_nm | w.wavelength_max_nm | Upper edge, nm
        x_pixel | x.median | Median x of the star in the cube, pixels
        y_pixel | y.median | Median y of the star in the cube, pixels
        axis_x_pixel | {_axis("width")}
            | x of the axis, pixels: the middle of the cube, or {NOMINAL_AXIS_PIXEL:g} where that
            is not known or less than {LEAST_SIZE_PIXEL} pixels wide or high
        axis_y_pixel | {_axis("height")} | y of the axis, likewise
        x_arcsec | {_X} | x from the axis, arcsec
        y_arcsec | {_Y} | y from the axis, arcsec
        distance_arcsec | SQRT({_X} * {_X} + {_Y} * {_Y}) | Distance to the axis, arcsec
        snr | n.median | Median signal-to-noise ratio
        layer_count | s.sample_count | Layers in which the star has an FWHM
        fwhm_arcsec | s.median * {PIXEL_SCALE_SQL}
            | Median FWHM, fitted to the star alone, arcsec
        psf_fwhm_arcsec | p.median * {PIXEL_SCALE_SQL}
            | Median FWHM of the PSF of the analysis in the window, arcsec
        residual_arcsec | (s.median - p.median) * {PIXEL_SCALE_SQL}
            | fwhm_arcsec minus psf_fwhm_arcsec, arcsec
    """),
    f"""
    source_summary s
    JOIN psf_fit f ON f.id = s.psf_fit_id
    {FIT_JOINS}
    JOIN wavelength_window w ON w.id = s.wavelength_window_id
    LEFT JOIN psf_parameter_summary p ON p.psf_fit_id = s.psf_fit_id
      AND p.wavelength_window_id = s.wavelength_window_id AND p.parameter = 'fwhm'
    {_star("x", "xc")}
    {_star("y", "yc")}
    {_star("n", "snr")}
    LEFT JOIN {_SIZES} z ON z.psf_fit_id = f.id
    WHERE s.quantity = 'fwhm' AND s.sample_count > 0
    """,
)
