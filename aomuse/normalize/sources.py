"""PampelMuse's file of PSF stars: source, source_sample and source_summary."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aomuse.exchange.content import FileContent, HduContent, TableContent
from aomuse.exchange.stored_in import StoredIn
from aomuse.muse.psf_models import is_maoppy
from aomuse.normalize.draft import Draft
from aomuse.normalize.fit import ADVICE, MAX_ID, SOURCE_NAME, Fit, is_exact, source_id
from aomuse.normalize.homes import SAMPLE_COLUMNS, SAMPLE_PIXELS, other_unit
from aomuse.normalize.summary import Statistics, by_window

#: All PM_ tables of one layout share it under this name.
_EXTENSION = "PM_"

#: Columns that belong to the Moffat profile; a MAOPPY fit has columns of its own.
_MOFFAT_COLUMNS = ("fwhm", "beta")


@dataclass(frozen=True)
class _Source:
    """A source's table, with the place of each column of source_sample that it has."""

    pampelmuse_id: int
    header: int
    table: TableContent
    places: dict[str, int]


def add_sources(draft: Draft, fit: Fit, psf: FileContent, model: str) -> None:
    """Add the rows of all sources and their summaries."""
    sources: dict[int, _Source] = {}
    for hdu in psf.hdus:
        source_id = _source_id(draft, psf, hdu, sources)
        if hdu.table is None:
            continue
        if source_id is None:
            draft.store_table(psf, hdu, {})
            continue
        places = _places(hdu.table, model)
        homes = {place: str(StoredIn("source_sample", name)) for name, place in places.items()}
        draft.store_table(psf, hdu, homes, _EXTENSION)
        sources[source_id] = _Source(source_id, draft.header(psf, hdu), hdu.table, places)
    if not sources:
        draft.issue("error", "no_sources", f"the file has no table PM_<id>: {ADVICE}", psf)
        return
    _report_missing_columns(draft, psf, sources, model)
    ordered = [sources[key] for key in sorted(sources)]
    rows = {
        "fit": np.full(len(ordered), fit.number),
        "pampelmuse_id": np.array([source.pampelmuse_id for source in ordered], dtype=np.int64),
        "header": np.array([source.header for source in ordered]),
        "sample_count": np.array([source.table.row_count for source in ordered]),
    }
    draft.out.add("source", rows)
    by_length: dict[int, list[_Source]] = defaultdict(list)
    for source in ordered:
        by_length[source.table.row_count].append(source)
    for layers, same in by_length.items():
        _add_samples(draft, fit, same, layers)


def _source_id(
    draft: Draft, psf: FileContent, hdu: HduContent, taken: dict[int, _Source]
) -> int | None:
    number = source_id(hdu.key)
    if _EXTENSION not in hdu.key:
        return None
    if not SOURCE_NAME.match(hdu.key):
        why = "its name is not PM_ and a number"
    elif hdu.table is None:
        why = "it is not a table"
    elif number in taken:
        why = "another table of this file has the same id"
    elif number is None:
        why = f"its id has a zero in front, or is larger than {MAX_ID} (64 bits)"
    else:
        return number
    message = f"it is not loaded as a source: {why}; what it holds is in header and table_value"
    draft.issue("warning", "source_name", message, psf, hdu.name)
    return None


def _places(table: TableContent, model: str) -> dict[str, int]:
    """Return where the columns of source_sample stand in a table."""
    places = {}
    for name in SAMPLE_COLUMNS:
        place = table.index(name)
        # MAOPPY's beta is another exponent: the column is for Moffat's.
        if place is None or (name == "beta" and is_maoppy(model)):
            continue
        if name in SAMPLE_PIXELS and other_unit(f"{name}_pixel", table.formats[place].unit):
            continue
        if table.values[place].ndim == 1 and is_exact(table.values[place]):
            places[name] = place
    return places


def _report_missing_columns(
    draft: Draft, psf: FileContent, sources: dict[int, _Source], model: str
) -> None:
    missing = Counter(
        name for s in sources.values() for name in SAMPLE_COLUMNS if name not in s.places
    )
    moffat = [name for name in _MOFFAT_COLUMNS if name in missing] if is_maoppy(model) else []
    for name in moffat:
        del missing[name]
    if moffat:
        message = (
            f"a MAOPPY fit has no {' and '.join(moffat)} of a Moffat profile: NULL in "
            "source_sample; the fit's own columns are in table_value"
        )
        draft.issue("note", "column_missing", message, psf)
    for name, count in missing.items():
        message = (
            f"{count} of {len(sources)} sources have no column {name} of one number a layer"
            f"{' in pixels' if name in SAMPLE_PIXELS else ''}: it is NULL in source_sample, and a "
            "column of another type or unit is in table_value"
        )
        draft.issue("warning", "column_missing", message, psf)


def _add_samples(draft: Draft, fit: Fit, sources: list[_Source], layers: int) -> None:
    """Add the samples of sources that have the same number of layers, in the order of the key."""
    ids = np.array([source.pampelmuse_id for source in sources], dtype=np.int64)
    samples: dict[str, object] = {
        "fit": np.full(layers * len(ids), fit.number),
        "layer": np.repeat(np.arange(layers, dtype=np.int32), len(ids)),
        "pampelmuse_id": np.tile(ids, layers),
    }
    wavelength_nm = fit.wavelengths(layers)
    summaries: list[tuple[int, str, Statistics]] = []
    for name in SAMPLE_COLUMNS:
        values = np.full((len(ids), layers), np.nan)
        for row, source in enumerate(sources):
            place = source.places.get(name)
            if place is not None:
                values[row] = source.table.values[place]
                nulls = source.table.nulls[place]
                if nulls is not None:
                    values[row, nulls] = np.nan
        samples[name] = values.reshape(-1, order="F")
        if layers and any(name in source.places for source in sources):
            found = by_window(values, wavelength_nm)
            summaries += [(window, name, statistics) for window, statistics in found]
    draft.out.add("source_sample", samples)
    if summaries:
        draft.out.add("source_summary", _summary_columns(fit, ids, summaries))


def _summary_columns(
    fit: Fit, ids: npt.NDArray[np.int64], summaries: list[tuple[int, str, Statistics]]
) -> dict[str, object]:
    """Return the statistics of each window and quantity, in the order of the windows."""
    ordered = sorted(summaries, key=lambda summary: summary[0])
    names = np.array([name for _, name, _ in ordered], dtype=object)
    columns: dict[str, object] = {
        "fit": np.full(len(ids) * len(ordered), fit.number),
        "pampelmuse_id": np.tile(ids, len(ordered)),
        "quantity": np.repeat(names, len(ids)),
        "wavelength_window_id": np.repeat([window for window, _, _ in ordered], len(ids)),
    }
    for statistic in ordered[0][2]:
        columns[statistic] = np.concatenate([found[statistic] for _, _, found in ordered])
    return columns
