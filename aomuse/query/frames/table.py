"""Frames as astropy tables with units, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from astropy import units as u
from astropy.table import Column, MaskedColumn, Table
from astropy.time import Time

from aomuse.errors import AomuseError
from aomuse.query.frames.columns import series


def to_table(frame: pd.DataFrame) -> Table:
    """Return a frame as an astropy table.

    Parameters
    ----------
    frame : pandas.DataFrame
        With units by column in ``attrs["units"]``; the index is left out.

    Returns
    -------
    astropy.table.Table
        Units on the columns, Time for times (UTC), masked columns for what may be missing, and
        two-dimensional columns for vectors of one length.

    Raises
    ------
    AomuseError
        If it is not a frame.
    """
    if not isinstance(frame, pd.DataFrame):
        raise AomuseError(f"to_table takes a DataFrame, not a {type(frame).__name__}")
    units = frame.attrs.get("units", {})
    table = Table()
    for name in frame.columns:
        column = _column(frame[name])
        if name in units and not isinstance(column, Time):
            column.unit = u.Unit(units[name], parse_strict="silent")
        table[str(name)] = column
    return table


def from_table(table: Table) -> pd.DataFrame:
    """Return an astropy table as a frame.

    Parameters
    ----------
    table : astropy.table.Table
        Such as `to_table` makes, or astropy reads from a VOTable that `to_votable` wrote.

    Returns
    -------
    pandas.DataFrame
        With the dtypes of aomuse's frames, and units in ``attrs["units"]``.
    """
    units = {}
    made = {}
    for name in table.colnames:
        column = table[name]
        made[name] = _series(column)
        if getattr(column, "unit", None) is not None:
            units[name] = _unit(column.unit)
    frame = pd.DataFrame(made, index=pd.RangeIndex(len(table)))
    frame.attrs["units"] = units
    return frame


def _column(values: pd.Series[Any]) -> Any:
    """Return a column of a frame as one of a table."""
    kind: Any = values.dtype
    if isinstance(kind, pd.DatetimeTZDtype):
        return _time(values.dt.tz_convert("UTC").dt.tz_localize(None), "date_hms")
    if kind.kind == "M":
        known = values.dropna()
        # as pandas reads times of a database; dates have no time of day
        return _time(values, "date" if (known == known.dt.normalize()).all() else "date_hms")
    if isinstance(kind, np.dtype):
        return _vectors(values.to_numpy()) if kind.kind == "O" else Column(values.to_numpy())
    missing = values.isna().to_numpy()
    if isinstance(kind, pd.StringDtype):
        texts = values.fillna("").to_numpy(dtype=object).astype(str)
        return MaskedColumn(texts, mask=missing)
    plain = values.fillna(kind.type(0)).to_numpy(dtype=kind.numpy_dtype)
    return MaskedColumn(plain, mask=missing)


def _vectors(cells: Any) -> Column:
    """Return vectors of one length and type as two dimensions, other objects as they are."""
    kinds = {(cell.shape, cell.dtype) if hasattr(cell, "shape") else None for cell in cells}
    if len(kinds) == 1 and None not in kinds:
        ((shape, dtype),) = kinds  # type: ignore[misc]
        if shape and dtype.kind != "O":
            return Column(np.stack(list(cells)))
    return Column(cells, dtype=object)


def _time(values: pd.Series[Any], subformat: str) -> Time:
    missing = values.isna().to_numpy()
    times = values.to_numpy().astype("datetime64[us]")
    # astropy masks NaT only if the array has one, and a table wants a column for no rows too.
    times[missing] = np.datetime64("2000-01-01")
    made = Time(times, format="datetime64", scale="utc", out_subfmt="*")
    made.format = "isot"
    made.precision = 6
    made.out_subfmt = subformat
    if missing.any():
        made[missing] = np.ma.masked
    return made


def _series(column: Any) -> pd.Series[Any]:
    """Return a column of a table as one of a frame."""
    if isinstance(column, Time):
        return _times(column)
    meta = getattr(column, "meta", None) or {}
    values = np.asarray(column)
    if meta.get("xtype") == "timestamp":
        return _timestamps(values)
    mask = np.ma.getmaskarray(column) if isinstance(column, MaskedColumn) else None
    is_text = values.dtype.kind in "US" or "_votable_string_dtype" in meta
    if values.ndim > 1 or (values.dtype.kind == "O" and not is_text):
        return series("object", [_plain(cell) for cell in values])
    if is_text:
        texts = values.astype(str).astype(object)
        if mask is not None:
            texts[mask] = None
        if meta.get("values", {}).get("null") == "":
            texts[texts == ""] = None
        return series("text", texts)
    if mask is None or values.dtype.kind not in "iub":
        return pd.Series(values.astype(values.dtype.newbyteorder("=")))
    cells = values.astype(object)
    cells[mask] = None
    return series("flag" if values.dtype.kind == "b" else "int", cells)


def _timestamps(texts: Any) -> pd.Series[Any]:
    """Return the texts of a VOTable as times, or as dates if they have no room for more."""
    is_date = texts.dtype == np.dtype("U10")
    return series("date" if is_date else "time", [text or "NaT" for text in texts])


def _plain(cell: Any) -> Any:
    """Return a vector that astropy read from a VOTable without its mask."""
    return np.asarray(cell) if isinstance(cell, np.ma.MaskedArray) else cell


def _unit(unit: Any) -> str:
    """Return a unit as astropy writes it, also one in the quotes of VOUnits."""
    return str(u.Unit(unit.to_string(), parse_strict="silent").to_string())


def _times(column: Time) -> pd.Series[Any]:
    missing = np.asarray(column.mask)
    whole = column.copy()
    if missing.any():
        whole[missing] = Time("2000-01-01", scale="utc")
    times = np.asarray(whole.to_value("datetime64", subfmt="*"), dtype="datetime64[ns]")
    # A Time is two doubles, good to less than a nanosecond: the microsecond is the nearest one.
    micro = ((times.astype(np.int64) + 500) // 1000).astype("datetime64[us]")
    micro[missing] = np.datetime64("NaT", "us")
    return series("date" if column.out_subfmt == "date" else "time", micro)
