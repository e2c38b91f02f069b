"""The views: wide, one grain each, with a meaning for every column.

Views are derived from the tables, so they are not revisions of their own: the last step of a
migration to head creates them again, and a revision that changes tables drops them first.
"""

from __future__ import annotations

from functools import cache

from aomuse.query.views.companions import companion_views
from aomuse.query.views.exposures import exposure_views
from aomuse.query.views.field import FIELD_VIEW
from aomuse.query.views.fits import FIT_VIEWS, MOFFAT_PARAMETERS, psf_view
from aomuse.query.views.gain import GAIN_VIEW
from aomuse.query.views.headers import HEADER_VIEW
from aomuse.query.views.isoplanatic import ISOPLANATIC_SAMPLE_VIEW, ISOPLANATIC_VIEW
from aomuse.query.views.metrics import METRIC_VIEWS
from aomuse.query.views.obscore import obscore_view
from aomuse.query.views.prediction import PREDICTION_VIEW
from aomuse.query.views.residuals import RESIDUAL_SUMMARY_VIEW, RESIDUAL_VIEW
from aomuse.query.views.sensors import LASER_RATIO_VIEW, SENSOR_VIEW
from aomuse.query.views.strehl import STREHL_VIEW
from aomuse.query.views.telemetry import telemetry_views
from aomuse.query.views.trends import trend_views
from aomuse.query.views.twins import TWIN_VIEWS
from aomuse.query.views.view import View, ViewColumn, columns

__all__ = ["MOFFAT_PARAMETERS", "View", "ViewColumn", "columns", "psf_view", "static_views"]


@cache
def static_views(dialect: str) -> tuple[View, ...]:
    """Return the views that do not depend on the data loaded."""
    return (
        *exposure_views(dialect),
        HEADER_VIEW,
        *FIT_VIEWS,
        *telemetry_views(dialect),
        PREDICTION_VIEW,
        *METRIC_VIEWS,
        GAIN_VIEW,
        RESIDUAL_VIEW,
        RESIDUAL_SUMMARY_VIEW,
        ISOPLANATIC_SAMPLE_VIEW,
        ISOPLANATIC_VIEW,
        STREHL_VIEW,
        SENSOR_VIEW,
        LASER_RATIO_VIEW,
        FIELD_VIEW,
        *trend_views(dialect),
        *TWIN_VIEWS,
        *companion_views(dialect),
        obscore_view(dialect),
    )
