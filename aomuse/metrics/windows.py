"""PSF parameters over ten wavelength windows: as the 2022 package had them, and corrected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Version = Literal["legacy", "corrected"]

#: The sodium lasers' light is blocked here, nm: the cube has none of the stars'.
NOTCH_NM = (576.0, 605.0)


class ParameterStatistics(NamedTuple):
    """A parameter over a window; None where no layer has a value."""

    mean: float | None
    median: float | None
    standard_deviation: float | None
    minimum: float | None
    maximum: float | None


@dataclass(frozen=True)
class LayerWindow:
    """One window of one version: its place among the windows, its layers, its statistics."""

    version: Version
    index: int
    first_layer: int
    last_layer: int
    wavelength_nm: float
    layer_count: int
    parameters: dict[str, ParameterStatistics] = field(default_factory=dict)


def window_edges(layers: int) -> list[int]:
    """Return the layers at the edges of the windows: every tenth of the cube, or every layer."""
    return list(range(0, layers, max(1, layers // 10)))


def in_notch(wavelength_nm: Floats) -> npt.NDArray[np.bool_]:
    """Return which wavelengths, nm, lie within the notch: 576 to 605 nm, the edges not."""
    return np.asarray((wavelength_nm > NOTCH_NM[0]) & (wavelength_nm < NOTCH_NM[1]))


def legacy_windows(wavelength_nm: Floats, parameters: Mapping[str, Floats]) -> list[LayerWindow]:
    """Return the windows of the 2022 package; none for fewer than ten layers.

    Means of the two samples at the edges, without the layers between them; a window with an edge
    in the notch is dropped.
    """
    layers = len(wavelength_nm)
    if layers < 10:
        return []
    edges = window_edges(layers)
    blocked = in_notch(wavelength_nm)
    windows = []
    for index, (first, last) in enumerate(pairwise(edges)):
        if blocked[first] or blocked[last]:
            continue
        ends = [first, last]
        statistics = {}
        for name, values in parameters.items():
            mean = _known(values[ends].mean())
            statistics[name] = ParameterStatistics(mean, None, None, None, None)
        mean_nm = float(wavelength_nm[ends].mean())
        windows.append(LayerWindow("legacy", index, first, last, mean_nm, 2, statistics))
    return windows


def corrected_windows(wavelength_nm: Floats, parameters: Mapping[str, Floats]) -> list[LayerWindow]:
    """Return the windows with the statistics of all their layers outside the notch.

    From each edge up to the next one and from the last to the end, where a rest of less than half
    a window belongs to the one before.
    """
    layers = len(wavelength_nm)
    edges = window_edges(layers)
    step = max(1, layers // 10)
    # What is left behind the last edge is a window of its own, or too little for one.
    if len(edges) > 1 and 2 * (layers - edges[-1]) < step:
        edges.pop()
    edges.append(layers)
    usable = ~in_notch(wavelength_nm)
    windows = []
    for index, (start, beyond) in enumerate(pairwise(edges)):
        chosen = np.flatnonzero(usable[start:beyond]) + start
        if not len(chosen):
            continue
        first, last = int(chosen[0]), int(chosen[-1])
        statistics = _statistics(parameters, chosen)
        mean_nm = float(wavelength_nm[chosen].mean())
        windows.append(
            LayerWindow("corrected", index, first, last, mean_nm, len(chosen), statistics)
        )
    return windows


def _statistics(parameters: Mapping[str, Floats], layers: npt.NDArray[np.int64]) -> dict[str, Any]:
    if not parameters:
        return {}
    values = np.stack([parameter[layers] for parameter in parameters.values()])
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(values).all():
            columns = [
                values.mean(axis=1),
                np.median(values, axis=1),
                values.std(axis=1),
                values.min(axis=1),
                values.max(axis=1),
            ]
            rows = np.stack(columns, axis=1)
        else:
            rows = np.array([_statistics_of_row(row[np.isfinite(row)]) for row in values])
    return {
        name: ParameterStatistics(*(_known(value) for value in row))
        for name, row in zip(parameters, rows, strict=True)
    }


def _statistics_of_row(values: Floats) -> tuple[Any, ...]:
    if not len(values):
        return (np.nan,) * 5
    return values.mean(), np.median(values), values.std(), values.min(), values.max()


def _known(value: np.floating) -> float | None:
    return float(value) if np.isfinite(value) else None
