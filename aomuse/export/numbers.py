"""Numbers as a file has them, from the physical values that the database has."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from aomuse.export.unsaid import Convention
from aomuse.fits.column_definitions import Column
from aomuse.fits.column_values import DTYPES

Array = npt.NDArray[Any]

#: How far the number that leads to a value may be from the one that division gives.
_NEAR = 3


def raw_elements(column: Column, values: Array, nulls: Array, convention: Convention) -> Array:
    """Return the elements of a column in the type and byte order of the file."""
    letter = column.letter
    if letter == "L":
        letters = np.where(values.astype(np.bool_), ord("T"), ord("F"))
        return np.where(nulls, 0, letters).astype(np.uint8)
    stored = np.dtype(DTYPES[letter])
    dtype = stored.newbyteorder("=")
    if letter in "BIJK":
        if column.is_scaled and not column.stays_integer:
            raw = unscaled(values, column.scale, column.zero, dtype)
            raw[np.isnan(values)] = column.null or 0
        else:
            raw = _moved_back(values, int(column.zero), dtype)
        return raw.astype(stored)
    if letter in "CM":
        dtype = np.dtype(f"f{stored.itemsize // 2}")
        both = np.ascontiguousarray(values, np.complex128).view(np.float64)
        raw = np.empty(len(both), dtype)
        raw[0::2] = unscaled(both[0::2], column.scale, column.zero, dtype)
        raw[1::2] = unscaled(both[1::2], column.scale, 0.0, dtype)
    else:
        raw = unscaled(values, column.scale, column.zero, dtype)
    bits = raw.view(f"u{dtype.itemsize}")
    bits[np.isnan(raw)] = convention.nan[dtype.itemsize == 8]
    return bits.astype(f">u{dtype.itemsize}")


def unscaled(values: Array, scale: float, zero: float, dtype: Any) -> Array:
    """Return the numbers x that give values as zero + scale x; the nearest where none does."""
    kind = np.dtype(dtype).kind
    if scale == 1 and zero == 0 and kind == "f":
        with np.errstate(over="ignore", invalid="ignore"):
            return values.astype(dtype)
    if scale == 0:
        return np.zeros(len(values), dtype)
    with np.errstate(all="ignore"):
        guess = (values.astype(np.float64) - float(zero)) / scale
        if kind == "f":
            nearest = guess.astype(dtype)
        else:
            info = np.iinfo(dtype)
            rounded = np.rint(np.nan_to_num(guess))
            # As a double, the largest integer of 64 bits is one more than it is.
            is_highest = rounded >= float(info.max)
            rounded = np.clip(np.where(is_highest, 0, rounded), float(info.min), None)
            nearest = np.where(is_highest, info.max, rounded.astype(dtype)).astype(dtype)
        return _settled(nearest, values, scale, zero)


def _settled(nearest: Array, values: Array, scale: float, zero: float) -> Array:
    """Return numbers of which each gives its value, if one that is near does."""
    found = nearest.copy()
    up = down = nearest
    for _ in range(_NEAR):
        wrong = found.astype(np.float64) * scale + float(zero) != values
        wrong &= ~np.isnan(values)
        if not wrong.any():
            break
        up, down = _next(up, 1), _next(down, -1)
        for other in (up, down):
            better = wrong & (other.astype(np.float64) * scale + float(zero) == values)
            found[better] = other[better]
    return found


def _next(numbers: Array, direction: int) -> Array:
    if numbers.dtype.kind == "f":
        return np.asarray(np.nextafter(numbers, numbers.dtype.type(direction * np.inf)))
    one = numbers.dtype.type(1)
    return np.asarray(numbers + one if direction > 0 else numbers - one)


def _moved_back(values: Array, zero: int, dtype: Any) -> Array:
    """Return integers less a whole zero, exactly."""
    if values.dtype == object:
        return np.array([int(value) - zero for value in values], dtype=dtype)
    # Differences of 64 bits wrap around to the right value.
    moved = values.astype(np.int64).view(np.uint64) - np.uint64(zero % 2**64)
    return moved.view(np.int64).astype(dtype)
