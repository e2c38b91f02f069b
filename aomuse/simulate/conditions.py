"""What an exposure went through: pointing, weather and correction, minute by minute."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from aomuse.simulate import sky
from aomuse.simulate.atmosphere import Night, Series
from aomuse.simulate.plan import Exposure


@dataclass(frozen=True)
class Conditions:
    """The state of sky and correction during one exposure, at `times` where it is a series."""

    exposure: Exposure
    times: list[datetime]  # UTC, a minute apart from the start until the end is covered
    start: sky.Pointing
    end: sky.Pointing
    airmass: Series
    seeing: Series  # arcsec, at zenith
    ground_layer: Series  # share of all turbulence
    outer_scale: Series  # m
    coherence_time: Series  # s
    wind_speed: Series  # m/s
    wind_direction: Series  # degrees
    temperature: Series  # degrees Celsius
    humidity: Series  # per cent
    pressure: Series  # hPa
    vapour: Series  # mm

    @property
    def seeing_on_target(self) -> Series:
        """Seeing along the line of sight in arcsec, zenith seeing times airmass^0.6."""
        return np.asarray(self.seeing * self.airmass**0.6, dtype=np.float64)


def conditions(seed: int, exposure: Exposure) -> Conditions:
    """Read the night's curves for an exposure."""
    noon = (exposure.start - timedelta(hours=12)).replace(
        hour=12, minute=0, second=0, microsecond=0
    )
    minutes = int(np.ceil(exposure.slot.exptime / 60.0)) + 1
    times = [exposure.start + timedelta(minutes=i) for i in range(minutes)]
    target = exposure.slot.target
    return Conditions(
        exposure=exposure,
        times=times,
        start=sky.pointing(target.ra, target.dec, exposure.start),
        end=sky.pointing(target.ra, target.dec, exposure.end),
        airmass=np.array([sky.pointing(target.ra, target.dec, t).airmass for t in times]),
        **Night(seed, exposure.night, noon).weather(times),
    )
