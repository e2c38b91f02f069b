"""The light within a Moffat profile; lengths in the unit of its FWHM."""

from __future__ import annotations

import math


def moffat_alpha(fwhm: float, beta: float) -> float:
    """Return alpha of (1 + (r / alpha)^2)^-beta."""
    return fwhm / (2 * math.sqrt(2 ** (1 / beta) - 1))


def encircled_energy(radius: float, fwhm: float, beta: float) -> float:
    """Return the share of the light within a radius, 0 to 1; beta must be above 1."""
    alpha = moffat_alpha(fwhm, beta)
    return float(1 - (1 + (radius / alpha) ** 2) ** (1 - beta))


def half_light_radius(fwhm: float, beta: float) -> float:
    """Return the radius that holds half of the light; beta must be above 1."""
    return float(moffat_alpha(fwhm, beta) * math.sqrt(0.5 ** (1 / (1 - beta)) - 1))
