"""What TFORM and TDIM say of a table column: type, shape, and what stands for NULL."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Literal

from aomuse.exchange.column_format import ColumnFormat

ValueKind = Literal["bool", "int", "float", "complex", "str"]

_BINARY = re.compile(
    r"\s*(?P<repeat>\d*)(?P<letter>[LXBIJKAEDCMPQ])(?P<inner>[LXBIJKAEDCM]?)(?P<width>\d*)"
)
_ASCII_TABLE = re.compile(r"\s*(?P<letter>[AIFED])(?P<width>\d+)(\.(?P<decimals>\d+))?")
_WHOLE = re.compile(r"[+-]?\d{1,60}")

#: A zero up to here leaves integers integers: it makes them unsigned, or signed bytes.
MAX_INTEGER_ZERO = 2**63


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


@dataclass(frozen=True)
class ColumnType:
    """What TFORM says: a letter and how many of it there are in a row.

    ``inner`` is the letter of a list's elements. In an ASCII table ``repeat`` is the width of the
    field, ``decimals`` the number of decimals in a field without a decimal point.
    """

    letter: str
    repeat: int
    inner: str = ""
    decimals: int = 0


def binary_type(text: str) -> ColumnType | None:
    """Return what TFORM of a binary table says, in any case; None if it is not a format."""
    match = _BINARY.match(text.upper())
    if match is None:
        return None
    is_list = match["letter"] in "PQ"
    if is_list and not match["inner"]:
        return None
    repeat = match["repeat"]
    if match["letter"] == "A" and not match["inner"]:
        # Many write A8, the format of an ASCII table, for 8A.
        repeat = repeat or match["width"]
    return ColumnType(match["letter"], int(repeat or 1), match["inner"] if is_list else "")


def ascii_type(text: str) -> ColumnType | None:
    """Return what TFORM of an ASCII table says, in any case; None if it is not a format."""
    match = _ASCII_TABLE.match(text.upper())
    if match is None:
        return None
    decimals = int(match["decimals"] or 0)
    return ColumnType(match["letter"], int(match["width"]), decimals=decimals)


def axes_of(text: str | None) -> list[int]:
    """Return the sizes that TDIM names, fastest axis first."""
    return [int(n) for n in re.findall(r"\d+", text or "")]


def dimensions_of(text: str | None, letter: str, repeat: int) -> tuple[int, ...] | None:
    """Return the shape of a row by TDIM, slowest axis first; None if TDIM does not fit TFORM.

    Where it takes less than the row has, the rest of the row is undefined. The fastest axis of an
    array of strings is the length of a string; alone it says nothing, and the row is one string.
    """
    sizes = axes_of(text)
    if not sizes or math.prod(sizes) > repeat:
        return None
    if letter == "A":
        return tuple(reversed(sizes[1:])) or None
    return tuple(reversed(sizes))


def shape_of(column: ColumnFormat) -> Shape:
    """Return the shape of a column."""
    in_text = ascii_type(column.format)
    if in_text:
        return Shape(_kind({"I": "J", "F": "D"}.get(in_text.letter, in_text.letter), column))
    form = binary_type(column.format)
    if form is None:
        return Shape("str")
    if form.inner:
        # A list of characters is a text.
        return Shape(_kind(form.inner, column), variable=form.inner != "A")
    dimensions = dimensions_of(column.dimensions, form.letter, form.repeat)
    if dimensions is None:
        is_scalar = form.letter == "A" or (form.repeat == 1 and form.letter != "X")
        dimensions = () if is_scalar else (form.repeat,)
    return Shape(_kind(form.letter, column), dimensions)


def _kind(letter: str, column: ColumnFormat) -> ValueKind:
    if letter in "LX":
        return "bool"
    if letter == "A":
        return "str"
    if letter in "CM":
        return "complex"
    return "float" if letter in "ED" or not stays_integer(column.scale, column.zero) else "int"


def stays_integer(scale: float | None, zero: float | None) -> bool:
    """Return whether scaled integers are integers: a scale makes floats, a whole zero does not."""
    return scale in (None, 1) and (
        zero is None or (abs(zero) <= MAX_INTEGER_ZERO and zero == math.floor(zero))
    )


def null_of(column: ColumnFormat, kind: ValueKind) -> Any:
    """Return what a file has where the database has NULL."""
    if kind != "int":
        return {"bool": False, "str": ""}.get(kind, math.nan)
    text = (column.null_value or "").strip()
    return (whole_number(text) or 0) + int(column.zero or 0)


def whole_number(text: str) -> int | None:
    """Return what TNULL says of integers, None if it is not a whole number."""
    if _WHOLE.fullmatch(text):
        return int(text)
    try:
        number = float(text)
    except ValueError:
        return None
    return int(number) if number.is_integer() else None
