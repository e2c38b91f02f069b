"""The columns of a table as its header defines them, and what of it cannot be used."""

from __future__ import annotations

import math
import re
import sys
from dataclasses import dataclass
from typing import Any

from astropy.io import fits

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

_KEYWORD = re.compile(
    r"(T(TYPE|FORM|UNIT|NULL|SCAL|ZERO|DISP|DIM|BCOL)[1-9]\d{0,2}|NAXIS[12]|TFIELDS|PCOUNT|THEAP)"
)
_QUOTED = re.compile(r"[^']*'(?P<text>([^']|'')*)'")
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


def read_keywords(header: fits.Header) -> dict[str, Any]:
    """Return the keywords that define a table: the first of each that astropy can parse."""
    found: dict[str, Any] = {}
    for card in header.cards:
        try:
            keyword = card.rawkeyword
            if keyword in found or not _KEYWORD.fullmatch(keyword):
                continue
            value = card.value
            if card.field_specifier is not None:
                # 'LGS: 1' is the name of a column, and no record.
                match = _QUOTED.match(card.image[10:])
                value = match["text"].replace("''", "'").rstrip() if match else None
        except (fits.VerifyError, ValueError):
            continue
        if not isinstance(value, fits.card.Undefined):
            found[keyword] = value
    return found


def read_columns(keywords: dict[str, Any], *, is_ascii: bool) -> list[Column]:
    """Return the columns of a table."""
    columns: list[Column] = []
    names: set[str] = set()
    start = 0
    for number in range(1, keywords.get("TFIELDS", 0) + 1):
        column = _column(keywords, number, start, names, is_ascii=is_ascii)
        names.add(column.form.name)
        columns.append(column)
        start += column.width
    return columns


def _column(
    keywords: dict[str, Any], number: int, start: int, names: set[str], *, is_ascii: bool
) -> Column:
    text = keywords.get(f"TFORM{number}")
    kind = None
    if isinstance(text, str):
        kind = ascii_type(text) if is_ascii else binary_type(text)
    if kind is None:
        raise UnusableHeaderError(f"TFORM{number} is {text!r}, which is not a format of a column")
    remarks: list[str] = []
    name = keywords.get(f"TTYPE{number}")
    if not isinstance(name, str) or not name.strip() or name in names:
        why = "that of another column" if name in names else "missing or not a text"
        name = _free_name(number, names | set(_names(keywords)))
        remarks.append(f"TTYPE{number} is {why}: the column is named by its position")
    form = ColumnFormat(
        position=number,
        name=name,
        format=str(text),
        unit=_text(keywords, f"TUNIT{number}"),
        null_value=_text(keywords, f"TNULL{number}"),
        scale=_number(keywords, f"TSCAL{number}"),
        zero=_number(keywords, f"TZERO{number}"),
        display=_text(keywords, f"TDISP{number}"),
        dimensions=_text(keywords, f"TDIM{number}"),
    )
    if is_ascii:
        start, width = keywords.get(f"TBCOL{number}", 0) - 1, kind.repeat
        if start < 0:
            raise UnusableHeaderError(f"TBCOL{number} is not the place of a column")
    else:
        width = _width(kind, number)
        _check_dimensions(form, kind, remarks)
    letter = kind.inner or kind.letter
    scale, zero = _scaling(keywords, number, letter, remarks)
    null = form.null_value if is_ascii else _null(form, letter, remarks)
    return Column(form, kind, start, width, scale, zero, null, tuple(remarks))


def _names(keywords: dict[str, Any]) -> list[str]:
    return [str(value) for keyword, value in keywords.items() if keyword.startswith("TTYPE")]


def _free_name(number: int, taken: set[str]) -> str:
    name = f"col{number}"
    while name in taken:
        name += "_"
    return name


def _width(kind: ColumnType, number: int) -> int:
    """Return the bytes that a column has in a row."""
    if kind.inner and kind.repeat > 1:
        raise UnusableHeaderError(f"TFORM{number} has more than one list in a row")
    if kind.letter == "X":
        return (kind.repeat + 7) // 8
    return kind.repeat * ELEMENT_BYTES[kind.letter]


def _text(keywords: dict[str, Any], keyword: str) -> str | None:
    value = keywords.get(keyword)
    return None if value is None else str(value)


def _number(keywords: dict[str, Any], keyword: str) -> float | None:
    """Return a finite number, None for anything else."""
    value: Any = keywords.get(keyword)
    if type(value) not in (int, float) or abs(value) > sys.float_info.max or math.isnan(value):
        return None
    return float(value)


def _scaling(
    keywords: dict[str, Any], number: int, letter: str, remarks: list[str]
) -> tuple[float, float]:
    """Return TSCAL and TZERO, an integer where the header has one; 1 and 0 if they do not count."""
    values: list[float] = []
    for name, default in (("TSCAL", 1.0), ("TZERO", 0.0)):
        keyword = f"{name}{number}"
        value = keywords.get(keyword, default)
        if _number(keywords, keyword) is None and keyword in keywords:
            remarks.append(f"{name} is ignored: {value!r} is not a number")
            value = default
        elif letter in "ALX" and value != default:
            remarks.append(f"{name} is ignored: FITS has none for format {letter}")
            value = default
        values.append(value)
    return values[0], values[1]


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
