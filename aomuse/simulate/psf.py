"""The delivered point-spread function and how it changes with wavelength."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aomuse.simulate.atmosphere import Series
from aomuse.simulate.conditions import Conditions
from aomuse.simulate.narrow_field import narrow_field
from aomuse.simulate.wide_field import wide_field

FIRST_WAVELENGTH = 4.75e-7  # metres
STEP = 1.25e-10  # metres
#: The filter that keeps the sodium light out, nm, by mode (ESO's MUSE pipeline).
NOTCHES = {
    "WFM-AO-N": (580.5, 596.6),
    "WFM-AO-E": (575.5, 600.8),
    "NFM-AO-N": (578.0, 605.0),
}


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


def in_notch(wavelength: Series, mode: str, margin: float = 0.0) -> NDArray[np.bool_]:
    """Return whether a mode's sodium notch filter, wider by a margin in nm, blocks each layer."""
    low, high = NOTCHES.get(mode, (np.inf, -np.inf))
    return (wavelength > low - margin) & (wavelength < high + margin)


def profile(state: Conditions, wavelength: Series, rng: np.random.Generator) -> Profile:
    """Work out the PSF of an exposure at wavelengths in nm."""
    unit = (wavelength - 700.0) / 230.0
    model = narrow_field if state.exposure.narrow else wide_field
    fwhm, beta = model(state, wavelength)
    if not state.exposure.narrow:
        beta = beta + rng.normal(0.0, 0.04)
    e = 0.04 + 0.04 * rng.random() - 0.01 * unit
    theta = rng.uniform(-1.5, 1.5) + 0.1 * unit + 0.05 * unit**2
    return Profile(fwhm=fwhm / state.exposure.pixel, beta=beta, e=e, theta=theta)
