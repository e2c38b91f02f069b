"""What SPARTA reported of one laser guide star, in one number each."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

#: A longer interval, in median ones, is a gap.
GAP_INTERVALS = 1.5


@dataclass(frozen=True)
class LaserSamples:
    """The samples of one laser, in the order of the table; NaN is unknown.

    Seconds since the start of the exposure, r0 and L0 in m, seeing in arcsec, Strehl ratio in %.
    """

    seconds: Floats
    r0_m: Floats
    l0_m: Floats
    seeing_arcsec: Floats
    strehl: Floats

    @property
    def is_on(self) -> Flags:
        """Samples at which the laser is on: one that is off reports zeros."""
        return np.isfinite(self.r0_m) & (self.r0_m > 0)


def shutter_open(seconds: Floats, exposure_time_s: float) -> Flags:
    """Return which times, s since DATE-OBS, the shutter was open, to the millisecond."""
    rounded = np.round(seconds, 3)
    return np.asarray((rounded >= 0) & (rounded <= exposure_time_s))


def usable(values: Floats, on: Flags) -> Floats:
    """Return the values that were measured: none of the quantities can be 0."""
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
