"""The data of a binary table from its columns' values (FITS 4.0, section 7.3)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from aomuse.errors import RebuildError
from aomuse.export.numbers import raw_elements
from aomuse.export.unsaid import Convention, Trait
from aomuse.fits.column_definitions import Column
from aomuse.fits.formats import axes_of, dimensions_of
from aomuse.fits.structure import Extent
from aomuse.stored.tables import StoredColumn

Bytes = npt.NDArray[np.uint8]


def binary_table(
    extent: Extent,
    columns: Sequence[Column],
    stored: Sequence[StoredColumn],
    convention: Convention,
) -> tuple[Bytes, set[Trait]]:
    """Return the data of a table: its rows, and the heap with the lists."""
    width, count = extent.size("NAXIS1"), extent.size("NAXIS2")
    data = np.zeros(extent.data_size, np.uint8)
    rows = data[: width * count].reshape(count, width)
    traits: set[Trait] = set()
    lists: list[tuple[Column, list[int], list[bytes]]] = []
    for column, values in zip(columns, stored, strict=True):
        if _has_nan(values):
            traits.add("nan")
        if column.type.inner:
            lists.append((column, *_lists(column, values, convention)))
            continue
        rows[:, column.start : column.start + column.width] = _fields(column, values, convention)
    lists = [entry for entry in lists if entry[0].width]
    if lists:
        traits.add("lists")
        start = width * count if extent.keyword("THEAP") is None else extent.size("THEAP")
        _fill_heap(rows, data[start:], lists, convention)
    return data, traits


def _has_nan(column: StoredColumn) -> bool:
    if column.shape.kind not in ("float", "complex"):
        return False
    if column.shape.variable:
        return any(np.isnan(part).any() for part in column.values)
    return bool(np.isnan(column.values).any())


def _fields(column: Column, stored: StoredColumn, convention: Convention) -> Bytes:
    """Return the bytes of a column's fields, a row each; what TDIM leaves out is 0."""
    count, letter, repeat = len(stored.values), column.type.letter, column.type.repeat
    out = np.zeros((count, column.width), np.uint8)
    if letter == "A":
        texts = stored.values.reshape(count, math.prod(stored.values.shape[1:]))
        axes = axes_of(column.form.dimensions)
        has_shape = dimensions_of(column.form.dimensions, "A", repeat) is not None
        length = axes[0] if has_shape else column.width
        for place in range(texts.shape[1]):
            content = b"".join(padded(text, length, b"\0") for text in texts[:, place])
            part = np.frombuffer(content, np.uint8).reshape(count, length)
            out[:, place * length : (place + 1) * length] = part
        return out
    if letter == "X":
        bits = stored.values.reshape(count, math.prod(stored.values.shape[1:])).astype(np.uint8)
        used = np.packbits(bits, axis=1)
        out[:, : used.shape[1]] = used
        return out
    raw = raw_elements(column, stored.values.reshape(-1), stored.nulls.reshape(-1), convention)
    if count:
        used = raw.view(np.uint8).reshape(count, -1)
        out[:, : used.shape[1]] = used
    return out


def padded(text: Any, length: int, by: bytes) -> bytes:
    """Return a text in a field; RebuildError for one that was not in a file."""
    try:
        content = str(text).encode("latin-1")
    except UnicodeEncodeError:
        content = None
    if content is None or len(content) > length:
        raise RebuildError(f"{str(text)[:40]!r} does not fit into a field of {length} bytes")
    return content.ljust(length, by)


def _lists(
    column: Column, stored: StoredColumn, convention: Convention
) -> tuple[list[int], list[bytes]]:
    """Return of each row's list how many elements it has, and their bytes."""
    if column.letter == "A":
        texts = [padded(text, len(str(text)), b"\0") for text in stored.values]
        return [len(text) for text in texts], texts
    counts = [len(part) for part in stored.values]
    if column.letter == "X":
        return counts, [np.packbits(part.astype(np.uint8)).tobytes() for part in stored.values]
    if not counts:
        return [], []
    flat = np.concatenate(list(stored.values))
    gone = [np.broadcast_to(gone, n) for gone, n in zip(stored.nulls, counts, strict=True)]
    missing = np.concatenate(gone)
    raw = raw_elements(column, flat, missing, convention)
    size = raw.nbytes // max(sum(counts), 1)
    ends = np.cumsum([0, *counts]) * size
    content = raw.tobytes()
    return counts, [content[ends[row] : ends[row + 1]] for row in range(len(counts))]


def _fill_heap(
    rows: Bytes,
    heap: Bytes,
    lists: list[tuple[Column, list[int], list[bytes]]],
    convention: Convention,
) -> None:
    """Put lists into the heap, and into the rows where they are."""
    by_column = [(entry, row) for entry in range(len(lists)) for row in range(len(rows))]
    order = sorted(by_column, key=lambda place: place[1]) if convention.by_row else by_column
    position = 0
    for entry, row in order:
        column, counts, pieces = lists[entry]
        piece = pieces[row]
        if position + len(piece) > len(heap):
            raise RebuildError(
                f"its lists have more bytes than its heap of {len(heap):,}: in the file some "
                "share their bytes"
            )
        heap[position : position + len(piece)] = np.frombuffer(piece, np.uint8)
        place = 0 if convention.empty_at_zero and not counts[row] else position
        word = ">i4" if column.type.letter == "P" else ">i8"
        field = np.array([counts[row], place], word).view(np.uint8)
        rows[row, column.start : column.start + column.width] = field
        position += len(piece)
