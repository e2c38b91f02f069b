"""The skeleton of a FITS file: where each header and data unit is.

Follows the FITS standard 4.0, sections 3.1 and 4.4.1 (blocks of 2880 bytes; the size of a data
unit is |BITPIX| GCOUNT (PCOUNT + NAXIS1 … NAXISn) bits). astropy reads the meaning. Reading the
extents first detects truncated files, keeps headers byte for byte, and lets the checksum leave out
the pixels.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from aomuse.errors import FileError
from aomuse.fits.not_fits import LEAD_BYTES, why_not_fits
from aomuse.fits.opening import opened

BLOCK = 2880
CARD = 80
#: Bounds of what one file can cost: bytes of a header, bytes of all headers of a file, HDUs.
MAX_HEADER, MAX_HEADERS, MAX_HDUS = 4_000_000, 100_000_000, 20_000
#: Columns that the standard allows a table.
_MAX_COLUMNS = 999
_CHUNK = 1 << 20
#: How far to look behind the last HDU for what stands there.
_PEEK = 1 << 16
#: END and, against the standard, other bytes than blanks behind it; astropy ends there too.
_END = re.compile(rb"END *([^ A-Z0-9_-]|$)")
#: Keywords that say how large an HDU is.
SIZE_KEYWORD = re.compile(r"BITPIX|NAXIS\d*|PCOUNT|GCOUNT|TFIELDS")
_UNPRINTABLE = re.compile(rb"[^ -~]")


@dataclass(frozen=True)
class Extent:
    """Where an HDU is in its file, in bytes.

    ``card_images`` are the header's bytes before END, ``places`` where in them each keyword with a
    value has its first card.
    """

    index: int
    header_start: int
    card_images: bytes
    data_start: int
    data_size: int
    has_pixels: bool
    places: dict[bytes, int] = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        """EXTNAME, else the index as text."""
        text = self.keyword("EXTNAME")
        return text.strip("' ") if text else str(self.index)

    @property
    def next_start(self) -> int:
        """Where the next HDU would begin."""
        return self.data_start + -(-self.data_size // BLOCK) * BLOCK

    @property
    def is_table(self) -> bool:
        """Whether its data are rows of a table, and no compressed image."""
        kind = (self.keyword("XTENSION") or "").rstrip()
        return kind in ("BINTABLE", "A3DTABLE", "TABLE") and not self.has_pixels

    def keyword(self, name: str) -> str | None:
        """Return the value field of a mandatory keyword, None if it is missing."""
        return _value(self.card_images, self.places, name)

    def size(self, name: str) -> int:
        """Return the number of a mandatory keyword that `read_structure` has found sound."""
        return _whole(self.keyword(name)) or 0


def _places(images: bytes) -> dict[bytes, int]:
    places: dict[bytes, int] = {}
    for start in range(0, len(images), CARD):
        if images.startswith(b"=", start + 8):
            places.setdefault(images[start : start + 8], start)
    return places


def _value(images: bytes, places: dict[bytes, int], name: str) -> str | None:
    start = places.get(f"{name:<8}".encode())
    if start is None:
        return None
    card = images[start + 9 : start + CARD].decode("latin-1")
    if card.lstrip().startswith("'"):
        return card.strip()[1:].split("'")[0]
    return card.split("/")[0].strip()


def _whole(text: str | None) -> int | None:
    """Return a whole number, also one that is written as 4.0; None for anything else."""
    try:
        return int(text or "")
    except ValueError:
        pass
    try:
        number = float((text or "").replace("D", "E"))
    except ValueError:
        return None
    return int(number) if number.is_integer() else None


def advice(images: bytes) -> str:
    """Return what to do about a header that is wrong: get it again only if bytes are damaged."""
    if _UNPRINTABLE.search(images):
        return "bytes of the header are damaged, get the file again"
    return "correct the header, or ask whoever wrote the file"


def _read_header(stream: BinaryIO, path: str, index: int, position: int) -> bytes:
    """Return the card images of the header at ``position``, without END and what follows."""
    blocks = []
    for _ in range(MAX_HEADER // BLOCK):
        block = stream.read(BLOCK)
        if len(block) < BLOCK:
            why = (
                f"the header that begins at byte {position:,} has no END: the file is cut short, "
                "copy or download it again"
            )
            raise FileError("truncated", path, why, str(index))
        for start in range(0, BLOCK, CARD):
            if block.startswith(b"END", start) and _END.match(block[start : start + CARD]):
                blocks.append(block[:start])
                return b"".join(blocks)
        blocks.append(block)
    why = (
        f"the header that begins at byte {position:,} has no END within {MAX_HEADER:,} bytes, the "
        f"limit for a header: {advice(b''.join(blocks))}"
    )
    raise FileError("bad_header", path, why, str(index))


def _data_size(images: bytes, places: dict[bytes, int], index: int) -> int:
    """Return the bytes of a data unit; ValueError says what is wrong with the header."""

    def integer(name: str, default: int | None = None) -> int:
        text = _value(images, places, name)
        if text is None and default is not None:
            return default
        number = _whole(text)
        if number is None:
            what = "missing" if text is None else f"{text!r}, which is not a whole number"
            raise ValueError(f"{name} is {what}")
        return number

    axes = integer("NAXIS")
    if not 0 <= axes <= 999:
        raise ValueError(f"NAXIS is {axes}, but an HDU has 0 to 999 axes")
    sizes = [integer(f"NAXIS{i + 1}") for i in range(axes)]
    if any(size < 0 for size in sizes):
        raise ValueError("an axis has a negative size")
    if not 0 <= integer("TFIELDS", 0) <= _MAX_COLUMNS:
        raise ValueError(f"TFIELDS is not a number of columns up to {_MAX_COLUMNS}")
    groups, parameters = integer("GCOUNT", 1), integer("PCOUNT", 0)
    if groups < 0 or parameters < 0:
        raise ValueError("PCOUNT or GCOUNT is negative")
    if not sizes:
        return 0
    # Of random groups, NAXIS1 is 0 and does not count.
    if index == 0 and sizes[0] == 0 and _value(images, places, "GROUPS") == "T":
        sizes = sizes[1:]
    return abs(integer("BITPIX")) * groups * (parameters + math.prod(sizes)) // 8


def extent_of(images: bytes, index: int, position: int) -> Extent:
    """Return the extent of an HDU whose header begins at a byte; ValueError says what is wrong."""
    places = _places(images)
    kind = "PRIMARY" if index == 0 else (_value(images, places, "XTENSION") or "").strip()
    pixels = kind in {"PRIMARY", "IMAGE", "IUEIMAGE"} or _value(images, places, "ZIMAGE") == "T"
    return Extent(
        index=index,
        header_start=position,
        card_images=images,
        data_start=position + (len(images) // BLOCK + 1) * BLOCK,
        data_size=_data_size(images, places, index),
        has_pixels=pixels,
        places=places,
    )


def read_structure(stream: BinaryIO, path: str, size: int) -> list[Extent]:
    """Return the extents of all HDUs; more bytes may follow (`bytes_behind`)."""
    _require_fits(stream.read(LEAD_BYTES), path, size)
    extents: list[Extent] = []
    position = header_bytes = 0
    while position < size:
        index = len(extents)
        stream.seek(position)
        if index and stream.read(9) != b"XTENSION=":
            break
        stream.seek(position)
        images = _read_header(stream, path, index, position)
        header_bytes += len(images)
        if header_bytes > MAX_HEADERS or index >= MAX_HDUS:
            why = (
                f"it has more than {MAX_HDUS:,} HDUs, or {MAX_HEADERS:,} bytes of headers, the "
                "limits for a file: split it"
            )
            raise FileError("too_large", path, why, str(index))
        try:
            extents.append(extent_of(images, index, position))
        except ValueError as error:
            why = f"{error}: {advice(images)}"
            raise FileError("bad_header", path, why, str(index)) from None
        position = extents[-1].next_start
    return extents


def bytes_behind(stream: BinaryIO, extents: list[Extent], size: int) -> str | None:
    """Return how many bytes stand behind the last HDU, what they are, and what to do about them."""
    last = extents[-1]
    if size <= last.next_start:
        return None
    stream.seek(last.next_start)
    peek = stream.read(_PEEK)
    if not peek.strip(b"\0"):
        what = "zeros, as a download leaves that was not finished: get the file again"
    elif b"XTENSION" in peek:
        what = "not an HDU, but an HDU follows: bytes were changed or lost, get the file again"
    else:
        what = (
            "not an HDU: get the file again, or cut them off if no HDU is missing "
            f"(truncate -s {last.next_start} FILE)"
        )
    name = "the primary HDU" if last.index == 0 else f"its last HDU ({last.name})"
    return f"the {size - last.next_start:,} bytes behind {name} are {what}"


def read_primary_images(stream: BinaryIO, path: str, size: int) -> bytes:
    """Return the card images of the primary header, up to and without END."""
    _require_fits(stream.read(LEAD_BYTES), path, size)
    stream.seek(0)
    return _read_header(stream, path, 0, 0)


def _require_fits(lead: bytes, path: str, size: int) -> None:
    if size == 0:
        raise FileError("empty", path, "the file is empty: copy or download it again")
    if not lead.startswith(b"SIMPLE  ="):
        raise FileError("not_fits", path, why_not_fits(lead))


def checksum(stream: BinaryIO, extents: list[Extent], size: int) -> str:
    """Return the SHA-256 of the HDUs' bytes without the pixels of images."""
    digest = hashlib.sha256()
    position, end = 0, min(size, extents[-1].next_start)
    pixels = [e for e in extents if e.has_pixels and e.data_size]
    for start, stop in [
        *((e.data_start, e.data_start + e.data_size) for e in pixels),
        (end, end),
    ]:
        stream.seek(position)
        while position < min(start, end):
            chunk = stream.read(min(_CHUNK, start - position))
            if not chunk:
                break
            digest.update(chunk)
            position += len(chunk)
        position = max(position, min(stop, end))
    return digest.hexdigest()


def file_checksum(path: Path, name: str, *, is_text: bool = False) -> str:
    """Return the checksum of a file that is not open."""
    with opened(path, name) as stream:
        if is_text:
            return hashlib.file_digest(stream, "sha256").hexdigest()
        size = os.fstat(stream.fileno()).st_size
        return checksum(stream, read_structure(stream, name, size), size)
