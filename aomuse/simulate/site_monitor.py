"""ASM_DATA of a raw file: what the site's monitors measured, minute by minute."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from aomuse.simulate.atmosphere import Series, fried_parameter, turbulence
from aomuse.simulate.conditions import Conditions
from aomuse.simulate.hdus import SimulatedColumn

_MASS_HEIGHTS = 6  # above the ground layer
_SLODAR_LAYERS = range(2, 9)


def site_monitor(state: Conditions, rng: np.random.Generator) -> list[SimulatedColumn]:
    """Make the columns of ASM_DATA; a profiler that was off for a minute leaves NaN."""
    n = len(state.times)

    def noisy(values: Series, relative: float) -> Series:
        return np.asarray(values * rng.normal(1.0, relative, n), dtype=np.float64)

    total = turbulence(fried_parameter(state.seeing))
    ground = state.ground_layer
    values: dict[str, Series] = {
        "ASM_WINDDIR_10": (state.wind_direction + rng.normal(0.0, 4.0, n)) % 360.0,
        "ASM_WINDDIR_30": (state.wind_direction + 5.0 + rng.normal(0.0, 3.0, n)) % 360.0,
        "ASM_WINDSPEED_10": noisy(state.wind_speed, 0.08),
        "ASM_WINDSPEED_30": noisy(1.18 * state.wind_speed, 0.07),
        "ASM_RFLRMS": np.abs(rng.normal(0.011, 0.003, n)),
        "MASS_FRACGL": np.clip(noisy(ground, 0.06), 0.0, 1.0),
        "SLODAR_FRACGL_300": np.clip(noisy(0.86 * ground, 0.05), 0.0, 1.0),
        "SLODAR_FRACGL_500": np.clip(noisy(ground, 0.05), 0.0, 1.0),
        "ASM_TAU0": noisy(state.coherence_time, 0.08),
        "IA_FWHMLIN": noisy(0.92 * state.seeing, 0.04),
    }
    below = values["MASS_FRACGL"]
    shares = rng.dirichlet(np.linspace(2.0, 6.0, _MASS_HEIGHTS), n)
    free = (total * (1.0 - below))[:, None] * shares
    for i, layer in enumerate([total * below, *free.T]):
        values[f"MASS_TURB{i}"] = layer
    slices = rng.dirichlet(np.linspace(9.0, 2.0, len(_SLODAR_LAYERS)), n)
    for i, layer in enumerate(_SLODAR_LAYERS):
        values[f"SLODAR_CNSQ{layer}"] = total * ground * slices[:, i]
    values |= {
        "IA_FWHMLINOBS": noisy(0.92 * state.seeing_on_target, 0.04),
        "SLODAR_TOTAL_CN2": noisy(total, 0.05),
        "R0": fried_parameter(state.seeing),
        "IA_FWHM": noisy(0.87 * state.seeing_on_target, 0.05),
        "AZ": np.linspace(state.start.azimuth, state.end.azimuth, n),
        "AIRMASS": state.airmass,
        "DIMM_SEEING": noisy(state.seeing, 0.05),
    }
    for profiler in ("MASS_", "SLODAR_"):
        missed = rng.random(n) < 0.12
        for name in values:
            if name.startswith(profiler):
                values[name] = np.where(missed, np.nan, values[name])
    times = [time + timedelta(microseconds=417) for time in state.times]
    return [
        SimulatedColumn(
            "TIME_STAMP", "26A", [time.isoformat(timespec="microseconds") for time in times]
        ),
        *(SimulatedColumn(name, "D", series) for name, series in values.items()),
    ]
