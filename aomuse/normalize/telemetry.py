"""Telemetry tables: typed rows by laser and layer, the rest into the column store."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from aomuse.exchange.content import FileContent, HduContent, TableContent
from aomuse.exchange.frames import nullable_int
from aomuse.normalize.draft import Draft
from aomuse.normalize.homes import INDEX_COLUMNS, TIMED, Home, home_of
from aomuse.normalize.times import from_iso, from_unix, table_times

#: Length of asm.time_stamp.
_MAX_TEXT = 64

#: One typed home to the place of its column in the FITS table.
_Homes = dict[Home, int]


def add_telemetry(draft: Draft, raw: FileContent, hdu: HduContent, *, first: bool) -> None:
    """Add the rows of one telemetry table; a second one of its name has no typed home."""
    table = hdu.table
    assert table is not None
    homes = _assign(draft, raw, hdu.key, table) if first else {}
    _add_typed(draft, table, homes)
    if first and hdu.key in TIMED:
        frame = pd.DataFrame(
            {
                "row_index": np.arange(table.row_count, dtype=np.int32),
                "header": draft.header(raw, hdu),
                "time_utc": table_times(table),
            }
        )
        draft.out.add(TIMED[hdu.key], frame)
    draft.store_table(raw, hdu, {place: home.stored_in for home, place in homes.items()})


def _assign(draft: Draft, raw: FileContent, extension: str, table: TableContent) -> _Homes:
    """Give each column its typed home, unless another has taken it or the type does not fit."""
    homes: _Homes = {}
    for place, column in enumerate(table.formats):
        home = home_of(extension, column.name)
        if home is None:
            continue
        if home in homes:
            why = f"column {table.formats[homes[home]].name} has the same meaning"
        elif not _fits(home, table.values[place]):
            why = f"its format {column.format} is not the usual one"
        else:
            homes[home] = place
            continue
        message = f"column {column.name} is kept in table_value, not in its typed column: {why}"
        draft.issue("warning", "column_store", message, raw, extension)
    # A table with a row for each laser or layer has no rows without any of them.
    indexed = {home.table for home in homes if home.index is not None}
    return {h: p for h, p in homes.items() if h.table not in INDEX_COLUMNS or h.table in indexed}


def _fits(home: Home, values: npt.NDArray[Any]) -> bool:
    if values.ndim != 1:
        return False
    kind, size = values.dtype.kind, values.dtype.itemsize
    if home.kind == "text":
        return kind == "U" and size // 4 <= _MAX_TEXT
    small_integer = kind == "i" and size <= 4
    return small_integer or (home.kind == "float" and kind == "f" and size <= 8)


def _add_typed(draft: Draft, table: TableContent, homes: _Homes) -> None:
    by_table: dict[str, dict[Home, int]] = defaultdict(dict)
    for home, place in homes.items():
        by_table[home.table][home] = place
    # sparta_cn2 before sparta_cn2_layer, asm before its layers: in alphabetical order they are.
    for name in sorted(by_table):
        frame = _frame(name, table, by_table[name])
        draft.out.add(name, _with_time(name, frame))


def _frame(name: str, table: TableContent, homes: _Homes) -> pd.DataFrame:
    """Return one row for each row of the table, or for each row and laser or layer."""
    rows = table.row_count
    indices = sorted({home.index for home in homes if home.index is not None})
    width = len(indices) or 1
    frame: dict[str, Any] = {"row_index": np.repeat(np.arange(rows, dtype=np.int32), width)}
    if indices:
        frame[INDEX_COLUMNS[name]] = np.tile(np.array(indices, dtype=np.int16), rows)
    for column in sorted({home.column for home in homes}):
        same = {home.index: place for home, place in homes.items() if home.column == column}
        kind = next(home.kind for home in homes if home.column == column)
        if None in same:
            frame[column] = _column(kind, table, same[None], width)
        else:
            values = np.full((rows, width), np.nan)
            for i, index in enumerate(indices):
                if index in same:
                    values[:, i] = _floats(table, same[index])
            frame[column] = values.reshape(-1)
    return pd.DataFrame(frame)


def _column(kind: str, table: TableContent, place: int, width: int) -> Any:
    """Return a column that all lasers or layers of a row share."""
    values, nulls = table.values[place], table.nulls[place]
    if kind == "float":
        return np.repeat(_floats(table, place), width)
    if kind == "int":
        repeated = None if nulls is None else np.repeat(nulls, width)
        return nullable_int(np.repeat(values, width), repeated)
    return np.repeat(values.astype(object), width)


def _floats(table: TableContent, place: int) -> npt.NDArray[np.float64]:
    values = table.values[place].astype(np.float64)
    nulls = table.nulls[place]
    if nulls is not None:
        values[nulls] = np.nan
    return values


def _with_time(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    if "time_sec" in frame:
        seconds = frame["time_sec"].fillna(0).to_numpy(np.int64)
        micro = frame["time_usec"].fillna(0).to_numpy(np.int64) if "time_usec" in frame else 0
        times = from_unix(seconds, micro)
        times[frame["time_sec"].isna().to_numpy()] = np.datetime64("NaT")
        return frame.assign(time_utc=times)
    if name == "asm" and "time_stamp" in frame:
        return frame.assign(time_utc=from_iso(frame["time_stamp"].to_numpy()))
    return frame
