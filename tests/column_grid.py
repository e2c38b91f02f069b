"""Tables with every kind of column, made byte by byte, and what the FITS standard says of them.

The values that are expected are computed here, one by one, with Python's own numbers.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

BLOCK, CARD = 2880, 80
ROWS = 3

#: One element of each format, as struct packs it.
PACKED = {"B": "B", "I": "h", "J": "i", "K": "q", "E": "f", "D": "d", "C": "2f", "M": "2d"}
#: Elements that all columns of a format draw from: extremes, TNULLs, signs.
RAW: dict[str, list[Any]] = {
    "L": [b"T", b"F", b"\0"],
    "X": [1, 0, 1, 1, 0],
    "B": [0, 1, 7, 200, 255],
    "I": [-32768, -99, 0, 99, 32767],
    "J": [-(2**31), -99, 0, 99, 2**31 - 1],
    "K": [-(2**63), -99, 0, 2**53 + 1, 2**63 - 1],
    "A": ["a", " b", "", "c ", "d"],
    "E": [1.5, -0.0, math.inf, math.nan, -3.25],
    "D": [0.1, -0.0, -math.inf, math.nan, 1e300],
    "C": [(1.5, -2.0), (0.0, math.nan), (-0.0, 3.0), (4.0, math.inf), (5.0, 6.0)],
    "M": [(0.1, -2.0), (0.0, math.nan), (-0.0, 3.0), (4.0, math.inf), (5.0, 6.0)],
}
#: TNULL of each format: one of its elements.
NULL = {"B": 7, "I": -99, "J": -99, "K": -99}
UNSIGNED = {"B": -128, "I": 2**15, "J": 2**31, "K": 2**63}


@dataclass
class GridColumn:
    """A column: its cards without number, the bytes of its rows, and the values of each row.

    A value is None where there is none; a row is a list of elements, whatever its shape, or a text.
    """

    name: str
    letter: str
    cards: dict[str, str]
    cells: list[bytes]
    rows: list[list[Any]]
    shape: tuple[int, ...] | None = ()
    tags: set[str] = field(default_factory=set)


def elements(letter: str, row: int, count: int) -> list[Any]:
    return [RAW[letter][(row + place) % len(RAW[letter])] for place in range(count)]


def packed(letter: str, values: list[Any]) -> bytes:
    if letter == "L":
        return b"".join(values)
    if letter == "X":
        bits = "".join(map(str, values)).ljust(-(-len(values) // 8) * 8, "0")
        return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
    numbers = values if letter in "CM" else [(value,) for value in values]
    return b"".join(struct.pack(f">{PACKED[letter]}", *parts) for parts in numbers)


@dataclass(frozen=True)
class Scaling:
    """TNULL, TSCAL and TZERO of a column, None for those that it lacks."""

    name: str
    null: int | None = None
    scale: float | None = None
    zero: float | None = None

    def cards(self) -> dict[str, str]:
        cards = {"TNULL": self.null, "TSCAL": self.scale, "TZERO": self.zero}
        return {name: f"{value!r:>20}" for name, value in cards.items() if value is not None}

    def value(self, letter: str, raw: Any) -> Any:
        """Give the physical value: TZERO + TSCAL x; an integer where the scale is 1."""
        if letter in "LX":
            return {b"T": True, b"F": False, b"\0": None, 1: True, 0: False}[raw]
        scale, zero = self.scale, self.zero
        if letter in "BIJK" and raw == self.null:
            return None
        if scale is None and zero is None:
            value = complex(*raw) if letter in "CM" else raw
            return struct.unpack(">f", struct.pack(">f", value))[0] if letter == "E" else value
        scale, zero = 1 if scale is None else scale, 0 if zero is None else zero
        if letter in "CM":
            # "with the imaginary part of the scaling factor set to zero": the zero is real, too.
            return complex(zero + scale * raw[0], scale * raw[1])
        if letter in "BIJK" and scale == 1 and float(zero).is_integer():
            return raw + int(zero)
        return zero + scale * float(raw)


def scalings(letter: str) -> Iterator[Scaling]:
    yield Scaling("plain")
    if letter in "LXA":
        return
    yield Scaling("scaled", scale=0.5, zero=10.25)
    yield Scaling("zero", zero=0.5)
    if letter not in "BIJK":
        return
    null = NULL[letter]
    yield Scaling("null", null)
    yield Scaling("null_out_of_range", 2**40 if letter != "K" else 17)
    yield Scaling("unsigned", zero=UNSIGNED[letter])
    yield Scaling("unsigned_null", null, 1.0, UNSIGNED[letter])
    yield Scaling("moved", zero=7)
    yield Scaling("scaled_null", null, 0.1, 0.5)


#: Name, TFORM's count, TDIM, shape of a row, elements that count.
LAYOUTS: tuple[tuple[str, int, str | None, tuple[int, ...], int], ...] = (
    ("scalar", 1, None, (), 1),
    ("none", 0, None, (0,), 0),
    ("vector", 3, None, (3,), 3),
    ("array", 6, "(3,2)", (2, 3), 6),
    ("part", 5, "(2,2)", (2, 2), 4),
    ("misfit", 2, "(3,2)", (2,), 2),
)


def fixed_columns() -> Iterator[GridColumn]:
    for letter in "LXBIJKEDCM":
        for scaling in scalings(letter):
            for layout, count, dim, shape, used in LAYOUTS:
                raw = [elements(letter, row, count) for row in range(ROWS)]
                cards = {"TFORM": f"'{count}{letter}'"} | scaling.cards()
                yield GridColumn(
                    f"{letter}_{scaling.name}_{layout}",
                    letter,
                    cards | ({"TDIM": f"'{dim}'"} if dim else {}),
                    [packed(letter, row) for row in raw],
                    [[scaling.value(letter, value) for value in row[:used]] for row in raw],
                    (1,) if layout == "scalar" and letter == "X" else shape,
                    {scaling.name, layout},
                )


def text_columns() -> Iterator[GridColumn]:
    words = [b"ab cd\0ef ", b"\0\0\0abcd\0\0", b"123456789"]
    thirds = [["ab ", "cd", "ef "], ["", "abc", "d"], ["123", "456", "789"]]
    halves = [row[:2] for row in thirds]
    whole = [["ab cd"], [""], ["123456789"]]
    for name, form, dim, cells, values, shape in (
        ("blanks", "5A", "", [b"ab   ", b"  c  ", b"     "], [["ab   "], ["  c  "], ["     "]], ()),
        ("nul", "5A", "", [b"ab\0\0\0", b"abcde", b"\0\0\0\0\0"], [["ab"], ["abcde"], [""]], ()),
        ("behind_nul", "5A", "", [b"a\0bc ", b"\0abcd", b"ab\0c\0"], [["a"], [""], ["ab"]], ()),
        ("one", "A", "", [b"a", b" ", b"\0"], [["a"], [" "], [""]], ()),
        ("none", "0A", "", [b""] * 3, [[""]] * 3, ()),
        ("of_ascii_table", "A3", "", [b"abc", b"d  ", b"e\0\0"], [["abc"], ["d  "], ["e"]], ()),
        ("array", "9A", "(3,3)", words, thirds, (3,)),
        ("part", "9A", "(3,2)", words, halves, (2,)),
        ("one_axis", "9A", "(1)", words, whole, ()),
    ):
        cards = {"TFORM": f"'{form}'"} | ({"TDIM": f"'{dim}'"} if dim else {})
        yield GridColumn(f"A_{name}", "A", cards, cells, values, shape, {name})


def list_columns(heap: bytearray) -> Iterator[GridColumn]:
    def descriptor(code: str, content: bytes, count: int) -> bytes:
        place = len(heap)
        heap.extend(content)
        return struct.pack(">ii" if code == "P" else ">qq", count, place)

    for code in "PQ":
        for letter in "LXBIJKEDCM":
            for scaling in scalings(letter):
                raw = [elements(letter, row, count) for row, count in enumerate((3, 0, 5))]
                yield GridColumn(
                    f"{code}{letter}_{scaling.name}",
                    letter,
                    {"TFORM": f"'1{code}{letter}(5)'"} | scaling.cards(),
                    [descriptor(code, packed(letter, row), len(row)) for row in raw],
                    [[scaling.value(letter, value) for value in row] for row in raw],
                    None,
                    {"list", scaling.name},
                )
        cells = [descriptor(code, text, len(text)) for text in (b"abc", b"", b"a \0bc")]
        cards = {"TFORM": f"'{code}A(5)'"}
        yield GridColumn(f"{code}A", "A", cards, cells, [["abc"], [""], ["a "]], (), {"list"})
        cards = {"TFORM": f"'0{code}J(0)'"}
        yield GridColumn(f"{code}J_none", "J", cards, [b""] * 3, [[]] * 3, None, {"list", "none"})


def ascii_columns() -> Iterator[GridColumn]:
    def column(
        name: str, form: str, cells: list[str], values: list[Any], **cards: str
    ) -> GridColumn:
        width = int("".join(c for c in form.partition(".")[0] if c.isdigit()))
        content = [cell.ljust(width).encode() for cell in cells]
        cards = {"TFORM": f"'{form}'"} | cards
        rows = [[value] for value in values]
        return GridColumn(f"{form[0]}_{name}", form[0], cards, content, rows, (), {name})

    yield column("plain", "I6", ["   -12", "+7", "     0"], [-12, 7, 0])
    yield column("blank", "I6", ["", "5", "6"], [0, 5, 6])
    yield column("null", "I6", ["---", "5", "7"], [None, 5, 7], TNULL="'---'", TSCAL="1.0")
    yield column("null_blank", "I6", ["", "5", "0"], [None, 5, 0], TNULL="'      '")
    yield column("null_of_digits", "I6", ["-99", "  -99", "0"], [None, -99, 0], TNULL="'-99'")
    yield column("scaled", "I6", ["1", "-3", "4"], [0.75, -1.25, 2.25], TSCAL="0.5", TZERO="0.25")
    yield column("moved", "I6", ["1", "-3", "4"], [8, 4, 11], TZERO="7")
    beyond = [2**63 - 1, -(2**63), 2**64]
    yield column("long", "I22", [*map(str, beyond)], beyond)
    yield column("point", "F8.2", ["1.5", "-0.25", ".5"], [1.5, -0.25, 0.5])
    yield column("no_point", "F8.2", ["1234", "-5", "+12"], [12.34, -0.05, 0.12])
    yield column("no_decimals", "F9.0", ["1.", "25", "-3"], [1.0, 25.0, -3.0])
    yield column("exponent", "E12.4", ["1.5E-03", "2.5E2", "1.0D1"], [0.0015, 250.0, 10.0])
    yield column("bare_exponent", "E12.4", ["1.5-03", "2.5+02", "1.0"], [0.0015, 250.0, 1.0])
    yield column("exponent", "D20.10", ["0.1D+00", "-2.5E10", "1.E300"], [0.1, -2.5e10, 1e300])
    yield column("null", "E12.4", ["***", "1.0E0", "2.5"], [None, 1.0, 2.5], TNULL="'***'")
    yield column("blank", "E12.4", ["", "1.0E0", "2.5"], [0.0, 1.0, 2.5])
    scaled = [13.0, 9.5, 10.0]
    yield column("scaled", "F8.2", ["1.5", "-0.25", "0.0"], scaled, TSCAL="2", TZERO="10")
    yield column("text", "A5", ["ab", " c", ""], ["ab   ", " c   ", "     "])
    yield column("null", "A5", ["ab", "N/A", ""], ["ab   ", None, "     "], TNULL="'N/A'")


def card(keyword: str, value: str) -> bytes:
    return f"{keyword:<8}= {value}".ljust(CARD).encode()


def table(
    name: str, columns: list[GridColumn], heap: bytes = b"", *, is_ascii: bool = False
) -> bytes:
    """Give the bytes of an HDU."""
    width = sum(len(column.cells[0]) for column in columns)
    number: Callable[[int], str] = "{:>20}".format
    cards = [
        card("XTENSION", "'TABLE   '" if is_ascii else "'BINTABLE'"),
        *(card("BITPIX", number(8)), card("NAXIS", number(2)), card("NAXIS1", number(width))),
        *(card("NAXIS2", number(ROWS)), card("PCOUNT", number(len(heap)))),
        *(card("GCOUNT", number(1)), card("TFIELDS", number(len(columns)))),
        card("EXTNAME", f"'{name}'"),
    ]
    start = 1
    for place, column in enumerate(columns, 1):
        cards.append(card(f"TTYPE{place}", f"'{column.name}'"))
        cards += [card(f"{keyword}{place}", value) for keyword, value in column.cards.items()]
        if is_ascii:
            cards.append(card(f"TBCOL{place}", number(start)))
        start += len(column.cells[0])
    header = b"".join(cards) + b"END".ljust(CARD)
    rows = b"".join(column.cells[row] for row in range(ROWS) for column in columns)
    fill = b" " if is_ascii else b"\0"
    return header.ljust(-(-len(header) // BLOCK) * BLOCK) + (rows + heap).ljust(
        -(-len(rows + heap) // BLOCK) * BLOCK, fill
    )


def grid() -> tuple[dict[str, list[GridColumn]], bytes]:
    """Give all columns by the table that they are in, and the heap of GRID_LISTS."""
    heap = bytearray()
    tables = {
        "GRID_FIXED": list(fixed_columns()),
        "GRID_TEXT": list(text_columns()),
        "GRID_LISTS": list(list_columns(heap)),
        "GRID_ASCII": list(ascii_columns()),
    }
    return tables, bytes(heap)
