"""The heap of a table: every descriptor of a variable-length value points into it.

astropy cuts a value short that ends behind the heap, and reads as much as descriptors ask for:
where they overlap, gigabytes from a small file (FITS 4.0, section 7.3.5).
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from aomuse.errors import FileError
from aomuse.fits.structure import Extent, advice

#: Bits of an element.
_BITS = dict(X=1, L=8, B=8, A=8, I=16, J=32, E=32, K=64, D=64, C=64, M=128)  # noqa: C408
_VARIABLE = re.compile(r"\s*1?[PQ](?P<letter>[A-Z])", re.IGNORECASE)
#: Values may share bytes of the heap, but together not more values than this.
MAX_SHARED = 100_000


def require_heap(
    hdu: Any, columns: list[tuple[str, str]], extent: Extent, path: str, extension: str
) -> None:
    """Refuse a table with a descriptor that leads out of its heap; columns are names and TFORM."""
    variable = {
        place: _BITS[match["letter"].upper()]
        for place, (_, form) in enumerate(columns)
        if (match := _VARIABLE.match(form)) and match["letter"].upper() in _BITS
    }
    if not variable:
        return

    def bad(code: str, why: str) -> FileError:
        return FileError(code, path, f"{why}: {advice(extent.card_images)}", extension)

    table = extent.size("NAXIS1") * extent.size("NAXIS2")
    start = table if extent.keyword("THEAP") is None else extent.size("THEAP")
    heap = table + extent.size("PCOUNT") - start
    if start < table or heap < 0:
        raise bad("damaged", f"THEAP is {start}, but the heap begins at {table} or behind")
    if hdu.data is None:
        return
    rows = np.asarray(hdu.data)
    size_of_all = values = 0
    for place, bits in variable.items():
        count, offset = rows[hdu.data.dtype.names[place]].astype(np.int64).reshape(-1, 2).T
        # Divisions, since the product may be beyond any integer.
        outside = (count < 0) | (count > heap * 8 // bits) | (offset < 0)
        size = -(-np.where(outside, 0, count) * bits // 8)
        outside |= (size > 0) & (offset > heap - size)
        if outside.any():
            row = int(np.flatnonzero(outside)[0])
            why = (
                f"column {columns[place][0]} of row {row + 1} asks for {count[row]} values at byte "
                f"{offset[row]} of a heap that has {heap} bytes: bytes of the table are damaged, "
                "or PCOUNT is too small; get the file again"
            )
            raise FileError("damaged", path, why, extension)
        size_of_all += int(size.sum())
        values += int(count.sum())
    if size_of_all > heap and values > MAX_SHARED:
        why = f"{values:,} values share a heap of {heap:,} bytes: the limit is {MAX_SHARED:,}"
        raise bad("too_large", why)
