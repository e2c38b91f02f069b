"""What a Moffat profile says about the light it holds."""

from __future__ import annotations

import math


def moffat_alpha(fwhm: float, beta: float) -> float:
    """Return the scale of a Moffat profile, in the unit of its FWHM.

    Parameters
    ----------
    fwhm : float
        Full width at half maximum.
    beta : float
        Exponent, greater than 0.

    Returns
    -------
    float
        alpha of (1 + (r / alpha)^2)^-beta.
    """
    return fwhm / (2 * math.sqrt(2 ** (1 / beta) - 1))


def encircled_energy(radius: float, fwhm: float, beta: float) -> float:
    """Return the share of a Moffat profile's light within a radius.

    Parameters
    ----------
    radius, fwhm : float
        In the same unit.
    beta : float
        Exponent, greater than 1: else the light is infinite.

    Returns
    -------
    float
        0 to 1.
    """
    alpha = moffat_alpha(fwhm, beta)
    return float(1 - (1 + (radius / alpha) ** 2) ** (1 - beta))


def half_light_radius(fwhm: float, beta: float) -> float:
    """Return the radius that holds half of a Moffat profile's light, in the unit of its FWHM.

    Parameters
    ----------
    fwhm : float
        Full width at half maximum.
    beta : float
        Exponent, greater than 1: else the light is infinite.

    Returns
    -------
    float
        The radius: `encircled_energy` solved for 0.5.
    """
    return float(moffat_alpha(fwhm, beta) * math.sqrt(0.5 ** (1 / (1 - beta)) - 1))
