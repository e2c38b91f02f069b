"""The heap of a table: every descriptor of a variable-length value points into it.

What a descriptor asks for is checked before it is read: a value that ends behind the heap would be
cut short, and descriptors that overlap ask for gigabytes from a small file (FITS 4.0, section
7.3.5).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from aomuse.errors import FileError
from aomuse.fits.column_definitions import ELEMENT_BYTES, Column

#: Values may share bytes of the heap, but together not more values than this.
MAX_SHARED = 100_000

Array = npt.NDArray[Any]
Bytes = npt.NDArray[np.uint8]


def descriptors(column: Column, rows: Bytes) -> tuple[Array, Array, Array]:
    """Return how many elements each list has, where in the heap it begins, and its bytes."""
    if not column.width:
        nothing = np.zeros(len(rows), np.int64)
        return nothing, nothing, nothing
    fields = np.ascontiguousarray(rows[:, column.start : column.start + column.width])
    word = ">i4" if column.type.letter == "P" else ">i8"
    counts, offsets = fields.view(word).astype(np.int64).T
    bits = 1 if column.letter == "X" else 8 * ELEMENT_BYTES[column.letter]
    return counts, offsets, -(-counts * bits // 8)


def require_heap(columns: list[Column], rows: Bytes, heap: int, path: str, extension: str) -> None:
    """Refuse a table with a descriptor that leads out of its heap, which has so many bytes."""
    size_of_all = values = 0
    for column in columns:
        if not column.type.inner:
            continue
        count, offset, size = descriptors(column, rows)
        # Compared with the count first, since the size of too many elements is beyond any integer.
        most = 8 * heap if column.letter == "X" else heap // ELEMENT_BYTES[column.letter]
        outside = (count < 0) | (count > most)
        outside |= (count > 0) & ((offset < 0) | (offset > heap - size))
        if outside.any():
            row = int(np.flatnonzero(outside)[0])
            why = (
                f"column {column.form.name} of row {row + 1} asks for {count[row]} values at byte "
                f"{offset[row]} of a heap that has {heap} bytes: bytes of the table are damaged, "
                "or PCOUNT is too small; get the file again"
            )
            raise FileError("damaged", path, why, extension)
        size_of_all += int(size.sum())
        values += int(count.sum())
    if size_of_all > heap and values > MAX_SHARED:
        why = f"{values:,} values share a heap of {heap:,} bytes: the limit is {MAX_SHARED:,}"
        raise FileError("too_large", path, f"{why}; ask whoever wrote the file", extension)
