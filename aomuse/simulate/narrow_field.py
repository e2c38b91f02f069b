"""The PSF of the narrow field, and the errors of the phase that laser tomography leaves in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aomuse.simulate.atmosphere import MIRROR, SEEING_WAVELENGTH, Series, fried_parameter
from aomuse.simulate.conditions import Conditions

SPARTA_WAVELENGTH = 650.0  # nm, for which SPARTA states the Strehl ratio

# MUSE's narrow field in maoppy: 34 actuators across 8 m. Correction ends at this frequency, 1/m.
_CUT_OFF = (34 - 1) / (2.0 * 8.0)
_ARCSEC = 180.0 * 3600.0 / np.pi


@dataclass(frozen=True)
class ResidualPhase:
    """Parameters of the MAOPPY profile at 500 nm (Fétick et al. 2019, A&A 628, A99)."""

    r0: Series  # Fried parameter of the halo, m
    amplitude: Series  # variance of the Moffat part of the spectrum, rad2
    background: float = 0.012  # of the corrected part of the spectrum, rad2 m2

    @property
    def variance(self) -> Series:
        """Variance of the phase at 500 nm in rad2: the two corrected parts and the halo."""
        halo = 0.0229 * 6.0 * np.pi / 5.0 * (self.r0 * _CUT_OFF) ** (-5.0 / 3.0)
        return np.asarray(
            self.amplitude + self.background * np.pi * _CUT_OFF**2 + halo, dtype=np.float64
        )


def residual_phase(state: Conditions) -> ResidualPhase:
    """Work out what is left, minute by minute.

    The correction is worse in strong and in fast turbulence, and with a faint guide star.
    """
    faint = 1.0 + 0.05 * 10.0 ** (0.4 * (state.exposure.slot.target.brightest - 13.0))
    return ResidualPhase(
        r0=fried_parameter(state.seeing_on_target),
        amplitude=3.6
        * faint
        * (state.seeing_on_target / 0.7) ** 0.3
        * (state.coherence_time / 4e-3) ** -0.25,
    )


def mean_phase(state: Conditions) -> ResidualPhase:
    """Average what is left over the exposure."""
    phase = residual_phase(state)
    return ResidualPhase(phase.r0.mean(keepdims=True), phase.amplitude.mean(keepdims=True))


def strehl(variance: Series, wavelength: Series | float) -> Series:
    """Return the Strehl ratio of a variance at 500 nm at wavelengths in nm, by Marechal."""
    return np.asarray(np.exp(-variance * (500.0 / wavelength) ** 2), dtype=np.float64)


def narrow_field(state: Conditions, wavelength: Series) -> tuple[Series, Series]:
    """Work out FWHM in arcsec and Moffat's beta at wavelengths in nm.

    The peak of the profile is that of the diffraction limit times the Strehl ratio of the phase.
    """
    beta = 2.15 + 0.45 * (wavelength - 700.0) / 200.0
    peak = strehl(mean_phase(state).variance, wavelength)
    shape = (beta - 1.0) * (2.0 ** (1.0 / beta) - 1.0)
    width = 4.0 / np.pi * np.sqrt(shape / peak)  # in wavelength over diameter
    return width * wavelength / 500.0 * SEEING_WAVELENGTH / MIRROR * _ARCSEC, beta
