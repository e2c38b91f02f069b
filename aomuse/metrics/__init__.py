"""Metrics: how an exposure's conditions, telemetry and PSF come down to one number each."""

from aomuse.metrics.compute import Facts, FitFacts, exposure_metrics, fit_metrics
from aomuse.metrics.registry import METRICS, Grain, Metric, metric_of, shown_names

__all__ = [
    "METRICS",
    "Facts",
    "FitFacts",
    "Grain",
    "Metric",
    "exposure_metrics",
    "fit_metrics",
    "metric_of",
    "shown_names",
]
