"""The frame of the PSF by layer: a column for each parameter."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from aomuse.errors import AomuseError
from aomuse.models import Exposure, PsfFit, PsfParameter
from aomuse.muse.instrument import pixel_scale_arcsec
from aomuse.query.frames.columns import FrameColumn, make_frame
from aomuse.query.frames.filters import Filters, exposure_ids
from aomuse.query.frames.reading import batches, by_size, reading
from aomuse.stored.by_layer import Owner, read_by_layer, read_layers, read_owners
from aomuse.stored.special import SpecialValues, Values
from aomuse.suggest import unknown

#: Lowest and highest wavelength, nm, both included; None for no limit.
Wavelengths = tuple[float | None, float | None]

_KEYS = (
    FrameColumn("psf_fit_id", "count"),
    FrameColumn("exposure_id", "count"),
    FrameColumn("model", "text"),
    FrameColumn("layer", "count"),
    FrameColumn("wavelength_nm", "float", "nm"),
)
_UNITS = {
    "fwhm": "pix",
    "theta": "rad",
    # Of MAOPPY.
    "r0": "m",
    "alpha": "1 / m",
    "amp": "rad2",
    "bck": "m2 rad2",
}
#: Layers of a fit whose number of layers is not known.
_USUAL_LAYERS = 4000


@dataclass(frozen=True)
class Fit:
    """An analysis: its number, exposure, PSF model, layers and pixel scale."""

    id: int
    exposure_id: int
    model: str
    layers: int
    pixel_arcsec: float


def read_psf(
    engine: Engine, names: Sequence[str], wavelength: Wavelengths | None, filters: Filters
) -> Iterator[pd.DataFrame]:
    """Yield PSF parameters, exposures sorted by time."""
    low, high = check_wavelength(wavelength)
    with reading(engine) as connection:
        fits = fits_of(connection, exposure_ids(connection, filters))
        owners = _owners(connection, fits)
        known = _in_order({name for _, name in owners})
        by_fit: dict[int, list[str]] = defaultdict(list)
        for number, name in owners:
            by_fit[number].append(name)
        strangers = [name for name in names if name not in known]
        if strangers:
            # Other analyses may have it: then these have no value, and that is not a mistake.
            everywhere = list(connection.scalars(sa.select(PsfParameter.parameter).distinct()))
            for name in strangers:
                if name not in everywhere:
                    raise AomuseError(unknown("no PSF has a parameter", name, everywhere))
        shown = list(names) or known
        taken = {column.name for column in _KEYS}
        columns = [
            *_KEYS,
            *(
                FrameColumn(f"{p}_2" if p in taken else p, "float", _UNITS.get(p, ""))
                for p in shown
            ),
            *([FrameColumn("fwhm_arcsec", "float", "arcsec")] if "fwhm" in shown else []),
        ]
        # Of a range of wavelengths each analysis has few layers.
        share = 1 if low is None and high is None else 4
        for part in by_size(fits, lambda fit: fit.layers // share):
            exposures = {fit.exposure_id for fit in part}
            special = SpecialValues(connection, exposures, "psf_layer", "psf_parameter")
            layers = layers_of(connection, special, part, low, high)
            of_part = [(fit.id, p) for fit in part for p in by_fit[fit.id] if p in shown]
            yield make_frame(columns, _cells(connection, special, part, shown, layers, of_part))


def check_wavelength(wavelength: Any) -> Wavelengths:
    """Return the limits of a range of wavelengths."""
    if wavelength is None:
        return None, None
    try:
        low, high = (None if limit is None else float(limit) for limit in wavelength)
    except (TypeError, ValueError) as error:
        raise AomuseError(
            f"wavelength is {wavelength!r}: give the lowest and the highest in nm, "
            "such as wavelength=(700, 800)"
        ) from error
    return low, high


def fits_of(connection: Connection, ids: Sequence[int]) -> list[Fit]:
    """Return the analyses of exposures, in their order."""
    place = {number: i for i, number in enumerate(ids)}
    columns = (PsfFit.id, PsfFit.exposure_id, PsfFit.model, PsfFit.layer_count)
    select = sa.select(*columns, Exposure.instrument_mode).join(Exposure)
    found = [
        Fit(number, exposure, model, layers or _USUAL_LAYERS, pixel_scale_arcsec(mode) or np.nan)
        for part in batches(ids)
        for number, exposure, model, layers, mode in connection.execute(
            select.where(PsfFit.exposure_id.in_(part))
        )
    ]
    return sorted(found, key=lambda fit: (place[fit.exposure_id], fit.id))


def layers_of(
    connection: Connection,
    special: SpecialValues,
    fits: Sequence[Fit],
    low: float | None,
    high: float | None,
) -> dict[str, Values]:
    """Return the layers of analyses: place of the analysis, layer and wavelength."""
    ids = [fit.id for fit in fits]
    rows = read_layers(connection, special, {fit.id: fit.layers for fit in fits})
    place = pd.Index(ids).get_indexer(pd.Index(rows["psf_fit_id"]))
    order = np.argsort(place, kind="stable")
    # NaN is in no range.
    if low is not None:
        order = order[rows["wavelength_nm"][order] >= low]
    if high is not None:
        order = order[rows["wavelength_nm"][order] <= high]
    return {name: values[order] for name, values in (rows | {"fit": place}).items()}


def parameters_of(connection: Connection, fits: Sequence[Fit]) -> list[str]:
    """Return the names of the parameters, those of the Moffat model first."""
    return _in_order({name for _, name in _owners(connection, fits)})


def _owners(connection: Connection, fits: Sequence[Fit]) -> list[Owner]:
    ids = [fit.id for fit in fits]
    return [owner for part in batches(ids) for owner in read_owners(connection, part)]


def _in_order(names: set[str]) -> list[str]:
    moffat = [name for name in ("fwhm", "beta", "e", "theta") if name in names]
    return [*moffat, *sorted(names.difference(moffat))]


def _cells(
    connection: Connection,
    special: SpecialValues,
    fits: list[Fit],
    shown: list[str],
    layers: dict[str, Values],
    owners: list[Owner],
) -> list[Any]:
    """Return fit, exposure, model, layer, wavelength, each parameter, and the FWHM in arcsec."""
    count = len(layers["layer"])
    cells = {name: np.full(count, np.nan) for name in shown}
    # Where the layers of each analysis begin, and end.
    starts = np.searchsorted(layers["fit"], np.arange(len(fits) + 1)).tolist()
    bounds = dict(zip([f.id for f in fits], itertools.pairwise(starts), strict=True))
    asked = {number: layers["layer"][start:stop] for number, (start, stop) in bounds.items()}
    for (number, name), found, values in read_by_layer(connection, special, owners, asked):
        start, stop = bounds[number]
        own = asked[number]
        if np.array_equal(found, own):
            cells[name][start:stop] = values
            continue
        place = np.searchsorted(own, found)
        known = place < len(own)
        known[known] = own[place[known]] == found[known]
        cells[name][start + place[known]] = values[known]
    fit = layers["fit"]
    result = [
        layers["psf_fit_id"],
        np.array([f.exposure_id for f in fits], dtype=np.int64)[fit],
        pd.array([f.model for f in fits], dtype="string").take(fit),
        layers["layer"],
        layers["wavelength_nm"],
        *cells.values(),
    ]
    if "fwhm" in shown:
        result.append(cells["fwhm"] * np.array([f.pixel_arcsec for f in fits])[fit])
    return result
