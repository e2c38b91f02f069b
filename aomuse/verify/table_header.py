"""What the cards of a table's header define, read from their bytes (FITS 4.0, sections 4 and 7).

Shares nothing with the loader, whose reading it is to check.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO

from aomuse.verify.table_cards import Value, keywords_of

BLOCK, CARD = 2880, 80

_USED = re.compile(
    rb"(T(TYPE|FORM|UNIT|NULL|SCAL|ZERO|DISP|DIM|BCOL)[1-9][0-9]{0,2}"
    rb"|XTENSION|NAXIS[12]|TFIELDS|PCOUNT|THEAP) *= "
)
_FORMAT = re.compile(r" *(?P<count>\d*)(?P<code>[LXBIJKAEDCM]|[PQ](?=[LXBIJKAEDCM]))(?P<rest>.*)")
_FIELD_FORMAT = re.compile(r" *(?P<code>[AIFED])(?P<width>\d+)(?:\.(?P<decimals>\d+))?")


@dataclass(frozen=True)
class FieldDefinition:
    """A column by its keywords, in the order of table_column, and how its fields are read."""

    keywords: tuple[object, ...]
    code: str
    count: int
    start: int
    shape: tuple[int, ...]
    element: str = ""
    decimals: int = 0
    scale: float = 1.0
    zero: float = 0.0
    null: int | str | None = None

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.keywords[1])

    @property
    def kind(self) -> str:
        """The type of its values, by the name of Python's."""
        code = self.element or self.code
        if code in "LX":
            return "bool"
        if code == "A":
            return "str"
        if code in "CM":
            return "complex"
        return "int" if code in "BIJK" and self.keeps_integers else "float"

    @property
    def text_length(self) -> int:
        """Bytes of one text; the first axis of an array of texts."""
        return int(re.findall(r"\d+", str(self.keywords[8]))[0]) if self.shape else self.count

    @property
    def keeps_integers(self) -> bool:
        """Whether its scale and zero make integers of integers."""
        return self.scale == 1 and self.zero == int(self.zero) and abs(self.zero) <= 2**63


@dataclass(frozen=True)
class TableDefinition:
    """Rows of so many bytes, the heap behind them, and the columns."""

    width: int
    rows: int
    heap_start: int
    size: int
    is_text: bool
    fields: tuple[FieldDefinition, ...]


def read_definition(stream: BinaryIO) -> TableDefinition:
    """Return what a header defines; the stream is at its first card, and then at the data."""
    used: list[bytes] = []
    ended = False
    while not ended:
        block = stream.read(BLOCK)
        if len(block) < BLOCK:
            raise ValueError("a header has no END")
        for start in range(0, BLOCK, CARD):
            image = block[start : start + CARD]
            if image.startswith(b"END") and not image[3:4].strip(b" ").isalnum():
                ended = True
                break
            if _USED.match(image) or (used and image.startswith(b"CONTINUE")):
                used.append(image)
    return _definition(b"".join(used))


@lru_cache(maxsize=64)
def _definition(images: bytes) -> TableDefinition:
    keywords = keywords_of([images[i : i + CARD] for i in range(0, len(images), CARD)])
    is_text = keywords.get("XTENSION") == "TABLE"
    width, rows = _size(keywords, "NAXIS1"), _size(keywords, "NAXIS2")
    fields: list[FieldDefinition] = []
    start = 0
    for number, name in enumerate(_names(keywords), start=1):
        field = (_text_field if is_text else _binary_field)(keywords, number, name, start)
        fields.append(field)
        start += _bytes(field)
    main = width * rows
    return TableDefinition(
        width=width,
        rows=rows,
        heap_start=_size(keywords, "THEAP", main),
        size=main + _size(keywords, "PCOUNT"),
        is_text=is_text,
        fields=tuple(fields),
    )


def _names(keywords: dict[str, Value]) -> list[str]:
    """Return the names of the columns; one without a usable name is named by its position."""
    count = _size(keywords, "TFIELDS")
    given = [keywords.get(f"TTYPE{number}") for number in range(1, count + 1)]
    taken = {str(name).lower() for name in given}
    names: list[str] = []
    for number, name in enumerate(given, start=1):
        if isinstance(name, str) and 0 < len(name) < 256 and name not in names:
            names.append(name)
            continue
        own = f"col{number}"
        while own in taken:
            own += "_"
        taken.add(own)
        names.append(own)
    return names


