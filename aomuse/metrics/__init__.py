"""Metrics: how an exposure's conditions, telemetry and PSF come down to one number each."""

from aomuse.metrics.registry import METRICS, Grain, Metric, metric_of, shown_names

__all__ = ["METRICS", "Grain", "Metric", "metric_of", "shown_names"]
