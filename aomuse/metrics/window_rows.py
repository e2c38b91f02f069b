"""Windows of wavelength as rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from aomuse.metrics import Found, Metrics, PsfWindow, corrected_windows, legacy_windows
from aomuse.metrics.atmosphere import image_quality_with_muse
from aomuse.metrics.inputs import Floats

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
_STATISTICS = ("mean", "median", "standard_deviation", "minimum", "maximum")


def window_tables(
    fit_id: int, wavelength_nm: Floats, parameters: Mapping[str, Floats], metrics: Metrics
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the rows of an analysis's windows, psf_window first."""
    if not len(wavelength_nm) or not np.isfinite(wavelength_nm).all():
        return
    layers = len(wavelength_nm)
    ours = {name: values[:layers] for name, values in parameters.items()}
    windows = [*legacy_windows(wavelength_nm, ours), *corrected_windows(wavelength_nm, ours)]
    if not windows:
        return
    # Column by column: a frame of rows takes several times as long.
    version = np.array([window.version for window in windows], dtype=object)
    index = np.array([window.index for window in windows], dtype=np.int32)
    yield (
        "psf_window",
        pd.DataFrame(
            {
                "psf_fit_id": np.full(len(windows), fit_id, dtype=np.int32),
                "version": version,
                "window_index": index,
                **{
                    name: np.array([getattr(w, name) for w in windows], dtype=dtype)
                    for name, dtype in _PLACES.items()
                },
                **{
                    column: np.array([_at(metrics[name, w.version], w) for w in windows])
                    for column, name in _QUALITIES.items()
                },
            }
        ),
    )
    names = [*ours]
    if not names:
        return
    count = len(names)
    statistics = np.array(
        [window.parameters[name] for window in windows for name in names],
        dtype=np.float64,
    )
    yield (
        "psf_window_parameter",
        pd.DataFrame(
            {
                "psf_fit_id": np.full(len(statistics), fit_id, dtype=np.int32),
                "version": np.repeat(version, count),
                "window_index": np.repeat(index, count),
                "parameter": np.array(names * len(windows), dtype=object),
                **{name: statistics[:, place] for place, name in enumerate(_STATISTICS)},
            }
        ),
    )


def _at(quality: Found, window: PsfWindow) -> float:
    """Return the image quality at a window's wavelength, arcsec; NaN where there is none."""
    if isinstance(quality, str):
        return np.nan
    legacy = window.version == "legacy"
    return image_quality_with_muse(quality, window.wavelength_nm, legacy=legacy)
