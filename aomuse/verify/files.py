"""Compare files with the database: which, and HDU by HDU."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from astropy.io import fits
from sqlalchemy import Connection, Engine

from aomuse.discover import discover
from aomuse.errors import FileError, RebuildError
from aomuse.exchange.files import IMPORT_PREFIX, TEXT_ROLES
from aomuse.fits.quiet import quiet_astropy
from aomuse.fits.structure import file_checksum, read_structure
from aomuse.models import Exposure, SourceFile
from aomuse.paths import printable
from aomuse.schema import require_head
from aomuse.stored.cards import Card
from aomuse.stored.exposure import StoredExposure
from aomuse.verify.catalog import compare_catalog
from aomuse.verify.comparison import Comparison, Verified
from aomuse.verify.exposures import compare_exposure, compare_wavelengths
from aomuse.verify.headers import compare_card_columns, compare_cards, compare_header
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
    with engine.connect() as connection:
        for result in compare(connection, roots):
            on_file(result)
            results.append(result)
    return results


def count_imported(engine: Engine) -> int:
    """Return the number of exposures that were imported, and so have no files to compare."""
    is_imported = SourceFile.path.startswith(IMPORT_PREFIX)
    select = sa.select(sa.func.count(sa.distinct(SourceFile.exposure_id))).where(is_imported)
    with engine.connect() as connection:
        return connection.scalar(select) or 0


def compare(connection: Connection, roots: Sequence[Path] = ()) -> Iterator[Verified]:
    """Compare files with what a connection sees."""
    wanted, missing = _wanted(connection, roots)
    for path in missing:
        yield Verified(path, 0, ("the file is not in the database: run aomuse load",))
    for exposure_id, files in wanted.items():
        stored = StoredExposure(connection, exposure_id)
        for row, path in files:
            yield _verify_file(connection, stored, row, path)


def _wanted(
    connection: Connection, roots: Sequence[Path]
) -> tuple[dict[int, list[tuple[Any, str]]], list[str]]:
    """Return the loaded files to compare by exposure with their paths, and files not loaded."""
    rows = connection.execute(
        sa.select(*SourceFile.__table__.columns, Exposure.archive_id)
        .join(Exposure)
        .order_by(SourceFile.exposure_id, SourceFile.id)
    ).all()
    wanted: dict[int, list[tuple[Any, str]]] = {}
    missing: list[str] = []
    if not roots:
        for row in rows:
            if row.path.startswith(IMPORT_PREFIX):
                continue
            if row.outcome == "loaded":
                wanted.setdefault(row.exposure_id, []).append((row, row.path))
            else:
                missing.append(row.path)
        return wanted, missing
    by_path = {row.path: row for row in rows}
    by_name = {(row.archive_id, row.role, row.name): row for row in rows}
    discovery = discover(roots)
    missing += [i.path for i in discovery.issues if i.severity == "error" and i.path]
    for exposure in discovery.exposures:
        for file in exposure.files:
            key = exposure.archive_id, file.role, file.name
            found = by_path.get(str(file)) or by_name.get(key)
            if found is None or found.outcome != "loaded":
                missing.append(str(file))
            else:
                wanted.setdefault(found.exposure_id, []).append((found, str(file)))
    return wanted, missing


def _verify_file(connection: Connection, stored: StoredExposure, row: Any, path: str) -> Verified:
    """Compare one file with the database."""
    result = Comparison()
    try:
        _compare_file(result, row, path)
        _compare_rank(result, connection, row)
        if row.role in TEXT_ROLES:
            compare = compare_night_log if row.role == "night_log" else compare_catalog
            compare(result, connection, stored, row, Path(path).read_bytes())
            return Verified(printable(path), result.values, tuple(result.differences))
        with Path(path).open("rb") as stream:
            size = Path(path).stat().st_size
            extents = read_structure(stream, path, size)
        with quiet_astropy(), fits.open(path, memmap=False) as hdus:
            headers = stored.headers(row.id)
            if len(hdus) != len(headers):
                result.tell("number of HDUs", len(hdus), len(headers))
            cards = stored.cards([header.id for header in headers])
            compare_card_columns(result, connection, row.id)
            for hdu, extent, header in zip(hdus, extents, headers, strict=False):
                compare_header(result, hdu, extent.index, header, row.exposure_id)
                _compare_hdu(result, stored, hdu, extent.card_images, header, cards[header.id])
            if row.id == _speaker(stored):
                compare_exposure(result, connection, stored, hdus[0].header)
            if row.role == "prm" and "SPECTRA" in hdus:
                compare_wavelengths(result, connection, stored, row.id, hdus["SPECTRA"].header)
    except (OSError, FileError) as error:
        why = error.why if isinstance(error, FileError) else (error.strerror or str(error))
        result.differences.append(f"the file cannot be read ({' '.join(why.split())})")
    return Verified(printable(path), result.values, tuple(result.differences))


def _compare_file(result: Comparison, row: Any, path: str) -> None:
    """Compare a file's row of source_file; its time is not part of its content."""
    file = Path(path)
    for name, in_file in (
        ("name", printable(file.name)),
        ("size_bytes", file.stat().st_size),
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
    hdu: Any,
    images: bytes,
    header: Any,
    cards: list[Card],
) -> None:
    where = f"[{header.extension_name or header.hdu_index}]"
    if images != stored.card_images(header.id):
        result.tell(f"{where} header text", f"{len(images)} bytes", "other bytes")
    result.values += 1
    plain = b"" if isinstance(hdu, fits.CompImageHDU) else images
    compare_cards(result, where, hdu.header, plain, cards, header)
    if isinstance(hdu, fits.BinTableHDU | fits.TableHDU) and not isinstance(hdu, fits.CompImageHDU):
        try:
            columns = stored.table(header.id)
        except RebuildError as error:
            result.differences.append(f"{where} {error}")
        else:
            compare_table(result, where, hdu, columns, header)
