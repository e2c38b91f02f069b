"""Metrics: how an exposure's conditions, telemetry and PSF come down to one number each."""

from aomuse.metrics.compute import Facts, FitFacts, exposure_metrics, fit_metrics
from aomuse.metrics.compute_lasers import laser_metrics
from aomuse.metrics.lasers import LaserSamples
from aomuse.metrics.registry import METRICS, Grain, Metric, metric_of, shown_names
from aomuse.metrics.value import Found, Metrics
from aomuse.metrics.windows import PsfWindow, corrected_windows, legacy_windows

__all__ = [
    "METRICS",
    "Facts",
    "FitFacts",
    "Found",
    "Grain",
    "LaserSamples",
    "Metric",
    "Metrics",
    "PsfWindow",
    "corrected_windows",
    "exposure_metrics",
    "fit_metrics",
    "laser_metrics",
    "legacy_windows",
    "metric_of",
    "shown_names",
]
