"""An exposure as frames: the order of the tables, and what is told of the whole."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from aomuse.exchange.content import ExposureContent, FileContent, FitContent
from aomuse.exchange.files import ImportedBlob
from aomuse.exchange.frames import NormalizedExposure
from aomuse.exchange.issue import Issue
from aomuse.normalize.column_store import generic_layout, store_columns
from aomuse.normalize.exposure_row import exposure_row
from aomuse.normalize.headers import normalize_files, normalize_headers, number_headers
from aomuse.normalize.homes import TELEMETRY
from aomuse.normalize.night_log import normalize_night_log
from aomuse.normalize.parameters import (
    PARAMETER_TABLES,
    Parameters,
    normalize_parameters,
    psf_parameters,
)
from aomuse.normalize.sources import layer_counts, normalize_sources
from aomuse.normalize.spectra import Floats, fit_wavelengths, wavelengths
from aomuse.normalize.telemetry import normalize_telemetry

_CHANNELS = [f"CHAN{i:02d}" for i in range(1, 25)]

#: Fingerprint of a table's layout by path and HDU.
_Layouts = dict[tuple[str, int], str]


def normalize(content: ExposureContent) -> NormalizedExposure:
    """Turn an exposure's files into frames, one for each table."""
    issues = list(content.issues)
    content = _refuse_strangers(content, issues)
    target, row = exposure_row(content, issues)
    out = NormalizedExposure(content.archive_id, target, row, failed=content.failed, issues=issues)
    files = content.files
    numbers = normalize_files(out, content, content.failed)
    headers = number_headers(files)

    # Layouts are known once the tables are, but headers come first for the database: the rows
    # of tables are made into an exposure of their own, and put behind the headers'.
    tables = replace(out, frames=[])
    layouts: _Layouts = {}
    models: set[tuple[str, str]] = set()
    for file in (*content.reduced, *content.companions):
        _normalize_others(tables, file, headers, layouts)
        if file.night_log:
            normalize_night_log(tables, file, numbers[file.path])
    if content.raw:
        _normalize_raw(tables, content.raw, headers, layouts)
    for number, fit in enumerate(content.fits):
        _normalize_fit(tables, number, fit, numbers, headers, layouts, models)
    normalize_headers(out, files, numbers, layouts)
    out.frames += tables.frames
    return out


def _refuse_strangers(content: ExposureContent, issues: list[Issue]) -> ExposureContent:
    """Leave out a source file whose layers are not those of its parameter file."""
    fits, failed = [], list(content.failed)
    for fit in content.fits:
        spectra = _wavelengths(fit, [])
        rows = layer_counts(fit.psf) if fit.psf else set()
        if fit.prm is None or fit.psf is None or spectra is None or rows <= {len(spectra)}:
            fits.append(fit)
            continue
        found = " and ".join(str(count) for count in sorted(rows))
        issues.append(
            Issue(
                "error",
                "layers_disagree",
                f"its sources have {found} layers, but "
                f"{fit.prm.name} has {len(spectra)}: the two files are not of one analysis; run "
                "PampelMuse again, or give the file that belongs here",
                fit.psf.path,
            )
        )
        failed.append(fit.psf.found)
        fits.append(replace(fit, psf=None))
    return replace(content, fits=tuple(fits), failed=tuple(failed))


def _wavelengths(fit: FitContent, issues: list[Issue]) -> Floats | None:
    if fit.wavelength_nm is not None:
        return fit.wavelength_nm
    if fit.prm is None or isinstance(fit.prm.found, ImportedBlob):
        return None
    return wavelengths(fit.prm, issues)


def _normalize_others(
    out: NormalizedExposure,
    file: FileContent,
    headers: dict[tuple[str, int], int],
    layouts: _Layouts,
) -> None:
    """Put the tables that have no layout yet into the column store."""
    for hdu in file.hdus:
        if hdu.table is not None and (file.path, hdu.index) not in layouts:
            layout = generic_layout(hdu)
            store_columns(out, headers[file.path, hdu.index], hdu.table, layout)
            layouts[file.path, hdu.index] = layout.fingerprint


