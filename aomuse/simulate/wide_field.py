"""The PSF of the wide field: FWHM in arcsec and Moffat's beta by wavelength."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np

from aomuse.simulate.atmosphere import Series, image_quality
from aomuse.simulate.conditions import Conditions
from aomuse.simulate.headers import read_template

#: FWHM of MUSE alone, arcsec, at wavelengths in nm (Fusco et al. 2020, A&A 635, A208).
_MUSE = {480.0: 0.351, 500.0: 0.357, 600.0: 0.358, 700.0: 0.337, 800.0: 0.311, 900.0: 0.294}
#: By how much a PSF that three lasers corrected is wider than with four, as muse-psfr finds.
_THREE_LASERS = 1.018
#: The slow guiding's own share of the width of its stars, arcsec, and how much of the cube's
#: FWHM at 700 nm it sees: 0.40 beside 0.59 arcsec in a real header.
_SLOW_GUIDING = (0.3, 0.44)


def muse_fwhm(wavelength: Series) -> Series:
    """Return the FWHM of MUSE alone in arcsec: a polynomial through the published values."""
    return _smooth(list(_MUSE), list(_MUSE.values()), wavelength)


def wide_field(state: Conditions, wavelength: Series) -> tuple[Series, Series]:
    """Work out FWHM and beta at wavelengths in nm.

    Without adaptive optics it is the image quality with MUSE's own share. With it, it is what
    muse-psfr reconstructs from the mean atmosphere, so that predictions hold.
    """
    seeing, outer_scale = float(state.seeing_on_target.mean()), float(state.outer_scale.mean())
    if not state.exposure.adaptive:
        natural = image_quality(seeing, outer_scale, wavelength)
        return np.hypot(natural, muse_fwhm(wavelength)), np.full_like(wavelength, 2.8)
    nodes, axes, values = _reconstructions()
    place = (outer_scale, float(state.ground_layer.mean()), seeing)
    for axis, value in zip(axes, place, strict=True):
        left = int(np.clip(np.searchsorted(axis, value) - 1, 0, len(axis) - 2))
        share = (value - axis[left]) / (axis[left + 1] - axis[left])
        # Only the seeing goes on in a straight line beyond the ends of the table.
        share = share if axis is axes[-1] else float(np.clip(share, 0.0, 1.0))
        values = (1.0 - share) * values[left] + share * values[left + 1]
    if len(state.exposure.slot.lasers) < 4:
        values = values * _THREE_LASERS
    fwhm, beta = (_smooth(nodes, part, wavelength) for part in np.split(values, 2))
    return fwhm, beta


def slow_guiding_width(state: Conditions) -> float:
    """Return the mean width of the stars that the slow guiding sees, in arcsec."""
    own, seen = _SLOW_GUIDING
    return float(np.hypot(own, seen * wide_field(state, np.array([700.0]))[0][0]))


def _smooth(nodes: list[float] | Series, values: list[float] | Series, at: Series) -> Series:
    """Return the polynomial through all nodes; nanometres are scaled to keep it exact."""
    order = len(nodes) - 1
    scaled = (np.asarray(nodes) - 700.0) / 200.0
    return np.asarray(
        np.polyval(np.polyfit(scaled, values, order), (at - 700.0) / 200.0), dtype=np.float64
    )


@cache
def _reconstructions() -> tuple[Series, tuple[Series, ...], Series]:
    """Read the table: wavelengths; its axes L0, ground layer and seeing; FWHM and beta over all."""
    table = np.loadtxt(read_template("wide_field.txt").splitlines())
    axes = tuple(np.unique(table[:, i]) for i in range(3))
    if not np.array_equal(table[:, :3], list(product(*axes))):
        raise ValueError("the rows of wide_field.txt are not in order")
    shape = (*(len(axis) for axis in axes), table.shape[1] - 3)
    return np.linspace(500.0, 900.0, 5), axes, table[:, 3:].reshape(shape)
