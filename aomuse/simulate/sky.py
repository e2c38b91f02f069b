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
    """Where a target stands.

    Attributes
    ----------
    altitude, azimuth : float
        Degrees; the azimuth from south over west, as the telescope counts it.
    parallactic : float
        Parallactic angle in degrees.
    airmass : float
        Secant of the zenith distance.
    """

    altitude: float
    azimuth: float
    parallactic: float
    airmass: float


def mjd(time: datetime) -> float:
    """Convert UTC to the modified Julian date.

    Parameters
    ----------
    time : datetime
        UTC.

    Returns
    -------
    float
        Days, to the 0.9 milliseconds that eight decimals give.
    """
    return round((time - datetime(1858, 11, 17)).total_seconds() / 86400.0, 8)


def sidereal_time(time: datetime) -> float:
    """Work out the local mean sidereal time.

    Parameters
    ----------
    time : datetime
        UTC, taken for UT1.

    Returns
    -------
    float
        Degrees, 0 to 360 (Meeus 1998, Astronomical Algorithms, eq. 12.4, linear terms).
    """
    days = mjd(time) - 51544.5
    return (280.46061837 + 360.98564736629 * days + LONGITUDE) % 360.0


def pointing(ra: float, dec: float, time: datetime) -> Pointing:
    """Work out where a target stands.

    Parameters
    ----------
    ra, dec : float
        Coordinates in degrees.
    time : datetime
        UTC.

    Returns
    -------
    Pointing
        Altitude, azimuth, parallactic angle and airmass, without precession and refraction.
    """
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


def refraction(
    wavelength: NDArray[np.float64], airmass: float, reference: float = 700.0
) -> NDArray[np.float64]:
    """Work out differential refraction along the parallactic direction.

    Parameters
    ----------
    wavelength : ndarray
        Wavelengths in nm.
    airmass : float
        Secant of the zenith distance.
    reference : float, optional
        Wavelength without a shift, in nm.

    Returns
    -------
    ndarray
        Shift towards the zenith in arcsec, as `wavelength` (Filippenko 1982, PASP 94, 715, with
        Edlen's 1953 index at the pressure of the site).
    """

    def index(nanometres: NDArray[np.float64]) -> NDArray[np.float64]:
        squared = (1e3 / nanometres) ** 2
        sea_level = 64.328 + 29498.1 / (146.0 - squared) + 255.4 / (41.0 - squared)
        return sea_level * 1e-6 * 0.745

    tangent = np.sqrt(airmass**2 - 1.0)
    return np.asarray(
        206265.0 * tangent * (index(wavelength) - index(np.array([reference]))), dtype=np.float64
    )


def sexagesimal(value: float, digits: int = 3) -> float:
    """Pack an angle into the hhmmss.sss or ddmmss.sss number of the telescope's headers.

    Parameters
    ----------
    value : float
        Hours or degrees.
    digits : int, optional
        Decimals of the seconds.

    Returns
    -------
    float
        For example -530027.48 for -53 degrees 0 minutes 27.48 seconds.
    """
    sign = -1.0 if value < 0 else 1.0
    minutes, seconds = divmod(round(abs(value) * 3600.0, digits), 60.0)
    degrees, minutes = divmod(minutes, 60.0)
    return sign * round(degrees * 10000.0 + minutes * 100.0 + seconds, digits)
