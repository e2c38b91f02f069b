"""The stars of a field: positions, magnitudes and colours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aomuse.simulate.atmosphere import Series
from aomuse.simulate.plan import Exposure

FIELD = 300  # pixels on a side
#: PampelMuse's status of a source.
CLOSE, RESOLVED, PSF_STAR = 1, 2, 3
_BLENDED = 3.0  # pixels to a brighter star
_PHOTON = 1.986e-9  # erg nm, Planck's constant times the speed of light
_AREA = 4.85e5  # cm2, the collecting area of the telescope
_SKY = 20.9  # mag a square arcsec
# Wavelength in nm, depth and width in nm of H beta, Na D, H alpha and the calcium triplet.
_LINES = (
    (486.1, 0.3, 0.5),
    (589.3, 0.2, 0.4),
    (656.3, 0.35, 0.5),
    (849.8, 0.2, 0.3),
    (854.2, 0.4, 0.4),
    (866.2, 0.35, 0.4),
)
_READ_NOISE = 2.6  # electrons a pixel
_ZERO_POINT = 3.63e11  # 1e-20 erg/s/cm2/Angstrom at V = 0


@dataclass(frozen=True)
class Stars:
    """Stars in catalogue order: their numbers are neither consecutive nor sorted."""

    identifier: NDArray[np.int64]
    ra: Series  # degrees
    dec: Series
    x: Series  # pixels at the reference wavelength
    y: Series
    magnitude: Series  # V
    temperature: Series  # K

    def brightest(self, count: int) -> NDArray[np.intp]:
        """Return the places of the brightest stars, in catalogue order."""
        return np.sort(np.argsort(self.magnitude, kind="stable")[:count])

    def status(self, psf_stars: NDArray[np.intp]) -> NDArray[np.int32]:
        """Return PampelMuse's status of each: a PSF star, else resolved or beside a brighter one.

        PSF stars are given by their places.
        """
        away = np.hypot(self.x[:, None] - self.x, self.y[:, None] - self.y)
        brighter = self.magnitude[:, None] > self.magnitude
        blended = (brighter & (away < _BLENDED)).any(axis=1)
        status = np.where(blended, CLOSE, RESOLVED).astype(np.int32)
        status[psf_stars] = PSF_STAR
        return status


def draw_stars(exposure: Exposure, count: int, rng: np.random.Generator) -> Stars:
    """Draw stars that crowd towards the centre, each magnitude fainter holding more of them."""
    target = exposure.slot.target
    scale = exposure.pixel / 3600.0
    x, y = np.clip(rng.normal(FIELD / 2, FIELD / 5, (2, count)), 4.0, FIELD - 4.0)
    magnitude = target.brightest + 6.0 * rng.power(2.2, count)
    if count:
        magnitude[rng.integers(count)] = target.brightest
    return Stars(
        identifier=rng.choice(max(20 * count, 5000), count, replace=False) + 1,
        ra=target.ra - (x - FIELD / 2) * scale / np.cos(np.radians(target.dec)),
        dec=target.dec + (y - FIELD / 2) * scale,
        x=x,
        y=y,
        magnitude=magnitude,
        temperature=rng.uniform(4200.0, 8200.0, count),
    )


def spectrum(magnitude: float, temperature: float, wavelength: Series) -> Series:
    """Return the flux density of a star in 1e-20 erg/s/cm2/Angstrom at wavelengths in nm.

    It is a black body with the H beta, sodium, H alpha and calcium lines.
    """

    def planck(nanometres: Series) -> Series:
        return np.asarray(
            nanometres**-5 / np.expm1(1.4388e7 / (nanometres * temperature)), dtype=np.float64
        )

    scale = _ZERO_POINT * 10.0 ** (-0.4 * magnitude) / planck(np.array([551.0]))
    flux: Series = scale * planck(wavelength)
    for line, depth, width in _LINES:
        flux *= 1.0 - depth * np.exp(-0.5 * ((wavelength - line) / width) ** 2)
    return flux


def signal_to_noise(flux: Series, wavelength: Series, fwhm: Series, exposure: Exposure) -> Series:
    """Return the ratio of a star in each layer, from photon, sky and read noise within one FWHM.

    The flux is that of `spectrum`, the FWHM in pixels. The throughput peaks at 0.32 near 700 nm,
    as MUSE's does.
    """
    throughput = 0.32 * np.exp(-0.5 * ((wavelength - 700.0) / 160.0) ** 2)
    electrons = 1e-20 * 1.25 * wavelength / _PHOTON * _AREA * exposure.slot.exptime * throughput
    pixels = np.pi * fwhm**2
    sky = _ZERO_POINT * 10.0 ** (-0.4 * _SKY) * exposure.pixel**2 * pixels
    noise = np.sqrt((flux + sky) * electrons + pixels * _READ_NOISE**2)
    return np.asarray(flux * electrons / noise, dtype=np.float64)
