"""SPARTA_ATM_DATA and SPARTA_CN2_DATA of a raw file: what the real-time computer measured."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from aomuse.simulate.atmosphere import MIRROR, Series, fried_parameter, turbulence
from aomuse.simulate.conditions import Conditions
from aomuse.simulate.hdus import SimulatedColumn
from aomuse.simulate.narrow_field import SPARTA_WAVELENGTH, residual_phase, strehl
from aomuse.simulate.plan import LASERS

QUANTITIES = (
    "R0", "L0", "SEEING", "FWHM_GAIN", "STREHL", "TURVAR_RES", "TURVAR_TOT", "TUR_ALT", "TUR_GND",
    "SLOPERMSX", "SLOPERMSY",
)  # fmt: skip
_HEIGHTS = np.array([0.03, 0.14, 0.3, 0.56, 1.1, 2.6, 5.8, 11.6])  # km


def laser_sensors(state: Conditions, rng: np.random.Generator) -> list[SimulatedColumn]:
    """Make the columns of SPARTA_ATM_DATA, a row a minute; a laser that is off reports zeros."""
    measured: dict[str, Series] = {}
    for laser in LASERS:
        on = laser in state.exposure.slot.lasers
        for quantity, series in _laser(state, rng).items():
            measured[f"LGS{laser}_{quantity}"] = series if on else np.zeros(len(series))
    return _stamps(state.times, 1.7) + [
        SimulatedColumn(name, "1E", measured[name]) for name in _column_order(state.exposure.narrow)
    ]


def turbulence_profile(state: Conditions, rng: np.random.Generator) -> list[SimulatedColumn]:
    """Make the columns of SPARTA_CN2_DATA, a row every five minutes.

    The shares of the eight layers add up to one; their heights are in km.
    """
    rows = slice(0, None, 5)
    seeing = state.seeing_on_target[rows] * rng.normal(1.0, 0.03, len(state.times[rows]))
    r0, outer = fried_parameter(seeing), state.outer_scale[rows]
    n = len(seeing)
    ground = state.ground_layer[rows, None]
    shares = np.hstack([
        ground * rng.dirichlet([14.0, 7.0, 4.0, 2.0], n),
        (1.0 - ground) * rng.dirichlet([4.0, 3.0, 3.0, 2.0], n),
    ])  # fmt: skip
    layers = {
        "CN2_ALT": turbulence(r0)[:, None] * shares,
        "CN2_FRAC_ALT": shares,
        "L0_ALT": outer[:, None] * rng.uniform(0.6, 1.4, (n, len(_HEIGHTS))),
        "ALT": np.tile(_HEIGHTS, (n, 1)),
    }
    return [
        *_stamps(state.times[rows], 11.3),
        SimulatedColumn("L0Tot", "1E", outer),
        SimulatedColumn("r0Tot", "1E", r0),
        SimulatedColumn("seeingTot", "1E", seeing),
        *(
            SimulatedColumn(f"{name}{i}", "1E", values)
            for name, block in layers.items()
            for i, values in enumerate(block.T, 1)
        ),
    ]


def _laser(state: Conditions, rng: np.random.Generator) -> dict[str, Series]:
    """Measure what one laser sees.

    Variances follow Noll (1976, JOSA 66, 207) without tip and tilt, Strehl ratios Marechal's
    approximation, in the wide field with a seeing halo.
    """
    n = len(state.times)
    seeing = state.seeing_on_target * rng.normal(1.0, 0.03) * rng.normal(1.0, 0.02, n)
    r0 = fried_parameter(seeing)
    ground = np.clip(state.ground_layer + rng.normal(0.0, 0.02, n), 0.02, 0.98)
    total = 0.134 * (MIRROR / r0) ** (5.0 / 3.0)
    if state.exposure.narrow:
        residual = residual_phase(state).variance * rng.normal(1.0, 0.03, n)
        peak = strehl(residual, SPARTA_WAVELENGTH)
    else:
        gain = _ground_layer_gain(ground, len(state.exposure.slot.lasers))
        residual = total * gain ** (-5.0 / 3.0) * rng.normal(1.0, 0.03, n)
        core = strehl(residual, SPARTA_WAVELENGTH)
        halo = 1.0 + (MIRROR / (r0 * (SPARTA_WAVELENGTH / 500.0) ** 1.2)) ** 2
        peak = core + (1.0 - core) / halo
    slopes = seeing / 0.83 * 0.32 * rng.normal(1.0, 0.03, (2, n))
    outer = state.outer_scale * rng.normal(1.0, 0.08, n)
    values = (
        r0, outer, seeing, (total / residual) ** 0.6, 100.0 * peak, residual, total,
        1.0 - ground, ground, *slopes,
    )  # fmt: skip
    return dict(zip(QUANTITIES, values, strict=True))


def _ground_layer_gain(ground: Series, lasers: int) -> Series:
    """Return the FWHM without over that with ground-layer correction, by ESO's polynomial.

    Three lasers correct a little less than four.
    """
    gain = 1.09 + ground * (0.42 + ground * (-1.98 + 2.95 * ground))
    return np.asarray(gain if lasers == 4 else 0.98 * gain, dtype=np.float64)


def _column_order(narrow: bool) -> list[str]:
    """Order the columns as files of the two field modes do, neither by laser."""
    if not narrow:
        return [f"LGS{n}_{quantity}" for quantity in QUANTITIES for n in (2, 1, 4, 3)]
    names = []
    for n in LASERS:
        slopes = [] if n == 1 else [f"LGS{n}_SLOPERMSX", f"LGS{n}_SLOPERMSY"]
        names += slopes + [f"LGS{n}_{quantity}" for quantity in QUANTITIES[:-2]]
    names.insert(names.index("LGS3_SEEING") + 1, "LGS1_SLOPERMSX")
    names.insert(names.index("LGS4_L0") + 1, "LGS1_SLOPERMSY")
    return names


def _stamps(times: list[datetime], delay: float) -> list[SimulatedColumn]:
    """Split times into whole seconds and microseconds of the Unix clock."""
    moments = [t.replace(tzinfo=UTC) + timedelta(seconds=delay) for t in times]
    return [
        SimulatedColumn("Sec", "1J", [int(t.timestamp()) for t in moments]),
        SimulatedColumn("USec", "1J", [t.microsecond for t in moments]),
    ]
