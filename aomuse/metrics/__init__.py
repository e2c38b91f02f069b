"""Metrics: how an exposure's conditions, telemetry and PSF come down to one number each."""

from aomuse.metrics.compute import Facts, FitFacts, exposure_metrics, fit_metrics
from aomuse.metrics.registry import METRICS, Metric, metric_of

__all__ = [
    "METRICS",
    "Facts",
    "FitFacts",
    "Metric",
    "exposure_metrics",
    "fit_metrics",
    "metric_of",
]
