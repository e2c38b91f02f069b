"""Wide views of the metrics: a column for each."""

from __future__ import annotations

from aomuse.metrics import shown_names
from aomuse.query.views.fits import FIT_COLUMNS, FIT_JOINS
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
)
