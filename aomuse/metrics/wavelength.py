"""What depends on the wavelength: the atmosphere's image quality, MUSE's own share, the notch.

Functions take numbers and arrays, which broadcast, and give NaN where a formula does not hold.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aomuse.metrics.atmosphere import ARCSEC, DIAMETER_M, SEEING_FACTOR

Floats = npt.NDArray[np.float64]

#: r0, seeing and the image quality "at 500 nm" are given at this wavelength.
REFERENCE_NM = 500.0

#: Outer scale: Tokovinin 2002, PASP 114, 1156, eq. 19, with the factor for the telescope's size of
#: Martinez, Kolb, Sarazin and Tokovinin 2010, The Messenger 141, 5.
_OUTER_SCALE, _OUTER_SCALE_POWER, _TELESCOPE = 2.183, 0.356, 300.0

#: FWHM of MUSE's own PSF in the wide field, arcsec, a polynomial of (nm - 475) / 460 with the
#: constant last: Fusco et al. 2020, A&A 635, A208, as their package muse-psfr has it.
_MUSE_FWHM = (0.60467385, -1.58905792, 1.75293264, -1.0368302, 0.21487023, 0.34851139)

#: Where that polynomial was fitted, nm.
MUSE_FWHM_RANGE_NM = (475.0, 935.0)

#: The light of the sodium lasers is blocked here, nm (ESO MUSE pipeline), by ESO INS MODE.
NOTCH_OF_MODE_NM = {
    "WFM-AO-N": (580.5, 596.6),
    "WFM-AO-E": (575.5, 600.8),
    "NFM-AO-N": (578.0, 605.0),
}
#: In all modes alike, as the package of 2022 had it; also for a mode that is not known.
LEGACY_NOTCH_NM = (576.0, 605.0)


def fried_parameter(r0_m: npt.ArrayLike, wavelength_nm: npt.ArrayLike) -> Floats:
    """Return r0 at a wavelength, m, of r0 at 500 nm in the same direction, m."""
    ratio = np.asarray(wavelength_nm, dtype=float) / REFERENCE_NM
    return np.asarray(r0_m, dtype=float) * ratio**1.2


def outer_scale_factor(
    r0_m: npt.ArrayLike, l0_m: npt.ArrayLike, wavelength_nm: npt.ArrayLike = REFERENCE_NM
) -> Floats:
    """Return the FWHM with an outer scale over that with none, of r0 at 500 nm and L0, m.

    NaN where the outer scale is too small for the formula.
    """
    r0, l0 = fried_parameter(r0_m, wavelength_nm), np.asarray(l0_m, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        telescope = 1 / (1 + _TELESCOPE * DIAMETER_M / l0) - 1
        inside = 1 + telescope * _OUTER_SCALE * (r0 / l0) ** _OUTER_SCALE_POWER
        return np.asarray(np.sqrt(np.where(inside > 0, inside, np.nan)))


def natural_image_quality(
    r0_m: npt.ArrayLike, l0_m: npt.ArrayLike, wavelength_nm: npt.ArrayLike = REFERENCE_NM
) -> Floats:
    """Return the FWHM of a long exposure without adaptive optics at a wavelength, arcsec.

    Of r0 at 500 nm and L0, m. It holds in the direction in which r0 was measured: for a source
    observed through air mass a, r0 in the line of sight is that at the zenith times a^-0.6.
    Without the telescope's and the instrument's own share.
    """
    wavelength = np.asarray(wavelength_nm, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        seeing = SEEING_FACTOR * wavelength * 1e-9 / fried_parameter(r0_m, wavelength) * ARCSEC
        return np.asarray(seeing * outer_scale_factor(r0_m, l0_m, wavelength))


def muse_fwhm(wavelength_nm: npt.ArrayLike) -> Floats:
    """Return the FWHM of MUSE's own PSF in the wide field at a wavelength, arcsec.

    NaN outside 475 to 935 nm.
    """
    wavelength = np.asarray(wavelength_nm, dtype=float)
    low, high = MUSE_FWHM_RANGE_NM
    share = np.polyval(_MUSE_FWHM, (wavelength - low) / (high - low))
    return np.asarray(np.where((wavelength >= low) & (wavelength <= high), share, np.nan))


def with_muse(iq_arcsec: npt.ArrayLike, wavelength_nm: npt.ArrayLike) -> Floats:
    """Return an image quality at a wavelength with MUSE's own share in the wide field, arcsec."""
    return np.asarray(np.hypot(np.asarray(iq_arcsec, dtype=float), muse_fwhm(wavelength_nm)))


def notch_of(instrument_mode: str | None) -> tuple[float, float] | None:
    """Return where a mode has the notch of the sodium lasers, nm; None if it has none."""
    mode = instrument_mode or ""
    for name, notch in NOTCH_OF_MODE_NM.items():
        if mode.startswith(name) or (name.startswith("NFM") and mode.startswith("NFM")):
            return notch
    return None if mode.startswith("WFM-NOAO") else LEGACY_NOTCH_NM


def in_notch(
    wavelength_nm: npt.ArrayLike, notch: tuple[float, float] | None
) -> npt.NDArray[np.bool_]:
    """Return which wavelengths, nm, lie within a notch, its edges not."""
    wavelength = np.asarray(wavelength_nm, dtype=float)
    if notch is None:
        return np.zeros(wavelength.shape, dtype=np.bool_)
    return np.asarray((wavelength > notch[0]) & (wavelength < notch[1]))
