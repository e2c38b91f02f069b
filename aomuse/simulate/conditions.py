"""What an exposure went through: pointing, weather and correction, minute by minute."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np

from aomuse.simulate import sky
from aomuse.simulate.atmosphere import Night, Series, fried_parameter, outer_scale_factor
from aomuse.simulate.plan import Exposure

GROUND_LAYER_CORRECTION = 0.8  # share of the ground layer that four lasers take out


@dataclass(frozen=True)
class Conditions:
    """The state of sky and correction during one exposure.

    Attributes
    ----------
    exposure : Exposure
        The exposure.
    times : list of datetime
        A time a minute from the start on, the last at or just after the end, UTC.
    start, end : Pointing
        Where the target stands at both ends.
    airmass : ndarray
        Airmass at `times`.
    seeing, ground_layer, outer_scale, coherence_time : ndarray
        Zenith seeing in arcsec, ground-layer fraction, outer scale in m, tau0 in s at `times`.
    wind_speed, wind_direction, temperature, humidity, pressure, vapour : ndarray
        Weather at `times` in m/s, degrees, degrees Celsius, per cent, hPa and mm.
    """

    exposure: Exposure
    times: list[datetime]
    start: sky.Pointing
    end: sky.Pointing
    airmass: Series
    seeing: Series
    ground_layer: Series
    outer_scale: Series
    coherence_time: Series
    wind_speed: Series
    wind_direction: Series
    temperature: Series
    humidity: Series
    pressure: Series
    vapour: Series

    @property
    def seeing_on_target(self) -> Series:
        """Seeing along the line of sight in arcsec, zenith seeing times airmass^0.6."""
        return np.asarray(self.seeing * self.airmass**0.6, dtype=np.float64)

    @property
    def corrected_share(self) -> float:
        """Share of all turbulence that adaptive optics takes out in the wide field."""
        lasers = len(self.exposure.slot.lasers)
        return GROUND_LAYER_CORRECTION * lasers / 4.0 * float(self.ground_layer.mean())

    @property
    def image_quality(self) -> float:
        """FWHM of a long wide-field exposure at 500 nm in arcsec, before the instrument.

        FWHM goes with the 3/5 power of the turbulence that is left (Roddier 1981), times the
        outer-scale factor.
        """
        seeing = self.seeing_on_target
        outer = outer_scale_factor(
            float(fried_parameter(seeing).mean()), float(self.outer_scale.mean())
        )
        return float(seeing.mean() * outer * (1.0 - self.corrected_share) ** 0.6)


def conditions(seed: int, exposure: Exposure) -> Conditions:
    """Read the night's curves for an exposure.

    Parameters
    ----------
    seed : int
        Seed of the tree.
    exposure : Exposure
        The exposure.

    Returns
    -------
    Conditions
        Pointing and weather at whole minutes from the start until the end is covered.
    """
    noon = (exposure.start - timedelta(hours=12)).replace(
        hour=12, minute=0, second=0, microsecond=0
    )
    night = _night(seed, exposure.night, noon)
    minutes = int(np.ceil(exposure.slot.exptime / 60.0)) + 1
    times = [exposure.start + timedelta(minutes=i) for i in range(minutes)]
    target = exposure.slot.target
    return Conditions(
        exposure=exposure,
        times=times,
        start=sky.pointing(target.ra, target.dec, exposure.start),
        end=sky.pointing(target.ra, target.dec, exposure.end),
        airmass=np.array([sky.pointing(target.ra, target.dec, t).airmass for t in times]),
        **night.weather(night.hours(times)),
    )


@lru_cache(maxsize=8)
def _night(seed: int, night: int, noon: datetime) -> Night:
    return Night(seed, night, noon)
