"""Everything that the files of one exposure share."""

from __future__ import annotations

from dataclasses import dataclass

from aomuse.simulate import telemetry
from aomuse.simulate.atmosphere import Series
from aomuse.simulate.conditions import Conditions, conditions
from aomuse.simulate.hdus import Column
from aomuse.simulate.plan import Exposure, exposure, generator
from aomuse.simulate.psf import Profile, profile, wavelengths

# Streams of random numbers, one for each kind of content; 0, 1 and 8 belong to plan, weather and
# night logs.
TELEMETRY, HEADERS, CHANNELS, SHAPE, FIELD, FITS = range(2, 8)
MAOPPY_FITS = 9


@dataclass(frozen=True)
class Observation:
    """One exposure with its conditions, telemetry and PSF.

    Attributes
    ----------
    seed : int
        Seed of the tree.
    exposure : Exposure
        The exposure.
    state : Conditions
        Its conditions.
    wavelength : ndarray
        Wavelengths of the cube in nm.
    shape : Profile
        Its PSF.
    tables : dict of str to list of Column
        Telemetry tables by extension name; a mode has only those of its subsystems.
    """

    seed: int
    exposure: Exposure
    state: Conditions
    wavelength: Series
    shape: Profile
    tables: dict[str, list[Column]]


def observe(seed: int, index: int, layers: int) -> Observation:
    """Simulate one exposure.

    Parameters
    ----------
    seed : int
        Seed of the tree.
    index : int
        Number of the exposure, from 0.
    layers : int
        Wavelength layers of the cube.

    Returns
    -------
    Observation
        The exposure; its weather and telemetry do not depend on `layers`.
    """
    planned = exposure(seed, index)
    state = conditions(seed, planned)
    rng = generator(seed, index, TELEMETRY)
    tables = {"ASM_DATA": telemetry.site_monitor(state, rng)}
    if planned.adaptive:
        tables["SPARTA_ATM_DATA"] = telemetry.atmosphere(state, rng)
        tables["SPARTA_CN2_DATA"] = telemetry.turbulence_profile(state, rng)
    if not planned.narrow:
        tables["SGS_DATA"] = telemetry.slow_guiding(state, rng)
        tables["AG_DATA"] = telemetry.autoguider(state, rng)
    wavelength = wavelengths(layers)
    shape = profile(state, wavelength, generator(seed, index, SHAPE))
    return Observation(seed, planned, state, wavelength, shape, tables)
