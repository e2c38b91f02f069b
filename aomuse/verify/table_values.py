"""The values of a table, from its bytes and the formulae of the FITS standard (4.0, section 7).

Shares nothing with the loader, whose reading it is to check.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from aomuse.verify.table_header import (
    BYTES,
    FieldDefinition,
    TableDefinition,
    read_definition,
)

Array = npt.NDArray[Any]
Bytes = npt.NDArray[np.uint8]

_NUMPY = {"B": "u1", "I": ">i2", "J": ">i4", "K": ">i8", "E": ">f4", "D": ">f8"}
_NUMPY |= {"C": ">f4", "M": ">f8"}
#: Lists may share bytes of the heap, but not more of them than this.
_MAX_SHARED_BYTES = 10_000_000
_DECIMAL = re.compile(r"([+-]?)(\d*)(\.?)(\d*)(?:[DE]?([+-]\d+)|[DE](\d+))?")


@dataclass(frozen=True)
class FieldValues:
    """The values of a column and where it has none; of lists an array each for every row.

    Where there is no value it holds NaN, 0 or False.
    """

    definition: FieldDefinition
    values: Array
    nulls: Array


def table_values(
    stream: BinaryIO, header_start: int
) -> tuple[TableDefinition, Iterator[FieldValues]]:
    """Return what defines the table whose header is at a byte of a file, and its columns."""
    stream.seek(header_start)
    definition = read_definition(stream)
    return definition, _fields(definition, np.frombuffer(stream.read(definition.size), np.uint8))


def _fields(table: TableDefinition, content: Bytes) -> Iterator[FieldValues]:
    main = content[: table.width * table.rows].reshape(table.rows, table.width)
    heap = content[table.heap_start :]
    for field in table.fields:
        if table.is_text:
            cells = main[:, field.start : field.start + field.count]
            yield _of_text(field, [cell.tobytes().decode("latin-1") for cell in cells])
            continue
        size = -(-field.count // 8) if field.code == "X" else field.count * BYTES[field.code]
        cells = main[:, field.start : field.start + size]
        yield _lists(field, cells, heap) if field.element else _fixed(field, cells)


def _fixed(field: FieldDefinition, cells: Bytes) -> FieldValues:
    """Return a column whose rows have all the same length."""
    rows = len(cells)
    if field.code == "A":
        length = field.text_length
        texts = [
            _terminated(row[place * length : (place + 1) * length])
            for row in map(bytes, cells)
            for place in range(int(np.prod(field.shape)))
        ]
        values = np.array([*texts, None], dtype=object)[:-1].reshape(rows, *field.shape)
        return FieldValues(field, values, np.zeros(values.shape, np.bool_))
    values, nulls = _elements(field, field.code, cells.tobytes(), rows * field.count, rows)
    used = int(np.prod(field.shape))
    return FieldValues(
        field,
        values.reshape(rows, field.count)[:, :used].reshape(rows, *field.shape),
        nulls.reshape(rows, field.count)[:, :used].reshape(rows, *field.shape),
    )


def _terminated(content: bytes) -> str:
    return content.split(b"\0")[0].decode("latin-1")


def _elements(
    field: FieldDefinition, code: str, content: bytes, count: int, rows: int = 1
) -> tuple[Array, Array]:
    """Return so many elements as physical values, and which are undefined."""
    if code == "X":
        packed = np.frombuffer(content, np.uint8).reshape(rows, -1)
        bit = np.arange(count // rows if rows else 0)
        values = (packed[:, bit // 8] >> (7 - bit % 8) & 1).astype(np.bool_)
        return values, np.zeros(values.shape, np.bool_)
    if code == "L":
        letters = np.frombuffer(content, "S1")
        return letters == b"T", (letters != b"T") & (letters != b"F")
    numbers = np.frombuffer(content, _NUMPY[code])
    if code in "CM":
        real, imaginary = numbers[0::2].astype(np.float64), numbers[1::2].astype(np.float64)
        if field.scale != 1 or field.zero != 0:
            with np.errstate(all="ignore"):
                real = float(field.zero) + field.scale * real
                imaginary = field.scale * imaginary
        both = np.empty(len(real), np.complex128)
        both.real, both.imag = real, imaginary
        return both, np.zeros(len(both), np.bool_)
    return _physical(field, numbers)


def _physical(field: FieldDefinition, numbers: Array) -> tuple[Array, Array]:
    """Return TZERO + TSCAL x of numbers that are not complex."""
    if isinstance(field.null, int) and numbers.dtype.kind in "iuO":
        nulls = np.asarray(numbers == field.null)
    else:
        nulls = np.zeros(len(numbers), np.bool_)
    if field.kind == "int":
        if field.zero == 0:
            return numbers, nulls
        whole = numbers.astype(object) + int(field.zero)
        return whole, nulls
    values = numbers.astype(np.float64)
    if field.scale != 1 or field.zero != 0:
        with np.errstate(all="ignore"):
            values = float(field.zero) + field.scale * values
    if nulls.any():
        values[nulls] = np.nan
    return values, nulls


def _lists(field: FieldDefinition, cells: Bytes, heap: Bytes) -> FieldValues:
    """Return a column whose rows have different lengths; characters are one text."""
    rows, total = len(cells), 0
    values, nulls = np.empty(rows, dtype=object), np.empty(rows, dtype=object)
    for row in range(rows):
        word = ">i4" if field.code == "P" else ">i8"
        count, offset = np.frombuffer(cells[row].tobytes(), word).tolist() or (0, 0)
        size = -(-count // 8) if field.element == "X" else count * BYTES[field.element]
        total += size
        if not 0 <= count <= 8 * len(heap) or total > len(heap) + _MAX_SHARED_BYTES:
            raise ValueError(f"the lists of column {field.name} are larger than the heap")
        content = heap[offset : offset + size].tobytes() if count else b""
        if field.element == "A":
            values[row], nulls[row] = _terminated(content), False
            continue
        part, missing = _elements(field, field.element, content, count)
        values[row], nulls[row] = part.reshape(-1), missing.reshape(-1)
    return FieldValues(field, values, nulls.astype(np.bool_) if field.element == "A" else nulls)


def _of_text(field: FieldDefinition, cells: list[str]) -> FieldValues:
    """Return a column of an ASCII table."""
    null = None if field.null is None else str(field.null).ljust(field.count)
    nulls = np.array([cell.replace("\0", " ") == null for cell in cells], np.bool_)
    if field.code == "A":
        texts = np.array([*(cell.split("\0")[0] for cell in cells), None], dtype=object)[:-1]
        return FieldValues(field, texts, nulls)
    numbers: list[Any] = []
    for row, cell in enumerate(cells):
        number = _of_digits(field, cell.replace("\0", " ").strip(" "))
        nulls[row] |= number is None
        numbers.append(0 if nulls[row] else number)
    raw = np.array([*numbers, None], dtype=object)[:-1]
    if field.code != "K":
        raw = raw.astype(np.float64)
    values, _ = _physical(field, raw)
    if field.kind == "float":
        values[nulls] = np.nan
    return FieldValues(field, values, nulls)


def _of_digits(field: FieldDefinition, text: str) -> int | float | None:
    """Return the number that a field says; nothing is 0, what is not a number None."""
    if not text:
        return 0
    if field.code == "K":
        return int(text) if re.fullmatch(r"[+-]?[0-9]{1,60}", text) else None
    if text.lower().lstrip("+-") in ("nan", "inf"):
        return float(text)
    match = _DECIMAL.fullmatch(text.upper())
    if match is None or not match[2] + match[4]:
        return None
    power = int(match[5] or match[6] or 0) - len(match[4])
    if not match[3]:
        power -= field.decimals
    digits = tuple(map(int, match[2] + match[4]))
    return float(Decimal((int(match[1] == "-"), digits, power)))
