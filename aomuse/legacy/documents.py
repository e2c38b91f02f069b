"""The structure of AOMUSE 2020: one JSON document for each analysis.

Equal, value for value and type for type, to what its script stored: headers as ``dict(header)``,
tables as a list for each column. Where the script crashed, commentary cards become lists of text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.legacy.differences import applied, is_whole
from aomuse.legacy.imported_documents import differences
from aomuse.models import Exposure, PsfFit, Target
from aomuse.stored.cards import Card
from aomuse.stored.exposure import StoredExposure
from aomuse.stored.tables import StoredColumn

TABLES = ("SGS_DATA", "AG_DATA", "ASM_DATA", "SPARTA_ATM_DATA", "SPARTA_CN2_DATA")
_CHANNEL = re.compile(r"^CHAN\d\d$")


def document_json(connection: Connection, psf_fit_id: int) -> Iterator[str]:
    """Yield an analysis in the structure of AOMUSE 2020 as JSON, one source after the other."""
    exposure_id = _exposure_of(connection, psf_fit_id)
    tables = DocumentsOfTables(connection, exposure_id, psf_fit_id)
    changes = differences(connection, exposure_id, psf_fit_id)
    parts = {name: _changed(tables, name, changes) for name in ("analysis", "data", "psfParams")}
    content: dict[str, Any] = parts.pop("analysis") | parts
    is_changed = changes.get("sources") is not None
    content["sources"] = _changed(tables, "sources", changes) if is_changed else tables.sources()
    yield from _json_members(content.items())


def _json_members(members: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """Yield what json.dumps gives of a dictionary; an iterator in it is a dictionary too."""
    separator = "{"
    for name, value in members:
        yield f"{separator}{json.dumps(name)}: "
        if isinstance(value, Iterator):
            yield from _json_members(value)
        else:
            yield json.dumps(value)
        separator = ", "
    yield "}" if separator == ", " else "{}"


def data(connection: Connection, exposure_id: int) -> dict[str, Any]:
    """Return the headers and telemetry of an exposure as AOMUSE 2020 stored them."""
    answer: dict[str, Any] = _documents(connection, exposure_id, None, "data")["data"]
    return answer


def psf_params(connection: Connection, psf_fit_id: int) -> dict[str, Any] | None:
    """Return the PSF parameters of an analysis as AOMUSE 2020 stored them."""
    return _of_analysis(connection, psf_fit_id, "psfParams")


def sources(connection: Connection, psf_fit_id: int) -> dict[str, Any] | None:
    """Return the sources of an analysis as AOMUSE 2020 stored them."""
    return _of_analysis(connection, psf_fit_id, "sources")


def _of_analysis(connection: Connection, psf_fit_id: int, name: str) -> dict[str, Any] | None:
    exposure_id = _exposure_of(connection, psf_fit_id)
    answer: dict[str, Any] | None = _documents(connection, exposure_id, psf_fit_id, name)[name]
    return answer


def _exposure_of(connection: Connection, psf_fit_id: int) -> int:
    select = sa.select(PsfFit.exposure_id).where(PsfFit.id == psf_fit_id)
    return connection.execute(select).scalar_one()


def _documents(
    connection: Connection, exposure_id: int, psf_fit_id: int | None, *names: str
) -> dict[str, Any]:
    """Return what the tables give, changed by the differences that an import kept."""
    tables = DocumentsOfTables(connection, exposure_id, psf_fit_id)
    changes = differences(connection, exposure_id, psf_fit_id)
    return {name: _changed(tables, name, changes) for name in names}


def _changed(tables: DocumentsOfTables, name: str, changes: dict[str, dict[str, Any]]) -> Any:
    # Where a document is kept as a whole, the tables may not even hold together.
    change = changes.get(name)
    return applied(None if is_whole(change) else tables[name], change)


class DocumentsOfTables:
    """The documents of an exposure or one of its analyses, as the tables alone give them."""

    def __init__(self, connection: Connection, exposure_id: int, psf_fit_id: int | None) -> None:
        self._stored = StoredExposure(connection, exposure_id)
        self._psf_fit_id = psf_fit_id
        self._row = connection.execute(
            sa.select(
                Target.name.label("target_name"),
                Exposure.instrument_mode,
                Exposure.raw_file,
                PsfFit.prm_file,
                PsfFit.reduced_file_id,
                PsfFit.prm_file_id,
                PsfFit.psf_file_id,
            )
            .select_from(Exposure)
            .outerjoin(Target, Target.id == Exposure.target_id)
            .outerjoin(PsfFit, (PsfFit.exposure_id == Exposure.id) & (PsfFit.id == psf_fit_id))
            .where(Exposure.id == exposure_id)
        ).one()

    def __getitem__(self, name: str) -> Any:
        """Return a document; RebuildError if values are missing."""
        match name:
            case "analysis":
                return {
                    "targetName": self._row.target_name,
                    "insMode": self._row.instrument_mode,
                    "analysisFile": self._row.prm_file,
                    "rawFile": self._row.raw_file,
                }
            case "data":
                return self._data()
            case "psfParams":
                return self._psf_params()
            case "sources":
                sources = self.sources()
                return None if sources is None else dict(sources)
        raise KeyError(name)

    def sources(self) -> Iterator[tuple[str, Any]] | None:
        """Return the names and columns of sources, one after the other."""
        if self._row.psf_file_id is None:
            return None
        headers = {}
        for header in self._stored.headers(self._row.psf_file_id):
            if "PM_" in _key(header) and header.table_layout_id is not None:
                # As in a dictionary: the first place, and the last value.
                headers[_key(header)] = header.id
        return ((name, _lists(self._stored.table(number))) for name, number in headers.items())

    def _loaded_file(self, role: str) -> int | None:
        """Return source_file.id of the first file of a role that was loaded."""
        files = (f.id for f in self._stored.files if f.role == role and f.outcome != "failed")
        return next(files, None)

    def _data(self) -> dict[str, Any]:
        stored, raw_id = self._stored, self._loaded_file("raw")
        reduced_id = self._row.reduced_file_id
        if self._psf_fit_id is None:
            reduced_id = self._loaded_file("reduced")
        data: dict[str, Any] = {"PRIMARY": None}
        if reduced_id is not None:
            header_id = stored.headers(reduced_id)[0].id
            data["PRIMARY"] = _header_dict(stored.cards([header_id])[header_id])
            data["PRIMARY"].pop("COMMENT", None)
        headers = self._headers(raw_id)
        channels = [h for h in headers if _CHANNEL.match(_key(h))]
        cards = stored.cards([h.id for h in channels])
        for header in channels:
            data.setdefault(_key(header), _header_dict(cards[header.id]))
        for name in TABLES:
            columns = self._table(headers, name)
            data[name] = None if columns is None else _lists(columns)
        return data

    def _psf_params(self) -> dict[str, Any] | None:
        table = self._table(self._headers(self._row.prm_file_id), "PSFPARS")
        columns = {column.format.name.lower(): column for column in table or ()}
        if not {"name", "polyfit"} <= columns.keys():
            return None
        names = [str(name).rstrip() for name in columns["name"].values]
        result: dict[str, Any] = dict(zip(names, _list(columns["polyfit"]), strict=True))
        assert self._psf_fit_id is not None
        wavelengths = self._stored.wavelengths_nm(self._psf_fit_id)
        if wavelengths:
            result["wavelength"] = wavelengths
        return result

    def _headers(self, file_id: int | None) -> list[Any]:
        return [] if file_id is None else self._stored.headers(file_id)

    def _table(self, headers: list[Any], name: str) -> list[StoredColumn] | None:
        """Return the columns of the first table of a name, None if there is none."""
        tables = (h.id for h in headers if _key(h) == name and h.table_layout_id)
        table = next(tables, None)
        return None if table is None else self._stored.table(table)


def _key(header: Any) -> str:
    """Return the name by which astropy finds an HDU."""
    return str(header.extension_name).strip().upper()


def _header_dict(cards: list[Card]) -> dict[str, Any]:
    """Return cards as ``dict(header)`` gives them, in types that JSON has."""
    result: dict[str, Any] = {}
    for card in cards:
        if card.value_type == "commentary":
            result.setdefault(card.keyword, []).append(card.value)
        elif card.keyword not in result:
            is_complex = card.value_type == "complex"
            result[card.keyword] = str(card.value) if is_complex else card.value
    return result


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
