"""Analyses as rows: psf_fit, psf_layer and the parameters by layer; then their sources."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from aomuse.exchange.content import FileContent, TableContent
from aomuse.exchange.stored_in import StoredIn
from aomuse.muse.psf_models import PROFILE_KEYWORD, model_of
from aomuse.normalize.draft import Draft
from aomuse.normalize.extracted_sources import add_extracted_sources
from aomuse.normalize.fit import Fit, Floats, Parameters, read_parameters
from aomuse.normalize.sources import add_sources
from aomuse.normalize.summary import Statistics, by_window

#: Typed home of each table that holds a parameter a row.
_HOMES = {"PSFPARS": "psf_parameter", "POSPARS": "position_parameter"}

#: Vector columns with a typed home: the smooth value, and the one fitted to the layer.
_VALUE_COLUMNS = {"polyfit": "value", "fit": "fit_value"}


def add_fits(draft: Draft, fits: list[Fit]) -> None:
    """Add the rows of all analyses."""
    taken: set[tuple[str, str]] = set()
    models: list[str] = []
    for fit in fits:
        draft.out.issues += fit.issues
        models.append(_model(draft, fit, taken))
    ranks = _ranks(draft, fits, models)
    for fit, model, rank in zip(fits, models, ranks, strict=True):
        _add_fit(draft, fit, model, rank)
        if fit.content.prm:
            _add_parameters(draft, fit, fit.content.prm)
            add_extracted_sources(draft, fit, fit.content.prm)
        if fit.content.psf:
            add_sources(draft, fit, fit.content.psf, model)


def _ranks(draft: Draft, fits: list[Fit], models: list[str]) -> list[int]:
    """Return the place of each analysis: the first cube's first, of these Moffat's first."""
    cubes = [cube.path for cube in draft.content.reduced]

    def place(number: int) -> tuple[int, bool, int]:
        cube = fits[number].content.reduced
        first = cubes.index(cube.path) if cube and cube.path in cubes else len(cubes)
        return first, models[number] != "moffat", number

    order = sorted(range(len(fits)), key=place)
    return [order.index(number) + 1 for number in range(len(fits))]


def _model(draft: Draft, fit: Fit, taken: set[tuple[str, str]]) -> str:
    """Return the name of a fit's PSF model, which no other fit of the same cube has."""
    name, profile = fit.content.name, fit.profile()
    named = {
        "its folder": fit.content.model,
        "the parameters' names": model_of(fit.parameters.names) if fit.parameters else None,
    }
    others = {where: model for where, model in named.items() if model not in (None, "unknown")}
    own = profile or next(iter(others.values()), None) or "unknown"
    for where, other in others.items():
        if profile and other and other not in profile:
            message = (
                f"{PROFILE_KEYWORD} is {profile}, and by {where} it is {other}: {profile} is "
                "taken; correct the one that is wrong"
            )
            draft.issue("warning", "model_disagrees", message, fit.content.prm or fit.content.psf)
    model, number = own, 1
    while (name, model) in taken:
        number += 1
        model = f"{own}_{number}"
    taken.add((name, model))
    if number > 1:
        message = (
            f"another analysis of the same cube has the model {own} too: this one is called "
            f"{model}; put them into folders named after what distinguishes them"
        )
        draft.issue("warning", "model_twice", message, fit.content.prm or fit.content.psf)
    return model


