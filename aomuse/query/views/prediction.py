"""The PSF predicted from telemetry, next to the one that PampelMuse measured."""

from __future__ import annotations

from aomuse.muse.psf_models import IS_MAOPPY_SQL
from aomuse.query.views.fits import OBSERVATION_COLUMNS, PIXEL_SCALE_SQL, nearest_layer
from aomuse.query.views.view import View, columns

_NEAREST = nearest_layer("p.wavelength_nm")
# Not a join: SQLite would make it for questions of the FWHM, too.
_BETA = (
    "(SELECT MAX(beta.value) FROM psf_parameter beta WHERE beta.psf_fit_id = f.id"
    f" AND beta.parameter = 'beta' AND beta.layer = {_NEAREST})"
)
_DELIVERED_FWHM = f"fwhm.value * {PIXEL_SCALE_SQL}"

PREDICTION_VIEW = View(
    "v_psf_prediction",
    "The predicted PSF at one wavelength, and the PSF of one analysis in the nearest layer",
    OBSERVATION_COLUMNS
    + columns(f"""
        exposure_id | e.id | Number of the exposure (exposure.id)
        psf_fit_id | f.id | Number of the analysis; NULL if there is none
        model | f.model | PSF model of the analysis
        wavelength_nm | p.wavelength_nm | Wavelength of the prediction, nm
        predicted_fwhm_arcsec | p.fwhm_arcsec | Predicted FWHM, arcsec
        delivered_fwhm_arcsec | {_DELIVERED_FWHM} | FWHM fitted in the nearest layer, arcsec
        fwhm_difference_arcsec | {_DELIVERED_FWHM} - p.fwhm_arcsec
            | Delivered minus predicted FWHM, arcsec
        predicted_beta | p.beta | Predicted Moffat beta
        delivered_beta | CASE WHEN {IS_MAOPPY_SQL} THEN NULL ELSE {_BETA} END
            | Moffat beta fitted in the nearest layer
        sparta_row_count | r.sparta_row_count | Rows of SPARTA_ATM_DATA that were used
        sparta_rows_rejected | r.sparta_rows_rejected
            | Rows of SPARTA_ATM_DATA without a laser within the limits
        laser_sample_count | r.laser_sample_count | Samples of single lasers that were used
        laser_samples_rejected | r.laser_samples_rejected
            | Samples of single lasers outside the limits
        limits | r.limits | What the model requires of a sample, and what it assumes
        seeing_arcsec | r.seeing_arcsec | Seeing that went in, arcsec
        ground_layer_fraction | r.ground_layer_fraction | Ground layer fraction that went in
        l0_m | r.l0_m | Outer scale that went in, m
        package | r.package | Package that reconstructed the PSF
        package_version | r.package_version | Its version
    """),
    # What an exposure has once comes before its wavelengths, so that it is looked up once.
    f"""
    exposure e
    LEFT JOIN target t ON t.id = e.target_id
    LEFT JOIN psf_prediction r ON r.exposure_id = e.id
    LEFT JOIN psf_fit f ON f.exposure_id = e.id
    JOIN psf_prediction_layer p ON p.exposure_id = e.id
    LEFT JOIN psf_parameter fwhm ON fwhm.psf_fit_id = f.id AND fwhm.parameter = 'fwhm'
      AND fwhm.layer = {_NEAREST}
    """,
)
