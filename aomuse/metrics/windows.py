"""PSF parameters over ten windows of wavelength, as the 2022 package had them and as they are."""

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
class PsfWindow:
    """One window of one version.

    Parameters
    ----------
    version : {'legacy', 'corrected'}
        How it was made.
    index : int
        Place among the windows of all layers, from 0; the same layers in both versions.
    first_layer, last_layer : int
        Lowest and highest layer, both included.
    wavelength_nm : float
        Mean wavelength of the layers it was made from, nm.
    layer_count : int
        Layers it was made from.
    parameters : dict
        Statistics by the parameter's name.
    """

    version: Version
    index: int
    first_layer: int
    last_layer: int
    wavelength_nm: float
    layer_count: int
    parameters: dict[str, ParameterStatistics] = field(default_factory=dict)


def window_edges(layers: int) -> list[int]:
    """Return the layers at the edges of the windows.

    Parameters
    ----------
    layers : int
        Layers of the cube.

    Returns
    -------
    list of int
        Every ``int(layers / 10)`` th layer from 0; every layer where there are fewer than ten.
    """
    return list(range(0, layers, max(1, layers // 10)))


def in_notch(wavelength_nm: Floats) -> npt.NDArray[np.bool_]:
    """Return which wavelengths, nm, lie within the notch: 576 to 605 nm, the edges not."""
    return np.asarray((wavelength_nm > NOTCH_NM[0]) & (wavelength_nm < NOTCH_NM[1]))


def legacy_windows(wavelength_nm: Floats, parameters: Mapping[str, Floats]) -> list[PsfWindow]:
    """Return the windows of the 2022 package.

    Parameters
    ----------
    wavelength_nm : ndarray
        Wavelength of each layer, nm, shape ``(layers,)``.
    parameters : mapping
        Value in each layer by parameter, same shape.

    Returns
    -------
    list of PsfWindow
        Means of the two samples at the edges, without the layers between them; a window is
        dropped where an edge lies in the notch. None for fewer than ten layers.
    """
    layers = len(wavelength_nm)
    if layers < 10:
        return []
    edges = window_edges(layers)
    blocked = in_notch(wavelength_nm)
    found = []
    for index, (first, last) in enumerate(pairwise(edges)):
        if blocked[first] or blocked[last]:
            continue
        ends = [first, last]
        statistics = {}
        for name, values in parameters.items():
            mean = _known(values[ends].mean())
            statistics[name] = ParameterStatistics(mean, None, None, None, None)
        mean_nm = float(wavelength_nm[ends].mean())
        found.append(PsfWindow("legacy", index, first, last, mean_nm, 2, statistics))
    return found


def corrected_windows(wavelength_nm: Floats, parameters: Mapping[str, Floats]) -> list[PsfWindow]:
    """Return the windows with the statistics of all their layers.

    Parameters
    ----------
    wavelength_nm : ndarray
        Wavelength of each layer, nm, shape ``(layers,)``.
    parameters : mapping
        Value in each layer by parameter, same shape.

    Returns
    -------
    list of PsfWindow
        From each edge up to the next one and from the last to the end, where a rest of less than
        half a window belongs to the one before; layers in the notch are left out, and a window
        that has no others.
    """
    layers = len(wavelength_nm)
    edges = window_edges(layers)
    step = max(1, layers // 10)
    # What is left behind the last edge is a window of its own, or too little for one.
    if len(edges) > 1 and 2 * (layers - edges[-1]) < step:
        edges.pop()
    edges.append(layers)
    usable = ~in_notch(wavelength_nm)
    found = []
    for index, (first, beyond) in enumerate(pairwise(edges)):
        ours = np.flatnonzero(usable[first:beyond]) + first
        if not len(ours):
            continue
        statistics = _statistics(parameters, ours)
        mean_nm = float(wavelength_nm[ours].mean())
        found.append(
            PsfWindow(
                "corrected", index, int(ours[0]), int(ours[-1]), mean_nm, len(ours), statistics
            )
        )
    return found


def _statistics(parameters: Mapping[str, Floats], layers: npt.NDArray[np.int64]) -> dict[str, Any]:
    if not parameters:
        return {}
    values = np.stack([parameter[layers] for parameter in parameters.values()])
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(values).all():
            found = [
                values.mean(axis=1),
                np.median(values, axis=1),
                values.std(axis=1),
                values.min(axis=1),
                values.max(axis=1),
            ]
            rows = np.stack(found, axis=1)
        else:
            rows = np.array([_of_some(row[np.isfinite(row)]) for row in values])
    return {
        name: ParameterStatistics(*(_known(value) for value in row))
        for name, row in zip(parameters, rows, strict=True)
    }


def _of_some(values: Floats) -> tuple[Any, ...]:
    if not len(values):
        return (np.nan,) * 5
    return values.mean(), np.median(values), values.std(), values.min(), values.max()


def _known(value: np.floating) -> float | None:
    return float(value) if np.isfinite(value) else None