def _add_fit(draft: Draft, fit: Fit, model: str, rank: int) -> None:
    content, layers = fit.content, fit.layer_count()
    wavelengths = fit.wavelengths(layers or 0)
    first, step = _first_and_step(wavelengths)
    if (
        fit.wavelength_nm is not None
        and fit.parameters
        and fit.parameters.layers != len(fit.wavelength_nm)
    ):
        message = (
            f"polyfit has {fit.parameters.layers} layers, but SPECTRA has "
            f"{len(fit.wavelength_nm)}: both are loaded, layers without a wavelength have NULL; "
            "run PampelMuse again"
        )
        draft.issue("error", "layers_disagree", message, content.prm, "PSFPARS")
    files = {"reduced": content.reduced, "prm": content.prm, "psf": content.psf}
    numbers = {
        f"{role}_number": pd.array([draft.file_numbers[f.path] if f else None], dtype="Int64")
        for role, f in files.items()
    }
    prm_name = content.prm.name if content.prm else content.prm_name
    psf_name = content.psf.name if content.psf else None
    texts = {"name": content.name, "model": model, "prm_file": prm_name, "psf_file": psf_name}
    row = {
        "fit": np.array([fit.number]),
        **numbers,
        **{name: np.array([text], dtype=object) for name, text in texts.items()},
        "fit_rank": np.array([rank]),
        "layer_count": pd.array([layers], dtype="Int64"),
        "first_wavelength_nm": np.array([first]),
        "wavelength_step_nm": np.array([step]),
    }
    draft.out.add("psf_fit", row)
    if layers:
        rows = {"fit": np.full(layers, fit.number), "layer": np.arange(layers, dtype=np.int32)}
        draft.out.add("psf_layer", rows | {"wavelength_nm": wavelengths})


def _first_and_step(wavelengths: Floats) -> tuple[float, float]:
    """Return the wavelength of the first layer and the way to the next, NaN where unknown."""
    known = np.full(2, np.nan)
    known[: len(wavelengths)] = wavelengths[:2]
    with np.errstate(over="ignore", invalid="ignore"):
        found = np.array([known[0], known[1] - known[0]])
    # Zero has no sign here: that is for what a file says, and this is derived.
    first, step = np.where(np.isfinite(found), found, np.nan) + 0.0
    return float(first), float(step)


def _add_parameters(draft: Draft, fit: Fit, prm: FileContent) -> None:
    for extension, home in _HOMES.items():
        hdu = prm.hdu(extension)
        if hdu is None or hdu.table is None:
            continue
        is_psf = extension == "PSFPARS"
        parameters = fit.psfpars if is_psf else read_parameters(hdu.table)
        if not isinstance(parameters, Parameters):
            draft.store_table(prm, hdu, {})
            continue
        draft.store_table(prm, hdu, _places(hdu.table, parameters, home))
        draft.out.add(home, _columns(fit, parameters))
        if is_psf:
            known = fit.wavelengths(parameters.layers)
            windows = [*by_window(parameters.values["polyfit"], known)]
            if windows:
                draft.out.add("psf_parameter_summary", _summary_columns(fit, parameters, windows))
    # A second table of the same name has no typed home.
    draft.store_other_tables(prm)


def _places(table: TableContent, parameters: Parameters, home: str) -> dict[int, str]:
    places = {}
    for column in parameters.values:
        place = table.index(column)
        assert place is not None
        places[place] = str(StoredIn(home, _VALUE_COLUMNS[column]))
    return places


def _columns(fit: Fit, parameters: Parameters) -> dict[str, Any]:
    count, layers = len(parameters.names), parameters.layers
    return {
        "fit": np.full(count * layers, fit.number),
        "parameter": np.repeat(np.array(parameters.names, dtype=object), layers),
        "layer": np.tile(np.arange(layers, dtype=np.int32), count),
        **{_VALUE_COLUMNS[name]: v.reshape(-1) for name, v in parameters.values.items()},
    }


def _summary_columns(
    fit: Fit, parameters: Parameters, windows: list[tuple[int, Statistics]]
) -> dict[str, Any]:
    count = len(parameters.names)
    columns = {
        "fit": np.full(count * len(windows), fit.number),
        "parameter": np.tile(np.array(parameters.names, dtype=object), len(windows)),
        "wavelength_window_id": np.repeat([window for window, _ in windows], count),
    }
    for statistic in windows[0][1]:
        columns[statistic] = np.concatenate([found[statistic] for _, found in windows])
    return columns
