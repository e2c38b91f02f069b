"""What a PSF file holds of each star beside its table: its profile, its image and the fit of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aomuse.simulate.atmosphere import Series
from aomuse.simulate.cards import card
from aomuse.simulate.hdus import image
from aomuse.simulate.psf import STEP, Profile

#: Radii of the profiles, pixels; the primary HDU holds them.
RADII = np.arange(0.25, 8.0, 0.5, dtype=np.float32)
_BINNED = 100  # layers of the cube in one of a profile or image
_STAMP = np.hypot(*np.mgrid[-3:4, -3:4])  # distances in an image, pixels


def psf_images(identifier: int, psf: Profile, wavelength: Series) -> Iterator[bytes]:
    """Write the HDUs ``PR_<id>``, ``DAT_<id>`` and ``FIT_<id>`` of a star, with a peak of one."""
    layers = slice(min(_BINNED // 2, len(wavelength) - 1), None, _BINNED)
    fwhm, beta = psf.fwhm[layers], psf.beta[layers]
    width = fwhm / (2.0 * np.sqrt(2.0 ** (1.0 / beta) - 1.0))
    axis = [
        card("CRVAL1", float(wavelength[layers][0]) * 1e-9, "[m] wavelength of the first layer"),
        card("CDELT1", _BINNED * STEP, "[m] from layer to layer"),
    ]
    for name, radii in (("PR", RADII), ("DAT", _STAMP), ("FIT", _STAMP)):
        light = (1.0 + (radii[..., None] / width) ** 2) ** -beta
        yield image(f"{name}_{identifier}", light.astype(np.float32), axis)
