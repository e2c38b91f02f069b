"""A FITS file of an exposure, read once: headers and tables, never pixels."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, BinaryIO

from aomuse.errors import FileError
from aomuse.exchange.cards import first_values
from aomuse.exchange.content import FileContent, HduContent, HduType, TableContent
from aomuse.exchange.files import FoundFile, Role
from aomuse.exchange.issue import Issue
from aomuse.fits.alone import HduAlone
from aomuse.fits.cards import read_rows, read_shown_rows, without_layout
from aomuse.fits.column_definitions import MAX_TEXT
from aomuse.fits.opening import opened
from aomuse.fits.quiet import damaged, quiet_astropy
from aomuse.fits.repeated_images import RepeatedImages
from aomuse.fits.repeated_tables import RepeatedTables
from aomuse.fits.structure import (
    SIZE_KEYWORD,
    Extent,
    bytes_behind,
    checksum,
    read_structure,
)
from aomuse.fits.sums import compare_sums
from aomuse.fits.tables import merged, read_table, require_possible

#: Roles that are all about tables: a file that is cut short is not loaded in part.
_TABLE_ROLES = ("raw", "prm", "psf")

#: Columns that the tables of a file may define, and one more for each so many bytes.
MAX_COLUMNS, _BYTES_PER_COLUMN = 5_000, 5_000
#: A table takes as long as this number of columns, before its first one.
_TABLE_COST = 10


def read_fits(file: FoundFile) -> FileContent:
    """Read the headers and tables of a file."""
    path, role, name = file.path, file.role, str(file)
    with opened(path, name) as stream:
        before = os.fstat(stream.fileno())
        extents = read_structure(stream, name, before.st_size)
        issues = list(_damage(stream, extents, name, role, before.st_size))
        issues += compare_sums(stream, extents, name)
        sha256 = checksum(stream, extents, before.st_size)
        hdus, more = _read_hdus(stream, name, role, extents, before.st_size)
        after = path.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise FileError("changed", name, "the file changed while it was read: load again")
    return FileContent(
        found=file,
        size=before.st_size,
        mtime_ns=before.st_mtime_ns,
        sha256=sha256,
        hdus=tuple(hdus),
        issues=issues + merged(more),
    )


def _damage(
    stream: BinaryIO, extents: list[Extent], path: str, role: Role, size: int
) -> Iterator[Issue]:
    """Yield what is wrong with the end of the file; an error where tables may be incomplete."""
    last = extents[-1]
    missing = last.data_start + last.data_size - size
    if missing > 0:
        if role in _TABLE_ROLES:
            why = (
                f"the file is cut short: {missing:,} bytes are missing at its end, copy or "
                "download it again"
            )
            raise FileError("truncated", path, why, last.name)
        why = f"the file is cut short by {missing:,} bytes of pixels; its headers are loaded"
        yield Issue("warning", "pixels_truncated", why, path, last.name)
    behind = bytes_behind(stream, extents, size)
    if behind:
        if role in _TABLE_ROLES:
            raise FileError("bytes_behind", path, behind)
        yield Issue("warning", "bytes_behind", f"{behind}; its headers are loaded", path)


def _read_hdus(
    stream: BinaryIO, path: str, role: Role, extents: list[Extent], size: int
) -> tuple[list[HduContent], list[Issue]]:
    hdus: list[HduContent] = []
    issues: list[Issue] = []
    where: str | None = None
    definitions = 0
    try:
        with quiet_astropy():
            tables, images = RepeatedTables(), RepeatedImages()
            for extent in extents:
                where = extent.name
                content = tables.read(stream, extent) if role == "psf" else images.read(extent)
                if content is None:
                    definitions += _definitions(extent)
                    _require_few(definitions, size, path, where)
                    content, more = _read_hdu(stream, extent, path, role, size)
                    tables.learn(extent, content)
                    images.learn(extent, content, is_sound=not more)
                    issues += more
                hdus.append(content)
    except FileError:
        raise
    except OSError as error:
        # astropy raises some without a number for bytes that it does not understand.
        if error.errno is not None:
            raise
        raise damaged(path, error, where) from error
    except MemoryError as error:
        why = "it does not fit into memory: load it on a larger machine"
        raise FileError("too_large", path, why, where) from error
    except Exception as error:
        # On damaged bytes astropy and numpy raise almost any error. The next file can be loaded.
        raise damaged(path, error, where) from error
    return hdus, issues


def _require_few(definitions: int, size: int, path: str, extension: str) -> None:
    if definitions > MAX_COLUMNS + size // _BYTES_PER_COLUMN:
        why = (
            "its tables have more columns than the limit for a file of its size "
            f"({MAX_COLUMNS:,}, and one for each {_BYTES_PER_COLUMN:,} bytes): split it"
        )
        raise FileError("too_large", path, why, extension)


def _definitions(extent: Extent) -> int:
    """Return what an HDU costs whose header nobody has read before, in columns."""
    has_columns = extent.is_table or _kind(extent) == "compressed_image"
    return _TABLE_COST + extent.size("TFIELDS") if has_columns else 0


def _read_hdu(
    stream: BinaryIO, extent: Extent, path: str, role: Role, size: int
) -> tuple[HduContent, list[Issue]]:
    kind = _kind(extent)
    rows, issues = read_rows(extent.card_images, path, extent.name)
    values = first_values(rows)
    name = "PRIMARY" if extent.index == 0 else _text(values.get("EXTNAME"))
    table, dimensions = None, _axes(extent, values)
    if kind == "compressed_image":
        alone = HduAlone(extent, path)
        name = str(alone.hdu.name)
        rows, issues = read_shown_rows(alone.hdu.header, alone.originals, path, name)
        dimensions = _axes(None, first_values(rows))
    if len(name) > MAX_TEXT:
        why = f"EXTNAME is longer than {MAX_TEXT} characters: give the HDU a shorter name"
        raise FileError("bad_header", path, why, name[:MAX_TEXT])
    if kind in ("binary_table", "ascii_table"):
        table, more = _read_table(stream, extent, values, path, name, size)
        dimensions = f"{len(table.formats)} x {extent.size('NAXIS2')}"
        issues += more
    if extent.index == 0 and values.get("SIMPLE", True) is not True:
        why = f"SIMPLE is {values['SIMPLE']}, not T: it is read, but other programs may refuse it"
        issues.append(Issue("warning", "card", why, path, name))
    odd = [k for k, v in values.items() if SIZE_KEYWORD.fullmatch(k) and isinstance(v, float)]
    for keyword in odd:
        why = f"{keyword} is written as {values[keyword]}: it is read as the whole number"
        issues.append(Issue("warning", "card", why, path, name))
    if not extent.card_images.isascii():
        why = (
            "the header has bytes that are not ASCII: its cards are read as UTF-8, or as Latin-1 "
            "if they are not UTF-8; header.card_images keeps the bytes"
        )
        issues.append(Issue("warning", "not_ascii", why, path, name))
    shown = without_layout(rows) if role == "psf" and table is not None else rows
    content = HduContent(
        index=extent.index,
        name=name,
        type=kind,
        dimensions=dimensions,
        card_images=extent.card_images,
        card_count=len(rows),
        card_rows=shown,
        table=table,
    )
    return content, issues


def _read_table(
    stream: BinaryIO, extent: Extent, values: dict[str, Any], path: str, name: str, size: int
) -> tuple[TableContent, list[Issue]]:
    require_possible(values, extent, size, path, name)
    return read_table(stream, extent, values, path, name)


def _kind(extent: Extent) -> HduType:
    if extent.index == 0:
        return "primary"
    kind = (extent.keyword("XTENSION") or "").rstrip()
    if kind in ("BINTABLE", "A3DTABLE"):
        return "compressed_image" if extent.keyword("ZIMAGE") == "T" else "binary_table"
    return {"TABLE": "ascii_table", "IMAGE": "image"}.get(kind, "other")  # type: ignore[return-value]


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _axes(extent: Extent | None, values: dict[str, Any]) -> str:
    """Return the size of an image: of its own header, or as astropy shows that."""
    count = values.get("NAXIS") if extent is None else extent.size("NAXIS")
    sizes = [
        values.get(f"NAXIS{i + 1}", "?") if extent is None else extent.size(f"NAXIS{i + 1}")
        for i in range(count or 0)
    ]
    return " x ".join(map(str, sizes))
