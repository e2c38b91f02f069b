"""The image quality that SPARTA's telemetry predicts, in all versions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aomuse.metrics import atmosphere
from aomuse.metrics.compute_lasers import NO_TABLE
from aomuse.metrics.cuts import GLF, L0, MUSE_WAVELENGTH, R0
from aomuse.metrics.lasers import Floats, LaserSamples, UsedSamples, median_absolute_deviation
from aomuse.metrics.metric import (
    CURRENT,
    LEGACY,
    SUPERSEDED,
    WAVELENGTHS_NM,
    Metrics,
    MetricValue,
)
from aomuse.metrics.values import in_range, of
from aomuse.metrics.wavelength import REFERENCE_NM, muse_fwhm, natural_image_quality

#: The image quality over the gain of the adaptive optics, and without that gain.
WITH_GAIN, NO_GAIN = "sparta_iq_los_500nm", "sparta_iq_los_500nm_nogain"


def sparta_metrics(lasers: Mapping[int, LaserSamples], glf: MetricValue) -> Metrics:
    """Return the current metrics of SPARTA's r0 and L0, and of the image quality by them."""
    columns = {
        name: np.concatenate([np.empty(0), *(getattr(each, name) for each in lasers.values())])
        for name in ("r0_m", "l0_m")
    }
    on = np.concatenate([np.empty(0, np.bool_), *(each.is_on for each in lasers.values())])
    chosen = UsedSamples.of(on, (columns["r0_m"], R0), (columns["l0_m"], L0))
    no_table = None if lasers else NO_TABLE
    why = no_table or ("no laser is on" if not on.any() else f"no sample has {R0} and {L0}")
    metrics: Metrics = {
        ("sparta_samples_used", CURRENT): no_table or float(chosen.used),
        ("sparta_samples_rejected", CURRENT): no_table or float(chosen.rejected),
    }
    for name, values in (("r0", columns["r0_m"]), ("l0", columns["l0_m"])):
        used = values[chosen.is_used]
        metrics |= {
            (f"sparta_{name}_mean", CURRENT): float(used.mean()) if len(used) else why,
            (f"sparta_{name}_median", CURRENT): float(np.median(used)) if len(used) else why,
            (f"sparta_{name}_mad", CURRENT): median_absolute_deviation(used) if len(used) else why,
        }
    metrics[WITH_GAIN, CURRENT] = _natural(metrics, REFERENCE_NM, ao_gain(glf))
    metrics[NO_GAIN, CURRENT] = _natural(metrics, REFERENCE_NM, 1.0)
    for nm in WAVELENGTHS_NM:
        metrics[f"iq_los_{nm}nm", CURRENT] = predicted_quality(metrics, nm, ao_gain(glf))
    return metrics


def sample_means(r0: Floats, others: Mapping[str, Floats]) -> Metrics:
    """Return the means of what SPARTA reports beside r0, of samples of all lasers, m.

    A sample counts where r0 and the value are above 0: a laser that is off reports zeros.
    """
    metrics: Metrics = {}
    for name, values in others.items():
        used = values[(r0 > 0) & (values > 0)]
        why = f"no sample has r0 and {name.replace('_', ' ')} above 0" if len(r0) else NO_TABLE
        metrics[f"sparta_{name}_mean", CURRENT] = float(used.mean()) if len(used) else why
    return metrics


def ao_gain(glf: MetricValue) -> MetricValue:
    """Return the gain of the ground-layer correction, or why there is none."""
    return of(atmosphere.ao_gain, in_range(glf, GLF))


def predicted_quality(metrics: Metrics, wavelength_nm: float, gain: MetricValue) -> MetricValue:
    """Return the image quality at a wavelength with MUSE's own share, arcsec."""
    wavelength = in_range(float(wavelength_nm), MUSE_WAVELENGTH)
    natural = _natural(metrics, wavelength_nm, gain)
    return of(lambda iq, nm: float(np.hypot(iq, muse_fwhm(nm))), natural, wavelength)


def _natural(metrics: Metrics, wavelength_nm: float, gain: MetricValue) -> MetricValue:
    return of(
        lambda r0, l0, gain: float(natural_image_quality(r0, l0, wavelength_nm)) / gain,
        metrics["sparta_r0_mean", CURRENT],
        metrics["sparta_l0_mean", CURRENT],
        gain,
    )


def earlier_sparta_metrics(
    r0: Floats, l0: Floats, version: str, gain: MetricValue, ttfree: MetricValue
) -> Metrics:
    """Return the image quality in a version that is not current, of samples of all lasers, m."""
    legacy = version == LEGACY
    known = np.isfinite(r0) & np.isfinite(l0)
    if not legacy:
        known &= (r0 > 0) & (l0 > 0)
    r0_mean: MetricValue = float(r0[known].mean()) if known.any() else "no laser has r0 and L0"
    l0_mean: MetricValue = float(l0[known].mean()) if known.any() else "no laser has r0 and L0"
    if not len(r0):
        r0_mean = NO_TABLE
    elif legacy and ttfree != 1.0:
        r0_mean = ttfree if isinstance(ttfree, str) else "the tip-tilt loop is closed"
    elif (
        not isinstance(r0_mean, str) and not isinstance(l0_mean, str) and min(r0_mean, l0_mean) <= 0
    ):
        r0_mean = "the mean of r0 or L0 is not positive"

    def quality(r0_m: float, l0_m: float, gain: float) -> float:
        return atmosphere.image_quality(r0_m, l0_m, gain, legacy=legacy)

    metrics: Metrics = {
        (WITH_GAIN, version): of(quality, r0_mean, l0_mean, gain),
        (NO_GAIN, version): of(quality, r0_mean, l0_mean, 1.0),
    }
    for nm in WAVELENGTHS_NM:
        metrics[f"iq_los_{nm}nm", version] = earlier_quality(
            metrics[WITH_GAIN, version], nm, version
        )
    return metrics


def earlier_quality(iq: MetricValue, wavelength_nm: float, version: str) -> MetricValue:
    """Return the image quality at a wavelength with MUSE's share in a version before, arcsec."""
    return of(
        lambda value: atmosphere.image_quality_with_muse(
            value, wavelength_nm, legacy=version == LEGACY
        ),
        iq,
    )


EARLIER = (LEGACY, SUPERSEDED)
