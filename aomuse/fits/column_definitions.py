"""The columns of a table as its header defines them, and what of it cannot be used."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import Any

from aomuse.exchange.column_format import ColumnFormat
from aomuse.fits.formats import (
    ColumnType,
    ascii_type,
    axes_of,
    binary_type,
    dimensions_of,
    stays_integer,
    whole_number,
)

#: Lengths of the text columns of table_column.
MAX_TEXT, MAX_FORMAT = 255, 64
#: Bytes of one element of each format of a binary table (FITS 4.0, table 18).
ELEMENT_BYTES = dict(zip("LBIJKAEDCMPQ", (1, 1, 2, 4, 8, 1, 4, 8, 8, 16, 8, 16), strict=True))


class UnusableHeaderError(Exception):
    """What a header says of its table cannot be: the rows cannot be read."""


@dataclass(frozen=True)
class Column:
    """A column: where it is in a row, in bytes, and how its values are to be understood.

    ``null`` is the number, or in an ASCII table the text, that stands for NULL. ``remarks`` say
    what the header has that does not count.
    """

    form: ColumnFormat
    type: ColumnType
    start: int
    width: int
    scale: float = 1.0
    zero: float = 0.0
    null: int | str | None = None
    remarks: tuple[str, ...] = ()

    @property
    def letter(self) -> str:
        """The letter of its values; of a list, that of the elements."""
        return self.type.inner or self.type.letter

    @property
    def is_scaled(self) -> bool:
        """Whether TSCAL or TZERO change its values."""
        return self.scale != 1 or self.zero != 0

    @property
    def stays_integer(self) -> bool:
        """Whether it is of integers that TZERO only moves."""
        return self.letter in "BIJK" and stays_integer(self.form.scale, self.form.zero)


def column_names(values: dict[str, Any], count: int) -> tuple[list[str], list[str]]:
    """Return the names of a table's columns, and what is wrong with them.

    A column without a usable name is named by its position.
    """
    given = [values.get(f"TTYPE{place}") for place in range(1, count + 1)]
    taken = {str(name).rstrip().lower() for name in given}
    names: list[str] = []
    problems = []
    for place, name in enumerate(given, start=1):
        if isinstance(name, str) and name.strip() and len(name) <= MAX_TEXT and name not in names:
            names.append(name)
            continue
        own = f"col{place}"
        while own in taken:
            own += "_"
        taken.add(own)
        names.append(own)
        what = "is missing" if name is None else f"is {str(name)[:40]!r}"
        problems.append(
            f"TTYPE{place} {what}, which does not name a column: the column is called {own}"
        )
    return names, problems


def read_columns(values: dict[str, Any], names: list[str], *, is_ascii: bool) -> list[Column]:
    """Return the columns of a table, given the values of its cards."""
    columns: list[Column] = []
    start = 0
    for number, name in enumerate(names, start=1):
        columns.append(_column(values, number, name, start, is_ascii=is_ascii))
        start += columns[-1].width
    return columns


def _column(
    values: dict[str, Any], number: int, name: str, start: int, *, is_ascii: bool
) -> Column:
    text = values.get(f"TFORM{number}")
    kind = None
    if isinstance(text, str):
        kind = ascii_type(text) if is_ascii else binary_type(text)
    if kind is None:
        raise UnusableHeaderError(f"TFORM{number} is {text!r}, which is not a format of a column")
    form = ColumnFormat(
        position=number,
        name=name,
        format=str(text),
        unit=_text(values, f"TUNIT{number}"),
        null_value=_text(values, f"TNULL{number}"),
        scale=_number(values, f"TSCAL{number}"),
        zero=_number(values, f"TZERO{number}"),
        display=_text(values, f"TDISP{number}"),
        dimensions=_text(values, f"TDIM{number}"),
    )
    remarks: list[str] = []
    if is_ascii:
        place, width = values.get(f"TBCOL{number}"), kind.repeat
        if not isinstance(place, int) or place < 1:
            raise UnusableHeaderError(f"TBCOL{number} is not the place of a column")
        start = place - 1
    else:
        width = _width(kind, number)
        _check_dimensions(form, kind, remarks)
    letter = kind.inner or kind.letter
    scale, zero = _scaling(values, number, letter, remarks)
    null = form.null_value if is_ascii else _null(form, letter, remarks)
    return Column(form, kind, start, width, scale, zero, null, tuple(remarks))


def _width(kind: ColumnType, number: int) -> int:
    """Return the bytes that a column has in a row."""
    if kind.inner and kind.repeat > 1:
        raise UnusableHeaderError(f"TFORM{number} has more than one list in a row")
    if kind.letter == "X":
        return (kind.repeat + 7) // 8
    return kind.repeat * ELEMENT_BYTES[kind.letter]


def _text(values: dict[str, Any], keyword: str) -> str | None:
    value = values.get(keyword)
    return None if value is None else str(value)


def _number(values: dict[str, Any], keyword: str) -> float | None:
    """Return a finite number, None for anything else."""
    value: Any = values.get(keyword)
    if type(value) not in (int, float) or abs(value) > sys.float_info.max or math.isnan(value):
        return None
    return float(value)


def _scaling(
    values: dict[str, Any], number: int, letter: str, remarks: list[str]
) -> tuple[float, float]:
    """Return TSCAL and TZERO, an integer where the header has one; 1 and 0 if they do not count."""
    found: list[float] = []
    for name, default in (("TSCAL", 1.0), ("TZERO", 0.0)):
        value = values.get(f"{name}{number}")
        if value is not None and _number(values, f"{name}{number}") is None:
            remarks.append(f"{name} is ignored: {value!r} is not a number")
            value = None
        elif value not in (None, default) and letter in "ALX":
            remarks.append(f"{name} is ignored: FITS has none for format {letter}")
            value = None
        found.append(default if value is None else value)
    return found[0], found[1]


def _null(form: ColumnFormat, letter: str, remarks: list[str]) -> int | None:
    """Return TNULL of a binary table, None if it does not count."""
    if form.null_value is None:
        return None
    null = whole_number(form.null_value) if letter in "BIJK" else None
    if null is None:
        why = "it is not an integer" if letter in "BIJK" else f"FITS has none for format {letter}"
        remarks.append(f"TNULL is ignored: {why}")
    return null


def _check_dimensions(form: ColumnFormat, kind: ColumnType, remarks: list[str]) -> None:
    if form.dimensions is None or kind.inner:
        return
    is_one_text = kind.letter == "A" and len(axes_of(form.dimensions)) == 1
    if not is_one_text and dimensions_of(form.dimensions, kind.letter, kind.repeat) is None:
        why = f"{form.dimensions} does not fit into {form.format}"
        remarks.append(f"TDIM is ignored: {why}")
