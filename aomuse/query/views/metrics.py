"""Wide views of the metrics: a column for each."""

from __future__ import annotations

from aomuse.metrics import shown_names
from aomuse.muse.psf_models import IS_MAOPPY_SQL
from aomuse.query.views.fits import FIT_COLUMNS, FIT_JOINS, PIXEL_SCALE_SQL
from aomuse.query.views.view import View, ViewColumn


def _columns(grain: str) -> list[ViewColumn]:
    return [
        ViewColumn(
            name,
            f"MAX(CASE WHEN m.metric_id = {metric.id} THEN m.value END)",
            metric.formula + (f", {metric.unit}" if metric.unit else ""),
        )
        for metric, name in shown_names().items()
        if metric.grain == grain
    ]


_EXPOSURE = (
    ViewColumn("exposure_id", "e.id", "Number of the exposure (exposure.id)"),
    *(c for c in FIT_COLUMNS if c.name in {"target", "instrument_mode", "date_obs_utc"}),
)

METRIC_VIEWS = (
    View(
        "v_exposure_metrics",
        "One exposure, a column for each metric; _legacy where its formula was corrected",
        (*_EXPOSURE, *_columns("exposure")),
        "exposure e\nLEFT JOIN target t ON t.id = e.target_id\n"
        "LEFT JOIN exposure_metric m ON m.exposure_id = e.id\n"
        "GROUP BY e.id, t.name, e.instrument_mode, e.date_obs_utc",
    ),
    View(
        "v_psf_fit_metrics",
        "One analysis, a column for each metric of the delivered PSF",
        (*FIT_COLUMNS, *_columns("psf_fit")),
        f"psf_fit f\n{FIT_JOINS}\nLEFT JOIN psf_fit_metric m ON m.psf_fit_id = f.id\n"
        "GROUP BY f.id, e.id, t.name, e.instrument_mode, e.date_obs_utc, f.model",
    ),
    View(
        "v_laser_metrics",
        "One laser in one exposure, a column for each metric of its telemetry",
        (
            *_EXPOSURE,
            ViewColumn("lgs", "m.lgs", "Laser guide star, 1 to 4"),
            *_columns("laser"),
        ),
        "exposure_laser_metric m\nJOIN exposure e ON e.id = m.exposure_id\n"
        "LEFT JOIN target t ON t.id = e.target_id\n"
        "GROUP BY e.id, t.name, e.instrument_mode, e.date_obs_utc, m.lgs",
    ),
    View(
        "v_psf_window",
        "The PSF of one analysis in one window of wavelength, in one version",
        (
            *FIT_COLUMNS,
            ViewColumn("version", "w.version", "legacy: as the package of 2022; or corrected"),
            ViewColumn("window_index", "w.window_index", "Window, from 0: same in both versions"),
            ViewColumn("wavelength_nm", "w.wavelength_nm", "Mean wavelength of its layers, nm"),
            ViewColumn("first_layer", "w.first_layer", "Lowest layer that went in"),
            ViewColumn("last_layer", "w.last_layer", "Highest layer that went in"),
            ViewColumn("layer_count", "w.layer_count", "Layers that went in; 2 in legacy"),
            ViewColumn("fwhm_pixel", "fwhm.mean", "Mean FWHM, pixels"),
            ViewColumn("fwhm_arcsec", f"fwhm.mean * {PIXEL_SCALE_SQL}", "Mean FWHM, arcsec"),
            ViewColumn(
                "fwhm_standard_deviation_arcsec",
                f"fwhm.standard_deviation * {PIXEL_SCALE_SQL}",
                "Standard deviation of the FWHM, arcsec; NULL in legacy",
            ),
            ViewColumn(
                "beta",
                f"CASE WHEN {IS_MAOPPY_SQL} THEN NULL ELSE beta.mean END",
                "Mean Moffat beta; NULL for MAOPPY, whose beta is another",
            ),
            ViewColumn("ellipticity", "e_.mean", "Mean ellipticity"),
            ViewColumn("theta", "theta.mean", "Mean position angle, radians"),
            ViewColumn(
                "sparta_iq_arcsec",
                "w.sparta_iq_arcsec",
                "Image quality that SPARTA lets expect at this wavelength, arcsec",
            ),
            ViewColumn(
                "sparta_iq_nogain_arcsec",
                "w.sparta_iq_nogain_arcsec",
                "The same without the gain of the adaptive optics, arcsec",
            ),
        ),
        f"psf_window w\nJOIN psf_fit f ON f.id = w.psf_fit_id\n{FIT_JOINS}\n"
        + "\n".join(
            f"LEFT JOIN psf_window_parameter {alias} ON {alias}.psf_fit_id = w.psf_fit_id"
            f" AND {alias}.version = w.version AND {alias}.window_index = w.window_index"
            f" AND {alias}.parameter = '{name}'"
            for alias, name in (("fwhm", "fwhm"), ("beta", "beta"), ("e_", "e"), ("theta", "theta"))
        ),
    ),
)
