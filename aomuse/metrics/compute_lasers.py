"""The metrics of a laser, and of an exposure from its lasers."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from aomuse.metrics.laser_definitions import QUANTITIES
from aomuse.metrics.lasers import (
    Flags,
    Floats,
    LaserSamples,
    UsedSamples,
    gaps,
    median_absolute_deviation,
    positive,
    shutter_open,
)
from aomuse.metrics.metric import CURRENT, SUPERSEDED, Metrics, MetricValue
from aomuse.metrics.values import within_domain

NO_TABLE = "there is no SPARTA_ATM_DATA"
_OFF = "the laser is off"
_NO_R0 = "no sample has r0"
_UNKNOWN = "no sample says whether the laser is on"
_UNKNOWN_SHUTTER = "the start of the exposure or its length is unknown"


def laser_metrics(
    samples: LaserSamples, exposure_time_s: float | None, instrument_mode: str | None
) -> Metrics:
    """Return the metrics of a laser."""
    before = bool(np.isfinite(samples.r0_m).any())
    states = {
        SUPERSEDED: (samples.has_r0, None if before else _NO_R0),
        CURRENT: (samples.is_on, None if samples.is_known else _UNKNOWN),
    }
    metrics: Metrics = {}
    for version, (on, unknown) in states.items():
        metrics |= _presence(samples, on, unknown, exposure_time_s, version)
    measured = (samples.strehl, samples.r0_m, samples.l0_m, samples.seeing_arcsec)
    for (_, _, name, _, _, limits), values in zip(QUANTITIES, measured, strict=True):
        on, unknown = states[SUPERSEDED]
        why = (unknown or _OFF) if not on.any() else f"no sample has a positive {name}"
        metrics |= _statistics(name, SUPERSEDED, positive(values, on), why)
        on, unknown = states[CURRENT]
        chosen = UsedSamples.of(on, (values, limits))
        why = (unknown or _OFF) if not on.any() else f"no sample has {limits}"
        metrics |= _statistics(name, CURRENT, values[chosen.is_used], why)
        metrics[f"{name}_used", CURRENT] = unknown or float(chosen.used)
        metrics[f"{name}_rejected", CURRENT] = unknown or float(chosen.rejected)
    return within_domain(metrics, instrument_mode)


def metrics_of_lasers(lasers: Mapping[int, LaserSamples], exposure_time_s: float | None) -> Metrics:
    """Return the metrics of an exposure from its lasers, which all have the same times."""
    on: dict[str, MetricValue] = dict.fromkeys((SUPERSEDED, CURRENT), NO_TABLE)
    opened: MetricValue = NO_TABLE
    if lasers:
        on[SUPERSEDED] = float(sum(samples.has_r0.any() for samples in lasers.values()))
        on[CURRENT] = float(sum(samples.is_on.any() for samples in lasers.values()))
        first = next(iter(lasers.values()))
        opened = _open(first, np.ones(len(first.seconds), np.bool_), exposure_time_s)
    metrics: Metrics = {("lasers_on", version): value for version, value in on.items()}
    return metrics | {("sparta_open_samples", v): opened for v in (SUPERSEDED, CURRENT)}


def _presence(
    samples: LaserSamples,
    on: Flags,
    unknown: str | None,
    exposure_time_s: float | None,
    version: str,
) -> Metrics:
    count, longest = gaps(samples.seconds, on)
    found: dict[str, MetricValue] = {
        "laser_on": unknown or float(on.any()),
        "laser_on_share": unknown or float(on.mean()),
        "laser_samples": unknown or float(on.sum()),
        "laser_open_samples": unknown or _open(samples, on, exposure_time_s),
        "laser_gaps": float(count) if on.any() else unknown or _OFF,
        "laser_longest_gap": (
            longest if math.isfinite(longest) else "the laser is on in fewer than two samples"
        ),
    }
    return {(name, version): value for name, value in found.items()}


def _statistics(name: str, version: str, values: Floats, why: str) -> Metrics:
    found: dict[str, MetricValue] = dict.fromkeys(("mean", "min", "last"), why)
    if version == CURRENT:
        found |= dict.fromkeys(("median", "mad"), why)
    if len(values):
        found |= {
            "mean": float(values.mean()),
            "min": float(values.min()),
            "last": float(values[-1]),
        }
        if version == CURRENT:
            found |= {"median": float(np.median(values)), "mad": median_absolute_deviation(values)}
    return {(f"{name}_{statistic}", version): value for statistic, value in found.items()}


def _open(samples: LaserSamples, on: Flags, exposure_time_s: float | None) -> MetricValue:
    if exposure_time_s is None or not math.isfinite(exposure_time_s):
        return _UNKNOWN_SHUTTER
    if len(samples.seconds) and not np.isfinite(samples.seconds).any():
        return _UNKNOWN_SHUTTER
    return float(np.sum(shutter_open(samples.seconds, exposure_time_s) & on))
