"""The frame of the PSF by layer: a column for each parameter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from aomuse.errors import AomuseError
from aomuse.models import Exposure, PsfFit, PsfLayer, PsfParameter
from aomuse.muse.instrument import pixel_scale_arcsec
from aomuse.query.frames.columns import FrameColumn, make_frame
from aomuse.query.frames.filters import Filters, exposure_ids
from aomuse.query.frames.reading import BATCH_IDS, FETCH_ROWS, batches, fetched, reading
from aomuse.query.frames.special import Specials
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
_UNITS = {"fwhm": "pix", "theta": "rad"}
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
    """Yield PSF parameters, exposures in order of time."""
    low, high = check_wavelength(wavelength)
    with reading(engine) as connection:
        fits = fits_of(connection, exposure_ids(connection, filters))
        known = _parameters(connection, fits)
        strangers = [name for name in names if name not in known]
        if strangers:
            # Other analyses may have it: then these have no value, and it is no mistake.
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
        limited = low is not None or high is not None
        for part in _parts(fits, FETCH_ROWS * (4 if limited else 1)):
            layers = layers_of(connection, part, low, high)
            cells = _cells(connection, part, shown, layers)
            yield make_frame(columns, cells)


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
    found: list[Fit] = []
    for part in batches(ids):
        rows = connection.execute(
            sa.select(
                *(PsfFit.id, PsfFit.exposure_id, PsfFit.model, PsfFit.layer_count),
                Exposure.instrument_mode,
            )
            .join(Exposure, Exposure.id == PsfFit.exposure_id)
            .where(PsfFit.exposure_id.in_(part))
        )
        found += [
            Fit(
                number, exposure, model, layers or _USUAL_LAYERS, pixel_scale_arcsec(mode) or np.nan
            )
            for number, exposure, model, layers, mode in rows
        ]
    return sorted(found, key=lambda fit: (place[fit.exposure_id], fit.id))


def layers_of(
    connection: Connection, fits: Sequence[Fit], low: float | None, high: float | None
) -> pd.DataFrame:
    """Return the layers of analyses, with their wavelengths."""
    select = sa.select(PsfLayer.psf_fit_id, PsfLayer.layer, PsfLayer.wavelength_nm).where(
        PsfLayer.psf_fit_id.in_([fit.id for fit in fits])
    )
    if low is not None:
        select = select.where(PsfLayer.wavelength_nm >= low)
    if high is not None:
        select = select.where(PsfLayer.wavelength_nm <= high)
    fit, layer, wavelength = fetched(connection, select)
    return pd.DataFrame(
        {
            "psf_fit_id": np.asarray(fit, dtype=np.int64),
            "layer": np.asarray(layer, dtype=np.int64),
            "wavelength_nm": np.asarray(wavelength, dtype=np.float64),
        }
    )


def _parameters(connection: Connection, fits: Sequence[Fit]) -> list[str]:
    """Return the names of the parameters, those of the Moffat model first."""
    found: set[str] = set()
    for part in batches([fit.id for fit in fits]):
        select = sa.select(PsfParameter.parameter).where(PsfParameter.psf_fit_id.in_(part))
        found |= set(connection.scalars(select.distinct()))
    moffat = [name for name in ("fwhm", "beta", "e", "theta") if name in found]
    return [*moffat, *sorted(found.difference(moffat))]


def _parts(fits: Sequence[Fit], most: int) -> Iterator[list[Fit]]:
    """Yield analyses of together a moderate number of layers; none once where there are none."""
    part: list[Fit] = []
    rows = 0
    for fit in fits:
        if part and (rows + fit.layers > most or len(part) >= BATCH_IDS):
            yield part
            part, rows = [], 0
        part, rows = [*part, fit], rows + fit.layers
    yield part


def _cells(
    connection: Connection, fits: list[Fit], shown: list[str], layers: pd.DataFrame
) -> list[Any]:
    """Return fit, exposure, model, layer, wavelength, each parameter, and the FWHM in arcsec."""
    ids = [fit.id for fit in fits]
    select = sa.select(
        PsfParameter.psf_fit_id, PsfParameter.parameter, PsfParameter.layer, PsfParameter.value
    ).where(PsfParameter.psf_fit_id.in_(ids), PsfParameter.parameter.in_(shown))
    if len(layers):
        first, last = int(layers["layer"].min()), int(layers["layer"].max())
        select = select.where(PsfParameter.layer.between(first, last))
    fit, parameter, layer, value = fetched(connection, select)
    values = np.asarray(value, dtype=np.float64)
    keys = [
        np.asarray(fit, dtype=np.int64),
        np.asarray(parameter, dtype=object),
        np.asarray(layer, dtype=np.int64),
    ]
    exposure_of = {f.id: f.exposure_id for f in fits}
    Specials(connection, list(set(exposure_of.values())), "psf_parameter").apply(
        "value", keys, values
    )
    order = {number: place for place, number in enumerate(ids)}
    layers = layers.assign(place=layers["psf_fit_id"].map(order)).sort_values(["place", "layer"])
    row_of = pd.MultiIndex.from_arrays([layers["psf_fit_id"], layers["layer"]])
    place = np.empty(0, dtype=np.int64)
    if len(values):
        place = row_of.get_indexer(pd.MultiIndex.from_arrays([keys[0], keys[2]]))
    cells = []
    for name in shown:
        ours = (keys[1] == name) & (place >= 0) if len(values) else slice(0)
        column = np.full(len(layers), np.nan)
        column[place[ours]] = values[ours]
        cells.append(column)
    number = layers["psf_fit_id"].to_numpy()
    models = pd.array([f.model for f in fits], dtype="string")
    result = [
        number,
        np.array([exposure_of[f] for f in number.tolist()], dtype=np.int64),
        models.take(layers["place"].to_numpy(np.int64)),
        layers["layer"].to_numpy(),
        layers["wavelength_nm"].to_numpy(),
        *cells,
    ]
    if "fwhm" in shown:
        scale = {f.id: f.pixel_arcsec for f in fits}
        arcsec = np.array([scale[f] for f in number.tolist()], dtype=np.float64)
        result.append(cells[shown.index("fwhm")] * arcsec)
    return result
