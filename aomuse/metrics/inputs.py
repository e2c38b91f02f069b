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
from aomuse.metrics import Facts, FitFacts, LaserSamples
from aomuse.metrics.registry import WAVELENGTHS_NM
from aomuse.models import Exposure, PsfFit, PsfLayer, PsfParameter, Source, SpartaAtm
from aomuse.muse.instrument import pixel_scale_arcsec

Floats = npt.NDArray[np.float64]

_QUANTITIES = ("r0_m", "l0_m", "seeing_arcsec", "strehl")
_PARAMETERS = ("fwhm", "beta", "e")


@dataclass(frozen=True)
class FitInputs:
    """One analysis.

    Parameters
    ----------
    id : int
        psf_fit.id.
    model : str
        PSF model.
    wavelength_nm : ndarray
        Of each layer, nm; NaN where unknown.
    parameters : mapping
        Values by the parameter's name, one a layer.
    """

    id: int
    model: str
    wavelength_nm: Floats
    parameters: Mapping[str, Floats]

    def facts(self, instrument_mode: str | None) -> FitFacts:
        """Return the parameters in the layers nearest to the wavelengths of the metrics."""
        scale = pixel_scale_arcsec(instrument_mode)
        known = self.wavelength_nm
        # Layers are equally spaced: the first two tell which one is nearest.
        if len(known) < 2 or not np.isfinite(known[:2]).all() or known[0] == known[1]:
            return FitFacts(scale, self.model)
        step = known[1] - known[0]
        found: dict[tuple[str, int], float | None] = {}
        for wavelength in WAVELENGTHS_NM:
            layer = round((wavelength - known[0]) / step)
            for name in _PARAMETERS:
                values = self.parameters.get(name, np.empty(0))
                found[name, wavelength] = float(values[layer]) if 0 <= layer < len(values) else None
        return FitFacts(scale, self.model, found)


@dataclass(frozen=True)
class Inputs:
    """One exposure.

    Parameters
    ----------
    row : mapping
        Columns of ``exposure``.
    sources : int or None
        Sources of its Moffat analysis, else of its first one; None where there is none.
    samples : DataFrame
        lgs, time_utc, r0_m, l0_m, seeing_arcsec and strehl, by time and laser.
    fits : list of FitInputs
        Its analyses.
    """

    row: Mapping[str, Any]
    sources: int | None
    samples: pd.DataFrame
    fits: list[FitInputs]

    def facts(self) -> Facts:
        """Return what the metrics of the exposure are made from."""
        laser = self.samples["lgs"].to_numpy(np.int64)
        seconds = _seconds(self.samples["time_utc"], self.row["date_obs_utc"])
        values = {name: _finite(self.samples[name].to_numpy(np.float64)) for name in _QUANTITIES}
        lasers = {}
        for number in np.unique(laser).tolist():
            ours = laser == number
            lasers[number] = LaserSamples(
                seconds[ours], *(values[name][ours] for name in _QUANTITIES)
            )
        return Facts(self.row, self.sources, values["r0_m"], values["l0_m"], lasers)


def stored_inputs(
    connection: Connection, exposure_id: int, loaded: NormalizedExposure | None = None
) -> Inputs:
    """Return what an exposure's metrics are made from."""
    row = connection.execute(
        sa.select(*Exposure.__table__.c).where(Exposure.id == exposure_id)
    ).one()
    fits = connection.execute(
        sa.select(PsfFit.id, PsfFit.name, PsfFit.model)
        .where(PsfFit.exposure_id == exposure_id)
        .order_by(*PsfFit.moffat_first())
    ).all()
    ids = [fit.id for fit in fits]
    if loaded is None:
        tables = _from_rows(connection, exposure_id, ids)
    else:
        tables = _from_frames(loaded, {(fit.name, fit.model): fit.id for fit in fits})
    sources = len(_of_fit(tables["source"], ids[0])) if ids else None
    inputs = [
        _fit(fit, _of_fit(tables["psf_layer"], fit.id), _of_fit(tables["psf_parameter"], fit.id))
        for fit in fits
    ]
    samples = tables["sparta_atm"].reindex(columns=["lgs", "time_utc", *_QUANTITIES])
    return Inputs(dict(row._mapping), sources, samples, inputs)


