"""All metrics of an exposure and of an analysis; a value or the reason why there is none."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from aomuse.metrics import atmosphere
from aomuse.metrics.compute_lasers import metrics_of_lasers
from aomuse.metrics.lasers import LaserSamples
from aomuse.metrics.psf import encircled_energy, half_light_radius
from aomuse.metrics.registry import EE_RADIUS_ARCSEC, WAVELENGTHS_NM, Metrics, MetricValue
from aomuse.muse.psf_models import is_maoppy


@dataclass(frozen=True)
class ExposureInputs:
    """What an exposure's metrics are made from; None and NaN are unknown.

    ``row`` has the columns of ``exposure``, ``sources`` is their number in its Moffat analysis,
    else in its first one. r0 and L0 are samples of all lasers, m; ``lasers`` has each one's.
    """

    row: Mapping[str, Any]
    sources: int | None
    r0_m: npt.NDArray[np.float64]
    l0_m: npt.NDArray[np.float64]
    lasers: Mapping[int, LaserSamples] = field(default_factory=dict)

    @property
    def exposure_time_s(self) -> float | None:
        """EXPTIME, s."""
        return self.row.get("exposure_time_s")

    @property
    def instrument_mode(self) -> str | None:
        """ESO INS MODE."""
        return self.row.get("instrument_mode")


@dataclass(frozen=True)
class FitInputs:
    """What an analysis's metrics are made from: parameters by name and wavelength in nm."""

    pixel_arcsec: float | None
    model: str
    parameters: Mapping[tuple[str, int], float | None] = field(default_factory=dict)


def exposure_metrics(inputs: ExposureInputs) -> Metrics:
    """Return the metrics of an exposure by name and version."""
    row = inputs.row
    seeing = _mean(row, "seeing_start_arcsec", "seeing_end_arcsec")
    airmass = _mean(row, "airmass_start", "airmass_end")
    tip_tilt = row.get("tip_tilt_loop")
    metrics: Metrics = {
        ("seeing", "legacy"): seeing,
        ("airmass", "legacy"): airmass,
        ("seeing_los", "legacy"): _of(atmosphere.seeing_in_line_of_sight, seeing, airmass),
        ("tau0", "legacy"): _known(row, "tau0_s"),
        ("glf", "legacy"): _known(row, "ground_layer_fraction"),
        ("ngs_flux", "legacy"): _known(row, "ngs_flux"),
        ("num_sources", "legacy"): "no analysis"
        if inputs.sources is None
        else float(inputs.sources),
        ("ttfree", "legacy"): "tip_tilt_loop is unknown"
        if tip_tilt is None
        else float(not tip_tilt),
        ("degraded", "legacy"): _degraded(row, unknown=1.0),
        ("degraded", "corrected"): _degraded(row, unknown=None),
    }
    metrics |= metrics_of_lasers(inputs.lasers, inputs.exposure_time_s)
    gain = _of(atmosphere.ao_gain, metrics["glf", "legacy"])
    for version in ("legacy", "corrected"):
        metrics |= _sparta(inputs, version, gain, metrics["ttfree", "legacy"])
    return metrics


def _sparta(
    inputs: ExposureInputs, version: str, gain: MetricValue, ttfree: MetricValue
) -> Metrics:
    legacy = version == "legacy"
    r0, l0 = inputs.r0_m, inputs.l0_m
    known = np.isfinite(r0) & np.isfinite(l0)
    if not legacy:
        known &= (r0 > 0) & (l0 > 0)
    r0_mean: MetricValue = float(r0[known].mean()) if known.any() else "no laser has r0 and L0"
    l0_mean: MetricValue = float(l0[known].mean()) if known.any() else "no laser has r0 and L0"
    if not len(r0):
        r0_mean = "there is no SPARTA_ATM_DATA"
    elif legacy and ttfree != 1.0:
        r0_mean = ttfree if isinstance(ttfree, str) else "the tip-tilt loop is closed"
    elif (
        not isinstance(r0_mean, str) and not isinstance(l0_mean, str) and min(r0_mean, l0_mean) <= 0
    ):
        r0_mean = "the mean of r0 or L0 is not positive"

    def quality(r0_m: float, l0_m: float, gain: float) -> float:
        return atmosphere.image_quality(r0_m, l0_m, gain, legacy=legacy)

    iq = _of(quality, r0_mean, l0_mean, gain)
    metrics: Metrics = {
        ("sparta_iq_los_500nm", version): iq,
        ("sparta_iq_los_500nm_nogain", version): _of(quality, r0_mean, l0_mean, 1.0),
    }
    for wavelength in WAVELENGTHS_NM:

        def with_muse(iq: float, nm: int = wavelength) -> float:
            return atmosphere.image_quality_with_muse(iq, nm, legacy=legacy)

        metrics[f"iq_los_{wavelength}nm", version] = _of(with_muse, iq)
    return metrics


def fit_metrics(inputs: FitInputs) -> Metrics:
    """Return the metrics of an analysis by name and version."""
    metrics: Metrics = {}
    for wavelength in WAVELENGTHS_NM:

        def parameter(name: str, nm: int = wavelength) -> MetricValue:
            value = inputs.parameters.get((name, nm))
            if value is None or math.isnan(value):
                return f"no {name} at {nm} nm"
            return float(value)

        beta: MetricValue = "the beta of MAOPPY is not that of a Moffat profile"
        if not is_maoppy(inputs.model):
            beta = parameter("beta")
        scale: MetricValue = inputs.pixel_arcsec or "the mode does not tell the pixel scale"
        fwhm = _of(lambda pixels, arcsec: pixels * arcsec, parameter("fwhm"), scale)
        finite: MetricValue = beta
        if not isinstance(beta, str) and beta <= 1:
            finite = "beta is not above 1: the light is infinite"
        metrics |= {
            (f"fwhm_{wavelength}nm", "corrected"): fwhm,
            (f"beta_{wavelength}nm", "corrected"): beta,
            (f"ellipticity_{wavelength}nm", "corrected"): parameter("e"),
            (f"half_light_radius_{wavelength}nm", "corrected"): _of(
                half_light_radius, fwhm, finite
            ),
            (f"ee_500mas_{wavelength}nm", "corrected"): _of(
                encircled_energy, EE_RADIUS_ARCSEC, fwhm, finite
            ),
        }
    return metrics


def _of(function: Callable[..., float], *arguments: MetricValue) -> MetricValue:
    """Return what a function makes of known values, else the first reason."""
    reasons = [value for value in arguments if isinstance(value, str)]
    if reasons:
        return reasons[0]
    try:
        value = function(*arguments)
    except (ZeroDivisionError, OverflowError, ValueError):
        return "the formula has no value for these inputs"
    if isinstance(value, complex) or not math.isfinite(value):
        return "the formula has no value for these inputs"
    return value


def _known(row: Mapping[str, Any], column: str) -> MetricValue:
    value = row.get(column)
    return f"{column} is unknown" if value is None or math.isnan(value) else float(value)


def _mean(row: Mapping[str, Any], one: str, other: str) -> MetricValue:
    return _of(lambda a, b: (a + b) / 2, _known(row, one), _known(row, other))


def _degraded(row: Mapping[str, Any], unknown: float | None) -> MetricValue:
    states = [row.get(f"lgs{laser}_simulated") for laser in range(1, 5)]
    if any(states):
        return 1.0
    if None not in states:
        return 0.0
    return "the state of a laser is unknown" if unknown is None else unknown
