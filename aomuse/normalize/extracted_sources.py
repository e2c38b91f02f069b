"""SOURCES of the parameter file: every source that PampelMuse extracted, as typed rows.

The table itself stays in the column store, whatever its columns are; these rows are for questions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from aomuse.exchange.content import FileContent, TableContent
from aomuse.exchange.outcome import counted
from aomuse.normalize.draft import Draft
from aomuse.normalize.fit import Fit

EXTENSION = "SOURCES"

#: Columns of numbers: what PampelMuse may call them, and their unit if they have one.
_FLOATS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ra_deg": (("ra",), ("deg",)),
    "dec_deg": (("dec",), ("deg",)),
    "x_pixel": (("x",), ("pix", "pixel")),
    "y_pixel": (("y",), ("pix", "pixel")),
    "magnitude": (("magnitude", "mag"), ("mag",)),
}
#: Keyword of PampelMuse's configuration that names the passband of the magnitudes.
_PASSBAND_KEYWORD = "PAMPELMUSE CATALOG PASSBAND"
_INTEGERS = {"status": "status", "spectrum_row": "specrow"}
#: Doubles up to here are all integers apart.
_MAX_EXACT = 9e15
_INT32, _INT64 = np.iinfo(np.int32), np.iinfo(np.int64)


def add_extracted_sources(draft: Draft, fit: Fit, prm: FileContent) -> None:
    """Add a row for each row of SOURCES."""
    hdu = prm.hdu(EXTENSION)
    table = hdu.table if hdu else None
    if table is None or not table.row_count:
        return
    odd: list[str] = []
    columns: dict[str, Any] = {
        "fit": np.full(table.row_count, fit.number),
        "row_index": np.arange(table.row_count, dtype=np.int32),
        "pampelmuse_id": _ids(table, odd),
    }
    passband = fit.configured(_PASSBAND_KEYWORD)
    for name, (texts, units) in _FLOATS.items():
        # Catalogues call the column after its passband.
        more = (passband,) if name == "magnitude" and passband else ()
        columns[name] = _floats(table, (*texts, *more), units, odd)
    for name, text in _INTEGERS.items():
        columns[name] = _integers(table, text, odd)
    for why in odd:
        message = f"{why}: NULL in extracted_source; v_sources has what the file has"
        draft.issue("warning", "sources_column", message, prm, EXTENSION)
    draft.out.add("extracted_source", columns)


def _place(table: TableContent, names: tuple[str, ...]) -> int | None:
    """Return the place of the first of these columns that has one value a row."""
    places = (table.index(name) for name in names)
    return next((p for p in places if p is not None and table.values[p].ndim == 1), None)


def _ids(table: TableContent, odd: list[str]) -> pd.arrays.IntegerArray:
    """Return the ids, none where a cell has no whole number or an earlier row has the same."""
    place = _place(table, ("id",))
    if place is None:
        odd.append("the table has no column id of one number a row")
        return _none(table.row_count)
    ids, missing = _whole(table, place)
    if missing.any():
        odd.append(f"{counted(int(missing.sum()), 'row')} without a whole number as id")
    again = pd.Series(ids).where(~missing).duplicated().to_numpy() & ~missing
    if again.any():
        odd.append(f"{counted(int(again.sum()), 'row')} with the id of an earlier row")
    return pd.arrays.IntegerArray(ids, missing | again)


def _whole(table: TableContent, place: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return a column as integers of 64 bits, and where it has none."""
    values, nulls = table.values[place], table.nulls[place]
    kind = values.dtype.kind
    if kind == "U":
        numbers = [_number(text) for text in values.tolist()]
        missing = np.array([number is None for number in numbers], dtype=np.bool_)
        ids = np.array([number or 0 for number in numbers], dtype=np.int64)
    elif kind == "f":
        with np.errstate(invalid="ignore"):
            missing = ~((values == np.trunc(values)) & (np.abs(values) < _MAX_EXACT))
        ids = np.where(missing, 0, values).astype(np.int64)
    elif kind in "iu":
        missing = np.zeros(len(values), np.bool_)
        if kind == "u":
            missing = values > np.uint64(_INT64.max)
        ids = np.where(missing, 0, values).astype(np.int64)
    else:
        return np.zeros(len(values), np.int64), np.ones(len(values), np.bool_)
    return ids, missing if nulls is None else missing | nulls


def _number(text: str) -> int | None:
    """Return the id that a text is, None if it is anything else or too large."""
    plain = text.strip()
    number = int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 20 else None
    return None if number is None or number > _INT64.max else number


def _floats(
    table: TableContent, names: tuple[str, ...], units: tuple[str, ...], odd: list[str]
) -> npt.NDArray[np.float64]:
    place = _place(table, names)
    if place is None:
        return np.full(table.row_count, np.nan)
    form, values = table.formats[place], table.values[place]
    if form.unit and form.unit not in units:
        odd.append(f"column {form.name} is in {form.unit}, not in {units[0]}")
        return np.full(table.row_count, np.nan)
    if values.dtype.kind not in "fiu":
        odd.append(f"column {form.name} does not hold numbers")
        return np.full(table.row_count, np.nan)
    result, nulls = values.astype(np.float64), table.nulls[place]
    if nulls is not None:
        result[nulls] = np.nan
    return result


def _integers(table: TableContent, name: str, odd: list[str]) -> pd.arrays.IntegerArray:
    """Return a column of integers; a status in words has none, and is not odd."""
    place = _place(table, (name,))
    if place is None or table.values[place].dtype.kind == "U":
        return _none(table.row_count)
    values, missing = _whole(table, place)
    beyond = (values < _INT32.min) | (values > _INT32.max)
    nulls = table.nulls[place]
    unknown = (missing if nulls is None else missing & ~nulls) | beyond
    if unknown.any():
        odd.append(f"{counted(int(unknown.sum()), 'row')} with a {name} that is not an integer")
    return pd.arrays.IntegerArray(np.where(beyond, 0, values), missing | beyond)


def _none(rows: int) -> pd.arrays.IntegerArray:
    return pd.arrays.IntegerArray(np.zeros(rows, np.int64), np.ones(rows, np.bool_))