def _from_rows(connection: Connection, exposure_id: int, fits: list[int]) -> dict[str, Any]:
    selects: dict[str, sa.Select[*tuple[Any, ...]]] = {
        "sparta_atm": sa.select(
            SpartaAtm.lgs,
            SpartaAtm.time_utc,
            SpartaAtm.r0_m,
            SpartaAtm.l0_m,
            SpartaAtm.seeing_arcsec,
            SpartaAtm.strehl,
        )
        .where(SpartaAtm.exposure_id == exposure_id)
        .order_by(SpartaAtm.row_index, SpartaAtm.lgs),
        "source": sa.select(Source.psf_fit_id).where(Source.psf_fit_id.in_(fits)),
        "psf_layer": sa.select(PsfLayer.psf_fit_id, PsfLayer.layer, PsfLayer.wavelength_nm).where(
            PsfLayer.psf_fit_id.in_(fits)
        ),
        "psf_parameter": sa.select(
            PsfParameter.psf_fit_id,
            PsfParameter.parameter,
            PsfParameter.layer,
            PsfParameter.value,
        ).where(PsfParameter.psf_fit_id.in_(fits)),
    }
    tables = {}
    for table, select in selects.items():
        result = connection.execute(select)
        rows = [tuple(each) for each in result]
        tables[table] = pd.DataFrame(rows, columns=list(result.keys()))
    return tables


def _from_frames(
    loaded: NormalizedExposure, ids: Mapping[tuple[str, str], int]
) -> dict[str, pd.DataFrame]:
    local: dict[int, int] = {}
    for frame in loaded.of("psf_fit"):
        names = zip(frame["name"].tolist(), frame["model"].tolist(), strict=True)
        local |= zip(frame["fit"].tolist(), (ids[name] for name in names), strict=True)
    tables: dict[str, pd.DataFrame] = {}
    for table in ("sparta_atm", "source", "psf_layer", "psf_parameter"):
        frames = list(loaded.of(table))
        frame = frames[0] if frames else pd.DataFrame({"fit": [], "lgs": []})
        if len(frames) > 1:
            frame = pd.concat(frames, ignore_index=True)
        if table != "sparta_atm":
            fits = frame["fit"].to_numpy()
            ids_of = np.full(int(fits.max()) + 1 if len(fits) else 0, -1, dtype=np.int64)
            for number, fit in local.items():
                if number < len(ids_of):
                    ids_of[number] = fit
            frame = frame.assign(psf_fit_id=ids_of[fits.astype(np.int64)])
        tables[table] = frame
    return tables


def _of_fit(frame: pd.DataFrame, fit: int) -> pd.DataFrame:
    fits = frame["psf_fit_id"].to_numpy()
    ours = fits == fit
    return frame if ours.all() else frame[ours]


def _fit(fit: Any, layers: pd.DataFrame, parameters: pd.DataFrame) -> FitInputs:
    wavelengths = np.empty(0)
    if len(layers):
        places = layers["layer"].to_numpy(np.int64)
        values = layers["wavelength_nm"].to_numpy(np.float64, na_value=np.nan)
        wavelengths = _by_layer(places, values, 0)
    found = {}
    if len(parameters):
        codes, names = pd.factorize(parameters["parameter"])
        places = parameters["layer"].to_numpy(np.int64)
        values = parameters["value"].to_numpy(np.float64, na_value=np.nan)
        for code, name in enumerate(names):
            ours = codes == code
            found[str(name)] = _by_layer(places[ours], values[ours], len(wavelengths))
    return FitInputs(fit.id, fit.model, wavelengths, found)


def _by_layer(places: npt.NDArray[np.int64], values: Floats, layers: int) -> Floats:
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
