"""Dictionaries of a document as headers and tables, in the form in which files are read.

What JSON does not say stays unknown: comments, units, card images. A column has the type of its
values in JSON, and the TFORM that fits it.
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from aomuse.exchange.cards import CardRow, typed_value
from aomuse.exchange.column_format import ColumnFormat
from aomuse.exchange.content import HduContent, TableContent
from aomuse.fits.cards import COMMENTARY, MAX_KEYWORD
from aomuse.fits.column_definitions import MAX_TEXT

#: Types of columns by the types of their values. Integers among floats are kept as text.
_DTYPES: dict[frozenset[type], type[Any]] = {frozenset({bool}): np.bool_, frozenset({str}): np.str_}
_LETTERS = {"float64": "D", "int64": "K", "int32": "J", "bool": "L"}


def header_hdu(index: int, name: str, header: dict[str, Any]) -> HduContent:
    """Return a dictionary of keywords as the header of an HDU."""
    rows: list[CardRow] = []
    for keyword, value in header.items():
        lines = value if keyword in COMMENTARY and _are_texts(value) else [value]
        rows += [_card(len(rows) + i, keyword, line) for i, line in enumerate(lines)]
    return HduContent(index, name[:MAX_TEXT], "json", "", None, len(rows), rows)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(line, str) for line in value)


def _card(position: int, name: str, value: Any) -> CardRow:
    keyword = name[:MAX_KEYWORD]
    if keyword in COMMENTARY and isinstance(value, str):
        return position, keyword, "", "commentary", None, math.nan, value
    if isinstance(value, dict | list):
        return position, keyword, "", "unparsed", None, math.nan, json.dumps(value)
    return position, keyword, "", *typed_value(value)


def is_plain_header(header: dict[str, Any]) -> bool:
    """Return whether header_card gives a dictionary of keywords back as it is."""
    for keyword, value in header.items():
        if len(keyword) > MAX_KEYWORD or (isinstance(value, float) and math.isnan(value)):
            return False
        lines = keyword in COMMENTARY
        if not (value and _are_texts(value)) if lines else isinstance(value, dict | list):
            return False
    return True


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
        formats.append(_format(len(formats) + 1, column_name, array))
        values.append(array)
    table = TableContent(tuple(formats), tuple(values), (None,) * len(values), rows)
    dimensions = f"{len(formats)} x {rows}"
    return HduContent(index, name[:MAX_TEXT], "json", dimensions, None, 0, [], table)


def array_of(column: list[Any]) -> npt.NDArray[Any]:
    """Return a column of JSON as an array of its own type; text where no other type is exact."""
    types = frozenset(map(type, column))
    dtype = np.float64 if types <= {float, type(None)} else _DTYPES.get(types)
    if types == {int}:
        limits = ((d, np.iinfo(d)) for d in (np.int32, np.int64))
        low, high = min(column), max(column)
        dtype = next((d for d, limit in limits if limit.min <= low <= high <= limit.max), None)
    if dtype is not None:
        return np.array(column, dtype=dtype)
    nested = _nested(column) if types == {list} else None
    if nested is not None:
        return nested
    return np.array([json.dumps(value) for value in column], dtype=str)


def _nested(column: list[list[Any]]) -> npt.NDArray[Any] | None:
    """Return lists of one shape and type as an array, None if they are not."""
    if len({len(cell) for cell in column}) != 1 or not column[0]:
        return None
    flat = array_of([value for cell in column for value in cell])
    if flat.dtype.kind == "U" and not all(isinstance(v, str) for cell in column for v in cell):
        return None
    return flat.reshape(len(column), len(column[0]), *flat.shape[1:])


def _format(position: int, name: str, array: npt.NDArray[Any]) -> ColumnFormat:
    """Return the definition of a column that holds an array."""
    kind, sizes = array.dtype.name, [*reversed(array.shape[1:])]
    repeat, letter = int(np.prod(sizes)), _LETTERS.get(kind, "A")
    has_dimensions = len(sizes) > 1
    if array.dtype.kind == "U":
        width = max(array.dtype.itemsize // 4, 1)
        has_dimensions, kind, repeat = bool(sizes), "string", repeat * width
        sizes = [width, *sizes]
    dimensions = f"({','.join(map(str, sizes))})" if has_dimensions else None
    return ColumnFormat(position, name, f"{repeat}{letter}", dimensions=dimensions, datatype=kind)
