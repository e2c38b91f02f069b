"""The second analysis of a narrow-field cube, with the PSF model that adaptive optics calls for."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from aomuse.simulate.atmosphere import SEEING_WAVELENGTH, Series
from aomuse.simulate.narrow_field import mean_phase
from aomuse.simulate.observation import Observation
from aomuse.simulate.pampelmuse import Fit
from aomuse.simulate.stars import Stars

#: The wings of a MAOPPY profile take a bright star to fit.
BRIGHTEST = 2


class MaoppyFit(Fit):
    """What PampelMuse would find with the MAOPPY profile (Fétick et al. 2019, A&A 628, A99).

    Only the brightest two stars are fitted; the width is not a parameter of this model.
    """

    profile: ClassVar[str] = "maoppy"

    def __init__(
        self, observation: Observation, stars: Stars, psf_stars: int, rng: np.random.Generator
    ) -> None:
        super().__init__(observation, stars, min(psf_stars, BRIGHTEST), rng)
        self._relative = self.wavelength * 1e-9 / SEEING_WAVELENGTH
        self._phase = mean_phase(observation.state)
        self._r0: Series = self._phase.r0 * self._relative**1.2
        self._amplitude: Series = self._phase.amplitude / self._relative**2

    def _curves(self) -> dict[str, Series]:
        # Fried parameter in m; background of the corrected phase spectrum, rad2 m2, and its
        # amplitude, rad2; inverse of the halo's width, 1/m; axis ratio; angle in rad; exponent.
        one = np.ones_like(self.wavelength)
        return {
            "r0": self._r0,
            "bck": self._phase.background / self._relative**2,
            "amp": self._amplitude,
            "alpha": 0.06 * one,
            "ratio": 1.0 / (1.0 - self.psf.e),
            "theta": self.psf.theta,
            "beta": 1.6 * one,
        }

    def _shapes(self, noise: NDArray[np.float64]) -> dict[str, Series]:
        return {
            "r0": self._r0 * (1.0 + 0.4 * noise[0]),
            "amp": self._amplitude * (1.0 + 0.5 * noise[1]),
        }
