"""Everything that the files of one exposure share."""

from __future__ import annotations

from dataclasses import dataclass

from aomuse.simulate.atmosphere import Series
from aomuse.simulate.conditions import Conditions, conditions
from aomuse.simulate.guiding import autoguider, slow_guiding
from aomuse.simulate.hdus import SimulatedColumn
from aomuse.simulate.plan import Exposure, exposure
from aomuse.simulate.psf import Profile, profile, wavelengths
from aomuse.simulate.random_streams import Stream, generator
from aomuse.simulate.site_monitor import site_monitor
from aomuse.simulate.sparta import laser_sensors, turbulence_profile


@dataclass(frozen=True)
class Observation:
    """One exposure with its conditions, its cube's wavelengths (nm) and PSF, and its telemetry."""

    seed: int
    exposure: Exposure
    state: Conditions
    wavelength: Series
    psf: Profile
    tables: dict[
        str, list[SimulatedColumn]
    ]  # by extension name; a mode has those of its subsystems


def observe(seed: int, index: int, layers: int) -> Observation:
    """Simulate one exposure; its weather and telemetry do not depend on the number of layers."""
    planned = exposure(seed, index)
    state = conditions(seed, planned)
    rng = generator(seed, index, Stream.TELEMETRY)
    tables = {"ASM_DATA": site_monitor(state, rng)}
    if planned.adaptive:
        tables["SPARTA_ATM_DATA"] = laser_sensors(state, rng)
        tables["SPARTA_CN2_DATA"] = turbulence_profile(state, rng)
    if not planned.narrow:
        tables["SGS_DATA"] = slow_guiding(state, rng)
        tables["AG_DATA"] = autoguider(state, rng)
    wavelength = wavelengths(layers)
    psf = profile(state, wavelength, generator(seed, index, Stream.PSF))
    return Observation(seed, planned, state, wavelength, psf, tables)
