"""PSF parameters over about ten wavelength windows, in three versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aomuse.metrics.metric import CURRENT, LEGACY, SUPERSEDED
from aomuse.metrics.wavelength import LEGACY_NOTCH_NM, in_notch, notch_of

Floats = npt.NDArray[np.float64]


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

    version: str
    index: int
    first_layer: int
    last_layer: int
    wavelength_nm: float
    layer_count: int
    parameters: dict[str, ParameterStatistics] = field(default_factory=dict)


def window_edges(layers: int) -> list[int]:
    """Return the layers at the edges of the windows: every tenth of the cube, or every layer."""
    return list(range(0, layers, max(1, layers // 10)))


def legacy_windows(wavelength_nm: Floats, parameters: Mapping[str, Floats]) -> list[LayerWindow]:
    """Return the windows of the 2022 package; none for fewer than ten layers.

    Means of the two samples at the edges, without the layers between them; a window with an edge
    in the notch is dropped.
    """
    layers = len(wavelength_nm)
    if layers < 10:
        return []
    edges = window_edges(layers)
    blocked = in_notch(wavelength_nm, LEGACY_NOTCH_NM)
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
        windows.append(LayerWindow(LEGACY, index, first, last, mean_nm, 2, statistics))
    return windows


def corrected_windows(
    wavelength_nm: Floats, parameters: Mapping[str, Floats], instrument_mode: str | None
) -> list[LayerWindow]:
    """Return the windows with the statistics of all their layers outside the mode's notch.

    Edges as in ``earlier_windows``; a window with layers on both sides of the notch becomes two.
    They are numbered one after the other.
    """
    notch = notch_of(instrument_mode)
    usable = ~in_notch(wavelength_nm, notch)
    parts = []
    for start, beyond in _starts_and_ends(len(wavelength_nm)):
        chosen = np.flatnonzero(usable[start:beyond]) + start
        if notch is None:
            sides = [chosen]
        else:
            is_below = wavelength_nm[chosen] <= notch[0]
            sides = [chosen[is_below], chosen[~is_below]]
            # Some cubes run from the red to the blue.
            sides.sort(key=lambda layers: layers[0] if len(layers) else -1)
        parts += [layers for layers in sides if len(layers)]
    return [
        _window(CURRENT, index, layers, wavelength_nm, parameters)
        for index, layers in enumerate(parts)
    ]


def earlier_windows(wavelength_nm: Floats, parameters: Mapping[str, Floats]) -> list[LayerWindow]:
    """Return the windows with all layers outside of 576 to 605 nm, whatever the mode.

    From each edge up to the next one and from the last to the end, where a rest of less than half
    a window belongs to the one before.
    """
    usable = ~in_notch(wavelength_nm, LEGACY_NOTCH_NM)
    windows = []
    for index, (start, beyond) in enumerate(_starts_and_ends(len(wavelength_nm))):
        chosen = np.flatnonzero(usable[start:beyond]) + start
        if len(chosen):
            windows.append(_window(SUPERSEDED, index, chosen, wavelength_nm, parameters))
    return windows


def _starts_and_ends(layers: int) -> Iterator[tuple[int, int]]:
    edges = window_edges(layers)
    step = max(1, layers // 10)
    # What is left behind the last edge is a window of its own, or too little for one.
    if len(edges) > 1 and 2 * (layers - edges[-1]) < step:
        edges.pop()
    return pairwise([*edges, layers])


def _window(
    version: str,
    index: int,
    layers: npt.NDArray[np.int64],
    wavelength_nm: Floats,
    parameters: Mapping[str, Floats],
) -> LayerWindow:
    first, last = int(layers[0]), int(layers[-1])
    mean_nm = float(wavelength_nm[layers].mean())
    statistics = _statistics(parameters, layers)
    return LayerWindow(version, index, first, last, mean_nm, len(layers), statistics)


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
