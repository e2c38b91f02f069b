"""Dictionaries of a blob as headers and tables, in the form in which files are read.

What JSON does not tell stays unknown: comments, units, card images. A column's type is that of its
values in JSON, and its TFORM the one that holds them.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt

from aomuse.exchange.content import ColumnFormat, HduContent, TableContent
from aomuse.fits.cards import COMMENTARY, MAX_KEYWORD, cards_frame
from aomuse.fits.plain_cards import Row
from aomuse.fits.tables import MAX_TEXT

_INT64 = np.iinfo(np.int64)
#: Types of columns by the types of their values: numbers of both kinds are floats, as far as those
#: hold them.
_DTYPES: dict[frozenset[type], type[Any]] = {frozenset({bool}): np.bool_, frozenset({str}): np.str_}
_LETTERS = {"float64": "D", "int64": "K", "int32": "J", "bool": "L"}


def header_hdu(index: int, name: str, header: dict[str, Any]) -> HduContent:
    """Return a dictionary of keywords as the header of an HDU."""
    rows: list[Row] = []
    for keyword, value in header.items():
        lines = value if keyword in COMMENTARY and _is_texts(value) else [value]
        rows += [_card(len(rows) + i, keyword, line) for i, line in enumerate(lines)]
    return HduContent(index, name[:MAX_TEXT], "json", "", None, len(rows), cards_frame(rows))


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(line, str) for line in value)


def _card(position: int, name: str, value: Any) -> Row:  # noqa: PLR0911 - one for each type
    keyword = name[:MAX_KEYWORD]
    if keyword in COMMENTARY and isinstance(value, str):
        return position, keyword, "", "commentary", None, np.nan, value
    if value is None:
        return position, keyword, "", "undefined", None, np.nan, None
    if isinstance(value, bool):
        return position, keyword, "", "bool", int(value), np.nan, None
    if isinstance(value, int):
        if _INT64.min <= value <= _INT64.max:
            return position, keyword, "", "int", value, np.nan, None
        return position, keyword, "", "int", None, np.nan, str(value)
    if isinstance(value, float):
        return position, keyword, "", "float", None, value, None
    if isinstance(value, str):
        return position, keyword, "", "str", None, np.nan, value
    return position, keyword, "", "unparsed", None, np.nan, json.dumps(value)


def is_table(value: Any) -> bool:
    """Return whether a value is a table as AOMUSE stored it: a list for each column."""
    return isinstance(value, dict) and all(isinstance(column, list) for column in value.values())


def table_hdu(index: int, name: str, columns: dict[str, Any]) -> HduContent:
    """Return a dictionary of columns as an HDU with a table."""
    rows = next((len(column) for column in columns.values() if isinstance(column, list)), 0)
    formats: list[ColumnFormat] = []
    values: list[npt.NDArray[Any]] = []
    for column_name, column in columns.items():
        if not isinstance(column, list) or len(column) != rows or len(column_name) > MAX_TEXT:
            continue
        array = array_of(column)
        formats.append(format_of(len(formats) + 1, column_name, array))
        values.append(array)
    table = TableContent(tuple(formats), tuple(values), (None,) * len(values), rows)
    dimensions = f"{len(formats)} x {rows}"
    return HduContent(index, name[:MAX_TEXT], "json", dimensions, None, 0, cards_frame([]), table)


def array_of(column: list[Any]) -> npt.NDArray[Any]:
    """Return a column of JSON as an array of its own type."""
    kinds = frozenset(map(type, column))
    dtype = np.float64 if kinds <= {float, type(None)} else _DTYPES.get(kinds)
    if kinds == {int}:
        dtype = _integers(min(column), max(column))
    if dtype is not None:
        return np.array(column, dtype=dtype)
    nested = _nested(column) if kinds == {list} else None
    if nested is not None:
        return nested
    return np.array([json.dumps(value) for value in column], dtype=str)


def _integers(low: int, high: int) -> type[Any] | None:
    """Return the type that holds a range of integers, None if none does."""
    fitting = (d for d in (np.int32, np.int64) if np.iinfo(d).min <= low <= high <= np.iinfo(d).max)
    return next(fitting, None)


def _nested(column: list[list[Any]]) -> npt.NDArray[Any] | None:
    """Return lists of one shape and type as an array, None if they are not."""
    if len({len(cell) for cell in column}) != 1 or not column[0]:
        return None
    flat = array_of([value for cell in column for value in cell])
    if flat.dtype.kind == "U" and not all(isinstance(v, str) for cell in column for v in cell):
        return None
    return flat.reshape(len(column), len(column[0]), *flat.shape[1:])


def format_of(position: int, name: str, array: npt.NDArray[Any]) -> ColumnFormat:
    """Return the definition of a column that holds an array."""
    shape = array.shape[1:]
    if array.dtype.kind == "U":
        width = max(array.dtype.itemsize // 4, 1)
        sizes = (width, *reversed(shape))
        dimensions = f"({','.join(map(str, sizes))})" if shape else None
        repeat = width * int(np.prod(shape))
        return ColumnFormat(position, name, f"{repeat}A", dimensions=dimensions, datatype="string")
    return ColumnFormat(
        position,
        name,
        f"{int(np.prod(shape))}{_LETTERS[array.dtype.name]}",
        dimensions=f"({','.join(map(str, reversed(shape)))})" if len(shape) > 1 else None,
        datatype=array.dtype.name,
    )
