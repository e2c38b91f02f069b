"""The delivered point-spread function and how it changes with wavelength."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aomuse.simulate.atmosphere import Series
from aomuse.simulate.conditions import Conditions

FIRST_WAVELENGTH = 4.75e-7  # metres
STEP = 1.25e-10  # metres
NOTCH = (576.0, 605.0)  # nm, the filter that keeps the sodium light out
_WIDE_INSTRUMENT = 0.28  # arcsec, pixels and optics of the wide field
_MIRROR = 8.2  # metres


@dataclass(frozen=True)
class Profile:
    """A Moffat profile a layer: FWHM in pixels, exponent, ellipticity, angle in radians."""

    fwhm: Series
    beta: Series
    e: Series
    theta: Series


def wavelengths(layers: int) -> Series:
    """Return the wavelengths of a cube in nm; 3,681 layers reach from 475 to 935."""
    return np.asarray((FIRST_WAVELENGTH + np.arange(layers) * STEP) * 1e9, dtype=np.float64)


def in_notch(wavelength: Series, margin: float = 0.0) -> NDArray[np.bool_]:
    """Return whether the sodium notch filter, wider by a margin in nm, blocks each layer."""
    low, high = NOTCH
    return (wavelength > low - margin) & (wavelength < high + margin)


def profile(state: Conditions, wavelength: Series, rng: np.random.Generator) -> Profile:
    """Work out the PSF of an exposure at wavelengths in nm.

    Without correction the FWHM goes with wavelength^-0.2 (Roddier 1981); ground-layer correction
    steepens that and lowers beta towards the red, as MUSE-PSFR finds (Fusco et al. 2020, A&A
    635, A208). In the narrow field a diffraction-limited core lambda/D is broadened by residual
    jitter that shrinks towards the red.
    """
    relative = wavelength / 500.0
    unit = (wavelength - 700.0) / 230.0
    if state.exposure.narrow:
        diffraction = wavelength * 1e-9 / _MIRROR * 206265.0
        jitter = 0.058 * (float(state.seeing_on_target.mean()) / 0.7) ** 0.6 * relative**-0.55
        width = np.hypot(diffraction, jitter)
        beta = 2.15 + 0.12 * unit + rng.normal(0.0, 0.05)
    else:
        exponent = -0.2 - 0.35 * state.corrected_share
        width = np.hypot(state.image_quality * relative**exponent, _WIDE_INSTRUMENT)
        beta = 2.75 - (0.28 * unit + 0.3) * state.corrected_share / 0.5 + rng.normal(0.0, 0.04)
    e = 0.04 + 0.04 * rng.random() - 0.01 * unit
    theta = rng.uniform(-1.5, 1.5) + 0.1 * unit + 0.05 * unit**2
    return Profile(fwhm=width / state.exposure.pixel, beta=beta, e=e, theta=theta)
