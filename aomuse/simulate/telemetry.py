"""Telemetry tables of a raw file: site monitor, wavefront sensors and guiding."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from aomuse.simulate import sky
from aomuse.simulate.atmosphere import Series, fried_parameter, turbulence
from aomuse.simulate.conditions import Conditions
from aomuse.simulate.hdus import Column

LASERS = (1, 2, 3, 4)
QUANTITIES = (
    "R0", "L0", "SEEING", "FWHM_GAIN", "STREHL", "TURVAR_RES", "TURVAR_TOT", "TUR_ALT", "TUR_GND",
    "SLOPERMSX", "SLOPERMSY",
)  # fmt: skip
_MIRROR = 8.2  # metres
_SCIENCE = 650.0  # nm
_NARROW_CORRECTION = 0.97  # share of the turbulence that laser tomography takes out
_HEIGHTS = np.array([0.03, 0.14, 0.3, 0.56, 1.1, 2.6, 5.8, 11.6]) * 1000.0  # metres
_MASS_HEIGHTS = 7
_SLODAR_LAYERS = range(2, 9)


def site_monitor(state: Conditions, rng: np.random.Generator) -> list[Column]:
    """Make the columns of ASM_DATA.

    Parameters
    ----------
    state : Conditions
        The exposure's conditions.
    rng : Generator
        Draws measurement noise and the minutes that an instrument missed.

    Returns
    -------
    list of Column
        A row a minute; a profiler that was off leaves NaN.
    """
    n = len(state.times)

    def noisy(values: Series, relative: float) -> Series:
        return np.asarray(values * rng.normal(1.0, relative, n), dtype=np.float64)

    total = turbulence(fried_parameter(state.seeing))
    ground = state.ground_layer
    free = total * (1.0 - ground)
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
    shares = rng.dirichlet(np.linspace(2.0, 6.0, _MASS_HEIGHTS), n)
    for i in range(_MASS_HEIGHTS):
        values[f"MASS_TURB{i}"] = free * shares[:, i]
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
    stamps = [_microseconds(t + timedelta(microseconds=417)) for t in state.times]
    return [
        Column("TIME_STAMP", "26A", stamps),
        *(Column(name, "D", series) for name, series in values.items()),
    ]


def atmosphere(state: Conditions, rng: np.random.Generator) -> list[Column]:
    """Make the columns of SPARTA_ATM_DATA.

    Parameters
    ----------
    state : Conditions
        The exposure's conditions.
    rng : Generator
        Draws measurement noise.

    Returns
    -------
    list of Column
        A row a minute. Variances follow Noll (1976, JOSA 66, 207) without tip and tilt, Strehl
        ratios Marechal's approximation with a seeing halo. A laser that is off reports zeros.
    """
    n = len(state.times)
    measured: dict[str, Series] = {}
    for laser in LASERS:
        on = laser in state.exposure.slot.lasers
        series = _laser(state, rng)
        for quantity in QUANTITIES:
            values = series[quantity] if on else np.zeros(n)
            measured[f"LGS{laser}_{quantity}"] = values
    return _stamps(state.times, 1.7) + [
        Column(name, "1E", measured[name]) for name in _atmosphere_order(state.exposure.narrow)
    ]


def turbulence_profile(state: Conditions, rng: np.random.Generator) -> list[Column]:
    """Make the columns of SPARTA_CN2_DATA.

    Parameters
    ----------
    state : Conditions
        The exposure's conditions.
    rng : Generator
        Draws the profile.

    Returns
    -------
    list of Column
        A row every five minutes; the shares of the eight layers add up to one.
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
    integral = turbulence(r0)[:, None] * shares
    scales = outer[:, None] * rng.uniform(0.6, 1.4, (n, len(_HEIGHTS)))
    heights = np.broadcast_to(_HEIGHTS * float(state.airmass.mean()), (n, len(_HEIGHTS)))
    columns = [
        *_stamps(state.times[rows], 11.3),
        Column("L0Tot", "1E", outer),
        Column("r0Tot", "1E", r0),
        Column("seeingTot", "1E", seeing),
    ]
    blocks = {
        "CN2_ALT{}": integral,
        "CN2_FRAC_ALT{}": shares,
        "L0_ALT{}": scales,
        "ALT{}": heights,
    }
    for name, block in blocks.items():
        columns += [Column(name.format(i + 1), "1E", block[:, i]) for i in range(len(_HEIGHTS))]
    return columns


