"""Statistics over wavelength windows."""

from __future__ import annotations

import math
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
    # Few have numbers that are missing: the others are not asked one by one.
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(values.sum()) or np.isfinite(values).all():
            return _of_whole(np.sort(values, axis=1))
    finite = np.isfinite(values)
    ordered = np.sort(np.ascontiguousarray(np.where(finite, values, np.nan)), axis=1)
    count = np.count_nonzero(finite, axis=1)
    some = count > 0
    divisor = np.maximum(count, 1)
    last = divisor - 1
    # What is missing has been sorted behind the rest.
    missing = [(row, count[row]) for row in np.flatnonzero(count < values.shape[1])]

    def at(index: npt.NDArray[np.int64]) -> Floats:
        return np.take_along_axis(ordered, index[:, None], axis=1)[:, 0]

    def percentile(share: float) -> Floats:
        place = share * last
        below = np.floor(place).astype(np.int64)
        above = np.minimum(below + 1, last)
        low = at(below)
        return np.asarray(low + (at(above) - low) * (place - below))

    def total(numbers: Floats) -> Floats:
        for row, end in missing:
            numbers[row, end:] = 0
        return np.asarray(numbers.sum(axis=1))

    # Near the largest double a sum or a square is too large for any: no number then.
    with np.errstate(over="ignore", invalid="ignore"):
        mean = np.where(some, total(ordered.copy()) / divisor, np.nan)
        deviations = ordered - mean[:, None]
        variance = total(np.square(deviations, out=deviations)) / divisor
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


def _of_whole(ordered: Floats) -> Statistics:
    """Return the same of rows that are sorted and lack nothing, in half the time."""
    rows, count = ordered.shape

    def percentile(share: float) -> Floats:
        place = share * (count - 1)
        below = math.floor(place)
        low = ordered[:, below]
        high = ordered[:, min(below + 1, count - 1)]
        return np.asarray(low + (high - low) * (place - below))

    # Layer by layer: so sums have the last bits that they always had.
    by_layer = np.ascontiguousarray(ordered.T)
    mean = by_layer.sum(axis=0) / count
    deviations = by_layer - mean
    variance = np.square(deviations, out=deviations).sum(axis=0) / count
    mean[~np.isfinite(mean)], variance[~np.isfinite(variance)] = np.nan, np.nan
    return {
        "sample_count": np.full(rows, count, dtype=np.int32),
        "mean": mean,
        "median": percentile(0.5),
        "p10": percentile(0.1),
        "p90": percentile(0.9),
        "standard_deviation": np.sqrt(variance),
        "minimum": ordered[:, 0].copy(),
        "maximum": ordered[:, -1].copy(),
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
            yield window.id, summarize(values[:, _piece(inside)])


def _piece(inside: npt.NDArray[np.bool_]) -> slice | npt.NDArray[np.bool_]:
    """Return where layers are inside: in one piece, as they usually are, nothing is copied."""
    places = np.flatnonzero(inside)
    first, end = int(places[0]), int(places[-1]) + 1
    return slice(first, end) if end - first == len(places) else inside
