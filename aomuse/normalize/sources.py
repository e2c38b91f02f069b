"""PampelMuse's source file: the table of each source."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from aomuse.exchange.content import FileContent, HduContent, TableContent
from aomuse.exchange.frames import Layout, NormalizedExposure
from aomuse.exchange.issue import Issue
from aomuse.exchange.stored_in import COLUMN_STORE, StoredIn
from aomuse.muse.psf_models import is_maoppy
from aomuse.normalize.column_store import generic_layout, store_columns
from aomuse.normalize.homes import SAMPLE_COLUMNS
from aomuse.normalize.spectra import Floats, fit_wavelengths
from aomuse.normalize.summary import window_frames

_SOURCE = re.compile(r"^PM_(\d{1,9})$")

#: All PM_ tables of one layout share it under this name.
SOURCE_EXTENSION = "PM_"

#: Columns that belong to the Moffat profile; a MAOPPY fit has columns of its own.
_MOFFAT_COLUMNS = ("fwhm", "beta")


@dataclass(frozen=True)
class _SourceTable:
    pampelmuse_id: int
    header: int
    table: TableContent
    places: tuple[int | None, ...]


def layer_counts(psf: FileContent) -> set[int]:
    """Return the numbers of rows that the source tables have."""
    return {
        hdu.table.row_count for hdu in psf.hdus if _SOURCE.match(hdu.name) and hdu.table is not None
    }


def normalize_sources(
    out: NormalizedExposure,
    fit: int,
    psf: FileContent,
    headers: dict[tuple[str, int], int],
    wavelength_nm: Floats | None,
    model: str,
) -> dict[int, Layout]:
    """Add the rows of all sources and their summaries."""
    layouts: dict[int, Layout] = {}
    sources: dict[int, _SourceTable] = {}
    for hdu in psf.hdus:
        header = headers[psf.path, hdu.index]
        source_id = _source_id(hdu, sources, psf, out.issues)
        if hdu.table is None:
            continue
        if source_id is None:
            layouts[hdu.index] = generic_layout(hdu)
        else:
            places = _places(hdu.table, model)
            layouts[hdu.index] = _layout(hdu.table, places)
            sources[source_id] = _SourceTable(source_id, header, hdu.table, places)
        store_columns(out, header, hdu.table, layouts[hdu.index])
    if not sources:
        out.issues.append(
            Issue(
                "error",
                "no_sources",
                "the file has no table PM_<id>: run PampelMuse again, or "
                "give the file that belongs here",
                psf.path,
            )
        )
        return layouts
    _tell_missing_columns(sources, psf, model, out.issues)
    ordered = [sources[key] for key in sorted(sources)]
    out.add(
        "source",
        pd.DataFrame(
            {
                "fit": fit,
                "pampelmuse_id": [s.pampelmuse_id for s in ordered],
                "header": [s.header for s in ordered],
                "sample_count": [s.table.row_count for s in ordered],
            }
        ),
    )
    by_length: dict[int, list[_SourceTable]] = defaultdict(list)
    for source in ordered:
        by_length[source.table.row_count].append(source)
    for layers, same in by_length.items():
        _add_samples(out, fit, same, layers, fit_wavelengths(wavelength_nm, layers))
    return layouts


def _source_id(
    hdu: HduContent, taken: dict[int, _SourceTable], psf: FileContent, issues: list[Issue]
) -> int | None:
    match = _SOURCE.match(hdu.name)
    if match is None and "PM_" not in hdu.name:
        return None
    if match is None:
        why = "its name is not PM_ and a number"
    elif hdu.table is None:
        why = "it is not a table"
    elif int(match[1]) in taken or str(int(match[1])) != match[1]:
        why = "another table of this file has the same id"
    else:
        return int(match[1])
    issues.append(
        Issue(
            "warning",
            "source_name",
            f"it is not loaded as a source: {why}; what it holds is in header and table_value",
            psf.path,
            hdu.name,
        )
    )
    return None


def _places(table: TableContent, model: str) -> tuple[int | None, ...]:
    """Return where the columns of source_sample stand in a table; None for a missing one."""
    places: list[int | None] = []
    for name in SAMPLE_COLUMNS:
        place = table.index(name)
        # MAOPPY's beta is another exponent: the column is for Moffat's.
        foreign = name == "beta" and is_maoppy(model)
        if place is not None and (foreign or not _fits(table.values[place])):
            place = None
        places.append(place)
    return tuple(places)


def _fits(values: npt.NDArray[np.generic]) -> bool:
    floats = values.dtype.kind == "f" and values.dtype.itemsize <= 8
    return values.ndim == 1 and (
        floats or (values.dtype.kind == "i" and values.dtype.itemsize <= 4)
    )


def _layout(table: TableContent, places: tuple[int | None, ...]) -> Layout:
    stored_in = [COLUMN_STORE] * len(table.formats)
    for name, place in zip(SAMPLE_COLUMNS, places, strict=True):
        if place is not None:
            stored_in[place] = str(StoredIn("source_sample", name))
    return Layout(SOURCE_EXTENSION, table.formats, tuple(stored_in))


def _tell_missing_columns(
    sources: dict[int, _SourceTable], psf: FileContent, model: str, issues: list[Issue]
) -> None:
    missing: dict[str, int] = defaultdict(int)
    for source in sources.values():
        for name, place in zip(SAMPLE_COLUMNS, source.places, strict=True):
            if place is None:
                missing[name] += 1
    others = [name for name in _MOFFAT_COLUMNS if name in missing] if is_maoppy(model) else []
    for name in others:
        del missing[name]
    if others:
        issues.append(
            Issue(
                "note",
                "column_missing",
                f"a MAOPPY fit has no {' and '.join(others)} of a Moffat profile: NULL in "
                "source_sample; the fit's own columns are in table_value",
                psf.path,
            )
        )
    for name, count in missing.items():
        issues.append(
            Issue(
                "warning",
                "column_missing",
                f"{count} of {len(sources)} sources have no column "
                f"{name} of one number a layer: it is NULL in source_sample, and a column of "
                "another type is in table_value",
                psf.path,
            )
        )


def _add_samples(
    out: NormalizedExposure,
    fit: int,
    sources: list[_SourceTable],
    layers: int,
    wavelength_nm: Floats,
) -> None:
    """Add the samples of sources that have the same number of layers."""
    ids = np.array([s.pampelmuse_id for s in sources], dtype=np.int32)
    samples: dict[str, object] = {
        "fit": fit,
        "pampelmuse_id": np.repeat(ids, layers),
        "layer": np.tile(np.arange(layers, dtype=np.int32), len(ids)),
    }
    summaries: dict[int, list[pd.DataFrame]] = defaultdict(list)
    for i, name in enumerate(SAMPLE_COLUMNS):
        values = np.full((len(ids), layers), np.nan)
        for row, source in enumerate(sources):
            place = source.places[i]
            if place is not None:
                values[row] = source.table.values[place]
                nulls = source.table.nulls[place]
                if nulls is not None:
                    values[row, nulls] = np.nan
        samples[name] = values.reshape(-1)
        if layers and any(source.places[i] is not None for source in sources):
            keys = pd.DataFrame({"fit": fit, "pampelmuse_id": ids, "quantity": name})
            for frame in window_frames(keys, values, wavelength_nm):
                summaries[int(frame["wavelength_window_id"].iloc[0])].append(frame)
    out.add("source_sample", pd.DataFrame(samples))
    if summaries:
        frames = [frame for window in summaries.values() for frame in window]
        out.add("source_summary", pd.concat(frames, ignore_index=True))
