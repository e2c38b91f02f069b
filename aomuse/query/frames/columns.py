"""Columns of frames: the dtype of each kind, and units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import sqlalchemy as sa
from pandas.api.extensions import ExtensionArray

#: What a column holds: ``count`` is an integer that is never missing, ``int`` one that may be,
#: ``object`` a vector a row, or values of several types.
Kind = Literal["float", "int", "count", "flag", "text", "time", "date", "complex", "object"]

#: Units as aomuse's comments write them, and as astropy reads them.
_ASTROPY_UNITS = {
    "deg C": "deg_C",
    "m/s": "m / s",
    "pixel": "pix",
    "pixels": "pix",
    "rad²": "rad2",
    "radians": "rad",
}

_SUFFIXES = {
    "_arcsec": "arcsec",
    "_deg": "deg",
    "_m": "m",
    "_m_s": "m / s",
    "_nm": "nm",
    "_pixel": "pix",
    "_s": "s",
}


@dataclass(frozen=True)
class FrameColumn:
    """A column of a frame: its name, what it holds, and its unit (empty for none)."""

    name: str
    kind: Kind
    unit: str = ""


def astropy_unit(text: str) -> str:
    """Return a unit as astropy writes it, from one as aomuse's registry and comments have it."""
    return _ASTROPY_UNITS.get(text, text)


def unit_of_name(name: str) -> str:
    """Return the unit that the end of a column's name tells, empty where it tells none."""
    endings = [ending for ending in _SUFFIXES if name.endswith(ending)]
    return _SUFFIXES[max(endings, key=len)] if endings else ""


def kind_of(column: sa.Column[Any]) -> Kind:
    """Return what a column of a table holds."""
    kind = column.type
    if isinstance(kind, sa.Boolean):
        return "flag"
    if isinstance(kind, sa.Integer):
        return "int" if column.nullable else "count"
    if isinstance(kind, sa.DateTime):
        return "time"
    return "text" if isinstance(kind, sa.String) else "float"


def series(kind: Kind, values: Sequence[Any] | npt.NDArray[Any]) -> pd.Series[Any]:
    """Return values of a database as a column of a frame.

    Parameters
    ----------
    kind : str
        What the column holds.
    values : sequence or ndarray
        Shape ``(rows,)``; None is missing. Texts may be an array of pandas already.

    Returns
    -------
    pandas.Series
        float64 (missing and NaN are NaN), int64 (``count``), Int64, boolean, string,
        datetime64[us, UTC], datetime64[s] (``date``), complex128 or object.
    """
    made: Any
    match kind:
        case "float":
            made = pd.Series(np.asarray(values, dtype=np.float64), copy=False)
        case "count":
            made = pd.Series(np.asarray(values, dtype=np.int64), copy=False)
        case "complex":
            numbers = [np.nan if value is None else value for value in values]
            made = pd.Series(np.asarray(numbers, dtype=np.complex128))
        case "time":
            times = np.asarray(values, dtype="datetime64[us]")
            made = pd.Series(times).dt.tz_localize("UTC")
        case "date":
            made = pd.Series(np.asarray(values, dtype="datetime64[s]"))
        case "object":
            cells = np.empty(len(values), dtype=object)
            for row, value in enumerate(values):
                cells[row] = value
            made = pd.Series(cells)
        case "flag":
            made = pd.Series(pd.array(_plain(values, bool), dtype="boolean"))
        case "int":
            made = pd.Series(_integers(values))
        case _:
            made = pd.Series(_texts(values))
    result: pd.Series[Any] = made
    return result


def _texts(values: Any) -> Any:
    if isinstance(values, ExtensionArray):
        return values
    return pd.array(_plain(values, str), dtype="string")


def _plain(values: Sequence[Any] | npt.NDArray[Any], kind: type) -> list[Any]:
    return [None if value is None else kind(value) for value in values]


def _integers(values: Sequence[Any] | npt.NDArray[Any]) -> Any:
    """Return Int64, UInt64 where that is too small, or objects where both are."""
    cells = np.asarray(values, dtype=object)
    missing = np.array([value is None for value in cells], dtype=np.bool_)
    filled = np.where(missing, 0, cells)
    try:
        return pd.arrays.IntegerArray(filled.astype(np.int64), missing)
    except OverflowError:
        pass
    try:
        return pd.arrays.IntegerArray(filled.astype(np.uint64), missing)
    except OverflowError:
        filled[missing] = pd.NA
        return filled


def make_frame(columns: Iterable[FrameColumn], values: Iterable[Any]) -> pd.DataFrame:
    """Return a frame with units."""
    columns = list(columns)
    made = {c.name: series(c.kind, v) for c, v in zip(columns, values, strict=True)}
    return with_units(pd.DataFrame(made), columns)


def with_units(frame: pd.DataFrame, columns: Iterable[FrameColumn]) -> pd.DataFrame:
    """Return the frame, with the units of its columns in ``attrs["units"]``."""
    frame.attrs["units"] = {c.name: c.unit for c in columns if c.unit and c.name in frame.columns}
    return frame
