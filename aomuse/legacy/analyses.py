"""The analyses of a row: PampelMuse's parameters and sources, and a second fit by MAOPPY."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aomuse.exchange.content import FileContent, FitContent
from aomuse.exchange.issue import Issue
from aomuse.legacy.decode import BlobError, decode
from aomuse.legacy.decoded_row import DecodedRow
from aomuse.legacy.hdus import array_of, table_hdu
from aomuse.normalize.fit import source_id

#: Length of psf_parameter.parameter.
_MAX_NAME = 64


@dataclass
class Analysis:
    """An analysis that is imported."""

    #: As if its files had been read.
    content: FitContent
    #: The row that it comes from.
    place: str
    #: ``analysis`` (the plain values), ``psfParams`` and ``sources`` as the export must give them
    #: back; absent where a blob could not be parsed.
    imported: dict[str, Any]


class _Blob(NamedTuple):
    """Parameters or sources: the value, where it is, and the text it comes from."""

    value: Any
    place: str
    text: str
    is_readable: bool = True


def read_analyses(row: DecodedRow, stem: str, cube: FileContent | None) -> list[Analysis]:
    """Return the analyses of a row."""
    analyses = []
    prm_file = row.text("prm_file")
    params, sources = (
        _Blob(row.value(name), row.column(name), row.raw_text(name), row.is_readable(name))
        for name in ("psf_params", "sources")
    )
    if prm_file is not None or params.value is not None or sources.value is not None:
        analyses.append(_analysis(row, stem, cube, prm_file, params, sources))
    maoppy = row.value("maoppy")
    if isinstance(maoppy, dict):
        analyses.append(_maoppy_analysis(row, stem, cube, prm_file, maoppy))
    elif maoppy is not None:
        row.keep_whole("maoppy", "it is not a dictionary")
    return analyses


def _maoppy_analysis(
    row: DecodedRow,
    stem: str,
    cube: FileContent | None,
    prm_file: str | None,
    maoppy: dict[str, Any],
) -> Analysis:
    """Return the analysis in ``maoppy_data``; whatever else is there is kept whole."""
    text = row.raw_text("maoppy")
    params, sources = (
        _Blob(_inner_value(row, name, maoppy.get(name)), f"maoppy_data/{name}", text)
        for name in ("pampelmuse_params", "sources")
    )
    others = {name: v for name, v in maoppy.items() if name not in ("pampelmuse_params", "sources")}
    if others:
        row.kept_whole[row.column("maoppy")] = others
    own_file = others.get("prm_filename")
    if isinstance(own_file, str) and own_file.strip():
        prm_file = own_file
    return _analysis(row, stem, cube, prm_file, params, sources, "maoppy")


def _inner_value(row: DecodedRow, name: str, value: Any) -> Any:
    """Return a value within ``maoppy_data``, which may be encoded once more."""
    try:
        return decode(value) if isinstance(value, str) else value
    except BlobError as error:
        message = (
            f"{name} within maoppy_data cannot be parsed as JSON ({error}); the rest of the "
            "exposure is imported: fix it there and import again"
        )
        place = f"{row.place}/maoppy_data/{name}"
        row.issues.append(Issue("error", "blob_unreadable", message, place))
        return None


def _analysis(
    row: DecodedRow,
    stem: str,
    cube: FileContent | None,
    prm_file: str | None,
    params: _Blob,
    sources: _Blob,
    model: str | None = None,
) -> Analysis:
    prm_name = prm_file[:255] if prm_file else None
    prm, wavelengths = None, None
    table = _parameters(params.value)
    if table is not None:
        hdu = table_hdu(1, "PSFPARS", table)
        prm = row.file("prm", params.place, prm_name or "prm", params.text, hdu)
        wavelengths = _wavelengths(row, params)
    elif params.value not in (None, {}):
        row.report_shape(params.place, "it is not a dictionary of lists with one number a layer")
    psf = _sources(row, stem, sources)
    imported: dict[str, Any] = {
        "analysis": {
            "targetName": row.target,
            "insMode": row.text("instrument_mode"),
            "analysisFile": prm_file,
            "rawFile": row.text("raw_file"),
        }
    }
    for name, blob in (("psfParams", params), ("sources", sources)):
        if blob.is_readable:
            imported[name] = blob.value
    content = FitContent(stem[:255], model, cube, prm, psf, prm_name, wavelengths)
    return Analysis(content, row.place, imported)


def _parameters(params: Any) -> dict[str, Any] | None:
    """Return the parameters as the table PSFPARS, None if they are not one number a layer each."""
    if not isinstance(params, dict):
        return None
    rows = {
        n: value for n, value in params.items() if n != "wavelength" and isinstance(value, list)
    }
    names = {name.rstrip() for name in rows}
    if not rows or len(names) < len(rows) or "" in names or max(map(len, rows)) > _MAX_NAME:
        return None
    values = array_of(list(rows.values()))
    if values.ndim != 2 or values.dtype.name not in ("float64", "int32"):
        return None
    return {"name": list(rows), "polyfit": list(rows.values())}


def _wavelengths(row: DecodedRow, params: _Blob) -> npt.NDArray[np.float64] | None:
    column = params.value.get("wavelength")
    if isinstance(column, list):
        values = array_of(column)
        if values.ndim == 1 and values.dtype.kind in "fi" and len(values):
            return values.astype(np.float64)
    row.report_shape(f"{params.place}/wavelength", "the layers have no wavelengths")
    return None


def _sources(row: DecodedRow, stem: str, sources: _Blob) -> FileContent | None:
    if sources.value in (None, {}):
        return None
    tables = {}
    if isinstance(sources.value, dict):
        tables = {
            name: value
            for name, value in sources.value.items()
            if "PM_" in name and isinstance(value, dict)
        }
    if not any(source_id(name) is not None for name in tables):
        row.report_shape(sources.place, "it has no sources PM_X with a list for each column")
        return None
    hdus = (table_hdu(i, name, table) for i, (name, table) in enumerate(tables.items(), 1))
    return row.file("psf", sources.place, f"{stem}.psf.fits", sources.text, *hdus)
