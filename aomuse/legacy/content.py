"""Step three of an import: rows as the content of one exposure, as if its files had been read."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aomuse.discover.archive_names import archive_id_of, is_archive_name
from aomuse.exchange.content import ExposureColumns, ExposureContent, FileContent, HduContent
from aomuse.exchange.files import ExposureFiles, FitFiles, FoundFile
from aomuse.legacy.analyses import Analysis, read_analyses
from aomuse.legacy.companions import catalog_file, primary_hdu, raman_file, sky_file
from aomuse.legacy.decoded_row import DecodedRow
from aomuse.legacy.documents import TABLES
from aomuse.legacy.hdus import header_hdu, is_table, table_hdu


@dataclass(frozen=True)
class Imported:
    """An exposure that is imported."""

    #: As if its files had been read, and the files that its documents stand for.
    content: ExposureContent
    files: ExposureFiles
    rows: tuple[DecodedRow, ...]
    #: In the order of ``content.fits``.
    analyses: list[Analysis]
    #: ``data`` of each row, by its place, as the export must give it back.
    data: dict[str, Any]


def make_content(rows: Sequence[DecodedRow]) -> Imported:
    """Return the exposure that rows describe."""
    first = rows[0]
    archive_id, start = _archive_id(first), _start(first)
    reduced: list[FileContent] = []
    raws: list[FileContent] = []
    companions: list[FileContent] = []
    analyses: list[Analysis] = []
    data: dict[str, Any] = {}
    for row in rows:
        stem = _stem(row.text("prm_file") or "") or archive_id or ""
        cube, raw = _cube(row, stem), _raw_file(row)
        reduced += [cube] if cube else []
        raws += [raw] if raw else []
        data |= _data(row)
        analyses += read_analyses(row, stem or row.place.rpartition("#")[2], cube)
        files = [
            sky_file(row, start, f"{archive_id or stem}.NL.txt") if row is first else None,
            catalog_file(row, f"{stem}.detections.cat"),
            raman_file(row, f"{stem}.RAMAN"),
        ]
        row_file = row.row_file()
        companions += [file for file in files if file is not None]
        companions.append(FileContent(row_file, row_file.size, None, row_file.sha256, ()))
    content = ExposureContent(
        archive_id=archive_id,
        raw_file=_raw_name(rows),
        reduced=tuple(reduced),
        raw=raws[0] if raws else None,
        fits=tuple(analysis.content for analysis in analyses),
        failed=tuple(blob for row in rows for blob in row.unreadable),
        issues=tuple(issue for row in rows for issue in row.issues),
        companions=tuple(companions),
        columns=ExposureColumns(first.target, first.text("instrument_mode"), start, _ob_id(first)),
    )
    return Imported(content, _files(content), tuple(rows), analyses, data)


def _files(content: ExposureContent) -> ExposureFiles:
    def found(file: FileContent | None) -> FoundFile | None:
        return file.found if file else None

    return ExposureFiles(
        archive_id=content.archive_id,
        raw_file=content.raw_file,
        reduced=tuple(file.found for file in content.reduced),
        raw=found(content.raw),
        fits=tuple(
            FitFiles(fit.name, fit.model, found(fit.prm), found(fit.psf), found(fit.reduced))
            for fit in content.fits
        ),
        companions=(*(file.found for file in content.companions), *content.failed),
    )


# What identifies the exposure


def _primary(row: DecodedRow) -> Any:
    """Return the header of the cube, whatever was stored as such."""
    if "data" not in row.documents:
        return row.value("primary")
    data = row.value("data")
    return data.get("PRIMARY") if isinstance(data, dict) else None


def _keyword(header: Any, name: str) -> Any:
    return header.get(name) if isinstance(header, dict) else None


def _prov1(row: DecodedRow) -> str | None:
    """Return the name of the raw file in the header of the cube."""
    value = _keyword(_primary(row), "PROV1")
    return value if isinstance(value, str) and value.strip() else None


def _archive_id(row: DecodedRow) -> str | None:
    """Return the archive name of a row's exposure, None where nothing says it."""
    name = _prov1(row)
    if name is None:
        headers = _primary(row), row.value("raw_header")
        names = [row.text("raw_file"), *(_keyword(header, "ARCFILE") for header in headers)]
        name = next((n for n in names if isinstance(n, str) and is_archive_name(n)), None)
    return name and archive_id_of(name)[:255]