def _size(keywords: dict[str, Value], keyword: str, default: int = 0) -> int:
    """Return a number of bytes, rows or columns, also one that is written as 4.0."""
    return int(keywords.get(keyword, default))


def _common(keywords: dict[str, Value], number: int, name: str) -> tuple[object, ...]:
    """Return the columns of table_column, but for what catalogues alone have."""

    def text(keyword: str) -> str | None:
        value = keywords.get(f"{keyword}{number}")
        return None if value is None else str(value)

    scale, zero = (_number(keywords.get(f"{key}{number}")) for key in ("TSCAL", "TZERO"))
    return (
        *(number, name, text("TFORM"), text("TUNIT"), text("TNULL")),
        *(None if scale is None else float(scale), None if zero is None else float(zero)),
        *(text("TDISP"), text("TDIM"), None, None),
    )


def _number(value: Value | None) -> int | float | None:
    """Return a finite number, None for anything else."""
    if value is None or isinstance(value, str | bool):
        return None
    try:
        return value if math.isfinite(float(value)) else None
    except OverflowError:
        return None


def _scaling(keywords: dict[str, Value], number: int, code: str) -> tuple[float, float]:
    if code in "ALX":
        return 1.0, 0.0
    scale = _number(keywords.get(f"TSCAL{number}"))
    zero = _number(keywords.get(f"TZERO{number}"))
    return 1.0 if scale is None else scale, 0.0 if zero is None else zero


def _text_field(keywords: dict[str, Value], number: int, name: str, start: int) -> FieldDefinition:
    del start  # TBCOL has it
    match = _FIELD_FORMAT.match(str(keywords.get(f"TFORM{number}")).upper())
    if match is None:
        raise ValueError(f"TFORM{number} is not a format")
    # An integer of an ASCII table is treated as one of a binary table.
    code = "K" if match["code"] == "I" else match["code"]
    null = keywords.get(f"TNULL{number}")
    return FieldDefinition(
        _common(keywords, number, name),
        code,
        int(match["width"]),
        int(keywords[f"TBCOL{number}"]) - 1,
        (),
        "",
        int(match["decimals"] or 0),
        *_scaling(keywords, number, code),
        None if null is None else str(null),
    )


def _binary_field(
    keywords: dict[str, Value], number: int, name: str, start: int
) -> FieldDefinition:
    match = _FORMAT.match(str(keywords.get(f"TFORM{number}")).upper())
    if match is None:
        raise ValueError(f"TFORM{number} is not a format")
    code, count = match["code"], int(match["count"] or 1)
    element = match["rest"][0] if code in "PQ" else ""
    width_behind = re.match(r"\d+", match["rest"])
    if code == "A" and not match["count"] and width_behind:
        count = int(width_behind[0])
    null = None
    if (element or code) in "BIJK":
        null_number = _number(keywords.get(f"TNULL{number}"))
        if null_number is None:
            null_number = _whole(keywords.get(f"TNULL{number}"))
        if null_number is not None and null_number == int(null_number):
            null = int(null_number)
    return FieldDefinition(
        _common(keywords, number, name),
        code,
        count,
        start,
        _shape(keywords.get(f"TDIM{number}"), code, count),
        element,
        0,
        *_scaling(keywords, number, element or code),
        null,
    )


def _whole(value: Value | None) -> int | None:
    try:
        return int(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _shape(text: Value | None, code: str, count: int) -> tuple[int, ...]:
    """Return the shape of a row: TDIM's where it fits; the first axis of texts is their length."""
    sizes = [int(n) for n in str(text or "").strip("() ").split(",") if n.strip().isdigit()]
    fits = bool(sizes) and math.prod(sizes) <= count
    if code == "A":
        return tuple(sizes[:0:-1]) if fits else ()
    if fits:
        return tuple(sizes[::-1])
    return () if count == 1 and code != "X" else (count,)


def _bytes(field: FieldDefinition) -> int:
    if field.code == "X":
        return -(-field.count // 8)
    return field.count * BYTES[field.code]


#: Bytes of each code.
BYTES = {
    **dict.fromkeys("LBAF", 1),
    "I": 2,
    "J": 4,
    "E": 4,
    "K": 8,
    "D": 8,
    "C": 8,
    "P": 8,
    "M": 16,
    "Q": 16,
}
