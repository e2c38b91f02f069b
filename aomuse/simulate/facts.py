"""Header values that follow from an exposure, by the names that the keyword tables use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np

from aomuse.simulate import sky
from aomuse.simulate.atmosphere import Series, fried_parameter
from aomuse.simulate.cards import Value
from aomuse.simulate.hdus import Column
from aomuse.simulate.observation import HEADERS, Observation
from aomuse.simulate.plan import generator, iso
from aomuse.simulate.psf import FIRST_WAVELENGTH, STEP
from aomuse.simulate.telemetry import LASERS

_STATISTICS: dict[str, Callable[[Series], Any]] = {
    "avg": np.nanmean,
    "max": np.nanmax,
    "med": np.nanmedian,
    "min": np.nanmin,
    "rms": np.nanstd,
}


def facts(observation: Observation) -> dict[str, Value]:
    """Collect the header values of an exposure.

    Parameters
    ----------
    observation : Observation
        The exposure.

    Returns
    -------
    dict of str to value
        Values by name; those of the real-time computer only with adaptive optics.
    """
    found = _block(observation) | _telescope(observation) | _weather(observation)
    found |= _guiding(observation) | _lasers(observation) | _cube(observation)
    if observation.exposure.adaptive:
        found |= _real_time(observation)
    return found


def _block(observation: Observation) -> dict[str, Value]:
    exposure = observation.exposure
    slot = exposure.slot
    field = "NFM" if exposure.narrow else "WFM"
    plain = "".join(c for c in slot.target.name if c.isalnum())
    kind = f"{field}-{'AO' if exposure.adaptive else 'NOAO'}"
    return {
        "target": slot.target.name,
        "mode": slot.mode,
        "field_mode": field,
        "pixel": exposure.pixel,
        "exptime": slot.exptime,
        "block_id": exposure.block_id,
        "block_name": f"{plain}_{kind}",
        "block_seconds": int(exposure.total * (slot.exptime + 60.0)) + 600,
        "block_start": iso(exposure.block_start)[:19],
        "template": f"MUSE_{kind.lower()}_obs_genericoffset",
        "template_start": iso(exposure.block_start + timedelta(minutes=5))[:19],
        "number": exposure.number,
        "total": exposure.total,
        "programme": "60.A-9100(H)" if exposure.narrow else "60.A-9100(G)",
        "seeing_asked": 0.8 if exposure.narrow else 1.3,
        "atmosphere_asked": "B=30%" if exposure.narrow else "NATM",
        "image_name": f"MUSE_{kind}_OBS",
        "exposure_number": 60 + exposure.index,
        "archive_name": exposure.archive_name,
        "raw_name": f"{exposure.archive_name}.fz",
        "illumination_name": f"MUSE.{iso(exposure.block_start)}.fits.fz",
        "pupil_filter": _pupil_filter(slot.mode),
        "corrector_mode": "AUTO" if exposure.narrow else "OFF",
        "slow_guiding": not exposure.narrow,
        "tip_tilt": slot.tip_tilt,
    }


def _pupil_filter(mode: str) -> str:
    if "NOAO" in mode:
        return "Blue"
    return "Clear-Na" if mode.endswith("E") else "Blue-Na2"


def _telescope(observation: Observation) -> dict[str, Value]:
    target = observation.exposure.slot.target
    start, end = observation.state.start, observation.state.end
    star_ra, star_dec = (target.ra + 0.012) % 360.0, target.dec + 0.009
    return {
        "airmass_start": start.airmass,
        "airmass_end": end.airmass,
        "altitude": start.altitude,
        "azimuth": start.azimuth,
        "parallactic_start": start.parallactic,
        "parallactic_end": end.parallactic,
        "alpha": sky.sexagesimal(target.ra / 15.0),
        "delta": sky.sexagesimal(target.dec),
        "star_alpha": sky.sexagesimal(star_ra / 15.0),
        "star_delta": sky.sexagesimal(star_dec),
        "guide_ra": (target.ra + 0.06) % 360.0,
        "guide_dec": target.dec - 0.05,
        "rotator_start": start.parallactic - start.altitude,
        "rotator_end": end.parallactic - end.altitude,
        "position_angle": start.parallactic - 135.0,
        "position_angle_end": end.parallactic - 135.0,
        "derotator_start": -2.0 * start.altitude - start.parallactic,
        "derotator_end": -2.0 * end.altitude - end.parallactic,
    }


def _weather(observation: Observation) -> dict[str, Value]:
    state = observation.state
    seeing, observed = float(state.seeing.mean()), float(state.seeing_on_target.mean())
    return {
        "seeing_start": float(state.seeing[0]),
        "seeing_end": float(state.seeing[-1]),
        "seeing_on_target": observed,
        "outer_scale": float(state.outer_scale.mean()),
        "r0": float(fried_parameter(state.seeing_on_target).mean()),
        "guider_fwhm": 0.87 * seeing,
        "guider_fwhm_linear": 0.92 * seeing,
        "guider_fwhm_observed": 0.92 * observed,
        "tau0": float(state.coherence_time.mean()),
        "wind_speed": float(state.wind_speed[0]),
        "wind_direction": float(state.wind_direction[0]),
        "temperature": float(state.temperature[0]),
        "mirror_temperature": float(state.temperature[0]) - 0.6,
        "humidity": float(state.humidity[0]),
        "pressure_start": float(state.pressure[0]),
        "pressure_end": float(state.pressure[-1]),
        "vapour_start": float(state.vapour[0]),
        "vapour_end": float(state.vapour[-1]),
    }


def _guiding(observation: Observation) -> dict[str, Value]:
    state = observation.state
    rng = generator(observation.seed, observation.exposure.index, HEADERS)
    n = len(state.times)
    ground = state.ground_layer
    series: dict[str, Series] = {
        "guider_x": 0.92 * state.seeing_on_target * rng.normal(1.0, 0.03, n),
        "guider_y": 0.95 * state.seeing_on_target * rng.normal(1.0, 0.03, n),
        "asm_seeing": state.seeing,
        "asm_ground300": 0.86 * ground,
        "asm_ground500": ground,
        "asm_ground900": np.clip(1.04 * ground, 0.0, 0.99),
        "asm_tau0": state.coherence_time,
        "asm_wind": state.wind_speed,
        "sgs_flux": rng.normal(1.26e5, 3e3, n),
        "sgs_fwhm": state.image_quality * rng.normal(1.0, 0.05, n),
    }
    return {
        f"{name}_{what}": float(function(values))
        for name, values in series.items()
        for what, function in _STATISTICS.items()
    }


def _lasers(observation: Observation) -> dict[str, Value]:
    exposure = observation.exposure
    found: dict[str, Value] = {}
    for n in LASERS:
        on = n in exposure.slot.lasers
        found[f"laser_{n}_on"] = on
        found[f"laser_{n}_state"] = "4" if on else "2"
        found[f"laser_{n}_simulated"] = exposure.adaptive and not on
        found[f"laser_{n}_power"] = 22.0 + 0.3 * n + 0.01 * (exposure.index % 7) if on else 0.0
    return found


def _real_time(observation: Observation) -> dict[str, Value]:
    """Average what the telemetry tables say, so that header and tables agree."""
    atmosphere = _means(observation.tables["SPARTA_ATM_DATA"])
    profile = _means(observation.tables["SPARTA_CN2_DATA"])
    found: dict[str, Value] = {}
    quantities = {
        "gain": "FWHM_GAIN", "l0": "L0", "r0": "R0", "seeing": "SEEING", "slope": "SLOPERMSX",
        "strehl": "STREHL", "high": "TUR_ALT", "ground": "TUR_GND", "residual": "TURVAR_RES",
        "total": "TURVAR_TOT",
    }  # fmt: skip
    for n in LASERS:
        for name, quantity in quantities.items():
            found[f"laser_{n}_{name}"] = atmosphere[f"LGS{n}_{quantity}"]
        found[f"laser_{n}_flux"] = 310.0 + 12.0 * n if found[f"laser_{n}_r0"] else 0.0
    for i in range(1, 9):
        found[f"layer_{i}_cn2"] = profile[f"CN2_ALT{i}"]
        found[f"layer_{i}_share"] = 100.0 * profile[f"CN2_FRAC_ALT{i}"]
        found[f"layer_{i}_height"] = profile[f"ALT{i}"] / 1000.0
    brightest = observation.exposure.slot.target.brightest
    found["star_flux"] = 4.0e7 * 10.0 ** (-0.4 * brightest)
    return found


def _means(columns: list[Column]) -> dict[str, float]:
    return {c.name: float(np.mean(np.asarray(c.values, dtype=np.float64))) for c in columns}


def _cube(observation: Observation) -> dict[str, Value]:
    layer = round((700e-9 - FIRST_WAVELENGTH) / STEP)
    fwhm = observation.shape.fwhm[min(layer, len(observation.shape.fwhm) - 1)]
    width = float(fwhm) * observation.exposure.pixel
    found: dict[str, Value] = {"cube_fwhm": width}
    for i in range(1, 7):
        found[f"cube_fwhm_x{i}"] = width * (1.0 + 0.01 * (i - 3))
        found[f"cube_fwhm_y{i}"] = width * (1.0 - 0.012 * (i - 4))
    return found