def _raw_name(rows: Sequence[DecodedRow]) -> str | None:
    """Return the name of the raw file: by a column, else by the header of the cube."""
    name = next((name for name in (row.text("raw_file") for row in rows) if name), None)
    prov1 = _prov1(rows[0])
    if name is None and prov1 is not None:
        name = f"{prov1.strip()}.fz"
    return name and name[:255]


def _stem(prm_file: str) -> str:
    """Return the name of the cube that a parameter file analyses: C_1_2 of C_1.prm_2.fits."""
    name = re.sub(r"\.fits(\.fz)?$", "", prm_file.strip(), flags=re.IGNORECASE)
    return re.sub(r"\.prm([^.]*)$", r"\1", name, flags=re.IGNORECASE)


def _start(row: DecodedRow) -> dt.datetime | None:
    """Return the start of an exposure: by its header, which has milliseconds, else its column."""
    for value in (_keyword(_primary(row), "DATE-OBS"), row.plain("start")):
        if isinstance(value, dt.datetime):
            return value.replace(tzinfo=None)
        if isinstance(value, str):
            try:
                time = dt.datetime.fromisoformat(value.strip().removesuffix("Z"))
            except ValueError:
                continue
            return time.replace(tzinfo=None)
    return None


def _ob_id(row: DecodedRow) -> int | None:
    value = row.plain("ob_id")
    fits = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63
    return value if fits else None


# The cube, the raw file, and the document data that these must give back


def _cube(row: DecodedRow, stem: str) -> FileContent | None:
    is_2020 = "data" in row.documents
    name, place = ("data", "data/PRIMARY") if is_2020 else ("primary", "datacube_header")
    primary = _primary(row)
    if isinstance(primary, dict):
        hdu = header_hdu(0, "PRIMARY", primary)
        return row.file("reduced", place, f"{stem or 'cube'}.fits", row.raw_text(name), hdu)
    if primary is not None:
        row.report_shape(place, "it is not a header")
    return None


def _raw_file(row: DecodedRow) -> FileContent | None:
    """Return headers and tables of a row as a raw file, None where there are none."""
    is_2020 = "data" in row.documents
    extensions = row.value("data" if is_2020 else "raw_data")
    primary = primary_hdu(row, "raw_header")
    hdus = [primary] if primary else []
    if isinstance(extensions, dict):
        named = [(n, v) for n, v in extensions.items() if not is_2020 or n != "PRIMARY"]
        hdus += [_hdu(i, n, v) for i, (n, v) in enumerate(named, 1) if isinstance(v, dict)]
    elif is_2020 and extensions is not None:
        row.report_shape("data", "it is not a dictionary of extensions")
    elif extensions is not None:
        row.keep_whole("raw_data", "it is not a dictionary of extensions")
    if not hdus:
        return None
    place = "data" if is_2020 else "raw_exposure_data"
    text = row.raw_text("data") if is_2020 else row.raw_text("raw_header", "raw_data")
    return row.file("raw", place, row.text("raw_file") or "raw", text, *hdus)


def _hdu(index: int, name: str, value: dict[str, Any]) -> HduContent:
    is_telemetry = name in TABLES or (value and is_table(value))
    return (table_hdu if is_telemetry else header_hdu)(index, name, value)


def _data(row: DecodedRow) -> dict[str, Any]:
    """Return ``data`` as AOMUSE 2020 has or would have stored it, by the row's place."""
    if "data" in row.documents:
        return {row.place: row.value("data")} if row.is_readable("data") else {}
    if row.is_readable("primary") and row.is_readable("raw_data"):
        extensions = row.value("raw_data")
        if extensions is None:
            extensions = dict.fromkeys(TABLES)
        if isinstance(extensions, dict):
            return {row.place: {"PRIMARY": row.value("primary")} | extensions}
    return {}
