"""Rows of an AOMUSE database as the content of one exposure, as if its files had been read."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aomuse.discover.identity import archive_id_of, is_archive_name
from aomuse.exchange.content import ExposureColumns, ExposureContent, FileContent, HduContent
from aomuse.exchange.files import ExposureFiles, FitFiles, FoundFile
from aomuse.legacy.analyses import Analysis, read_analyses
from aomuse.legacy.companions import catalog_of, file_of, is_plain_header, raman_of, sky_of
from aomuse.legacy.documents import TABLES
from aomuse.legacy.frames import header_hdu, is_table, table_hdu
from aomuse.legacy.rows import Parts


@dataclass
class Imported:
    """An exposure that is imported.

    Parameters
    ----------
    content : ExposureContent
        As if its files had been read.
    files : ExposureFiles
        What stands for its files.
    rows : tuple of Parts
        The rows that it comes from.
    analyses : list of Analysis
        Its analyses, in the order of ``content.fits``, with what the export must give.
    data : dict
        ``data`` of each row, by its place, as the export must give it; absent where it could not
        be parsed.
    """

    content: ExposureContent
    files: ExposureFiles
    rows: tuple[Parts, ...]
    analyses: list[Analysis] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)


def archive_name(parts: Parts) -> str | None:
    """Return the archive name of a row's exposure, None where nothing tells it."""
    headers = [h for h in (_primary(parts), parts.value("raw_header")) if isinstance(h, dict)]
    prov1 = headers[0].get("PROV1") if headers else None
    if isinstance(prov1, str) and prov1.strip():
        return archive_id_of(prov1)[:255]
    told = [parts.text("raw_file"), *(header.get("ARCFILE") for header in headers)]
    names = [name for name in told if isinstance(name, str) and is_archive_name(name)]
    return archive_id_of(names[0])[:255] if names else None


def _primary(parts: Parts) -> Any:
    data = parts.value("data")
    return data.get("PRIMARY") if isinstance(data, dict) else parts.value("primary")


def read_exposure(rows: Sequence[Parts]) -> Imported:
    """Return the exposure that rows tell of."""
    first = rows[0]
    archive_id = archive_name(first)
    start = _start(first)
    reduced: list[FileContent] = []
    raws: list[FileContent] = []
    companions: list[FileContent] = []
    imported: list[Analysis] = []
    data: dict[str, Any] = {}
    for parts in rows:
        stem = stem_of(parts.text("analysis_file") or "") or archive_id or ""
        cube, raw = _read_data(parts, stem, data)
        reduced += [cube] if cube else []
        raws += [raw] if raw else []
        imported += read_analyses(parts, stem or parts.place.rpartition("#")[2], cube)
        log = sky_of(parts, start, f"{archive_id or stem}.NL.txt") if parts is first else None
        found = (log, catalog_of(parts, f"{stem}.detections.cat"), raman_of(parts, f"{stem}.RAMAN"))
        companions += [file for file in found if file is not None]
        companions.append(file_of(parts.row_stand_in(), ()))
    failed = [blob for parts in rows for blob in parts.failed]
    raw_file = next((name for name in (parts.text("raw_file") for parts in rows) if name), None)
    prov1 = _primary(first).get("PROV1") if isinstance(_primary(first), dict) else None
    if raw_file is None and isinstance(prov1, str) and prov1.strip():
        raw_file = f"{prov1.strip()}.fz"
    content = ExposureContent(
        archive_id=archive_id,
        raw_file=raw_file and raw_file[:255],
        reduced=tuple(reduced),
        raw=raws[0] if raws else None,
        fits=tuple(analysis.content for analysis in imported),
        failed=tuple(failed),
        issues=tuple(issue for parts in rows for issue in parts.issues),
        companions=tuple(companions),
        columns=ExposureColumns(first.target, first.text("instrument_mode"), start, _ob_id(first)),
    )
    return Imported(content, _files(content), tuple(rows), imported, data)


def stem_of(name: str) -> str:
    """Return the name of the cube that a parameter file analyses.

    Examples
    --------
    >>> stem_of("DATACUBE_FINAL_1.prm_2.fits")
    'DATACUBE_FINAL_1_2'
    """
    plain = re.sub(r"\.fits(\.fz)?$", "", name.strip(), flags=re.IGNORECASE)
    return re.sub(r"\.prm([^.]*)$", r"\1", plain, flags=re.IGNORECASE)


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


def _read_data(
    parts: Parts, stem: str, wanted: dict[str, Any]
) -> tuple[FileContent | None, FileContent | None]:
    """Return the cube and the raw file of a row, and note what the export must give."""
    if "data" in parts.blobs:
        data = parts.value("data")
        if parts.can_be_read("data"):
            wanted[parts.place] = data
        if data is not None and not isinstance(data, dict):
            parts.tell("data", "it is no dictionary of extensions")
        extensions = dict(data) if isinstance(data, dict) else {}
        primary = extensions.pop("PRIMARY", None)
        cube_blob, cube_place, raw_header = "data", "data/PRIMARY", None
        raw_blobs: tuple[str, ...] = ("data",)
    else:
        primary, raw_header = parts.value("primary"), parts.value("raw_header")
        extensions = parts.value("raw_data")
        if parts.can_be_read("primary") and parts.can_be_read("raw_data"):
            tables = dict.fromkeys(TABLES) if extensions is None else extensions
            wanted[parts.place] = {"PRIMARY": primary} | tables
        cube_blob, cube_place = "primary", "datacube_header"
        raw_blobs = ("raw_header", "raw_data")
        extensions = extensions if isinstance(extensions, dict) else {}
    cube = None
    if isinstance(primary, dict):
        found = parts.stand_in("reduced", cube_place, f"{stem or 'cube'}.fits", cube_blob)
        cube = file_of(found, (header_hdu(0, "PRIMARY", primary),))
    elif primary is not None:
        parts.tell(cube_place, "it is no header")
    hdus = _raw_hdus(parts, raw_header, extensions)
    if not hdus:
        return cube, None
    name = parts.text("raw_file") or "raw"
    place = "data" if "data" in parts.blobs else "raw_exposure_data"
    return cube, file_of(parts.stand_in("raw", place, name, *raw_blobs), tuple(hdus))


def _raw_hdus(parts: Parts, header: Any, extensions: dict[str, Any]) -> list[HduContent]:
    hdus = []
    if isinstance(header, dict):
        hdus.append(header_hdu(0, "PRIMARY", header))
        if not is_plain_header(header):
            parts.keep("raw_header", header, None)
    elif header is not None:
        parts.keep("raw_header", header, "it is no header")
    for index, (name, value) in enumerate(extensions.items(), 1):
        if not isinstance(value, dict):
            continue
        if name in TABLES or (value and is_table(value)):
            hdus.append(table_hdu(index, name, value))
        else:
            hdus.append(header_hdu(index, name, value))
    return hdus


def _start(parts: Parts) -> dt.datetime | None:
    """Return the start of an exposure: by its header, which has milliseconds, else its column."""
    primary = _primary(parts)
    told = primary.get("DATE-OBS") if isinstance(primary, dict) else None
    for value in (told, parts.plain.get("start")):
        if isinstance(value, dt.datetime):
            return value.replace(tzinfo=None)
        if isinstance(value, str):
            try:
                return dt.datetime.fromisoformat(value.strip().removesuffix("Z")).replace(
                    tzinfo=None
                )
            except ValueError:
                continue
    return None


def _ob_id(parts: Parts) -> int | None:
    value = parts.plain.get("ob_id")
    fits = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63
    return value if fits else None
