"""Wavelength windows as rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from aomuse.metrics.atmosphere import image_quality_with_muse
from aomuse.metrics.inputs import FitLayers
from aomuse.metrics.registry import Metrics, MetricValue
from aomuse.metrics.windows import (
    LayerWindow,
    ParameterStatistics,
    corrected_windows,
    legacy_windows,
)

_PLACES: dict[str, Any] = {
    "first_layer": np.int32,
    "last_layer": np.int32,
    "layer_count": np.int32,
    "wavelength_nm": np.float64,
}
_QUALITIES = {
    "sparta_iq_arcsec": "sparta_iq_los_500nm",
    "sparta_iq_nogain_arcsec": "sparta_iq_los_500nm_nogain",
}


def window_tables(fit: FitLayers, metrics: Metrics) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the rows of an analysis's windows, psf_window first."""
    if not len(fit.wavelength_nm) or not np.isfinite(fit.wavelength_nm).all():
        return
    layers = len(fit.wavelength_nm)
    values = {name: parameter[:layers] for name, parameter in fit.parameters.items()}
    windows = [
        *legacy_windows(fit.wavelength_nm, values),
        *corrected_windows(fit.wavelength_nm, values),
    ]
    if not windows:
        return
    # Column by column: a frame of rows takes several times as long.
    keys: dict[str, Any] = {
        "psf_fit_id": np.full(len(windows), fit.id, dtype=np.int32),
        "version": np.array([window.version for window in windows], dtype=object),
        "window_index": np.array([window.index for window in windows], dtype=np.int32),
    }
    places = {
        name: np.array([getattr(window, name) for window in windows], dtype=dtype)
        for name, dtype in _PLACES.items()
    }
    qualities = {
        column: np.array([_at(metrics[name, window.version], window) for window in windows])
        for column, name in _QUALITIES.items()
    }
    yield "psf_window", pd.DataFrame(keys | places | qualities)
    if not values:
        return
    statistics = np.array(
        [window.parameters[name] for window in windows for name in values], dtype=np.float64
    )
    yield (
        "psf_window_parameter",
        pd.DataFrame(
            {
                **{name: np.repeat(column, len(values)) for name, column in keys.items()},
                "parameter": np.array([*values] * len(windows), dtype=object),
                **dict(zip(ParameterStatistics._fields, statistics.T, strict=True)),
            }
        ),
    )


def _at(quality: MetricValue, window: LayerWindow) -> float:
    """Return the image quality at a window's wavelength, arcsec; NaN where there is none."""
    if isinstance(quality, str):
        return np.nan
    legacy = window.version == "legacy"
    return image_quality_with_muse(quality, window.wavelength_nm, legacy=legacy)
