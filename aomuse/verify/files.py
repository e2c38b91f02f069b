"""Compare files with the database: which, and HDU by HDU."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sa
from astropy.io import fits
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from aomuse.db import read_transaction
from aomuse.discover import discover
from aomuse.errors import DatabaseError, FileError, RebuildError
from aomuse.exchange.cards import first_values
from aomuse.exchange.files import IMPORT_PREFIX, TEXT_ROLES
from aomuse.fits.alone import HduAlone
from aomuse.fits.cards import read_rows
from aomuse.fits.opening import opened
from aomuse.fits.quiet import quiet_astropy
from aomuse.fits.structure import Extent, file_checksum, read_structure
from aomuse.fits.tables import require_possible
from aomuse.load import reason_of
from aomuse.models import Exposure, LoadIssue, SourceFile
from aomuse.paths import printable, shown
from aomuse.schema import require_head
from aomuse.stored.cards import Card
from aomuse.stored.exposure import StoredExposure
from aomuse.verify.catalog import compare_catalog
from aomuse.verify.comparison import Comparison, Verified
from aomuse.verify.exposures import compare_exposure, compare_wavelengths
from aomuse.verify.extracted_sources import compare_extracted_sources
from aomuse.verify.headers import (
    compare_card_columns,
    compare_cards,
    compare_header,
    shown_cards,
)
from aomuse.verify.night_log import compare_night_log
from aomuse.verify.tables import compare_table


def verify(
    engine: Engine,
    roots: Sequence[Path] = (),
    on_file: Callable[[Verified], None] = lambda _: None,
) -> list[Verified]:
    """Compare files with the database.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        A database at the head revision.
    roots : sequence of pathlib.Path, optional
        Trees to compare; without them all files that the database knows.
    on_file : callable, optional
        Called with each result as soon as it is known.

    Returns
    -------
    list of Verified
        One for each file.
    """
    require_head(engine)
    results = []
    with read_transaction(engine) as connection:
        for result in compare(connection, roots):
            on_file(result)
            results.append(result)
    return results


def count_imported(engine: Engine) -> int:
    """Return the number of exposures that were imported, and so have no files to compare."""
    is_imported = SourceFile.path.startswith(IMPORT_PREFIX)
    select = sa.select(sa.func.count(sa.distinct(SourceFile.exposure_id))).where(is_imported)
    with read_transaction(engine) as connection:
        return connection.scalar(select) or 0


def compare(connection: Connection, roots: Sequence[Path] = ()) -> Iterator[Verified]:
    """Compare files with what a connection sees."""
    wanted, missing = _wanted(connection, roots)
    for path, why in missing:
        yield Verified(path, 0, (why,))
    for exposure_id, files in wanted.items():
        stored = StoredExposure(connection, exposure_id)
        for row, path in files:
            yield _verify_file(connection, stored, row, path)


def _wanted(
    connection: Connection, roots: Sequence[Path]
) -> tuple[dict[int, list[tuple[Any, str]]], list[tuple[str, str]]]:
    """Return the loaded files to compare by exposure with their paths; others, and why not."""
    rows = connection.execute(
        sa.select(*SourceFile.__table__.columns, Exposure.archive_id)
        .join(Exposure)
        .order_by(SourceFile.exposure_id, SourceFile.id)
    ).all()
    errors = {
        path: f"the file could not be loaded: {message}"
        for path, message in connection.execute(
            sa.select(LoadIssue.path, LoadIssue.message).where(
                LoadIssue.closed_run_id.is_(None), LoadIssue.severity == "error"
            )
        )
    }
    wanted: dict[int, list[tuple[Any, str]]] = {}
    missing: list[tuple[str, str]] = []

    def miss(path: str) -> None:
        why = "the file is not in the database: run aomuse load"
        missing.append((path, errors.get(shown(printable(path)), why)))

    if not roots:
        for row in rows:
            if row.path.startswith(IMPORT_PREFIX):
                continue
            if row.outcome == "loaded":
                wanted.setdefault(row.exposure_id, []).append((row, row.path))
            else:
                miss(row.path)
        return wanted, missing
    by_path = {row.path: row for row in rows}
    by_name = {(row.archive_id, row.role, row.name): row for row in rows}
    discovery = discover(roots)
    missing += [(i.path, i.message) for i in discovery.issues if i.severity == "error" and i.path]
    for exposure in discovery.exposures:
        for file in exposure.files:
            key = exposure.archive_id, file.role, file.name
            found = by_path.get(str(file)) or by_name.get(key)
            if found is None or found.outcome != "loaded":
                miss(str(file))
            else:
                wanted.setdefault(found.exposure_id, []).append((found, str(file)))
    return wanted, missing


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
    hdu, shown = alone.hdu, shown_cards(extent.card_images)
    if isinstance(hdu, fits.CompImageHDU):
        originals = alone.originals
        shown = []
        for card in hdu.header.cards:
            own = originals.get(str(card))
            shown += shown_cards(own.pop(0)) if own else [(card, None)]
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
