"""What TFORM and TDIM say of a table column: type, shape, and what stands for NULL."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Literal

from aomuse.exchange.column_format import ColumnFormat

ValueKind = Literal["bool", "int", "float", "complex", "str"]

_BINARY = re.compile(r"\s*(?P<repeat>\d*)(?P<letter>[A-Z])(?P<inner>[A-Z]?)")
_ASCII_TABLE = re.compile(r"\s*(?P<letter>[AIFED])\d")


@dataclass(frozen=True)
class Shape:
    """The type of a column's values and the shape of one row (empty for a scalar).

    The length of a ``variable`` column differs from row to row.
    """

    kind: ValueKind
    dimensions: tuple[int, ...] = ()
    variable: bool = False

    @property
    def is_scalar(self) -> bool:
        """Whether a row holds one value."""
        return not (self.dimensions or self.variable)

    @property
    def elements(self) -> int:
        """Numbers or strings in a row; a complex number has two."""
        return math.prod(self.dimensions) * (2 if self.kind == "complex" else 1)


def shape_of(column: ColumnFormat) -> Shape:
    """Return the shape of a column."""
    ascii_match = _ASCII_TABLE.match(column.format)
    if ascii_match:
        letter = {"I": "J", "F": "D"}.get(ascii_match["letter"], ascii_match["letter"])
        return Shape(_kind(letter, column))
    match = _BINARY.match(column.format)
    if match is None:
        return Shape("str")
    letter, repeat = match["letter"], int(match["repeat"] or 1)
    if letter in "PQ" and match["inner"]:
        return Shape(_kind(match["inner"], column), variable=True)
    dimensions: tuple[int, ...] = () if repeat == 1 and letter != "X" else (repeat,)
    sizes = tuple(int(n) for n in re.findall(r"\d+", column.dimensions or ""))
    if letter == "A":
        # The fastest axis of a string array is the length of a string.
        dimensions = tuple(reversed(sizes[1:]))
    elif sizes and math.prod(sizes) == repeat:
        dimensions = tuple(reversed(sizes))
    return Shape(_kind(letter, column), dimensions)


def _kind(letter: str, column: ColumnFormat) -> ValueKind:
    if letter in "LX":
        return "bool"
    if letter == "A":
        return "str"
    if letter in "CM":
        return "complex"
    # A scale makes a float of an integer; a whole zero alone makes it unsigned or signed.
    scaled = column.scale not in (None, 1.0) or (column.zero or 0.0) % 1 != 0
    return "float" if letter in "ED" or scaled else "int"


def null_of(column: ColumnFormat, kind: ValueKind) -> Any:
    """Return what astropy shows where the database has NULL."""
    if kind != "int":
        return {"bool": False, "str": ""}.get(kind, math.nan)
    if column.null_value is None:
        return 0
    text = column.null_value.strip()
    raw = int(text) if text.lstrip("+-").isdigit() else int(float(text))
    return raw + int(column.zero or 0)
