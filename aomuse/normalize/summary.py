"""Statistics over wavelength windows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from aomuse.muse.windows import WINDOWS

Floats = npt.NDArray[np.float64]
#: Numbers that are worked on at a time: they stay in the processor's cache.
_BLOCK = 100_000
#: An array for each statistic, by its column.
Statistics = dict[str, npt.NDArray[Any]]


def summarize(values: Floats) -> Statistics:
    """Return the statistics of each row."""
    step = max(1, _BLOCK // max(1, values.shape[1]))
    blocks = [_of_block(values[start : start + step]) for start in range(0, len(values), step)]
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def _of_block(values: Floats) -> Statistics:
    # Copies of all numbers would take longer than what is computed: few have any that are missing.
    finite = np.isfinite(values)
    is_whole = bool(finite.all())
    ordered = np.sort(values if is_whole else np.where(finite, values, np.nan), axis=1)
    count = np.count_nonzero(finite, axis=1)
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

    def total(numbers: Floats) -> Floats:
        if not is_whole:
            # What is missing has been sorted behind the rest.
            numbers = np.where(np.arange(values.shape[1]) < count[:, None], numbers, 0)
        return np.asarray(numbers.sum(axis=1))

    # Near the largest double a sum or a square is too large for any: no number then.
    with np.errstate(over="ignore", invalid="ignore"):
        mean = np.where(some, total(ordered) / divisor, np.nan)
        variance = total(np.square(ordered - mean[:, None])) / divisor
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
    for number, statistics in by_window(values, wavelength_nm):
        # In one go: assign would copy the frame once for each column.
        columns = {str(name): keys[name] for name in keys}
        columns["wavelength_window_id"] = pd.Series(number, index=keys.index)
        yield pd.DataFrame(columns | statistics)


def by_window(values: Floats, wavelength_nm: Floats) -> Iterator[tuple[int, Statistics]]:
    """Yield the number of each window that has layers, and the statistics of each row there."""
    for window in WINDOWS:
        if window.name == "all":
            inside = np.ones(len(wavelength_nm), np.bool_)
        else:
            inside = (wavelength_nm >= window.minimum_nm) & (wavelength_nm < window.maximum_nm)
        if inside.any() and len(values):
            yield window.id, summarize(values[:, inside])
