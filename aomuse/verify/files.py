"""Compare the files of an exposure with the database, HDU by HDU."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sa
from astropy.io import fits
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from aomuse.errors import DatabaseError, FileError, RebuildError
from aomuse.exchange.cards import first_values
from aomuse.exchange.files import TEXT_ROLES
from aomuse.fits.alone import HduAlone
from aomuse.fits.cards import read_rows
from aomuse.fits.opening import opened
from aomuse.fits.plain_cards import split_cards
from aomuse.fits.quiet import quiet_astropy
from aomuse.fits.structure import Extent, file_checksum, read_structure
from aomuse.fits.tables import require_possible
from aomuse.load import reason_of
from aomuse.models import SourceFile
from aomuse.paths import printable
from aomuse.stored.cards import Card
from aomuse.stored.exposure import StoredExposure
from aomuse.verify.catalog import compare_catalog
from aomuse.verify.choosing import Chosen
from aomuse.verify.comparison import Comparison, Verified
from aomuse.verify.exposures import compare_exposure, compare_wavelengths
from aomuse.verify.extracted_sources import compare_extracted_sources
from aomuse.verify.headers import compare_card_columns, compare_cards, compare_header
from aomuse.verify.night_log import compare_night_log
from aomuse.verify.tables import compare_table


def verify_exposure(connection: Connection, chosen: Chosen) -> Iterator[Verified]:
    """Compare files of an exposure with what a connection sees."""
    stored = StoredExposure(connection, chosen.exposure_id)
    rows = {row.path: row for row in stored.files if row.outcome == "loaded"}
    for name, path in chosen.files:
        if name in rows:
            yield _verify_file(connection, stored, rows[name], path)
        else:
            why = "another command has changed the exposure meanwhile: run aomuse verify again"
            yield Verified(printable(path), 0, (why,))


def _verify_file(connection: Connection, stored: StoredExposure, row: Any, path: str) -> Verified:
    """Compare one file with the database."""
    result = Comparison()
    try:
        with opened(Path(path), path) as stream, quiet_astropy():
            _compare_file(result, row, path, stream)
            _compare_rank(result, connection, row)
            if row.role in TEXT_ROLES:
                compare = compare_night_log if row.role == "night_log" else compare_catalog
                compare(result, connection, stored, row, stream.read())
            else:
                _compare_hdus(result, connection, stored, row, path, stream)
    except FileError as error:
        result.differences.append(f"the file cannot be read ({error.why})")
    except (DBAPIError, DatabaseError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever is odd in a file, the next can be compared
        result.differences.append(f"the file could not be compared to its end ({reason_of(error)})")
    return Verified(printable(path), result.values, tuple(result.differences))


def _compare_hdus(
    result: Comparison,
    connection: Connection,
    stored: StoredExposure,
    row: Any,
    path: str,
    stream: BinaryIO,
) -> None:
    extents = read_structure(stream, path, os.fstat(stream.fileno()).st_size)
    headers = stored.headers(row.id)
    if len(extents) != len(headers):
        result.tell("number of HDUs", len(extents), len(headers))
    cards = stored.cards([header.id for header in headers])
    compare_card_columns(result, connection, row.id)
    sources = None
    for extent, header in zip(extents, headers, strict=False):
        values = _compare_hdu(result, stored, stream, extent, path, header, cards[header.id])
        if extent.index == 0 and row.id == _speaker(stored):
            compare_exposure(result, connection, stored, values)
        name = header.extension_name.strip().upper() if row.role == "prm" else ""
        if name == "SPECTRA":
            compare_wavelengths(result, connection, stored, row.id, values)
        elif name == "SOURCES" and sources is None and header.table_layout_id is not None:
            sources = header.id
            compare_extracted_sources(result, connection, stored, row.id, sources)


def _compare_file(result: Comparison, row: Any, path: str, stream: BinaryIO) -> None:
    """Compare a file's row of source_file; its time is not part of its content."""
    file = Path(path)
    for name, in_file in (
        ("name", printable(file.name)),
        ("size_bytes", os.fstat(stream.fileno()).st_size),
        ("sha256", file_checksum(file, path, is_text=row.role in TEXT_ROLES)),
    ):
        result.values += 1
        if in_file != getattr(row, name):
            result.tell(f"source_file.{name}", in_file, getattr(row, name))


def _compare_rank(result: Comparison, connection: Connection, row: Any) -> None:
    """Compare a file's rank with the number of files of its role that come before it."""
    before = connection.scalar(
        sa.select(sa.func.count(SourceFile.id)).where(
            SourceFile.exposure_id == row.exposure_id,
            SourceFile.role == row.role,
            SourceFile.file_rank < row.file_rank,
        )
    )
    result.values += 1
    if row.file_rank != (before or 0) + 1:
        result.tell("source_file.file_rank", (before or 0) + 1, row.file_rank)


def _speaker(stored: StoredExposure) -> int | None:
    """Return the file whose primary header speaks for the exposure: the first cube, else raw."""
    loaded = [file for file in stored.files if file.outcome == "loaded"]
    for role in ("reduced", "raw"):
        for file in loaded:
            if file.role == role:
                return int(file.id)
    return None


def _compare_hdu(
    result: Comparison,
    stored: StoredExposure,
    stream: BinaryIO,
    extent: Extent,
    path: str,
    header: Any,
    cards: list[Card],
) -> dict[str, Any]:
    """Compare an HDU, and return the values of its cards."""
    where = f"[{header.extension_name or header.hdu_index}]"
    if extent.card_images != stored.card_images(header.id):
        result.tell(f"{where} header text", f"{len(extent.card_images)} bytes", "other bytes")
    result.values += 1
    values = first_values(read_rows(extent.card_images, path, where)[0])
    if extent.is_table:
        require_possible(values, extent, os.fstat(stream.fileno()).st_size, path, where)
    alone = HduAlone(extent, path)
    hdu = alone.hdu
    shown: list[bytes | fits.Card] = [*split_cards(extent.card_images)]
    if isinstance(hdu, fits.CompImageHDU):
        originals = alone.originals
        shown = []
        for card in hdu.header.cards:
            own = originals.get(str(card))
            shown += split_cards(own.pop(0)) if own else [card]
        values = {}
    compare_header(result, hdu, extent.index, values, header, stored.id)
    compare_cards(result, where, shown, cards, header)
    if extent.is_table:
        try:
            columns = stored.table(header.id)
        except RebuildError as error:
            result.differences.append(f"{where} {error}")
        else:
            compare_table(result, where, stream, extent.header_start, columns, header)
    return values
