"""From the power spectrum of the corrected phase to images, as muse_psfr.psf_muse makes them.

muse-psfr transforms the spectrum and the pupil for each sample and wavelength; here the spectrum is
transformed once for each sample, and the pupil once.
"""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Telescope as muse-psfr has it: diameter in m, central obscuration, images of 40 pixels.
_DIAMETER_M, _OBSCURATION = 8, 0.14
_PIXELS, _PIXEL_ARCSEC = 40, 0.2
#: Arcsec in 1 nm over 1 m, rounded as muse-psfr rounds it.
_NM_PER_ARCSEC_M = 4.85 * 1000


def images(package: ModuleType, spectrum: Floats, wavelengths_nm: Floats) -> Floats:
    """Return the image of a point at each wavelength, from the power spectrum in nm² m².

    Half the structure function of the phase damps the transfer function of the telescope.
    """
    from scipy import fft  # of the extra psfr, which may be absent

    size = spectrum.shape[0]
    scale = 1 / (2 * _DIAMETER_M) ** 2
    # All is even in the plane, so that half of it has everything, and is real.
    correlation = fft.rfft2(fft.ifftshift(spectrum)).real * scale
    half_structure = correlation[0, 0] - correlation
    result = np.empty((len(wavelengths_nm), _PIXELS, _PIXELS))
    for place, wavelength in enumerate(wavelengths_nm):
        damping = np.exp(half_structure * -((2 * np.pi / wavelength) ** 2))
        width = _PIXELS * _PIXEL_ARCSEC * 2 * _DIAMETER_M * _NM_PER_ARCSEC_M / wavelength
        samples = int(np.round(width / 2) * 2)
        middle = np.arange(-(samples // 2), samples // 2)
        rows = fft.ifft(_telescope(package, size) * damping, axis=0)[middle]
        cut = np.maximum(fft.irfft(rows, n=size)[:, middle], 0)
        at = np.mgrid[:_PIXELS, :_PIXELS] * samples / _PIXELS
        result[place] = package.interpolate(cut, at)
    return np.asarray(result / result.sum(axis=(1, 2), keepdims=True))


@lru_cache(maxsize=1)
def _telescope(package: ModuleType, size: int) -> Floats:
    """Return the transfer function of the telescope: half the autocorrelation of its pupil."""
    from scipy import fft

    pupil = package.pupil_mask(size / 4, size / 2, oc=_OBSCURATION)
    field = np.zeros((size, size))
    field[: size // 2, : size // 2] = pupil
    return np.asarray(np.abs(fft.rfft2(np.abs(fft.ifft2(field)) ** 2)) / pupil.sum())
