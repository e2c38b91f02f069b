"""Wide views of the metrics: a column for each."""

from __future__ import annotations

from dataclasses import replace

from aomuse.metrics import shown_names
from aomuse.muse.psf_models import IS_MAOPPY_SQL
from aomuse.query.views.fits import FIT_COLUMNS, FIT_JOINS, OBSERVATION_COLUMNS, PIXEL_SCALE_SQL
from aomuse.query.views.view import View, ViewColumn, columns


def _metrics(grain: str) -> list[ViewColumn]:
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
    *OBSERVATION_COLUMNS,
)
_TARGET = "LEFT JOIN target t ON t.id = e.target_id"
_KEY = "e.id, t.name, e.instrument_mode, e.date_obs_utc"


def _with_lookups(view: View, grain: str, table: str, source: str, **key: str) -> View:
    """Return a view of metrics for databases too: with a look-up for each instead of groups.

    A question then reads those metrics alone whose columns it names, ten times as fast.
    """
    owner = "".join(f" AND x.{column} = {value}" for column, value in key.items())
    lookups = {
        name: f"(SELECT x.value FROM {table} x WHERE x.metric_id = {metric.id}{owner})"
        for metric, name in shown_names().items()
        if metric.grain == grain
    }
    shown = tuple(
        column._replace(expression=lookups.get(column.name, column.expression))
        for column in view.columns
    )
    return replace(view, by_lookup=replace(view, columns=shown, source=source))


METRIC_VIEWS = (
    _with_lookups(
        View(
            "v_exposure_metrics",
            "One exposure, a column for each metric; _legacy for the formula of 2022 if it differs",
            (*_EXPOSURE, *_metrics("exposure")),
            f"exposure e\n{_TARGET}\n"
            f"LEFT JOIN exposure_metric m ON m.exposure_id = e.id\nGROUP BY {_KEY}",
        ),
        *("exposure", "exposure_metric", f"exposure e\n{_TARGET}"),
        exposure_id="e.id",
    ),
    _with_lookups(
        View(
            "v_psf_fit_metrics",
            "One analysis, a column for each metric of the delivered PSF",
            (*FIT_COLUMNS, *_metrics("psf_fit")),
            f"psf_fit f\n{FIT_JOINS}\nLEFT JOIN psf_fit_metric m ON m.psf_fit_id = f.id\n"
            f"GROUP BY f.id, {_KEY}, f.model, f.fit_rank",
        ),
        *("psf_fit", "psf_fit_metric", f"psf_fit f\n{FIT_JOINS}"),
        psf_fit_id="f.id",
    ),
    View(
        "v_laser_metrics",
        "One laser in one exposure, a column for each metric of its telemetry",
        (
            *_EXPOSURE,
            ViewColumn("lgs", "m.lgs", "Laser guide star, 1 to 4"),
            *(column._replace(expression=f"m.{column.name}") for column in _metrics("laser")),
        ),
        f"exposure_laser m\nJOIN exposure e ON e.id = m.exposure_id\n{_TARGET}",
    ),
    View(
        "v_psf_window",
        "The PSF of one analysis in one window of wavelength, in one version",
        FIT_COLUMNS
        + columns(f"""
            version | w.version
                | corrected is current; legacy as in the package of 2022, corrected-1 as before
            window_index | w.window_index | Window of its version, from 0
            wavelength_nm | w.wavelength_nm | Mean wavelength of its layers, nm
            first_layer | w.first_layer | Lowest layer used
            last_layer | w.last_layer | Highest layer used
            layer_count | w.layer_count | Layers used; 2 in legacy
            fwhm_pixel | w.fwhm_pixel | Mean FWHM, pixels
            fwhm_arcsec | w.fwhm_pixel * {PIXEL_SCALE_SQL} | Mean FWHM, arcsec
            fwhm_standard_deviation_arcsec
                | w.fwhm_standard_deviation_pixel * {PIXEL_SCALE_SQL}
                | Standard deviation of the FWHM, arcsec; NULL in legacy
            beta | CASE WHEN {IS_MAOPPY_SQL} THEN NULL ELSE w.beta END
                | Mean Moffat beta; NULL for MAOPPY, whose beta is a different parameter
            ellipticity | w.ellipticity | Mean ellipticity
            theta | w.theta | Mean position angle, radians
            sparta_iq_arcsec | w.sparta_iq_arcsec
                | Image quality in the line of sight predicted from SPARTA at this wavelength,
                arcsec; NULL outside of WFM-AO
            sparta_iq_nogain_arcsec | w.sparta_iq_nogain_arcsec
                | The same without the gain of the adaptive optics, arcsec
            sparta_iq_reason | w.sparta_iq_reason | Why there is no sparta_iq_arcsec
        """),
        f"psf_window w\nJOIN psf_fit f ON f.id = w.psf_fit_id\n{FIT_JOINS}",
    ),
)