def _normalize_raw(
    out: NormalizedExposure,
    raw: FileContent,
    headers: dict[tuple[str, int], int],
    layouts: _Layouts,
) -> None:
    seen: set[str] = set()
    for hdu in raw.hdus:
        if hdu.table is None:
            if hdu.name in TELEMETRY:
                out.issues.append(
                    Issue(
                        "error",
                        "wrong_type",
                        "it is not a table: its header is loaded, and there are no rows",
                        raw.path,
                        hdu.name,
                    )
                )
                seen.add(hdu.name)
            continue
        header = headers[raw.path, hdu.index]
        first = hdu.name not in seen
        seen.add(hdu.name)
        layout = normalize_telemetry(out, header, hdu, raw.path, first=first)
        layouts[raw.path, hdu.index] = layout.fingerprint
    missing = [name for name in TELEMETRY if name not in seen]
    channels = {hdu.name for hdu in raw.hdus}
    missing += [name for name in _CHANNELS if name not in channels]
    if missing:
        out.issues.append(
            Issue(
                "note",
                "extension_missing",
                f"the file has no {', '.join(missing)}: there are no rows for it",
                raw.path,
            )
        )


def _normalize_fit(
    out: NormalizedExposure,
    number: int,
    fit: FitContent,
    numbers: dict[str, int],
    headers: dict[tuple[str, int], int],
    layouts: _Layouts,
    models: set[tuple[str, str]],
) -> None:
    spectra = _wavelengths(fit, out.issues)
    parameters = psf_parameters(fit.prm, out.issues) if fit.prm else None
    layers = _layer_count(spectra, parameters, fit)
    model = _model(fit, parameters, models, out.issues)
    if spectra is not None and parameters and parameters.layers != len(spectra):
        out.issues.append(
            Issue(
                "error",
                "layers_disagree",
                f"polyfit has {parameters.layers} layers, but "
                f"SPECTRA has {len(spectra)}: both are loaded, layers without a wavelength have "
                "NULL; run PampelMuse again",
                fit.prm.path if fit.prm else None,
                "PSFPARS",
            )
        )
    out.add(
        "psf_fit",
        pd.DataFrame(
            {
                "fit": [number],
                **{
                    role: pd.array([numbers[file.path] if file else None], dtype="Int64")
                    for role, file in (
                        ("reduced_number", fit.reduced),
                        ("prm_number", fit.prm),
                        ("psf_number", fit.psf),
                    )
                },
                "name": [fit.name],
                "model": [model],
                "prm_file": pd.Series([fit.prm.name if fit.prm else fit.prm_name], dtype=object),
                "psf_file": pd.Series([fit.psf.name if fit.psf else None], dtype=object),
                "layer_count": pd.array([layers], dtype="Int64"),
            }
        ),
    )
    if layers:
        frame = pd.DataFrame({"fit": number, "layer": range(layers)})
        out.add("psf_layer", frame.assign(wavelength_nm=fit_wavelengths(spectra, layers)))
    if fit.prm:
        _normalize_prm(out, number, fit.prm, headers, layouts, spectra)
    if fit.psf:
        sources = normalize_sources(out, number, fit.psf, headers, spectra, model)
        for index, layout in sources.items():
            layouts[fit.psf.path, index] = layout.fingerprint


def _model(
    fit: FitContent,
    parameters: Parameters | None,
    taken: set[tuple[str, str]],
    issues: list[Issue],
) -> str:
    """Return the name of a fit's PSF model, which no other fit of the same cube has."""
    model = told = fit.model or (parameters.model if parameters else "unknown")
    number = 1
    while (fit.name, model) in taken:
        number += 1
        model = f"{told}_{number}"
    taken.add((fit.name, model))
    if number > 1:
        file = fit.prm or fit.psf
        issues.append(
            Issue(
                "warning",
                "model_twice",
                f"another analysis of the same cube has the model {told} too: this one is called "
                f"{model}; put them into folders named after what tells them apart",
                file.path if file else None,
            )
        )
    return model


def _normalize_prm(
    out: NormalizedExposure,
    fit: int,
    prm: FileContent,
    headers: dict[tuple[str, int], int],
    layouts: _Layouts,
    spectra: Floats | None,
) -> None:
    typed = [prm.hdu(name) for name in PARAMETER_TABLES]
    for hdu in typed:
        if hdu is not None and hdu.table is not None:
            header = headers[prm.path, hdu.index]
            layout = normalize_parameters(out, fit, header, hdu.name, hdu.table, spectra)
            layouts[prm.path, hdu.index] = layout.fingerprint
    # A second table of the same name has no typed home.
    _normalize_others(out, prm, headers, layouts)


def _layer_count(
    spectra: Floats | None, parameters: Parameters | None, fit: FitContent
) -> int | None:
    counts = [len(spectra)] if spectra is not None else []
    counts += [parameters.layers] if parameters else []
    counts += sorted(layer_counts(fit.psf)) if fit.psf else []
    return max(counts, default=None)
