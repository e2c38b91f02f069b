"""Values that the header templates ask for, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from aomuse.simulate.atmosphere import Series, fried_parameter
from aomuse.simulate.observation import Observation
from aomuse.simulate.plan import LASERS, Exposure
from aomuse.simulate.plan_values import channel_values, plan_values
from aomuse.simulate.psf import FIRST_WAVELENGTH, STEP
from aomuse.simulate.random_streams import Stream, generator
from aomuse.simulate.wide_field import slow_guiding_width

_STATISTICS: dict[str, Callable[[Series], Any]] = {
    "AVG": np.nanmean,
    "MAX": np.nanmax,
    "MED": np.nanmedian,
    "MIN": np.nanmin,
    "RMS": np.nanstd,
}


def header_values(observation: Observation) -> dict[str, Any]:
    """Collect the values of an exposure; those of the real-time computer only if it ran."""
    exposure, state = observation.exposure, observation.state
    start, end = state.start, state.end
    curves = {name: value for name, value in vars(state).items() if isinstance(value, np.ndarray)}
    curves["seeing_on_target"] = state.seeing_on_target
    return {
        **plan_values(exposure),
        "start": start,
        "end": end,
        "rotator_start": start.parallactic - start.altitude,
        "rotator_end": end.parallactic - end.altitude,
        "position_angle": start.parallactic - 135.0,
        "position_angle_end": end.parallactic - 135.0,
        "derotator_start": -2.0 * start.altitude - start.parallactic,
        "derotator_end": -2.0 * end.altitude - end.parallactic,
        "at_start": {name: curve[0] for name, curve in curves.items()},
        "at_end": {name: curve[-1] for name, curve in curves.items()},
        "mean": {name: curve.mean() for name, curve in curves.items()},
        "r0": fried_parameter(state.seeing_on_target).mean(),
        "guider_fwhm": 0.87 * state.seeing.mean(),
        "guider_fwhm_linear": 0.92 * state.seeing.mean(),
        "guider_fwhm_observed": 0.92 * state.seeing_on_target.mean(),
        "mirror_temperature": state.temperature[0] - 0.6,
        "readings": _readings(observation),
        "laser": {n: _laser(exposure, n) for n in LASERS},
        "layers": len(observation.wavelength),
        **_real_time(observation),
        **_star_widths(observation),
        **channel_values(1),
    }


def _readings(observation: Observation) -> dict[str, dict[str, float]]:
    """Return statistics of what was read during the exposure."""
    state = observation.state
    rng = generator(observation.seed, observation.exposure.index, Stream.HEADERS)
    n, ground = len(state.times), state.ground_layer
    series = {
        "guider_x": 0.92 * state.seeing_on_target * rng.normal(1.0, 0.03, n),
        "guider_y": 0.95 * state.seeing_on_target * rng.normal(1.0, 0.03, n),
        "seeing": state.seeing,
        "ground300": 0.86 * ground,
        "ground500": ground,
        "ground900": np.clip(1.04 * ground, 0.0, 0.99),
        "tau0": state.coherence_time,
        "wind": state.wind_speed,
        "slow_flux": rng.normal(1.26e5, 3e3, n),
        "slow_fwhm": slow_guiding_width(state) * rng.normal(1.0, 0.05, n),
    }
    return {
        name: {what: function(values) for what, function in _STATISTICS.items()}
        for name, values in series.items()
    }


def _laser(exposure: Exposure, n: int) -> dict[str, Any]:
    on = n in exposure.slot.lasers
    return {
        "on": on,
        "state": "4" if on else "2",
        "simulated": exposure.adaptive and not on,
        "power": 22.0 + 0.3 * n + 0.01 * (exposure.index % 7) if on else 0.0,
        "flux": 860.0 + 18.0 * n if on else 0.0,
        "shut": 0 if on else 1,
    }


def _real_time(observation: Observation) -> dict[str, Any]:
    """Average the columns of the telemetry, so that header and tables agree."""
    means = {
        column.name: float(np.mean(np.asarray(column.values, dtype=np.float64)))
        for name in ("SPARTA_ATM_DATA", "SPARTA_CN2_DATA")
        for column in observation.tables.get(name, [])
    }
    layers = range(1, 9) if means else ()
    return {
        **_strehl(observation),
        "sparta": means,
        "layer_share": {i: 100.0 * means[f"CN2_FRAC_ALT{i}"] for i in layers},
        "layer_height": {i: means[f"ALT{i}"] for i in layers},
    }


def _strehl(observation: Observation) -> dict[str, Any]:
    """Return median and scatter of the Strehl ratios of all lasers, which the pipeline states."""
    columns = observation.tables.get("SPARTA_ATM_DATA", [])
    ratios = np.array([column.values for column in columns if column.name.endswith("_STREHL")])
    if not ratios.size:
        return {}
    median = np.median(ratios)
    return {"strehl_median": median, "strehl_scatter": np.median(np.abs(ratios - median))}


def _star_widths(observation: Observation) -> dict[str, Any]:
    """Return widths of six stars in the cube, at 700 nm or in the last layer below."""
    fwhm = observation.psf.fwhm
    layer = min(round((700e-9 - FIRST_WAVELENGTH) / STEP), len(fwhm) - 1)
    width = float(fwhm[layer]) * observation.exposure.pixel
    return {
        "fwhm": width,
        "fwhm_x": {i: width * (1.0 + 0.01 * (i - 3)) for i in range(1, 7)},
        "fwhm_y": {i: width * (1.0 - 0.012 * (i - 4)) for i in range(1, 7)},
    }
