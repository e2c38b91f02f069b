"""Metrics: how an exposure's conditions, telemetry and PSF come down to one number each."""

from aomuse.metrics.metric import WAVELENGTHS_NM, Grain, Metric
from aomuse.metrics.registry import METRICS, metric_of, shown_names

__all__ = ["METRICS", "WAVELENGTHS_NM", "Grain", "Metric", "metric_of", "shown_names"]
