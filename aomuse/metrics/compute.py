"""All metrics of an exposure; a value or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from aomuse.metrics import atmosphere
from aomuse.metrics.compute_lasers import metrics_of_lasers
from aomuse.metrics.compute_sparta import (
    EARLIER,
    earlier_sparta_metrics,
    sample_means,
    sparta_metrics,
)
from aomuse.metrics.cuts import AIRMASS
from aomuse.metrics.lasers import LaserSamples
from aomuse.metrics.metric import CURRENT, LEGACY, SUPERSEDED, Metrics, MetricValue
from aomuse.metrics.values import in_range, known, of, within_domain


@dataclass(frozen=True)
class ExposureInputs:
    """What an exposure's metrics are made from; None and NaN are unknown.

    ``row`` has the columns of ``exposure``, ``sources`` is their number in its Moffat analysis,
    else in its first one. r0 and L0 are samples of all lasers, m; ``lasers`` has each one's.
    The share of the ground layer and the gain in FWHM belong to the same samples as r0.
    """

    row: Mapping[str, Any]
    sources: int | None
    r0_m: npt.NDArray[np.float64]
    l0_m: npt.NDArray[np.float64]
    lasers: Mapping[int, LaserSamples] = field(default_factory=dict)
    ground_layer: npt.NDArray[np.float64] | float = np.nan
    fwhm_gain: npt.NDArray[np.float64] | float = np.nan

    @property
    def exposure_time_s(self) -> float | None:
        """EXPTIME, s."""
        return self.row.get("exposure_time_s")

    @property
    def instrument_mode(self) -> str | None:
        """ESO INS MODE."""
        return self.row.get("instrument_mode")


def exposure_metrics(inputs: ExposureInputs) -> Metrics:
    """Return the metrics of an exposure by name and version."""
    row = inputs.row
    seeing = _mean(row, "seeing_start_arcsec", "seeing_end_arcsec")
    airmass = _mean(row, "airmass_start", "airmass_end")
    line_of_sight = of(atmosphere.seeing_in_line_of_sight, seeing, in_range(airmass, AIRMASS))
    tip_tilt = row.get("tip_tilt_loop")
    ttfree = "tip_tilt_loop is unknown" if tip_tilt is None else float(not tip_tilt)
    glf, flux = known(row, "ground_layer_fraction"), known(row, "ngs_flux")
    sources = "no analysis" if inputs.sources is None else float(inputs.sources)
    metrics: Metrics = {
        ("seeing", CURRENT): seeing,
        ("airmass", CURRENT): airmass,
        ("seeing_los", CURRENT): line_of_sight,
        ("tau0", CURRENT): known(row, "tau0_s"),
        ("glf", CURRENT): glf,
        ("ngs_flux", LEGACY): flux,
        ("ngs_flux", CURRENT): flux,
        ("num_sources", CURRENT): sources,
        ("ttfree", LEGACY): ttfree,
        ("ttfree", CURRENT): ttfree,
        ("degraded", LEGACY): _degraded(row, unknown=1.0),
        ("degraded", SUPERSEDED): _degraded(row, unknown=None),
        ("degraded", CURRENT): _degraded(row, unknown=None),
    }
    metrics |= metrics_of_lasers(inputs.lasers, inputs.exposure_time_s)
    gain = of(atmosphere.ao_gain, glf)
    for version in EARLIER:
        metrics |= earlier_sparta_metrics(inputs.r0_m, inputs.l0_m, version, gain, ttfree)
    metrics |= sparta_metrics(inputs.lasers, glf)
    beside = {"ground_layer": inputs.ground_layer, "fwhm_gain": inputs.fwhm_gain}
    shape = inputs.r0_m.shape
    metrics |= sample_means(
        inputs.r0_m, {name: np.broadcast_to(values, shape) for name, values in beside.items()}
    )
    return within_domain(metrics, inputs.instrument_mode)


def _mean(row: Mapping[str, Any], one: str, other: str) -> MetricValue:
    return of(lambda a, b: (a + b) / 2, known(row, one), known(row, other))


def _degraded(row: Mapping[str, Any], unknown: float | None) -> MetricValue:
    states = [row.get(f"lgs{laser}_simulated") for laser in range(1, 5)]
    if any(states):
        return 1.0
    if None not in states:
        return 0.0
    return "the state of a laser is unknown" if unknown is None else unknown
