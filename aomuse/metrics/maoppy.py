"""The light within the PSF of the MAOPPY model (Fétick et al. 2019, A&A 628, A99).

The phase that adaptive optics leaves has the spectrum (rad^2 m^2 at spatial frequency f, 1/m)

- C + A M(f) within the corrected frequencies, where M is a Moffat function with integral 1 there,
- 0.0229 r0^(-5/3) f^(-11/3) beyond them,

and the PSF's transfer function is that of the telescope times exp(B(rho) - B(0)), with B the
transform of the spectrum. It is made here for circular PSFs: an elongated core is replaced by a
circular one of the same area. Pixels are not in it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from aomuse.metrics.bessel import Floats, bessel_j1, one_minus_j0

#: MUSE's narrow field as the package maoppy has it: diameter of the pupil, m, its obstruction, and
#: actuators across it, which give the highest frequency that is corrected, 1/m.
DIAMETER_M, OBSTRUCTION, ACTUATORS = 8.0, 0.14, 34
CUTOFF = (ACTUATORS - 1) / (2 * DIAMETER_M)

#: The spectrum of Kolmogorov turbulence of r0 = 1 m at 1/m, and up to which multiple of the cutoff
#: it is integrated by numbers.
_SPECTRUM, _FARTHEST = 0.0229, 40.0

_FREQUENCIES, _BASELINES, _RADII = 256, 512, 160
#: Largest radius over the wavelength, 1/m: 1.03 arcsec at 500 nm, 1.86 arcsec at 900 nm.
_WIDEST = 10.0


class MaoppyProfile(NamedTuple):
    """Parameters of the model at one wavelength."""

    #: Fried parameter at that wavelength, m.
    r0: float
    #: Background of the corrected spectrum C, rad^2 m^2.
    bck: float
    #: Variance of the Moffat function A, rad^2.
    amp: float
    #: Its width, 1/m, and exponent.
    alpha: float
    beta: float


class Light(NamedTuple):
    """How the light of a PSF is spread."""

    #: Share within the radius asked for, 0 to 1.
    encircled_energy: float
    half_light_radius_arcsec: float


class _Grid(NamedTuple):
    """What does not depend on the parameters."""

    f: Floats
    f_df: Floats
    rho: Floats
    telescope: Floats
    one_minus_j0: Floats
    #: What the frequencies beyond the cutoff add to B(0) - B(rho), of r0 = 1 m.
    halo: Floats
    radii: Floats
    energy: Floats


def light(profile: MaoppyProfile, wavelength_nm: float, radius_arcsec: float) -> Light:
    """Return the share of the light within a radius, and the radius that holds half of it.

    NaN beyond 1 arcsec at 500 nm, which grows with the wavelength.
    """
    grid = _grid()
    energy = grid.energy @ transfer_function(profile)[1]
    arcsec = np.pi / (180 * 3600) / (wavelength_nm * 1e-9)
    scaled = radius_arcsec * arcsec
    within = np.interp(scaled, grid.radii, energy) if scaled <= _WIDEST else np.nan
    if energy[-1] < 0.5:
        return Light(float(within), np.nan)
    beyond = int(np.argmax(energy >= 0.5))
    part = slice(max(0, beyond - 1), beyond + 1)
    return Light(float(within), float(np.interp(0.5, energy[part], grid.radii[part])) / arcsec)


def transfer_function(profile: MaoppyProfile) -> tuple[Floats, Floats]:
    """Return baselines, m, and the transfer function of telescope and atmosphere there."""
    grid = _grid()
    r0, bck, amp, alpha, beta = profile
    whole = 1 - (1 + (CUTOFF / alpha) ** 2) ** (1 - beta)
    moffat = (beta - 1) / (np.pi * alpha**2) / whole * (1 + (grid.f / alpha) ** 2) ** -beta
    core = 2 * np.pi * (grid.one_minus_j0 @ ((bck + amp * moffat) * grid.f_df))
    return grid.rho, grid.telescope * np.exp(-core - grid.halo * r0 ** (-5 / 3))


@lru_cache(maxsize=1)
def _grid() -> _Grid:
    # Cubes bring the frequencies close to 0, where the spectrum is steep.
    u = (np.arange(_FREQUENCIES) + 0.5) / _FREQUENCIES
    f = CUTOFF * u**3
    f_df = f * CUTOFF * 3 * u**2 / _FREQUENCIES
    # And short baselines close together: there the halo's transfer function falls.
    v = (np.arange(_BASELINES) + 0.5) / _BASELINES
    rho = DIAMETER_M * v**1.5
    d_rho = DIAMETER_M * 1.5 * v**0.5 / _BASELINES
    radii = np.linspace(0, _WIDEST**0.5, _RADII) ** 2
    j1 = bessel_j1(2 * np.pi * radii[:, None] * rho)
    return _Grid(
        f,
        f_df,
        rho,
        _telescope(rho),
        one_minus_j0(2 * np.pi * rho[:, None] * f),
        _halo(rho),
        radii,
        2 * np.pi * radii[:, None] * j1 * d_rho,
    )


def _halo(rho: Floats) -> Floats:
    steps = 4 * _FREQUENCIES
    f = CUTOFF * _FARTHEST ** ((np.arange(steps) + 0.5) / steps)
    weights = f ** (-5 / 3) * np.log(_FARTHEST) / steps
    beyond = 3 / 5 * (CUTOFF * _FARTHEST) ** (-5 / 3)
    within = one_minus_j0(2 * np.pi * rho[:, None] * f) @ weights
    return np.asarray(2 * np.pi * _SPECTRUM * (within + beyond))


def _telescope(rho: Floats) -> Floats:
    """Return the transfer function of a round pupil with a round obstruction."""
    outer, inner = DIAMETER_M / 2, OBSTRUCTION * DIAMETER_M / 2
    common = _overlap(outer, outer, rho) + _overlap(inner, inner, rho)
    return (common - 2 * _overlap(outer, inner, rho)) / (np.pi * (outer**2 - inner**2))


def _overlap(large: float, small: float, apart: Floats) -> Floats:
    """Return the area that two circles have in common."""
    d = np.clip(apart, max(large - small, 1e-12), large + small)
    one = np.arccos(np.clip((d**2 + large**2 - small**2) / (2 * d * large), -1, 1))
    other = np.arccos(np.clip((d**2 + small**2 - large**2) / (2 * d * small), -1, 1))
    return np.asarray(
        large**2 * (one - np.sin(2 * one) / 2) + small**2 * (other - np.sin(2 * other) / 2)
    )
