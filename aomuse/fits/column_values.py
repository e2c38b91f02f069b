"""The values of one column from the bytes of its fields (FITS 4.0, sections 7.3.3 to 7.3.6)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from aomuse.exchange.issue import Severity
from aomuse.exchange.outcome import counted
from aomuse.fits.column_definitions import Column
from aomuse.fits.formats import axes_of, dimensions_of
from aomuse.fits.heap import descriptors

Array = npt.NDArray[Any]
Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

#: numpy's types of the formats, in the byte order of the file.
DTYPES = dict(
    zip("BIJKEDCM", ("u1", ">i2", ">i4", ">i8", ">f4", ">f8", ">c8", ">c16"), strict=True)
)
_TRUE, _FALSE = ord("T"), ord("F")
#: What is said of a text column with other bytes.
NOT_ASCII = "text that is not ASCII is read as Latin-1"


@dataclass
class Values:
    """The values of a column, where it has none (None for nowhere), and what is odd about them."""

    values: Array
    nulls: Mask | Array | None = None
    remarks: list[tuple[Severity, str]] = field(default_factory=list)

    def remark(self, severity: Severity, text: str) -> None:
        """Say what is odd."""
        self.remarks.append((severity, text))


def binary_values(column: Column, rows: Bytes, heap: Bytes) -> Values:
    """Return the values of a column of a binary table, given the bytes of its rows."""
    if column.type.inner:
        return _lists(column, rows, heap)
    fields = np.ascontiguousarray(rows[:, column.start : column.start + column.width])
    if column.type.letter == "A":
        return _texts(column, fields)
    if column.type.letter == "X":
        found = Values(np.unpackbits(fields, axis=1)[:, : column.type.repeat].astype(np.bool_))
    else:
        found = _elements(column, fields.reshape(-1))
    return _shaped(column, found, len(rows))


def _elements(column: Column, raw: Bytes) -> Values:
    """Return the values of bytes that are elements one behind the other."""
    if column.letter == "L":
        values = raw == _TRUE
        nulls = ~values & (raw != _FALSE)
        found = Values(values, nulls if nulls.any() else None)
        odd = int((nulls & (raw != 0)).sum())
        if odd:
            found.remark("warning", f"{counted(odd, 'value')} neither T, F nor undefined: NULL")
        return found
    numbers = raw.view(DTYPES[column.letter])
    return scaled(column, numbers.astype(numbers.dtype.newbyteorder("=")))


def scaled(column: Column, raw: Array) -> Values:
    """Return physical values of numbers: TZERO + TSCAL x, NULL where a raw integer is TNULL."""
    nulls = None
    if isinstance(column.null, int) and raw.dtype.kind in "iu":
        nulls = raw == column.null
        nulls = nulls if nulls.any() else None
    if not column.is_scaled:
        return Values(raw, nulls)
    with np.errstate(over="ignore", invalid="ignore"):
        if column.stays_integer:
            values = _moved(raw, int(column.zero))
        elif raw.dtype.kind == "c":
            # The zero is a real number.
            values = raw.astype(np.complex128)
            values.real = values.real * column.scale + float(column.zero)
            values.imag = values.imag * column.scale
        else:
            values = raw.astype(np.float64) * column.scale + float(column.zero)
            if nulls is not None:
                values[nulls] = np.nan
    return Values(values, nulls)


def _moved(raw: Array, zero: int) -> Array:
    """Return integers plus a whole zero, exactly, in the smallest type that has room."""
    if raw.dtype == object:
        return np.asarray(raw + zero, dtype=object)
    info = np.iinfo(raw.dtype)
    low, high = int(info.min) + zero, int(info.max) + zero
    if raw.dtype.itemsize == 8 and raw.size:
        low, high = int(raw.min()) + zero, int(raw.max()) + zero
    for name in ("u1", "i2", "u2", "i4", "u4", "i8", "u8"):
        limits = np.iinfo(name)
        if limits.min <= low and high <= limits.max:
            # Sums of 64 bits wrap around to the right value.
            moved = raw.astype(np.int64).view(np.uint64) + np.uint64(zero % 2**64)
            return moved.view(np.int64 if limits.min < 0 else np.uint64).astype(name)
    return np.asarray(raw.astype(object) + zero, dtype=object)


def _shaped(column: Column, found: Values, rows: int) -> Values:
    """Give values the shape of TFORM and TDIM; what TDIM leaves out is undefined."""
    letter, repeat = column.type.letter, column.type.repeat
    dimensions = dimensions_of(column.form.dimensions, letter, repeat)
    if dimensions is None:
        dimensions = () if repeat == 1 and letter != "X" else (repeat,)
    used = math.prod(dimensions)

    def shaped(flat: Array) -> Array:
        return flat.reshape(rows, repeat)[:, :used].reshape(rows, *dimensions)

    if found.values.reshape(rows, repeat)[:, used:].any():
        found.remark("note", f"TDIM leaves out {counted(repeat - used, 'element')} of a row")
    nulls = None if found.nulls is None else shaped(found.nulls)
    return Values(shaped(found.values), nulls, found.remarks)


def _texts(column: Column, fields: Bytes) -> Values:
    """Return strings, or arrays of them."""
    rows, repeat = fields.shape
    dimensions = dimensions_of(column.form.dimensions, "A", repeat)
    if dimensions is None:
        return strings(fields)
    length = axes_of(column.form.dimensions)[0]
    used = length * math.prod(dimensions)
    found = strings(fields[:, :used].reshape(-1, length))
    found.values = found.values.reshape(rows, *dimensions)
    if fields[:, used:].any():
        found.remark("note", f"TDIM leaves out {counted(repeat - used, 'byte')} of a row")
    return found


def strings(fields: Bytes) -> Values:
    """Return one string for each row of bytes: a NUL ends it, blanks at its end belong to it."""
    rows, width = fields.shape
    if not fields.size:
        return Values(np.full(rows, "", dtype="U1"))
    behind = 0
    if not fields.all():
        ended = np.logical_or.accumulate(fields == 0, axis=1)
        behind = int((ended & (fields != 0)).any(axis=1).sum())
        fields = np.where(ended, 0, fields)
    # The first 256 characters of Unicode are those of Latin-1.
    found = Values(fields.astype(np.uint32).view(f"U{width}")[:, 0])
    _remark_texts(found, behind, bool((fields < 128).all()))
    return found


def _remark_texts(found: Values, behind: int, is_ascii: bool) -> None:
    if behind:
        why = f"{counted(behind, 'text')} with bytes behind the NUL that ends it: left out"
        found.remark("note", why)
    if not is_ascii:
        found.remark("note", NOT_ASCII)


def _lists(column: Column, rows: Bytes, heap: Bytes) -> Values:
    """Return the arrays that the descriptors of a column lead to, or one text for each row."""
    counts, offsets, sizes = descriptors(column, rows)
    places = zip(counts.tolist(), offsets.tolist(), sizes.tolist(), strict=True)
    pieces = [heap[offset : offset + size] if n else heap[:0] for n, offset, size in places]
    if column.letter == "A":
        return _long_texts(pieces)
    if column.letter == "X":
        bits = [np.unpackbits(piece)[:n] for piece, n in zip(pieces, counts.tolist(), strict=True)]
        flat = Values(np.concatenate([np.empty(0, np.uint8), *bits]).astype(np.bool_))
    else:
        flat = _elements(column, np.concatenate([np.empty(0, np.uint8), *pieces]))
    ends = np.cumsum(counts)[:-1]
    nulls = None if flat.nulls is None else _split(flat.nulls, ends, len(rows))
    return Values(_split(flat.values, ends, len(rows)), nulls, flat.remarks)


def _long_texts(pieces: list[Bytes]) -> Values:
    """Return one text for each row; as objects, for one may be much longer than the others."""
    contents = [piece.tobytes() for piece in pieces]
    texts = [content.partition(b"\0")[0] for content in contents]
    found = Values(np.array([text.decode("latin-1") for text in texts], dtype=object))
    behind = sum(len(c.rstrip(b"\0")) > len(t) for c, t in zip(contents, texts, strict=True))
    _remark_texts(found, behind, all(map(bytes.isascii, texts)))
    return found


def _split(flat: Array, ends: Array, rows: int) -> npt.NDArray[np.object_]:
    lists = np.empty(rows, dtype=object)
    for row, part in enumerate(np.split(flat, ends) if rows else ()):
        lists[row] = part
    return lists
