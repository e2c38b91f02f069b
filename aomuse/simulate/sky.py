"""Times and angles: what the telescope sees of a target."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

LATITUDE = -24.6270  # degrees, Paranal UT4
LONGITUDE = -70.4040  # degrees, east positive


@dataclass(frozen=True)
class Pointing:
    """Where a target stands, in degrees; the azimuth goes from south over west."""

    altitude: float
    azimuth: float
    parallactic: float
    airmass: float


def mjd(time: datetime) -> float:
    """Convert UTC to the modified Julian date, to the 0.9 ms that eight decimals give."""
    return round((time - datetime(1858, 11, 17)).total_seconds() / 86400.0, 8)


def sidereal_time(time: datetime) -> float:
    """Return the local mean sidereal time in degrees, with UTC taken for UT1.

    Linear terms of Meeus 1998, Astronomical Algorithms, eq. 12.4.
    """
    days = mjd(time) - 51544.5
    return (280.46061837 + 360.98564736629 * days + LONGITUDE) % 360.0


def pointing(ra: float, dec: float, time: datetime) -> Pointing:
    """Work out where a target (degrees) stands at UTC, without precession and refraction."""
    hour = np.radians(sidereal_time(time) - ra)
    phi, delta = np.radians(LATITUDE), np.radians(dec)
    sine = np.sin(phi) * np.sin(delta) + np.cos(phi) * np.cos(delta) * np.cos(hour)
    azimuth = np.arctan2(np.sin(hour), np.cos(hour) * np.sin(phi) - np.tan(delta) * np.cos(phi))
    parallactic = np.arctan2(
        np.sin(hour), np.tan(phi) * np.cos(delta) - np.sin(delta) * np.cos(hour)
    )
    return Pointing(
        altitude=float(np.degrees(np.arcsin(sine))),
        azimuth=float(np.degrees(azimuth) % 360.0),
        parallactic=float(np.degrees(parallactic)),
        airmass=float(1.0 / max(sine, 0.2)),
    )


def refraction(wavelength: NDArray[np.float64], airmass: float) -> NDArray[np.float64]:
    """Return the shift towards the zenith in arcsec, against 700 nm, at wavelengths in nm.

    Filippenko 1982, PASP 94, 715, with Edlen's 1953 index at the pressure of the site.
    """

    def index(nanometres: NDArray[np.float64]) -> NDArray[np.float64]:
        squared = (1e3 / nanometres) ** 2
        sea_level = 64.328 + 29498.1 / (146.0 - squared) + 255.4 / (41.0 - squared)
        return sea_level * 1e-6 * 0.745

    tangent = np.sqrt(airmass**2 - 1.0)
    return np.asarray(
        206265.0 * tangent * (index(wavelength) - index(np.array([700.0]))), dtype=np.float64
    )


def sexagesimal(value: float) -> float:
    """Pack hours or degrees into the hhmmss.sss or ddmmss.sss number of the headers."""
    sign = -1.0 if value < 0 else 1.0
    minutes, seconds = divmod(round(abs(value) * 3600.0, 3), 60.0)
    degrees, minutes = divmod(minutes, 60.0)
    return sign * round(degrees * 10000.0 + minutes * 100.0 + seconds, 3)