def slow_guiding(state: Conditions, rng: np.random.Generator) -> list[Column]:
    """Make the columns of SGS_DATA.

    Parameters
    ----------
    state : Conditions
        The exposure's conditions.
    rng : Generator
        Draws the measurements.

    Returns
    -------
    list of Column
        A row every 18 seconds; a lost image has NaN, TNULL and an empty vector.
    """
    n = max(int(state.exposure.slot.exptime // 18), 1)
    days = sky.mjd(state.exposure.start) + 18.0 / 86400.0 * np.arange(n)
    flux = rng.normal(1.26e5, 3e3, n)
    width = state.image_quality * rng.normal(1.0, 0.06, n)
    lost = rng.random(n) < 0.06
    flux[lost] = width[lost] = np.nan
    objects = np.where(lost[:, None], np.nan, flux[:, None] / 2.0 ** np.arange(1, 9))
    return [
        Column("MJD", "D", days, "d"),
        Column("FLUX", "D", flux, "adu"),
        Column("FWHM", "E", width, "arcsec"),
        Column("OFFSET_RA", "E", rng.normal(0.0, 0.02, n), "arcsec"),
        Column("OFFSET_DEC", "E", rng.normal(0.0, 0.02, n), "arcsec"),
        Column("NOBJ", "J", np.where(lost, -1, rng.integers(5, 9, n)), null=-1),
        Column("STATUS", "8A", np.where(lost, "LOST", "TRACKING")),
        Column("LOOP", "L", ~lost),
        Column("OBJ_FLUX", "8E", objects, "adu"),
    ]


def autoguider(state: Conditions, rng: np.random.Generator) -> list[Column]:
    """Make the columns of AG_DATA.

    Parameters
    ----------
    state : Conditions
        The exposure's conditions.
    rng : Generator
        Draws the measurements.

    Returns
    -------
    list of Column
        A row every 30 seconds; frames without a star have NaN and TNULL.
    """
    n = max(int(state.exposure.slot.exptime // 30), 1)
    stamps = [_microseconds(state.exposure.start + timedelta(seconds=30 * i)) for i in range(n)]
    width = float(state.seeing_on_target.mean()) * rng.normal(0.9, 0.05, (2, n))
    error = rng.normal(0.0, 0.05, (n, 2))
    missed = rng.random(n) < 0.05
    width[:, missed] = error[missed] = np.nan
    return [
        Column("TIME_STAMP", "26A", stamps),
        Column("FWHMX", "D", width[0], "arcsec"),
        Column("FWHMY", "D", width[1], "arcsec"),
        Column("COUNTS", "K", np.where(missed, -99, rng.normal(4e4, 2e3, n).astype(int)), null=-99),
        Column("FRAMES", "I", rng.integers(8, 12, n)),
        Column("GUIDING", "L", ~missed),
        Column("ERROR", "2D", error, "arcsec"),
        Column("STAR", "12A", np.full(n, "GS 1" if state.exposure.index % 2 else "GS 2")),
    ]


def _laser(state: Conditions, rng: np.random.Generator) -> dict[str, Series]:
    n = len(state.times)
    seeing = state.seeing_on_target * rng.normal(1.0, 0.03) * rng.normal(1.0, 0.02, n)
    r0 = fried_parameter(seeing)
    ground = np.clip(state.ground_layer + rng.normal(0.0, 0.02, n), 0.02, 0.98)
    total = 0.134 * (_MIRROR / r0) ** (5.0 / 3.0)
    left = (
        np.full(n, 1.0 - _NARROW_CORRECTION)
        if state.exposure.narrow
        else 1.0 - state.corrected_share * ground / state.ground_layer
    )
    residual = total * left * rng.normal(1.0, 0.03, n)
    core = np.exp(-residual * (500.0 / _SCIENCE) ** 2)
    halo = (1.0 - core) / (1.0 + (_MIRROR / (r0 * (_SCIENCE / 500.0) ** 1.2)) ** 2)
    slopes = seeing / 0.83 * 0.32 * rng.normal(1.0, 0.03, (2, n))
    return {
        "R0": r0,
        "L0": state.outer_scale * rng.normal(1.0, 0.08, n),
        "SEEING": seeing,
        "FWHM_GAIN": left**-0.6,
        "STREHL": 100.0 * (core + halo),
        "TURVAR_RES": residual,
        "TURVAR_TOT": total,
        "TUR_ALT": 1.0 - ground,
        "TUR_GND": ground,
        "SLOPERMSX": slopes[0],
        "SLOPERMSY": slopes[1],
    }


def _atmosphere_order(narrow: bool) -> list[str]:
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


def _microseconds(time: datetime) -> str:
    return time.isoformat(timespec="microseconds")


def _stamps(times: list[datetime], delay: float) -> list[Column]:
    """Split times into whole seconds and microseconds of the Unix clock."""
    moments = [t.replace(tzinfo=UTC) + timedelta(seconds=delay) for t in times]
    return [
        Column("Sec", "1J", [int(t.timestamp()) for t in moments]),
        Column("USec", "1J", [t.microsecond for t in moments]),
    ]
