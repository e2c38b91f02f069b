"""The metrics: names, versions, units, formulae in words, sources and domains.

Each metric has a version ``corrected``, which is current. Where the AOMUSE package of 2022 had
another formula, that is the version ``legacy``; what was current before is ``corrected-1``. A
number is never given twice, and never to another formula.
"""

from __future__ import annotations

from aomuse.metrics.exposure_definitions import EXPOSURE_METRICS
from aomuse.metrics.fit_definitions import FIT_METRICS
from aomuse.metrics.laser_definitions import LASER_METRICS
from aomuse.metrics.metric import CURRENT, LEGACY, SUPERSEDED, Metric

METRICS = (*EXPOSURE_METRICS, *LASER_METRICS, *FIT_METRICS)

_BY_NAME = {(metric.name, metric.version): metric for metric in METRICS}


def shown_names() -> dict[Metric, str]:
    """Return the name of each metric in views and frames.

    The current version has the plain name, that of 2022 has ``_legacy``; a version that was
    replaced is in the tables only.
    """
    return {
        m: f"{m.name}_legacy" if m.version == LEGACY else m.name
        for m in METRICS
        if m.version != SUPERSEDED
    }


def metric_of(name: str, version: str = CURRENT) -> Metric:
    """Return the metric of a name and version, the current one if none is given."""
    return _BY_NAME[name, version]
