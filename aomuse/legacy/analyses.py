"""The analyses of a row: PampelMuse's parameters and sources, and the second fit of an NFM row."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aomuse.exchange.content import FileContent, FitContent
from aomuse.exchange.issue import Issue
from aomuse.legacy.companions import file_of
from aomuse.legacy.decode import BlobError, decode
from aomuse.legacy.frames import array_of, table_hdu
from aomuse.legacy.rows import Parts

_SOURCE = re.compile(r"^PM_(0|[1-9]\d{0,8})$")
#: Length of psf_parameter.parameter.
_MAX_NAME = 64


@dataclass
class Analysis:
    """An analysis that is imported.

    Parameters
    ----------
    content : FitContent
        As if its files had been read.
    place : str
        The row that it comes from.
    wanted : dict
        ``analysis`` (analysisFile and the other plain values), ``psfParams`` and ``sources`` as the
        export must give them; absent where they are not known.
    """

    content: FitContent
    place: str
    wanted: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Told:
    """What a row tells of one analysis."""

    name: str
    prm_file: str | None
    params: Any
    sources: Any
    places: tuple[str, str]
    blobs: tuple[str, str]


def read_analyses(parts: Parts, stem: str, cube: FileContent | None) -> list[Analysis]:
    """Return the analyses of a row."""
    analyses = []
    prm_file = parts.text("analysis_file")
    params, sources = parts.value("psf_params"), parts.value("sources")
    if prm_file is not None or params is not None or sources is not None:
        columns = [
            parts.blobs[name].column if name in parts.blobs else name
            for name in ("psf_params", "sources")
        ]
        told = _Told(
            *(stem, prm_file, params, sources),
            places=(columns[0], columns[1]),
            blobs=("psf_params", "sources"),
        )
        analysis = _read(parts, told, cube, None)
        for name, document in (("psf_params", "psfParams"), ("sources", "sources")):
            if not parts.can_be_read(name):
                analysis.wanted.pop(document)
        analyses.append(analysis)
    second = _second(parts, stem, prm_file)
    if second is not None:
        analyses.append(_read(parts, second, cube, "maoppy"))
    return analyses


def _second(parts: Parts, stem: str, prm_file: str | None) -> _Told | None:
    """Return what ``maoppy_data`` tells; what it has beside an analysis is kept whole."""
    value = parts.value("maoppy")
    if value is None:
        return None
    if not isinstance(value, dict):
        parts.keep("maoppy", value, "it is no dictionary")
        return None
    found = {}
    for name in ("pampelmuse_params", "sources"):
        inner = value.get(name)
        try:
            found[name] = decode(inner) if isinstance(inner, str) else inner
        except BlobError as error:
            parts.issues.append(
                Issue(
                    "error",
                    "blob_unreadable",
                    f"{name} within maoppy_data cannot be parsed as JSON ({error}): the rest of "
                    "the exposure is imported; mend it there and import again",
                    f"{parts.place}/maoppy_data/{name}",
                )
            )
            found[name] = None
    others = {name: inner for name, inner in value.items() if name not in found}
    if others:
        parts.keep("maoppy", others, None)
    told_name = others.get("prm_filename")
    second_file = told_name if isinstance(told_name, str) and told_name.strip() else prm_file
    return _Told(
        *(stem, second_file, found["pampelmuse_params"], found["sources"]),
        places=("maoppy_data/pampelmuse_params", "maoppy_data/sources"),
        blobs=("maoppy", "maoppy"),
    )


def _read(parts: Parts, told: _Told, cube: FileContent | None, model: str | None) -> Analysis:
    prm_name = told.prm_file[:255] if told.prm_file else None
    prm, wavelengths = None, None
    if told.params is not None:
        table = _parameters(told.params)
        if table is None and told.params != {}:
            parts.tell(told.places[0], "it is no dictionary of lists with one number a layer")
        if table is not None:
            found = parts.stand_in("prm", told.places[0], prm_name or "prm", told.blobs[0])
            prm = file_of(found, (table_hdu(1, "PSFPARS", table),))
            wavelengths = _wavelengths(parts, told)
    psf = _sources(parts, told)
    content = FitContent(told.name[:255], model, cube, prm, psf, prm_name, wavelengths)
    wanted: dict[str, Any] = {
        "analysis": {
            "targetName": parts.target,
            "insMode": parts.text("instrument_mode"),
            "analysisFile": told.prm_file,
            "rawFile": parts.text("raw_file"),
        },
        "psfParams": told.params,
        "sources": told.sources,
    }
    return Analysis(content, parts.place, wanted)


def _parameters(params: Any) -> dict[str, Any] | None:
    """Return the parameters as the table PSFPARS, None if they are not one number a layer each."""
    if not isinstance(params, dict):
        return None
    rows = {
        name: value
        for name, value in params.items()
        if name != "wavelength" and isinstance(value, list)
    }
    if not rows or any(not name.strip() or len(name) > _MAX_NAME for name in rows):
        return None
    if len({name.rstrip() for name in rows}) < len(rows):
        return None
    values = array_of(list(rows.values()))
    if values.ndim != 2 or values.dtype.name not in ("float64", "int32"):
        return None
    return {"name": list(rows), "polyfit": list(rows.values())}


def _wavelengths(parts: Parts, told: _Told) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    column = told.params.get("wavelength")
    if isinstance(column, list):
        values = array_of(column)
        if values.ndim == 1 and values.dtype.kind in "fi" and len(values):
            return values.astype(np.float64)
    parts.tell(f"{told.places[0]}/wavelength", "the layers have no wavelengths")
    return None


def _sources(parts: Parts, told: _Told) -> FileContent | None:
    if told.sources is None or told.sources == {}:
        return None
    tables = {}
    if isinstance(told.sources, dict):
        tables = {
            name: value
            for name, value in told.sources.items()
            if "PM_" in name and isinstance(value, dict)
        }
    if not any(_SOURCE.match(name) for name in tables):
        parts.tell(told.places[1], "it has no sources PM_X with a list a column")
        return None
    hdus = tuple(table_hdu(i, name, table) for i, (name, table) in enumerate(tables.items(), 1))
    name = f"{told.name}.psf.fits"
    return file_of(parts.stand_in("psf", told.places[1], name, told.blobs[1]), hdus)
