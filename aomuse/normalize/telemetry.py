"""Telemetry tables: typed rows by laser and layer, the rest into the column store."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import numpy.typing as npt

from aomuse.exchange.content import FileContent, HduContent, TableContent
from aomuse.exchange.frames import nullable_int
from aomuse.exchange.outcome import counted
from aomuse.muse.expected import TELEMETRY
from aomuse.normalize.draft import Draft
from aomuse.normalize.homes import INDEX_COLUMNS, TIMED, Home, home_of, other_unit
from aomuse.normalize.times import Times, table_times

#: Length of asm.time_stamp.
_MAX_TEXT = 64
#: Largest integers of a column of integers, and that a double holds without a gap.
_MAX_INT, _MAX_EXACT = 2**31 - 1, 2**53
#: Tables of which each row has the time of its row in the file.
_WITH_TIMES = ("asm", "sparta_atm", "sparta_cn2")

#: One typed home to the place of its column in the FITS table.
_Homes = dict[Home, int]


def add_telemetry(draft: Draft, raw: FileContent, hdu: HduContent, *, first: bool) -> None:
    """Add the rows of one telemetry table; a second one of its name has no typed home."""
    table = hdu.table
    assert table is not None
    homes = _assign(draft, raw, hdu.key, table) if first else {}
    times = table_times(table)
    if first:
        _report_missing_times(draft, raw, hdu.key, times)
    _add_typed(draft, table, homes, times)
    if first and hdu.key in TIMED:
        rows = {
            "row_index": np.arange(table.row_count, dtype=np.int32),
            "header": np.full(table.row_count, draft.header(raw, hdu)),
            "time_utc": times,
        }
        draft.out.add(TIMED[hdu.key], rows)
    draft.store_table(raw, hdu, {place: home.stored_in for home, place in homes.items()})


def _report_missing_times(draft: Draft, raw: FileContent, extension: str, times: Times) -> None:
    """Report rows without a time, of the tables whose rows have one."""
    missing = int(np.isnat(times).sum())
    if missing and extension in TELEMETRY:
        message = (
            f"no usable time in {missing} of {counted(len(times), 'row')} (Sec from 2000 on, a "
            "time stamp with date and time, or MJD): time_utc is NULL"
        )
        draft.issue("warning", "time_missing", message, raw, extension)


def _assign(draft: Draft, raw: FileContent, extension: str, table: TableContent) -> _Homes:
    """Give each column its typed home, unless another has taken it or the type does not fit."""
    homes: _Homes = {}
    for place, column in enumerate(table.formats):
        home = home_of(extension, column.name)
        if home is None:
            continue
        if home in homes:
            why = f"column {table.formats[homes[home]].name} has the same meaning"
        elif misfit := (
            other_unit(home.column, column.unit)
            or _misfit(home, table.values[place], table.nulls[place])
        ):
            why = f"{misfit} (format {column.format})"
        else:
            homes[home] = place
            continue
        message = f"column {column.name} is kept in table_value, not in its typed column: {why}"
        draft.issue("warning", "column_store", message, raw, extension)
    # A table with a row for each laser or layer has no rows without any of them.
    indexed = {home.table for home in homes if home.index is not None}
    return {h: p for h, p in homes.items() if h.table not in INDEX_COLUMNS or h.table in indexed}


def _misfit(home: Home, values: npt.NDArray[Any], nulls: Any) -> str | None:
    """Return why values do not fit into a typed column, None if they do."""
    kind, size = values.dtype.kind, values.dtype.itemsize
    if values.ndim != 1:
        return "a row has more than one value"
    if home.kind == "text":
        is_text = kind == "U" and size // 4 <= _MAX_TEXT
        return None if is_text else f"it does not hold texts of at most {_MAX_TEXT} characters"
    if kind in "iu":
        known = values if nulls is None else values[~nulls]
        limit = _MAX_INT if home.kind == "int" else _MAX_EXACT
        low, high = (int(known.min()), int(known.max())) if len(known) else (0, 0)
        if -limit <= low and high <= limit:
            return None
        return f"{high if high > limit else low} is beyond what the typed column holds"
    if home.kind == "int":
        return "its values are not integers"
    return None if kind == "f" and size <= 8 else "its values are not numbers"


def _add_typed(draft: Draft, table: TableContent, homes: _Homes, times: Times) -> None:
    by_table: dict[str, dict[Home, int]] = defaultdict(dict)
    for home, place in homes.items():
        by_table[home.table][home] = place
    # sparta_cn2 before sparta_cn2_layer, asm before its layers: in alphabetical order they are.
    for name in sorted(by_table):
        columns = _columns(name, table, by_table[name])
        if name in _WITH_TIMES:
            columns["time_utc"] = times[columns["row_index"]]
        draft.out.add(name, columns)


def _columns(name: str, table: TableContent, homes: _Homes) -> dict[str, Any]:
    """Return one row for each row of the table, or for each row and laser or layer."""
    rows = table.row_count
    indices = sorted({home.index for home in homes if home.index is not None})
    width = len(indices) or 1
    found: dict[str, Any] = {"row_index": np.repeat(np.arange(rows, dtype=np.int32), width)}
    if indices:
        found[INDEX_COLUMNS[name]] = np.tile(np.array(indices, dtype=np.int16), rows)
    for column in sorted({home.column for home in homes}):
        same = {home.index: place for home, place in homes.items() if home.column == column}
        kind = next(home.kind for home in homes if home.column == column)
        if None in same:
            found[column] = _column(kind, table, same[None], width)
        else:
            values = np.full((rows, width), np.nan)
            for i, index in enumerate(indices):
                if index in same:
                    values[:, i] = _floats(table, same[index])
            found[column] = values.reshape(-1)
    return found


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
