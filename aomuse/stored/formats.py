"""From stored values to what astropy shows of a column: type, shape, and what stands for NULL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aomuse.exchange.content import ColumnFormat

_BINARY = re.compile(r"^\s*(?P<repeat>\d*)(?P<letter>[A-Z])(?P<inner>[A-Z]?)")
_ASCII_TABLE = re.compile(r"^\s*(?P<letter>[AIFED])(?P<width>\d+)")
_FLOATS, _INTEGERS = "EDCM", "BIJK"


@dataclass(frozen=True)
class Column:
    """A column as astropy shows it.

    Parameters
    ----------
    format : ColumnFormat
        How the file defines it.
    values : ndarray
        Shape ``(rows,)`` or ``(rows, …)``, dtype bool, int64 or object (integers), float64,
        complex128 or object (strings, variable length); what the file has where there is no
        value: TNULL, False for an undefined logical.
    nulls : ndarray of bool
        Same shape, True where there is no value; shape ``(rows,)`` for variable length.
    """

    format: ColumnFormat
    values: npt.NDArray[Any]
    nulls: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Shape:
    """What TFORM and TDIM say of a column.

    Parameters
    ----------
    kind : str
        ``bool``, ``int``, ``float``, ``complex`` or ``str``.
    dimensions : tuple of int
        Shape of one row; empty for a scalar.
    variable : bool
        True if the length differs from row to row.
    """

    kind: str
    dimensions: tuple[int, ...]
    variable: bool


def shape_of(column: ColumnFormat) -> Shape:
    """Return the shape of a column."""
    ascii_match = _ASCII_TABLE.match(column.format)
    if ascii_match:
        letter = {"I": "J", "F": "D", "E": "D", "A": "A", "D": "D"}[ascii_match["letter"]]
        return Shape(_kind(letter, column), (), variable=False)
    match = _BINARY.match(column.format)
    if match is None:
        return Shape("str", (), variable=False)
    letter, repeat = match["letter"], int(match["repeat"] or 1)
    if letter in "PQ" and match["inner"]:
        return Shape(_kind(match["inner"], column), (), variable=True)
    dimensions: tuple[int, ...] = () if repeat == 1 and letter != "X" else (repeat,)
    sizes = tuple(int(n) for n in re.findall(r"\d+", column.dimensions or ""))
    if letter == "A":
        # The fastest axis of a string array is the length of a string.
        dimensions = tuple(reversed(sizes[1:])) if len(sizes) > 1 else ()
    elif sizes and int(np.prod(sizes)) == repeat:
        dimensions = tuple(reversed(sizes))
    return Shape(_kind(letter, column), dimensions, variable=False)


def _kind(letter: str, column: ColumnFormat) -> str:
    if letter in "LX":
        return "bool"
    if letter == "A":
        return "str"
    if letter in "CM":
        return "complex"
    # A scale makes a float of an integer; a whole zero alone makes it unsigned or signed.
    scaled = column.scale not in (None, 1.0) or (column.zero or 0.0) % 1 != 0
    return "float" if letter in "ED" or scaled else "int"


def null_of(column: ColumnFormat, kind: str) -> Any:
    """Return what astropy shows where the database has NULL."""
    if kind == "bool":
        return False
    if kind in ("float", "complex"):
        return np.nan
    if kind == "str":
        return ""
    if column.null_value is None:
        return 0
    scale, zero = column.scale or 1.0, column.zero or 0.0
    raw = int(float(column.null_value))
    return raw if (scale, zero) == (1.0, 0.0) else int(raw * scale + zero)
