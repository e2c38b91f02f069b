"""Columns of a table's rows become buffers that the library can read.

Numbers stay the arrays that they are. Times become an array of ``MYSQL_TIME`` by arithmetic on
whole arrays, and an array of pointers into it. Texts and bytes become an array of pointers, and a
text that occurs in many rows is encoded once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ctypes import Structure, c_char_p, c_ulong
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.extensions import ExtensionDtype
from pandas.api.types import infer_dtype

from aomuse.libmariadb.connector_c import INDICATOR_NULL, TIMESTAMP_DATETIME, FieldType
from aomuse.libmariadb.errors import ArrayError

Array = npt.NDArray[Any]

#: Rows of one call: from 5,000 to 50,000 the rate is the same, and an error is found in less.
CHUNK_ROWS = 20_000

#: Bytes of one call, unless a single row has more: the library builds each packet in memory.
CHUNK_BYTES = 4 << 20

#: Bytes of a packet beside its rows: the command, ids, flags and two bytes of type a column.
HEADER_BYTES = 4096

_INTEGERS = {1: FieldType.TINY, 2: FieldType.SHORT, 4: FieldType.LONG, 8: FieldType.LONGLONG}

#: What a nullable type becomes, and the number that stands where it has none.
_NULLABLE: dict[str, tuple[Any, Any]] = {
    "b": (np.bool_, False),
    "i": (np.int64, 0),
    "u": (np.uint64, 0),
    "f": (np.float64, np.nan),
}

#: Objects of one type, as pandas names it: kinds of the array that holds them exactly, and filler.
_PLAIN: dict[str, tuple[str, Any]] = {
    "boolean": ("bi", False),
    "integer": ("iu", 0),
    "floating": ("f", np.nan),
}


@dataclass(frozen=True)
class BoundColumn:
    """The buffers of one column.

    `values` are the values, or the addresses of texts, bytes and times, which point into `kept`;
    `missing` has `INDICATOR_NULL` where the row is NULL, `lengths` the bytes of each text.
    """

    type: FieldType
    values: Array
    missing: Array | None = None
    lengths: Array | None = None
    kept: object = None

    @property
    def is_unsigned(self) -> bool:
        """True for integers without sign."""
        return self.type in _INTEGERS.values() and self.values.dtype.kind == "u"

    @property
    def row_bytes(self) -> int | Array:
        """Bytes that a row takes in a packet, at most: indicator, length and value."""
        if self.lengths is not None:
            return self.lengths.astype(np.int64) + 10
        return 1 + (13 if self.type is FieldType.DATETIME else self.values.itemsize)


def columns_of(table: str, rows: Mapping[str, Any], time: type[Structure]) -> list[BoundColumn]:
    """Return the buffers of arrays; an `ArrayError` names the row of a value that has none."""
    columns = []
    layout = _layout(time)
    for name, values in rows.items():
        try:
            columns.append(_column(values, layout))
        except _UnsendableError as bad:
            raise ArrayError(
                "DataError",
                f"table {table}, column {name}, row {bad.row + 1} of {len(values)}: {bad}",
            ) from bad
    return columns


@cache
def _layout(time: type[Structure]) -> np.dtype[Any]:
    # numpy takes as long for it as a column of a small frame.
    return np.dtype(time)


class _UnsendableError(Exception):
    """A value that cannot be sent, in a row of its column."""

    def __init__(self, row: int, text: str) -> None:
        super().__init__(text)
        self.row = row


def _column(column: Any, time: np.dtype[Any]) -> BoundColumn:
    """Return the buffers of an array of numpy or pandas, or of a column of a frame."""
    if isinstance(column, pd.Series):
        column = column.to_numpy() if isinstance(column.dtype, np.dtype) else column.array
    dtype = column.dtype
    kind = dtype.kind
    if kind == "M":
        if isinstance(dtype, pd.DatetimeTZDtype):
            column = column.tz_convert("UTC").tz_localize(None)
        return _times(np.asarray(column, dtype="datetime64[us]"), time)
    if isinstance(dtype, ExtensionDtype) and kind in _NULLABLE:
        plain, filler = _NULLABLE[kind]
        missing = np.asarray(column.isna(), dtype=bool)
        return _numbers(column.to_numpy(dtype=plain, na_value=filler), missing)
    if kind in "iub" or (kind == "f" and dtype.itemsize <= 8):
        return _numbers(np.asarray(column))
    if isinstance(dtype, pd.StringDtype):
        return _texts(column)
    return _objects(np.asarray(column, dtype=object), time)


def _objects(values: Array, time: np.dtype[Any]) -> BoundColumn:
    kind = infer_dtype(values, skipna=True)
    if kind == "string":
        return _texts(values)
    missing = pd.isna(values)
    if kind == "empty":
        return _nulls(len(values))
    if kind == "bytes":
        held = [b"" if absent else value for absent, value in zip(missing, values, strict=True)]
        return _pointers(FieldType.BLOB, held, np.arange(len(held)), missing)
    if kind in _PLAIN:
        kinds, filler = _PLAIN[kind]
        plain = np.array(np.where(missing, filler, values).tolist())
        if plain.dtype.kind in kinds:
            return _numbers(plain, missing)
    if kind in {"datetime", "datetime64", "date"}:
        if all(getattr(value, "tzinfo", None) is None for value in values):
            times = values.copy()
            times[missing] = None
            return _times(times.astype("datetime64[us]"), time)
        kind = "times with a zone"
    present = np.flatnonzero(~missing)
    first = type(values[present[0]])
    row = next((row for row in present if type(values[row]) is not first), present[0])
    raise _UnsendableError(
        int(row),
        f"a value of type {type(values[row]).__name__} cannot be sent in bulk "
        f"(the column holds {kind}, and {first.__name__} first)",
    )


def _texts(texts: Any) -> BoundColumn:
    codes, distinct = pd.factorize(texts)
    try:
        encoded = [text.encode() for text in distinct]
    except UnicodeEncodeError as error:
        raise _UnsendableError(
            int(np.flatnonzero(texts == error.object)[0]),
            f"the text is not valid Unicode ({error.reason} at character {error.start + 1})",
        ) from error
    return _pointers(FieldType.STRING, encoded, codes, codes < 0)


def _times(values: Array, time: np.dtype[Any]) -> BoundColumn:
    missing = np.isnat(values)
    filled = np.where(missing, np.datetime64(0, "us"), values)
    days = filled.astype("datetime64[D]")
    months = filled.astype("datetime64[M]")
    years = filled.astype("datetime64[Y]").astype(np.int64) + 1970
    outside = (years < 1) | (years > 9999)
    if outside.any():
        row = int(np.flatnonzero(outside)[0])
        raise _UnsendableError(row, f"{filled[row]} is outside years 1 to 9999")
    microseconds = (filled - days).astype(np.int64)
    seconds = microseconds // 1_000_000
    times = np.zeros(len(filled), time)
    times["year"] = years
    times["month"] = months.astype(np.int64) % 12 + 1
    times["day"] = (days - months.astype("datetime64[D]")).astype(np.int64) + 1
    times["hour"] = seconds // 3600
    times["minute"] = seconds // 60 % 60
    times["second"] = seconds % 60
    times["second_part"] = microseconds % 1_000_000
    times["time_type"] = TIMESTAMP_DATETIME
    # The library wants pointers to times, as to texts; they point into the array.
    addresses = times.ctypes.data + times.itemsize * np.arange(len(times), dtype=np.uint64)
    return BoundColumn(FieldType.DATETIME, addresses, _indicator(missing), kept=times)


def _numbers(values: Array, missing: Array | None = None) -> BoundColumn:
    """Return the column of an array of booleans, integers or floats of any width."""
    kind = values.dtype.kind
    if kind == "f":
        doubles = np.ascontiguousarray(values, np.float64)
        return BoundColumn(FieldType.DOUBLE, doubles, _indicator(np.isnan(doubles)))
    native = np.int8 if kind == "b" else values.dtype.newbyteorder("=")
    integers = np.ascontiguousarray(values, native)
    return BoundColumn(_INTEGERS[integers.itemsize], integers, _indicator(missing))


def _pointers(kind: FieldType, held: list[bytes], codes: Array, missing: Array) -> BoundColumn:
    """Return the column whose row ``i`` is ``held[codes[i]]``."""
    if not held:
        return _nulls(len(codes))
    # The array holds references to the objects, whose bytes stay where they are.
    kept = (c_char_p * len(held))(*held)
    addresses = np.frombuffer(memoryview(kept), np.uintp)
    lengths = np.fromiter(map(len, held), c_ulong, len(held))
    return BoundColumn(kind, addresses[codes], _indicator(missing), lengths[codes], kept)


def _nulls(count: int) -> BoundColumn:
    return _numbers(np.zeros(count, np.int8), np.ones(count, bool))


def _indicator(missing: Array | None) -> Array | None:
    """Return one indicator a row, or None where no row is NULL."""
    if missing is None or not missing.any():
        return None
    return (missing * INDICATOR_NULL).astype(np.int8)


def packets(
    table: str,
    columns: Sequence[BoundColumn],
    count: int,
    largest: int,
    usual: int = CHUNK_BYTES,
    rows: int = CHUNK_ROWS,
) -> Iterator[tuple[int, int]]:
    """Yield first row and end of each call, so that none exceeds what the server takes.

    `largest` is ``max_allowed_packet`` of the connection; a call of more than one row does not
    exceed `usual` bytes. Of a single row that is too large the server would close the connection;
    so it is an `ArrayError` instead.
    """
    largest -= HEADER_BYTES
    usual = min(usual, largest)
    sizes: int | Array = sum(column.row_bytes for column in columns)
    ends = np.cumsum(np.broadcast_to(np.asarray(sizes, np.int64), count))
    start = sent = 0
    while start < count:
        stop = int(np.searchsorted(ends, sent + usual, side="right"))
        stop = min(max(stop, start + 1), start + rows)
        if ends[stop - 1] - sent > largest:
            raise ArrayError(
                "OperationalError",
                f"table {table}, row {start + 1} of {count}: the row of {ends[start] - sent} bytes "
                f"is larger than max_allowed_packet ({largest + HEADER_BYTES} bytes)",
            )
        yield start, stop
        start, sent = stop, int(ends[stop - 1])
