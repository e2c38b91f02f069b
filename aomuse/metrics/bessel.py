"""Bessel functions of the first kind, to 1e-7: Abramowitz and Stegun 1964, 9.4.1 to 9.4.6."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Up to 3 a polynomial of (x/3)^2; beyond it amplitude and phase, polynomials of 3/x.
_J0_SMALL = (1.0, -2.2499997, 1.2656208, -0.3163866, 0.0444479, -0.0039444, 0.0002100)
_J1_SMALL = (0.5, -0.56249985, 0.21093573, -0.03954289, 0.00443319, -0.00031761, 0.00001109)
_J0_SIZE = (0.79788456, -7.7e-7, -0.0055274, -9.512e-5, 0.00137237, -0.00072805, 0.00014476)
_J1_SIZE = (0.79788456, 1.56e-6, 0.01659667, 0.00017105, -0.00249511, 0.00113653, -0.00020033)
_J0_PHASE = (-0.78539816, -0.04166397, -3.954e-5, 0.00262573, -0.00054125, -0.00029333, 0.00013558)
_J1_PHASE = (-2.35619449, 0.12499612, 5.65e-5, -0.00637879, 0.00074348, 0.00079824, -0.00029166)


def one_minus_j0(x: Floats) -> Floats:
    """Return 1 - J0 of numbers that are not negative, with all its digits near 0."""
    small = -np.polyval((*_J0_SMALL[:0:-1], 0.0), (x / 3) ** 2)
    return _joined(x, small, 1 - _large(x, _J0_SIZE, _J0_PHASE))


def bessel_j1(x: Floats) -> Floats:
    """Return J1 of numbers that are not negative."""
    small = x * np.polyval(_J1_SMALL[::-1], (x / 3) ** 2)
    return _joined(x, small, _large(x, _J1_SIZE, _J1_PHASE))


def _large(x: Floats, size: tuple[float, ...], phase: tuple[float, ...]) -> Floats:
    beyond = np.maximum(x, 3.0)
    angle = beyond + np.polyval(phase[::-1], 3 / beyond)
    return np.asarray(np.polyval(size[::-1], 3 / beyond) * np.cos(angle) / np.sqrt(beyond))


def _joined(x: Floats, small: npt.NDArray[Any], large: npt.NDArray[Any]) -> Floats:
    return np.asarray(np.where(x <= 3, small, large))
