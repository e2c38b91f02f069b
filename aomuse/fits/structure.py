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
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from aomuse.errors import FileError
from aomuse.fits.not_fits import LEAD_BYTES, why_not_fits
from aomuse.paths import open_regular

BLOCK = 2880
CARD = 80
_MAX_HEADER_BLOCKS = 20_000
#: Columns that the standard allows a table.
_MAX_COLUMNS = 999
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Extent:
    """Where an HDU is in its file, in bytes."""

    index: int
    header_start: int
    card_images: bytes
    data_start: int
    data_size: int
    has_pixels: bool

    @property
    def name(self) -> str:
        """EXTNAME, else the index as text."""
        text = self.keyword("EXTNAME")
        return text.strip("' ") if text else str(self.index)

    @property
    def next_start(self) -> int:
        """Where the next HDU would begin."""
        return self.data_start + -(-self.data_size // BLOCK) * BLOCK

    def keyword(self, name: str) -> str | None:
        """Return the value field of a mandatory keyword, None if it is missing."""
        return _value(self.card_images, name)


def _value(images: bytes, name: str) -> str | None:
    prefix = f"{name:<8}=".encode()
    for start in range(0, len(images), CARD):
        if images.startswith(prefix, start):
            card = images[start + 9 : start + CARD].decode("latin-1")
            if card.lstrip().startswith("'"):
                return card.strip()[1:].split("'")[0]
            return card.split("/")[0].strip()
    return None


def _read_header(stream: BinaryIO, path: str, index: int, position: int) -> bytes:
    """Return the card images of the header at ``position``, without END and what follows."""
    blocks = []
    for _ in range(_MAX_HEADER_BLOCKS):
        block = stream.read(BLOCK)
        if len(block) < BLOCK:
            why = (
                f"the header that begins at byte {position} has no END: the file is cut short, "
                "copy or download it again"
            )
            raise FileError("truncated", path, why, str(index))
        for start in range(0, BLOCK, CARD):
            if block[start : start + CARD].rstrip() == b"END":
                blocks.append(block[:start])
                return b"".join(blocks)
        blocks.append(block)
    raise FileError("bad_header", path, "a header has no END within 55 MB", str(index))


def _data_size(images: bytes, path: str, index: int) -> int:
    def bad(why: str) -> FileError:
        return FileError("bad_header", path, why, str(index))

    def integer(name: str, default: int | None = None) -> int:
        text = _value(images, name)
        if text is None and default is not None:
            return default
        try:
            return int(text or "")
        except ValueError:
            why = f"{name} is {text!r}, not a number: the header is damaged, get the file again"
            raise bad(why) from None

    axes = integer("NAXIS")
    if not 0 <= axes <= 999:
        raise bad(f"NAXIS is {axes}: the header is damaged")
    sizes = [integer(f"NAXIS{i + 1}") for i in range(axes)]
    if any(size < 0 for size in sizes):
        raise bad("an axis has a negative size")
    if not 0 <= integer("TFIELDS", 0) <= _MAX_COLUMNS:
        raise bad("TFIELDS is not a number of columns")
    groups, parameters = integer("GCOUNT", 1), integer("PCOUNT", 0)
    if groups < 0 or parameters < 0:
        raise bad("PCOUNT or GCOUNT is negative")
    if not sizes:
        return 0
    return abs(integer("BITPIX")) * groups * (parameters + math.prod(sizes)) // 8


def read_structure(stream: BinaryIO, path: str, size: int) -> list[Extent]:
    """Return the extents of all HDUs."""
    _require_fits(stream.read(LEAD_BYTES), path, size)
    extents: list[Extent] = []
    position = 0
    while position < size:
        index = len(extents)
        stream.seek(position)
        magic = stream.read(9)
        if index and not magic.startswith(b"XTENSION="):
            # The standard allows special records after the last HDU; astropy ignores them too.
            _require_end(stream, path, index, position)
            break
        stream.seek(position)
        images = _read_header(stream, path, index, position)
        kind = "PRIMARY" if index == 0 else (_value(images, "XTENSION") or "").strip()
        pixels = kind in {"PRIMARY", "IMAGE", "IUEIMAGE"} or _value(images, "ZIMAGE") == "T"
        extents.append(
            Extent(
                index=index,
                header_start=position,
                card_images=images,
                data_start=position + (len(images) // BLOCK + 1) * BLOCK,
                data_size=_data_size(images, path, index),
                has_pixels=pixels,
            )
        )
        position = extents[-1].next_start
    return extents


def _require_end(stream: BinaryIO, path: str, index: int, position: int) -> None:
    """Refuse a file in which an HDU follows bytes that belong to none."""
    stream.seek(position)
    while block := stream.read(BLOCK):
        if block.startswith(b"XTENSION="):
            why = (
                f"at byte {position}, where HDU {index} should begin, there is something else, and "
                "an HDU follows it: a header before it is damaged, get the file again"
            )
            raise FileError("bad_header", path, why, str(index))


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
    """Return the SHA-256 of the file's bytes without the pixels of its images."""
    digest = hashlib.sha256()
    position = 0
    pixels = [e for e in extents if e.has_pixels and e.data_size]
    for start, stop in [
        *((e.data_start, e.data_start + e.data_size) for e in pixels),
        (size, size),
    ]:
        stream.seek(position)
        while position < min(start, size):
            chunk = stream.read(min(_CHUNK, start - position))
            if not chunk:
                break
            digest.update(chunk)
            position += len(chunk)
        position = max(position, min(stop, size))
    return digest.hexdigest()


def file_checksum(path: Path, name: str, *, is_text: bool = False) -> str:
    """Return the checksum of a file that is not open."""
    try:
        with open_regular(path) as stream:
            if is_text:
                return hashlib.file_digest(stream, "sha256").hexdigest()
            size = os.fstat(stream.fileno()).st_size
            return checksum(stream, read_structure(stream, name, size), size)
    except OSError as error:
        why = error.strerror or str(error)
        raise FileError("unreadable", name, f"the file cannot be read ({why})") from error
