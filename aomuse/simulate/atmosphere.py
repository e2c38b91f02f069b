"""The air above the telescope: curves of seeing, layers and weather through a night."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from aomuse.simulate.random_streams import Stream, generator

Series = NDArray[np.float64]

SEEING_WAVELENGTH = 500e-9  # metres
MIRROR = 8.2  # metres
_ARCSEC = 180.0 * 3600.0 / np.pi
_PERIODS = np.array([11.0, 3.1, 0.9, 0.23])  # hours
_WEIGHTS = np.array([0.8, 0.5, 0.25, 0.15])


def fried_parameter(seeing: Series) -> Series:
    """Convert seeing (FWHM at 500 nm in arcsec) to r0 in metres.

    It is 0.976 lambda / FWHM (Roddier 1981, Progress in Optics 19, 281).
    """
    return np.asarray(0.976 * SEEING_WAVELENGTH * _ARCSEC / seeing, dtype=np.float64)


def turbulence(r0: Series) -> Series:
    """Convert r0 at 500 nm in metres to the integral of Cn2 in m^(1/3).

    It is r0^(-5/3) / (0.423 k^2) (Fried 1966, JOSA 56, 1372).
    """
    wavenumber = 2.0 * np.pi / SEEING_WAVELENGTH
    return np.asarray(r0 ** (-5.0 / 3.0) / (0.423 * wavenumber**2), dtype=np.float64)


def outer_scale_factor(r0: Series, outer_scale: float) -> Series:
    """Return the factor by which a finite outer scale sharpens the FWHM of long exposures.

    Both lengths are in metres (Tokovinin 2002, PASP 114, 1156, eq. 19; for the diameter of the
    telescope Martinez, Kolb, Sarazin and Tokovinin 2010, Messenger 141, 5).
    """
    telescope = 1.0 / (1.0 + 300.0 * MIRROR / outer_scale) - 1.0
    inside = 1.0 + telescope * 2.183 * (r0 / outer_scale) ** 0.356
    return np.asarray(np.sqrt(np.maximum(inside, 0.05)), dtype=np.float64)


def image_quality(seeing: float, outer_scale: float, wavelength: Series) -> Series:
    """Return the FWHM in arcsec of a long exposure without correction at wavelengths in nm.

    Seeing is the FWHM at 500 nm with an infinite outer scale, along the line of sight.
    """
    relative = wavelength * 1e-9 / SEEING_WAVELENGTH
    r0 = fried_parameter(np.array([seeing])) * relative**1.2
    return seeing * relative**-0.2 * outer_scale_factor(r0, outer_scale)


@dataclass(frozen=True)
class Curve:
    """A smooth random curve through a night: sine waves of different periods around a mean."""

    mean: float
    scatter: float
    phases: Series
    weights: Series

    def __call__(self, hours: Series) -> Series:
        """Return the values at hours since the evening's noon."""
        waves = np.sin(2.0 * np.pi * hours[:, None] / _PERIODS + self.phases)
        return np.asarray(self.mean + self.scatter * (waves @ self.weights), dtype=np.float64)


class Night:
    """The weather of one night; its curves start at noon (UTC) before it."""

    def __init__(self, seed: int, night: int, noon: datetime) -> None:
        rng = generator(seed, night, Stream.WEATHER)

        def curve(mean: float, scatter: float) -> Curve:
            phases = rng.uniform(0, 2 * np.pi, 4)
            return Curve(mean, scatter, phases, _WEIGHTS * rng.normal(1.0, 0.2, 4))

        self.noon = noon
        self._seeing = curve(rng.normal(np.log(0.72), 0.12), 0.22)
        self._ground = curve(rng.normal(0.62, 0.05), 0.13)
        self._outer_scale = curve(np.log(rng.uniform(14.0, 26.0)), 0.25)
        self._high_wind = curve(rng.uniform(9.0, 18.0), 2.5)
        self._wind_speed = curve(rng.uniform(3.5, 8.0), 1.2)
        self._wind_direction = curve(rng.uniform(300.0, 400.0), 18.0)
        self._temperature = curve(rng.uniform(10.0, 13.5), 0.6)
        self._humidity = curve(rng.uniform(8.0, 25.0), 3.0)
        self._pressure = curve(rng.uniform(742.0, 746.0), 0.4)
        self._vapour = curve(rng.uniform(1.2, 4.0), 0.3)

    def weather(self, times: list[datetime]) -> dict[str, Series]:
        """Read all curves, by the names and in the units of `Conditions`.

        The seeing is log-normal, tau0 is 0.314 r0 over the wind speed of the layers (Roddier
        1981), and the temperature falls through the night.
        """
        hours = np.array([(time - self.noon).total_seconds() / 3600.0 for time in times])
        seeing = np.exp(self._seeing(hours))
        wind = np.clip(self._high_wind(hours), 4.0, 40.0)
        return {
            "seeing": seeing,
            "ground_layer": np.clip(self._ground(hours), 0.15, 0.95),
            "outer_scale": np.clip(np.exp(self._outer_scale(hours)), 6.0, 60.0),
            "coherence_time": 0.314 * fried_parameter(seeing) / wind,
            "wind_speed": np.clip(self._wind_speed(hours), 0.3, None),
            "wind_direction": self._wind_direction(hours) % 360.0,
            "temperature": self._temperature(hours) - 0.15 * (hours - 12.0),
            "humidity": np.clip(self._humidity(hours), 2.0, 80.0),
            "pressure": self._pressure(hours),
            "vapour": np.clip(self._vapour(hours), 0.3, None),
        }
