"""What the datasets of the dashboard are made of; their columns come from the views themselves."""

from __future__ import annotations

from scripts.superset.specifications import VIEWS, Dataset, Extra, Metric

_EXPOSURES = Metric("exposures", "COUNT(*)", "Exposures", "Number of exposures", ",d")


def _mean(name: str, column: str, label: str, meaning: str, d3format: str = ",.3~f") -> Metric:
    return Metric(name, f"AVG({column})", label, meaning, d3format)


def _analyses() -> Dataset:
    own = tuple(c.name for c in VIEWS["v_psf_fit_metrics"].columns)
    conditions = ("night", "archive_id", "exposure_time_s", "seeing_arcsec", "airmass", "tau0_s")
    return Dataset(
        "analysis",
        "date_obs_utc",
        "One PampelMuse analysis: the PSF delivered, beside the conditions of its exposure",
        (
            Metric("analyses", "COUNT(*)", "Analyses", "Number of analyses", ",d"),
            _mean("mean_seeing", "seeing_arcsec", "Seeing, arcsec", "Mean of the site's seeing"),
            _mean("mean_glf", "ground_layer_fraction", "Ground layer", "Mean share below 900 m"),
            *(
                _mean(
                    f"mean_fwhm_{wavelength}nm",
                    f"fwhm_{wavelength}nm",
                    f"FWHM at {wavelength} nm, arcsec",
                    f"Mean FWHM delivered at {wavelength} nm",
                )
                for wavelength in (500, 700, 900)
            ),
        ),
        parts=(
            ("v_psf_fit_metrics", "f", own),
            ("v_exposure", "e", (*conditions, "ground_layer_fraction")),
        ),
        source="v_psf_fit_metrics f\nJOIN v_exposure e ON e.exposure_id = f.exposure_id",
    )


