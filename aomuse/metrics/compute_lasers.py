"""The metrics of a laser, and of an exposure from its lasers."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from aomuse.metrics.lasers import LaserSamples, gaps, shutter_open, usable
from aomuse.metrics.registry import Metrics, MetricValue

_OFF = "the laser is off"
_NO_R0 = "no sample has r0"
_NO_TABLE = "there is no SPARTA_ATM_DATA"
_UNKNOWN_SHUTTER = "the start of the exposure or its length is unknown"


def laser_metrics(samples: LaserSamples, exposure_time_s: float | None) -> Metrics:
    """Return the metrics of a laser."""
    on = samples.is_on
    count, longest = gaps(samples.seconds, on)
    known = bool(np.isfinite(samples.r0_m).any())
    off = _OFF if known else _NO_R0
    metrics: dict[str, MetricValue] = {
        "laser_on": float(on.any()) if known else off,
        "laser_on_share": float(on.mean()) if known else off,
        "laser_samples": float(on.sum()) if known else off,
        "laser_open_samples": _open(samples, on, exposure_time_s) if known else off,
        "laser_gaps": float(count) if on.any() else off,
        "laser_longest_gap": (
            longest if math.isfinite(longest) else "the laser is on in fewer than two samples"
        ),
    }
    for name, values in (
        ("strehl", samples.strehl),
        ("r0", samples.r0_m),
        ("l0", samples.l0_m),
        ("lgs_seeing", samples.seeing_arcsec),
    ):
        measured = usable(values, on)
        why = off if not on.any() else f"no sample has a positive {name}"
        metrics[f"{name}_mean"] = float(measured.mean()) if len(measured) else why
        metrics[f"{name}_min"] = float(measured.min()) if len(measured) else why
        metrics[f"{name}_last"] = float(measured[-1]) if len(measured) else why
    return {(name, "corrected"): value for name, value in metrics.items()}


def metrics_of_lasers(lasers: Mapping[int, LaserSamples], exposure_time_s: float | None) -> Metrics:
    """Return the metrics of an exposure from its lasers, which all have the same times."""
    on: MetricValue = _NO_TABLE
    opened: MetricValue = _NO_TABLE
    if lasers:
        on = float(sum(samples.is_on.any() for samples in lasers.values()))
        first = next(iter(lasers.values()))
        opened = _open(first, np.ones(len(first.seconds), np.bool_), exposure_time_s)
    return {("lasers_on", "corrected"): on, ("sparta_open_samples", "corrected"): opened}


def _open(samples: LaserSamples, on: np.ndarray, exposure_time_s: float | None) -> MetricValue:
    if exposure_time_s is None or not math.isfinite(exposure_time_s):
        return _UNKNOWN_SHUTTER
    if len(samples.seconds) and not np.isfinite(samples.seconds).any():
        return _UNKNOWN_SHUTTER
    return float(np.sum(shutter_open(samples.seconds, exposure_time_s) & on))
