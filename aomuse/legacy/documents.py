"""The structure of AOMUSE 2020: one JSON document for each analysis.

Equal, value for value and type for type, to what its script stored: headers as ``dict(header)``,
tables as a list a column. Where the script crashed, commentary cards become lists of strings.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.legacy.differences import applied, is_whole
from aomuse.legacy.imported_documents import differences
from aomuse.models import Exposure, PsfFit, SourceFile, Target
from aomuse.stored.cards import Card
from aomuse.stored.exposure import StoredExposure
from aomuse.stored.tables import StoredColumn

TABLES = ("SGS_DATA", "AG_DATA", "ASM_DATA", "SPARTA_ATM_DATA", "SPARTA_CN2_DATA")
_CHANNEL = re.compile(r"^CHAN\d\d$")


def document(connection: Connection, psf_fit_id: int) -> dict[str, Any]:
    """Return an analysis in the structure of AOMUSE 2020."""
    row = _fit(connection, psf_fit_id)
    changes = differences(connection, row.exposure_id, psf_fit_id)
    plain = plain_values(connection, psf_fit_id)
    answers = typed_answers(connection, psf_fit_id)
    values: dict[str, Any] = applied(plain, changes.get("analysis"))
    return values | {name: _answer(answer, changes.get(name)) for name, answer in answers.items()}


def plain_values(connection: Connection, psf_fit_id: int) -> dict[str, Any]:
    """Return targetName, insMode, analysisFile and rawFile of an analysis."""
    row = _fit(connection, psf_fit_id)
    return {
        "targetName": row.target_name,
        "insMode": row.instrument_mode,
        "analysisFile": row.prm_file,
        "rawFile": row.raw_file,
    }


def typed_answers(connection: Connection, psf_fit_id: int) -> dict[str, Callable[[], Any]]:
    """Return what the typed tables alone give of an analysis."""
    row = _fit(connection, psf_fit_id)
    stored = StoredExposure(connection, row.exposure_id)
    raw_id = _loaded_file(connection, row.exposure_id, "raw")
    return {
        "data": lambda: _data(stored, row.reduced_file_id, raw_id),
        "psfParams": lambda: _psf_params(stored, psf_fit_id, row.prm_file_id),
        "sources": lambda: _sources(stored, row.psf_file_id),
    }


def typed_data(connection: Connection, exposure_id: int) -> dict[str, Any]:
    """Return what the typed tables alone give of an exposure's headers and telemetry."""
    return _data(
        StoredExposure(connection, exposure_id),
        _loaded_file(connection, exposure_id, "reduced"),
        _loaded_file(connection, exposure_id, "raw"),
    )


def _answer(typed: Callable[[], Any], change: dict[str, Any] | None) -> Any:
    """Return a document: what the tables give, with what an import keeps beside them."""
    if is_whole(change):
        # The tables may not even hold together then.
        return applied(None, change)
    return applied(typed(), change)


def data(connection: Connection, exposure_id: int) -> dict[str, Any]:
    """Return the headers and telemetry of an exposure as AOMUSE 2020 stored them."""
    change = differences(connection, exposure_id).get("data")
    answer: dict[str, Any] = _answer(lambda: typed_data(connection, exposure_id), change)
    return answer


def psf_params(connection: Connection, psf_fit_id: int) -> dict[str, Any] | None:
    """Return the PSF parameters of an analysis as AOMUSE 2020 stored them."""
    return _one(connection, psf_fit_id, "psfParams")


def sources(connection: Connection, psf_fit_id: int) -> dict[str, Any] | None:
    """Return the sources of an analysis as AOMUSE 2020 stored them."""
    return _one(connection, psf_fit_id, "sources")


def _one(connection: Connection, psf_fit_id: int, name: str) -> dict[str, Any] | None:
    exposure_id = _fit(connection, psf_fit_id).exposure_id
    change = differences(connection, exposure_id, psf_fit_id).get(name)
    answer: dict[str, Any] | None = _answer(typed_answers(connection, psf_fit_id)[name], change)
    return answer


