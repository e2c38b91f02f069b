"""The PSF over the field: how the FWHM of each PSF star differs from the PSF of its exposure."""

from __future__ import annotations

from aomuse.metrics.field_rows import LEAST_SIZE_PIXEL, NOMINAL_AXIS_PIXEL
from aomuse.query.views.fits import FIT_COLUMNS, FIT_JOINS, PIXEL_SCALE_SQL
from aomuse.query.views.view import View, columns

_X = f"((s.x_pixel - s.axis_x_pixel) * {PIXEL_SCALE_SQL})"
_Y = f"((s.y_pixel - s.axis_y_pixel) * {PIXEL_SCALE_SQL})"

FIELD_VIEW = View(
    "v_psf_field",
    "One PSF star in one wavelength window: its place in the field, and its FWHM minus the PSF's",
    FIT_COLUMNS
    + columns(f"""
        pampelmuse_id | s.pampelmuse_id | Id of the source
        wavelength_window | w.name | Wavelength window
        wavelength_min_nm | w.wavelength_min_nm | Lower edge, nm
        wavelength_max_nm | w.wavelength_max_nm | Upper edge, nm
        x_pixel | s.x_pixel | Median x of the star in the cube, pixels
        y_pixel | s.y_pixel | Median y of the star in the cube, pixels
        axis_x_pixel | s.axis_x_pixel
            | x of the axis, pixels: the middle of the cube, or {NOMINAL_AXIS_PIXEL:g} where that
            is not known or less than {LEAST_SIZE_PIXEL} pixels wide or high
        axis_y_pixel | s.axis_y_pixel | y of the axis, likewise
        x_arcsec | {_X} | x from the axis, arcsec
        y_arcsec | {_Y} | y from the axis, arcsec
        distance_arcsec | SQRT({_X} * {_X} + {_Y} * {_Y}) | Distance to the axis, arcsec
        snr | s.snr | Median signal-to-noise ratio
        layer_count | s.layer_count | Layers in which the star has an FWHM
        fwhm_arcsec | s.fwhm_pixel * {PIXEL_SCALE_SQL}
            | Median FWHM, fitted to the star alone, arcsec
        psf_fwhm_arcsec | s.psf_fwhm_pixel * {PIXEL_SCALE_SQL}
            | Median FWHM of the PSF of the analysis in the window, arcsec
        residual_arcsec | (s.fwhm_pixel - s.psf_fwhm_pixel) * {PIXEL_SCALE_SQL}
            | fwhm_arcsec minus psf_fwhm_arcsec, arcsec
    """),
    f"""
    psf_field s
    JOIN psf_fit f ON f.id = s.psf_fit_id
    {FIT_JOINS}
    JOIN wavelength_window w ON w.id = s.wavelength_window_id
    """,
)
