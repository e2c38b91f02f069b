"""Statistics over wavelength windows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from aomuse.muse.windows import WINDOWS

Floats = npt.NDArray[np.float64]


def summarize(values: Floats) -> dict[str, npt.NDArray[Any]]:
    """Return the statistics of each row."""
    ordered = np.sort(np.where(np.isfinite(values), values, np.nan), axis=1)
    count = np.count_nonzero(~np.isnan(ordered), axis=1)
    some = count > 0
    divisor = np.maximum(count, 1)
    last = divisor - 1

    def at(index: npt.NDArray[np.int64]) -> Floats:
        return np.take_along_axis(ordered, index[:, None], axis=1)[:, 0]

    def percentile(share: float) -> Floats:
        place = share * last
        below = np.floor(place).astype(np.int64)
        above = np.minimum(below + 1, last)
        low = at(below)
        return np.asarray(low + (at(above) - low) * (place - below))

    # Near the largest double a sum or a square is too large for any: no number then.
    with np.errstate(over="ignore", invalid="ignore"):
        mean = np.where(some, np.nansum(ordered, axis=1) / divisor, np.nan)
        variance = np.nansum((ordered - mean[:, None]) ** 2, axis=1) / divisor
        mean[~np.isfinite(mean)], variance[~np.isfinite(variance)] = np.nan, np.nan
    return {
        "sample_count": count.astype(np.int32),
        "mean": mean,
        "median": percentile(0.5),
        "p10": percentile(0.1),
        "p90": percentile(0.9),
        "standard_deviation": np.where(some, np.sqrt(variance), np.nan),
        "minimum": at(np.zeros_like(last)),
        "maximum": at(last),
    }


def window_frames(
    keys: pd.DataFrame, values: Floats, wavelength_nm: Floats
) -> Iterator[pd.DataFrame]:
    """Yield a frame of statistics for each window that has layers."""
    for window in WINDOWS:
        if window.name == "all":
            inside = np.ones(len(wavelength_nm), np.bool_)
        else:
            inside = (wavelength_nm >= window.minimum_nm) & (wavelength_nm < window.maximum_nm)
        if inside.any() and len(keys):
            # In one go: assign would copy the frame once for each column.
            columns = {str(name): keys[name] for name in keys}
            columns["wavelength_window_id"] = pd.Series(window.id, index=keys.index)
            yield pd.DataFrame(columns | summarize(values[:, inside]))
