"""Wavelength windows as rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aomuse.metrics.compute_sparta import (
    NO_GAIN,
    WITH_GAIN,
    ao_gain,
    earlier_quality,
    predicted_quality,
)
from aomuse.metrics.inputs import FitLayers
from aomuse.metrics.metric import CURRENT, Metrics, MetricValue
from aomuse.metrics.windows import (
    LayerWindow,
    ParameterStatistics,
    corrected_windows,
    earlier_windows,
    legacy_windows,
)

_PLACES: dict[str, Any] = {
    "first_layer": np.int32,
    "last_layer": np.int32,
    "layer_count": np.int32,
    "wavelength_nm": np.float64,
}
_QUALITIES = {"sparta_iq_arcsec": WITH_GAIN, "sparta_iq_nogain_arcsec": NO_GAIN}
#: Columns of psf_window with a statistic of a parameter.
_STATISTICS = {
    "fwhm_pixel": ("fwhm", "mean"),
    "fwhm_standard_deviation_pixel": ("fwhm", "standard_deviation"),
    "beta": ("beta", "mean"),
    "ellipticity": ("e", "mean"),
    "theta": ("theta", "mean"),
}


def window_tables(
    fit: FitLayers, metrics: Metrics, instrument_mode: str | None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows of an analysis's windows, psf_window first."""
    if not len(fit.wavelength_nm) or not np.isfinite(fit.wavelength_nm).all():
        return
    layers = len(fit.wavelength_nm)
    values = {name: parameter[:layers] for name, parameter in fit.parameters.items()}
    windows = [
        *legacy_windows(fit.wavelength_nm, values),
        *earlier_windows(fit.wavelength_nm, values),
        *corrected_windows(fit.wavelength_nm, values, instrument_mode),
    ]
    if not windows:
        return
    keys: dict[str, Any] = {
        "psf_fit_id": np.full(len(windows), fit.id, dtype=np.int32),
        "version": np.array([window.version for window in windows], dtype=object),
        "window_index": np.array([window.index for window in windows], dtype=np.int32),
    }
    places = {
        name: np.array([getattr(window, name) for window in windows], dtype=dtype)
        for name, dtype in _PLACES.items()
    }
    found = {
        column: [_predicted(metrics, name, window) for window in windows]
        for column, name in _QUALITIES.items()
    }
    qualities: dict[str, Any] = {
        column: np.array([np.nan if isinstance(each, str) else each for each in values_found])
        for column, values_found in found.items()
    }
    reasons = [each if isinstance(each, str) else None for each in found["sparta_iq_arcsec"]]
    qualities["sparta_iq_reason"] = np.array(reasons, dtype=object)
    named = {
        column: np.array(
            [getattr(window.parameters.get(name), statistic, None) for window in windows],
            dtype=np.float64,
        )
        for column, (name, statistic) in _STATISTICS.items()
    }
    yield "psf_window", keys | places | qualities | named
    if not values:
        return
    statistics = np.array(
        [window.parameters[name] for window in windows for name in values], dtype=np.float64
    )
    yield (
        "psf_window_parameter",
        {
            **{name: np.repeat(column, len(values)) for name, column in keys.items()},
            "parameter": np.array([*values] * len(windows), dtype=object),
            **dict(zip(ParameterStatistics._fields, statistics.T, strict=True)),
        },
    )


def _predicted(metrics: Metrics, name: str, window: LayerWindow) -> MetricValue:
    """Return the image quality at a window's wavelength, arcsec, or why there is none."""
    quality = metrics[name, window.version]
    if isinstance(quality, str):
        return quality
    if window.version != CURRENT:
        return earlier_quality(quality, window.wavelength_nm, window.version)
    gain = ao_gain(metrics["glf", CURRENT]) if name == WITH_GAIN else 1.0
    return predicted_quality(metrics, window.wavelength_nm, gain)
