"""What metrics are made from: the frames of a load, or the rows that are stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.exchange.frames import NormalizedExposure
from aomuse.metrics.compute import ExposureInputs
from aomuse.metrics.compute_fits import FitInputs
from aomuse.metrics.lasers import LaserSamples
from aomuse.metrics.maoppy import MaoppyProfile
from aomuse.metrics.metric import WAVELENGTHS_NM
from aomuse.models import Base, Exposure, PsfFit
from aomuse.muse.instrument import pixel_scale_arcsec

Floats = npt.NDArray[np.float64]

_QUANTITIES = ("r0_m", "l0_m", "seeing_arcsec", "strehl", "tur_gnd")
_PARAMETERS = dict.fromkeys(("fwhm", "beta", "e", *MaoppyProfile._fields))
#: Columns that are read of each table.
_COLUMNS = {
    "sparta_atm": ("lgs", "time_utc", *_QUANTITIES, "fwhm_gain"),
    "source": (),
    "psf_layer": ("layer", "wavelength_nm"),
    "psf_parameter": ("parameter", "layer", "value"),
}


@dataclass(frozen=True)
class FitLayers:
    """An analysis by layer: wavelengths in nm, NaN where unknown, and values by parameter."""

    id: int
    model: str
    wavelength_nm: Floats
    parameters: Mapping[str, Floats]

    def inputs(self, instrument_mode: str | None) -> FitInputs:
        """Return the parameters in the layers nearest to the wavelengths of the metrics."""
        scale = pixel_scale_arcsec(instrument_mode)
        known = self.wavelength_nm
        nearest: dict[tuple[str, int], float | None] = {}
        layer_nm: dict[int, float] = {}
        # Layers are equally spaced: the first two give the nearest one.
        if len(known) < 2 or not np.isfinite(known[:2]).all() or known[0] == known[1]:
            return FitInputs(scale, self.model, instrument_mode=instrument_mode)
        for wavelength in WAVELENGTHS_NM:
            with np.errstate(over="ignore"):
                place = (wavelength - known[0]) / (known[1] - known[0])
            layer = round(place) if abs(place) < len(known) else -1
            if 0 <= layer < len(known):
                layer_nm[wavelength] = float(known[layer])
                for name in _PARAMETERS:
                    values = self.parameters.get(name, np.empty(0))
                    nearest[name, wavelength] = (
                        float(values[layer]) if layer < len(values) else None
                    )
        return FitInputs(scale, self.model, nearest, layer_nm, instrument_mode)


def stored_inputs(
    connection: Connection,
    exposure_id: int,
    loaded: NormalizedExposure | None = None,
    fit_ids: Mapping[int, int] | None = None,
) -> tuple[ExposureInputs, list[FitLayers]]:
    """Return what an exposure's metrics are made from, and those of its analyses.

    Frames that were just stored, with psf_fit.id by local number, save reading the rows.
    """
    row = connection.execute(
        sa.select(*Exposure.__table__.c).where(Exposure.id == exposure_id)
    ).one()
    fits = connection.execute(
        sa.select(PsfFit.id, PsfFit.model)
        .where(PsfFit.exposure_id == exposure_id)
        .order_by(*PsfFit.moffat_first())
    ).all()
    if loaded is None:
        tables = _from_rows(connection, exposure_id, [fit.id for fit in fits])
        numbers = {fit.id: fit.id for fit in fits}
    else:
        tables = {table: _from_frames(loaded, table) for table in _COLUMNS}
        numbers = {psf_fit_id: number for number, psf_fit_id in (fit_ids or {}).items()}
    sources = len(_of_fit(tables["source"], numbers[fits[0].id])) if fits else None
    layers = [
        _layers(
            fit,
            _of_fit(tables["psf_layer"], numbers[fit.id]),
            _of_fit(tables["psf_parameter"], numbers[fit.id]),
        )
        for fit in fits
    ]
    samples = tables["sparta_atm"].reindex(columns=_COLUMNS["sparta_atm"])
    return _exposure_inputs(dict(row._mapping), sources, samples), layers


def _exposure_inputs(
    row: dict[str, Any], sources: int | None, samples: pd.DataFrame
) -> ExposureInputs:
    laser = samples["lgs"].to_numpy(np.int64)
    seconds = _seconds(samples["time_utc"], row["date_obs_utc"])
    values = {
        name: _finite(samples[name].to_numpy(np.float64)) for name in (*_QUANTITIES, "fwhm_gain")
    }
    lasers = {}
    for number in np.unique(laser).tolist():
        own = laser == number
        lasers[number] = LaserSamples(seconds[own], *(values[name][own] for name in _QUANTITIES))
    columns = (values[name] for name in ("tur_gnd", "fwhm_gain"))
    return ExposureInputs(row, sources, values["r0_m"], values["l0_m"], lasers, *columns)


def _from_rows(connection: Connection, exposure_id: int, fits: list[int]) -> dict[str, Any]:
    tables = {}
    for table, names in _COLUMNS.items():
        columns = Base.metadata.tables[table].c
        chosen = [columns[name] for name in names]
        if table == "sparta_atm":
            select = sa.select(*chosen).where(columns.exposure_id == exposure_id)
            select = select.order_by(columns.row_index, columns.lgs)
        else:
            fit = columns.psf_fit_id
            select = sa.select(fit.label("fit"), *chosen).where(fit.in_(fits))
        result = connection.execute(select)
        rows = [tuple(each) for each in result]
        tables[table] = pd.DataFrame(rows, columns=list(result.keys()))
    return tables


def _from_frames(loaded: NormalizedExposure, table: str) -> pd.DataFrame:
    frames = list(loaded.of(table)) or [pd.DataFrame({"fit": [], "lgs": []})]
    return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)


def _of_fit(frame: pd.DataFrame, number: int) -> pd.DataFrame:
    own = frame["fit"].to_numpy() == number
    return frame if own.all() else frame[own]


def _layers(fit: Any, layers: pd.DataFrame, parameters: pd.DataFrame) -> FitLayers:
    wavelengths = np.empty(0)
    if len(layers):
        wavelengths = _by_layer(*_arrays(layers, "wavelength_nm"))
    by_name = {}
    if len(parameters):
        places, values = _arrays(parameters, "value")
        codes, names = pd.factorize(parameters["parameter"])
        for code, name in enumerate(names):
            own = codes == code
            by_name[str(name)] = _by_layer(places[own], values[own], len(wavelengths))
    return FitLayers(fit.id, fit.model, wavelengths, by_name)


def _arrays(frame: pd.DataFrame, column: str) -> tuple[npt.NDArray[np.int64], Floats]:
    return frame["layer"].to_numpy(np.int64), frame[column].to_numpy(np.float64, na_value=np.nan)


def _by_layer(places: npt.NDArray[np.int64], values: Floats, layers: int = 0) -> Floats:
    """Return values in the order of their layers, NaN where there is none."""
    result = np.full(max(layers, int(places.max()) + 1), np.nan)
    result[places] = values
    return _finite(result)


def _finite(values: Floats) -> Floats:
    """Return the values, an infinity as NaN: the tables keep it elsewhere."""
    return np.where(np.isfinite(values), values, np.nan)


def _seconds(times: pd.Series[Any], start: Any) -> Floats:
    """Return seconds since the start; NaN where either is unknown."""
    if start is None or not len(times):
        return np.full(len(times), np.nan)
    since = pd.to_datetime(times).to_numpy().astype("datetime64[us]") - np.datetime64(start, "us")
    seconds = since.astype(np.float64) / 1e6
    seconds[np.isnat(since)] = np.nan
    return np.asarray(seconds)
