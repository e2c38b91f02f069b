"""What SPARTA reported of one laser guide star: when it was on, and what it measured."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aomuse.metrics.domain import Range

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

#: A longer interval, in median ones, is a gap.
GAP_INTERVALS = 1.5


@dataclass(frozen=True)
class LaserSamples:
    """The samples of one laser, in the order of the table; NaN is unknown.

    Seconds since the start of the exposure, r0 and L0 in m, seeing in arcsec, Strehl ratio in %,
    share of the turbulence at the ground.
    """

    seconds: Floats
    r0_m: Floats
    l0_m: Floats
    seeing_arcsec: Floats
    strehl: Floats
    ground_layer: Floats

    @property
    def has_r0(self) -> Flags:
        """Samples with r0 > 0, at which the laser counted as on before."""
        return np.isfinite(self.r0_m) & (self.r0_m > 0)

    @property
    def is_on(self) -> Flags:
        """Samples at which the laser is on: one that is off reports zeros.

        Like muse-psfr, by the share of the ground layer; by r0 where that is unknown.
        """
        return np.where(np.isfinite(self.ground_layer), self.ground_layer > 0, self.has_r0)

    @property
    def is_known(self) -> bool:
        """Whether a sample says if the laser is on."""
        return bool(np.isfinite(self.ground_layer).any() or np.isfinite(self.r0_m).any())


@dataclass(frozen=True)
class UsedSamples:
    """Which samples of lasers that are on have their values in the ranges."""

    is_used: Flags
    rejected: int

    @classmethod
    def of(cls, on: Flags, *quantities: tuple[Floats, Range]) -> UsedSamples:
        """Return the samples that are used of those with the laser on."""
        used = on.copy()
        for values, limits in quantities:
            used &= limits.holds(values)
        return cls(used, int(on.sum() - used.sum()))

    @property
    def used(self) -> int:
        """Number of samples used."""
        return int(self.is_used.sum())


def median_absolute_deviation(values: Floats) -> float:
    """Return the median distance from the median: 0.6745 standard deviations of a normal one."""
    return float(np.median(np.abs(values - np.median(values))))


def shutter_open(seconds: Floats, exposure_time_s: float) -> Flags:
    """Return which times, s since DATE-OBS, the shutter was open, to the millisecond."""
    rounded = np.round(seconds, 3)
    return np.asarray((rounded >= 0) & (rounded <= exposure_time_s))


def positive(values: Floats, on: Flags) -> Floats:
    """Return the values above 0 with the laser on, which all counted as measured before."""
    return values[on & np.isfinite(values) & (values > 0)]


def gaps(seconds: Floats, on: Flags) -> tuple[int, float]:
    """Return the gaps in a laser's telemetry, and the longest interval without it, s.

    A gap is longer than 1.5 times the median interval of all samples; without two samples of a
    laser that is on, the interval is NaN.
    """
    known = np.isfinite(seconds)
    every = np.diff(np.sort(seconds[known]))
    between = np.diff(np.sort(seconds[known & on]))
    if not len(between):
        return 0, math.nan
    return int(np.sum(between > GAP_INTERVALS * np.median(every))), float(between.max())
