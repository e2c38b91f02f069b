"""Metrics: how an exposure's conditions, telemetry and PSF come down to one number each."""

from aomuse.metrics.compute import ExposureInputs, FitInputs, exposure_metrics, fit_metrics
from aomuse.metrics.compute_lasers import laser_metrics
from aomuse.metrics.lasers import LaserSamples
from aomuse.metrics.registry import METRICS, Grain, Metric, metric_of, shown_names
from aomuse.metrics.windows import corrected_windows, legacy_windows

__all__ = [
    "METRICS",
    "ExposureInputs",
    "FitInputs",
    "Grain",
    "LaserSamples",
    "Metric",
    "corrected_windows",
    "exposure_metrics",
    "fit_metrics",
    "laser_metrics",
    "legacy_windows",
    "metric_of",
    "shown_names",
]