DATASETS = (
    Dataset(
        "v_exposure",
        "date_obs_utc",
        VIEWS["v_exposure"].comment,
        (
            _EXPOSURES,
            Metric(
                "hours",
                "COALESCE(SUM(exposure_time_s), 0) / 3600",
                "Hours",
                "Shutter open, h",
                ",.1f",
            ),
            Metric("nights", "COUNT(DISTINCT night)", "Nights", "Nights with exposures", ",d"),
            Metric("targets", "COUNT(DISTINCT target)", "Targets", "Different targets", ",d"),
            Metric(
                "analyses",
                "COALESCE(SUM(psf_fit_count), 0)",
                "Analyses",
                "PampelMuse analyses",
                ",d",
            ),
            Metric(
                "without_analysis",
                "SUM(CASE WHEN psf_fit_count = 0 THEN 1 ELSE 0 END)",
                "Without analysis",
                "Exposures that PampelMuse has not analysed",
                ",d",
            ),
            _mean("mean_seeing", "seeing_arcsec", "Seeing, arcsec", "Mean of the site's seeing"),
        ),
    ),
    _analyses(),
    Dataset(
        "v_psf_window",
        "date_obs_utc",
        VIEWS["v_psf_window"].comment,
        (
            _mean("Delivered", "fwhm_arcsec", "Delivered", "Mean FWHM of the windows"),
            _mean("mean_beta", "beta", "Moffat beta", "Mean beta of the windows"),
            _mean(
                "Expected",
                "sparta_iq_arcsec",
                "Expected by SPARTA",
                "Mean image quality computed from SPARTA's r0 and L0",
            ),
            _mean(
                "Without AO",
                "sparta_iq_nogain_arcsec",
                "Expected, no AO gain",
                "The same without the gain of the adaptive optics",
            ),
        ),
        extras=(
            Extra(
                "wavelength_10nm",
                "ROUND(wavelength_nm / 10) * 10",
                "DOUBLE",
                "Mean wavelength of the window to 10 nm, so that cubes of other lengths agree",
            ),
        ),
    ),
    Dataset(
        "v_gain",
        "date_obs_utc",
        VIEWS["v_gain"].comment,
        (
            _mean("Gain", "gain", "Gain", "Mean gain"),
            _mean("ESO", "eso_gain", "ESO's polynomial", "Mean gain by the polynomial"),
            _mean("SPARTA", "sparta_fwhm_gain", "SPARTA", "Mean of FWHM_GAIN"),
            _mean("mean_ground_layer", "ground_layer_fraction", "Ground layer", "Mean share"),
        ),
    ),
    Dataset(
        "v_residual",
        "date_obs_utc",
        VIEWS["v_residual"].comment,
        (
            _mean("muse-psfr", "psfr_residual_arcsec", "muse-psfr, arcsec", "Mean"),
            _mean("Formula", "iq_residual_arcsec", "Formula, arcsec", "Mean"),
            _mean("mean_l0", "l0_m", "L0, m", "Mean outer scale", ".1f"),
            _mean("mean_ground_layer", "ground_layer_fraction", "Ground layer", "Mean share"),
        ),
    ),
    Dataset(
        "v_strehl",
        "date_obs_utc",
        VIEWS["v_strehl"].comment,
        (
            _mean("mean_strehl", "strehl_percent", "Strehl, %", "Mean Strehl ratio", ".1f"),
            _mean(
                "mean_strehl_650nm", "strehl_650nm_percent", "MAOPPY, %", "Mean at 650 nm", ".1f"
            ),
            _mean("mean_sparta", "sparta_strehl_percent", "SPARTA, %", "Mean of SPARTA's", ".1f"),
            _mean("mean_ngs_flux", "ngs_flux", "NGS flux", "Mean of the summed fluxes", ".0f"),
        ),
    ),
    Dataset(
        "v_sensor",
        "date_obs_utc",
        VIEWS["v_sensor"].comment,
        (
            _mean("mean_sparta", "sparta_seeing_arcsec", "SPARTA, arcsec", "Mean at the zenith"),
            _mean("mean_dimm", "dimm_seeing_arcsec", "DIMM, arcsec", "Mean at the zenith"),
            _mean("mean_sparta_ground", "sparta_ground_layer", "By SPARTA", "Mean share"),
            _mean("mean_mass", "mass_ground_layer", "By MASS", "Mean share"),
            _mean("mean_slodar", "slodar_500m", "Below 500 m by SLODAR", "Mean share"),
        ),
    ),
    Dataset(
        "v_laser_ratio",
        "date_obs_utc",
        VIEWS["v_laser_ratio"].comment,
        (
            _mean("mean_r0_ratio", "r0_ratio", "r0 over the median", "Mean ratio"),
            _mean("mean_l0_ratio", "l0_ratio", "L0 over the median", "Mean ratio"),
        ),
    ),
    Dataset(
        "v_psf_field",
        "date_obs_utc",
        VIEWS["v_psf_field"].comment,
        (
            _mean(
                "mean_residual", "residual_arcsec", "FWHM minus the PSF's, arcsec", "Mean", "+.4f"
            ),
        ),
        extras=(
            Extra(
                "distance_5arcsec",
                "ROUND(distance_arcsec / 5) * 5",
                "DOUBLE",
                "Distance to the axis to 5 arcsec, for the wide field",
            ),
            Extra(
                "distance_half_arcsec",
                "ROUND(distance_arcsec * 2) / 2",
                "DOUBLE",
                "Distance to the axis to half an arcsec, for the narrow field",
            ),
        ),
    ),
    Dataset(
        "v_isoplanatic",
        "date_obs_utc",
        VIEWS["v_isoplanatic"].comment,
        (
            _mean("mean_r0", "r0_m", "r0, m", "Mean over the profiles"),
            _mean(
                "mean_theta0", "theta0_arcsec", "theta0, arcsec", "Mean isoplanatic angle", ".2f"
            ),
            _mean("mean_height", "h_eff_m", "Effective height, m", "Mean", ".0f"),
        ),
    ),
    Dataset(
        "v_laser_metrics",
        "date_obs_utc",
        VIEWS["v_laser_metrics"].comment,
        (
            _EXPOSURES,
            Metric(
                "share_on",
                "AVG(laser_on)",
                "On",
                "Share of the exposures in which the laser was on",
                ".0%",
            ),
            _mean("mean_strehl", "strehl_mean", "Strehl, %", "Mean Strehl ratio, %", ".3r"),
            Metric(
                "lowest_strehl",
                "MIN(strehl_min)",
                "Lowest Strehl, %",
                "Lowest Strehl ratio, %",
                ".3r",
            ),
            _mean("mean_r0", "r0_mean", "r0, m", "Mean Fried parameter", ".3f"),
            _mean("mean_l0", "l0_mean", "L0, m", "Mean outer scale", ".1f"),
            _mean("mean_lgs_seeing", "lgs_seeing_mean", "Seeing, arcsec", "Mean seeing", ".2f"),
            Metric("gaps", "SUM(laser_gaps)", "Gaps", "Gaps in the telemetry", ",d"),
        ),
        extras=(Extra("laser", "CONCAT('LGS ', lgs)", "STRING", "Laser guide star, as a name"),),
    ),
    Dataset(
        "v_night",
        "night",
        VIEWS["v_night"].comment,
        (
            Metric("exposures", "SUM(exposure_count)", "Exposures", "Number of exposures", ",d"),
            _mean("seeing", "seeing_arcsec", "Seeing, arcsec", "Median of the site's seeing"),
            _mean("fwhm_700nm", "fwhm_700nm_arcsec", "FWHM at 700 nm, arcsec", "Median FWHM"),
        ),
    ),
    Dataset(
        "v_month",
        "month",
        VIEWS["v_month"].comment,
        (
            Metric("nights", "SUM(night_count)", "Nights", "Nights with exposures", ",d"),
            Metric("exposures", "SUM(exposure_count)", "Exposures", "Number of exposures", ",d"),
            _mean("seeing", "seeing_arcsec", "Seeing, arcsec", "Median seeing", ".2f"),
            _mean("tau0", "tau0_s * 1000", "tau0, ms", "Median coherence time", ".1f"),
            _mean("ground_layer", "glf", "Ground layer", "Median share below 900 m", ".2f"),
            *(
                _mean(
                    f"fwhm_{wavelength}nm",
                    f"fwhm_{wavelength}nm_arcsec",
                    f"FWHM {wavelength} nm, arcsec",
                    f"Median FWHM delivered at {wavelength} nm",
                    ".3f",
                )
                for wavelength in (500, 700, 900)
            ),
        ),
    ),
    Dataset(
        "v_psf_prediction",
        "date_obs_utc",
        VIEWS["v_psf_prediction"].comment,
        (
            _mean("mean_wavelength", "wavelength_nm", "Wavelength, nm", "Mean wavelength", ".0f"),
            _mean("mean_predicted", "predicted_fwhm_arcsec", "Predicted FWHM, arcsec", "Mean FWHM"),
            _mean("mean_delivered", "delivered_fwhm_arcsec", "Delivered FWHM, arcsec", "Mean FWHM"),
            _mean(
                "mean_difference",
                "fwhm_difference_arcsec",
                "Delivered minus predicted, arcsec",
                "Mean difference in FWHM",
            ),
            _mean("mean_seeing", "seeing_arcsec", "Seeing that went in, arcsec", "Mean seeing"),
        ),
        extras=(
            Extra(
                "wavelength",
                "CONCAT(ROUND(wavelength_nm), ' nm')",
                "STRING",
                "Wavelength with its unit",
            ),
        ),
    ),
    Dataset(
        "open_issue",
        "date_obs_utc",
        "What the loader found wrong, missing or odd, and nobody has mended yet",
        (Metric("issues", "COUNT(*)", "Issues", "Number of issues", ",d"),),
        parts=(
            ("load_issue", "i", ("id", "severity", "code", "extension_name", "path", "message")),
            (
                "v_exposure",
                "e",
                ("exposure_id", "archive_id", "target", "instrument_mode", "night", "date_obs_utc"),
            ),
        ),
        source=(
            "load_issue i\nLEFT JOIN v_exposure e ON e.exposure_id = i.exposure_id\n"
            "WHERE i.closed_run_id IS NULL"
        ),
    ),
)
