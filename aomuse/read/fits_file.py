"""A FITS file of an exposure, read once: headers and tables, never pixels."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import Any, BinaryIO

from astropy.io import fits

from aomuse.errors import FileError
from aomuse.exchange.content import FileContent, HduContent, HduType
from aomuse.exchange.files import FoundFile, Role
from aomuse.exchange.issue import Issue
from aomuse.fits.cards import read_cards
from aomuse.fits.quiet import damaged, quiet_astropy
from aomuse.fits.repeated_images import RepeatedImages
from aomuse.fits.repeated_tables import RepeatedTables
from aomuse.fits.structure import Extent, checksum, read_structure
from aomuse.fits.tables import MAX_TEXT, read_table
from aomuse.paths import open_regular

#: Roles that are all about tables: a file that is cut short is not loaded in part.
_TABLE_ROLES = ("raw", "prm", "psf")
#: Precedes an extension that is read on its own.
_EMPTY_PRIMARY = fits.PrimaryHDU().header.tostring().encode()


def read_fits(file: FoundFile) -> FileContent:
    """Read the headers and tables of a file."""
    path, role, name = file.path, file.role, str(file)
    try:
        with open_regular(path) as stream:
            before = os.fstat(stream.fileno())
            extents = read_structure(stream, name, before.st_size)
            issues = list(_cut_short(extents, name, role, before.st_size))
            sha256 = checksum(stream, extents, before.st_size)
            hdus, more = _read_hdus(stream, name, role, extents)
        after = path.stat()
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise FileError("unreadable", name, "the file has disappeared: load again") from error
        why = error.strerror or " ".join(str(error).split())
        raise FileError("unreadable", name, f"the file cannot be read ({why})") from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise FileError("changed", name, "the file changed while it was read: load again")
    return FileContent(
        found=file,
        size=before.st_size,
        mtime_ns=before.st_mtime_ns,
        sha256=sha256,
        hdus=tuple(hdus),
        issues=issues + more,
    )


def _cut_short(extents: list[Extent], path: str, role: Role, size: int) -> Iterator[Issue]:
    last = extents[-1]
    missing = last.data_start + last.data_size - size
    if missing <= 0:
        return
    if role in _TABLE_ROLES:
        why = (
            f"the file is cut short: {missing} bytes are missing at its end, copy or download it "
            "again"
        )
        raise FileError("truncated", path, why, last.name)
    why = f"the file is cut short by {missing} bytes of pixels; its headers are loaded"
    yield Issue("warning", "pixels_truncated", why, path, last.name)


def _read_hdus(
    stream: BinaryIO, path: str, role: Role, extents: list[Extent]
) -> tuple[list[HduContent], list[Issue]]:
    hdus: list[HduContent] = []
    issues: list[Issue] = []
    where: str | None = None
    try:
        with quiet_astropy():
            tables, images = RepeatedTables(), RepeatedImages()
            for extent in extents:
                where = extent.name
                content = tables.read(stream, extent) if role == "psf" else images.read(extent)
                if content is None:
                    hdu = _hdu(stream, extent, path)
                    content, more = _read_hdu(hdu, extent, path, role)
                    tables.learn(extent, content)
                    images.learn(extent, content)
                    issues += more
                hdus.append(content)
    except (FileError, OSError):
        raise
    except MemoryError as error:
        why = "it does not fit into memory: load it on a larger machine"
        raise FileError("too_large", path, why, where) from error
    except Exception as error:
        # On damaged bytes astropy and numpy raise almost any error. The next file can be loaded.
        raise damaged(path, error, where) from error
    return hdus, issues


def _hdu(stream: BinaryIO, extent: Extent, path: str) -> Any:
    """Return astropy's view of an HDU, read on its own and without pixels."""
    stop = extent.data_start if extent.has_pixels else extent.next_start
    stream.seek(extent.header_start)
    alone = stream.read(stop - extent.header_start)
    index = min(extent.index, 1)
    try:
        return fits.open(io.BytesIO(_EMPTY_PRIMARY * index + alone), memmap=False)[index]
    except (IndexError, OverflowError):
        why = (
            f"the file has an HDU {extent.index} that astropy cannot find: a header is damaged, "
            "get the file again"
        )
        raise FileError("bad_header", path, why, extent.name) from None


def _read_hdu(hdu: Any, extent: Extent, path: str, role: Role) -> tuple[HduContent, list[Issue]]:
    name = "PRIMARY" if extent.index == 0 else str(hdu.name)
    kind = _kind(hdu, extent)
    if len(name) > MAX_TEXT:
        why = f"EXTNAME is longer than {MAX_TEXT} characters: give the HDU a shorter name"
        raise FileError("bad_header", path, why, name[:MAX_TEXT])
    issues: list[Issue] = []
    table = None
    if kind in ("binary_table", "ascii_table"):
        table, issues = read_table(hdu, path, name)
    cards, card_issues = read_cards(
        hdu.header,
        path,
        name,
        images=b"" if kind == "compressed_image" else extent.card_images,
        skip_structural=role == "psf" and table is not None,
    )
    if not extent.card_images.isascii():
        why = (
            "the header has bytes that are not ASCII: header.card_images keeps them unchanged, the "
            "cards show them as astropy does"
        )
        issues.append(Issue("warning", "not_ascii", why, path, name))
    content = HduContent(
        index=extent.index,
        name=name,
        type=kind,
        dimensions=_dimensions(hdu, table is not None),
        card_images=extent.card_images,
        card_count=len(hdu.header),
        cards=cards,
        table=table,
    )
    return content, issues + card_issues


def _kind(hdu: Any, extent: Extent) -> HduType:
    if extent.index == 0:
        return "primary"
    if isinstance(hdu, fits.CompImageHDU):
        return "compressed_image"
    if isinstance(hdu, fits.BinTableHDU):
        return "binary_table"
    if isinstance(hdu, fits.TableHDU):
        return "ascii_table"
    return "image" if isinstance(hdu, fits.ImageHDU) else "other"


def _dimensions(hdu: Any, is_table: bool) -> str:
    if is_table:
        return f"{len(hdu.columns)} x {hdu.header['NAXIS2']}"
    axes = hdu.header.get("NAXIS", 0)
    return " x ".join(str(hdu.header.get(f"NAXIS{i + 1}", "?")) for i in range(axes))
