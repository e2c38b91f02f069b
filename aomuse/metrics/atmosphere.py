"""Image quality predicted from the atmosphere, with and without ground-layer correction."""

from __future__ import annotations

import math

#: Arcseconds in a radian.
ARCSEC = 180 * 3600 / math.pi

#: Diameter of the telescope, m: as the 2022 package had it, and as it is.
LEGACY_DIAMETER_M, DIAMETER_M = 8.0, 8.2

#: Seeing in units of wavelength over r0: 1.028 is that of the diffraction limit (lambda / D).
LEGACY_SEEING_FACTOR, SEEING_FACTOR = 1.028, 0.976

#: MUSE's own share of the image quality, arcsec, as the 2022 package had it at all wavelengths.
LEGACY_MUSE_ARCSEC = 0.35


def seeing_in_line_of_sight(seeing_arcsec: float, airmass: float) -> float:
    """Return the seeing at an air mass, arcsec: Kolmogorov turbulence grows with its power 0.6."""
    return float(seeing_arcsec * airmass**0.6)


def seeing_of_r0(r0_m: float, *, legacy: bool = False) -> float:
    """Return the FWHM at 500 nm of a long exposure in Kolmogorov turbulence, arcsec."""
    factor = LEGACY_SEEING_FACTOR if legacy else SEEING_FACTOR
    return factor * 500e-9 / r0_m * ARCSEC


def kolb_factor(l0_m: float, *, legacy: bool = False) -> float:
    """Return the factor by which the telescope's size changes the effect of the outer scale.

    -0.981644 at 46 m, as in ESO's exposure time calculator.
    """
    if legacy:
        return 1 / (300 * LEGACY_DIAMETER_M / l0_m) - 1
    return 1 / (1 + 300 * DIAMETER_M / l0_m) - 1


def ao_gain(ground_layer_fraction: float) -> float:
    """Return the image quality without ground-layer correction over that with it."""
    x = ground_layer_fraction
    return 1.09 + 0.42 * x - 1.98 * x**2 + 2.95 * x**3


def image_quality(r0_m: float, l0_m: float, gain: float = 1.0, *, legacy: bool = False) -> float:
    """Return the FWHM at 500 nm in the line of sight, arcsec.

    Tokovinin 2002, PASP 114, 1156, for the outer scale.
    """
    inside = 1 + kolb_factor(l0_m, legacy=legacy) * 2.183 * (r0_m / l0_m) ** 0.356
    return float(seeing_of_r0(r0_m, legacy=legacy) * math.sqrt(max(0.0, inside)) / gain)


def image_quality_with_muse(
    iq_arcsec: float, wavelength_nm: float, *, legacy: bool = False
) -> float:
    """Return the FWHM at a wavelength (480 to 930 nm) with MUSE's own share, arcsec."""
    muse = 0.37 if wavelength_nm < 600 else 0.29
    if legacy:
        muse = LEGACY_MUSE_ARCSEC
    return math.hypot(iq_arcsec * (500 / wavelength_nm) ** 0.2, muse)