def _fit(connection: Connection, psf_fit_id: int) -> Any:
    return connection.execute(
        sa.select(
            Target.name.label("target_name"),
            Exposure.id.label("exposure_id"),
            Exposure.instrument_mode,
            Exposure.raw_file,
            PsfFit.prm_file,
            PsfFit.reduced_file_id,
            PsfFit.prm_file_id,
            PsfFit.psf_file_id,
        )
        .select_from(PsfFit)
        .join(Exposure, Exposure.id == PsfFit.exposure_id)
        .outerjoin(Target, Target.id == Exposure.target_id)
        .where(PsfFit.id == psf_fit_id)
    ).one()


def _loaded_file(connection: Connection, exposure_id: int, role: str) -> int | None:
    """Return source_file.id of the first file of a role that was loaded."""
    return connection.scalar(
        sa.select(SourceFile.id)
        .where(
            SourceFile.exposure_id == exposure_id,
            SourceFile.role == role,
            SourceFile.outcome != "failed",
        )
        .order_by(SourceFile.id)
    )


def _data(stored: StoredExposure, reduced_id: int | None, raw_id: int | None) -> dict[str, Any]:
    data: dict[str, Any] = {"PRIMARY": None}
    if reduced_id is not None:
        header_id = stored.headers(reduced_id)[0].id
        primary = header_dict(stored.cards([header_id])[header_id])
        primary.pop("COMMENT", None)
        data["PRIMARY"] = primary
    headers = stored.headers(raw_id) if raw_id is not None else []
    channels = [h for h in headers if _CHANNEL.match(h.extension_name)]
    cards = stored.cards([h.id for h in channels])
    for header in channels:
        data.setdefault(header.extension_name, header_dict(cards[header.id]))
    for name in TABLES:
        table = next(
            (h for h in headers if h.extension_name == name and h.table_layout_id is not None), None
        )
        data[name] = None if table is None else _lists(stored.table(table.id))
    return data


def header_dict(cards: list[Card]) -> dict[str, Any]:
    """Return cards as ``dict(header)`` gives them, ready for JSON."""
    result: dict[str, Any] = {}
    for card in cards:
        if card.value_type == "commentary":
            result.setdefault(card.keyword, []).append(card.value)
        elif card.keyword not in result:
            result[card.keyword] = _plain(card)
    return result


def _plain(card: Card) -> Any:
    return str(card.value) if card.value_type == "complex" else card.value


def _lists(columns: list[StoredColumn]) -> dict[str, Any]:
    return {column.format.name: _list(column) for column in columns}


def _list(column: StoredColumn) -> list[Any]:
    """Return what ``tolist()`` gives of a column of astropy."""
    values = column.values
    if values.dtype.kind == "c":
        return list(np.stack([values.real, values.imag], axis=-1).tolist())
    if values.dtype == object and len(values) and isinstance(values[0], np.ndarray):
        return [part.tolist() for part in values]
    return list(values.tolist())


def _psf_params(
    stored: StoredExposure, psf_fit_id: int, prm_id: int | None
) -> dict[str, Any] | None:
    if prm_id is None:
        return None
    table = next(
        (
            h
            for h in stored.headers(prm_id)
            if h.extension_name == "PSFPARS" and h.table_layout_id is not None
        ),
        None,
    )
    if table is None:
        return None
    columns = {column.format.name.lower(): column for column in stored.table(table.id)}
    if not {"name", "polyfit"} <= columns.keys():
        return None
    names = [str(name).rstrip() for name in columns["name"].values]
    values = _list(columns["polyfit"])
    result: dict[str, Any] = dict(zip(names, values, strict=True))
    wavelengths = stored.wavelengths_nm(psf_fit_id)
    if wavelengths:
        result["wavelength"] = wavelengths
    return result


def _sources(stored: StoredExposure, psf_id: int | None) -> dict[str, Any] | None:
    if psf_id is None:
        return None
    return {
        header.extension_name: _lists(stored.table(header.id))
        for header in stored.headers(psf_id)
        if "PM_" in header.extension_name and header.table_layout_id is not None
    }
