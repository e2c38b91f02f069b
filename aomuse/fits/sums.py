"""DATASUM and CHECKSUM of HDUs (FITS 4.0, section 4.4.2.7 and appendix J).

Both are sums of 32-bit words with ones' complement. Pixels are not read, and so not summed: of an
HDU with pixels neither can be checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from aomuse.exchange.issue import Issue
from aomuse.fits.structure import BLOCK, Extent

_ALL_ONES = 0xFFFFFFFF
_CHUNK = 1000 * BLOCK


def compare_sums(stream: BinaryIO, extents: list[Extent], path: str) -> Iterator[Issue]:
    """Yield a warning for each HDU whose bytes do not have the sums that its header gives."""
    for extent in extents:
        if extent.has_pixels and extent.data_size:
            continue
        datasum, checksum = extent.keyword("DATASUM"), extent.keyword("CHECKSUM")
        if not (datasum or checksum):
            continue
        data = _sum(stream, extent.data_start, extent.next_start)
        whole = _add(_sum(stream, extent.header_start, extent.data_start), data)
        name = "PRIMARY" if extent.index == 0 else extent.name
        why = None
        if datasum and datasum.strip().isdigit() and int(datasum) != data:
            why = f"DATASUM is {datasum.strip()}, but its data have the sum {data}"
        elif checksum and len(checksum.strip()) == 16 and whole not in (0, _ALL_ONES):
            why = f"CHECKSUM is {checksum.strip()!r}, but does not fit the header and its data"
        if why:
            advice = (
                "bytes have changed since it was written: get the file again, unless you have "
                "changed it yourself"
            )
            yield Issue("warning", "checksum", f"{why}; {advice}", path, name)


def _sum(stream: BinaryIO, start: int, stop: int) -> int:
    """Return the sum of 32-bit words; a file may end before the last block is full."""
    total = 0
    stream.seek(start)
    while start < stop:
        chunk = stream.read(min(_CHUNK, stop - start))
        if not chunk:
            break
        start += len(chunk)
        words = np.frombuffer(chunk.ljust(-(-len(chunk) // BLOCK) * BLOCK, b"\0"), ">u4")
        total = _add(total, int(words.sum(dtype=np.uint64)))
    return total


def data_sum(data: npt.NDArray[np.uint8], fill: bytes) -> int:
    """Return the sum of an HDU's data, given without what fills the last block."""
    total, even = 0, len(data) - len(data) % BLOCK
    for start in range(0, even, _CHUNK):
        words = data[start : min(start + _CHUNK, even)].view(">u4")
        total = _add(total, int(words.sum(dtype=np.uint64)))
    rest = np.frombuffer(data[even:].tobytes().ljust(BLOCK, fill), ">u4")
    return _add(total, int(rest.sum(dtype=np.uint64)) if even < len(data) else 0)


def _add(one: int, other: int) -> int:
    """Add, with the carry added again (ones' complement)."""
    total = one + other
    while total > _ALL_ONES:
        total = (total & _ALL_ONES) + (total >> 32)
    return total
