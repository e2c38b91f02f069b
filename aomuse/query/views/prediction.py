"""The PSF predicted from telemetry beside the one that PampelMuse measured."""

from __future__ import annotations

from aomuse.muse.psf_models import IS_MAOPPY_SQL
from aomuse.query.views.fits import FIT_COLUMNS, PIXEL_SCALE_SQL
from aomuse.query.views.view import View, ViewColumn

# Layers are equally spaced in wavelength, so the first two tell which one is nearest: three
# look-ups by key instead of a search through thousands of layers.
_NEAREST = (
    "CAST(ROUND((p.wavelength_nm - l0.wavelength_nm) / (l1.wavelength_nm - l0.wavelength_nm))"
    " AS SIGNED)"
)
_DELIVERED_FWHM = f"fwhm.value * {PIXEL_SCALE_SQL}"

PREDICTION_VIEW = View(
    "v_psf_prediction",
    "The predicted PSF at one wavelength, beside that of one analysis in the nearest layer",
    (
        *(c for c in FIT_COLUMNS if c.name not in {"psf_fit_id", "exposure_id", "model"}),
        ViewColumn("exposure_id", "e.id", "Number of the exposure (exposure.id)"),
        ViewColumn("psf_fit_id", "f.id", "Number of the analysis; NULL where there is none"),
        ViewColumn("model", "f.model", "PSF model of the analysis"),
        ViewColumn("wavelength_nm", "p.wavelength_nm", "Wavelength of the prediction, nm"),
        ViewColumn("predicted_fwhm_arcsec", "p.fwhm_arcsec", "Predicted FWHM, arcsec"),
        ViewColumn(
            "delivered_fwhm_arcsec", _DELIVERED_FWHM, "FWHM fitted in the nearest layer, arcsec"
        ),
        ViewColumn(
            "fwhm_difference_arcsec",
            f"{_DELIVERED_FWHM} - p.fwhm_arcsec",
            "Delivered minus predicted FWHM, arcsec",
        ),
        ViewColumn("predicted_beta", "p.beta", "Predicted Moffat beta"),
        ViewColumn(
            "delivered_beta",
            f"CASE WHEN {IS_MAOPPY_SQL} THEN NULL ELSE beta.value END",
            "Moffat beta fitted in the nearest layer",
        ),
        ViewColumn("package", "r.package", "Package that reconstructed the PSF"),
        ViewColumn("package_version", "r.package_version", "Its version"),
    ),
    "psf_prediction_layer p\nJOIN psf_prediction r ON r.exposure_id = p.exposure_id\n"
    "JOIN exposure e ON e.id = p.exposure_id\nLEFT JOIN target t ON t.id = e.target_id\n"
    "LEFT JOIN psf_fit f ON f.exposure_id = e.id\n"
    "LEFT JOIN psf_layer l0 ON l0.psf_fit_id = f.id AND l0.layer = 0\n"
    "LEFT JOIN psf_layer l1 ON l1.psf_fit_id = f.id AND l1.layer = 1\n"
    "LEFT JOIN psf_parameter fwhm ON fwhm.psf_fit_id = f.id AND fwhm.parameter = 'fwhm'"
    f" AND fwhm.layer = {_NEAREST}\n"
    "LEFT JOIN psf_parameter beta ON beta.psf_fit_id = f.id AND beta.parameter = 'beta'"
    f" AND beta.layer = {_NEAREST}",
)
