"""What the report draws, read once through the frames and views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from aomuse.database import Database
from aomuse.metrics.registry import WAVELENGTHS_NM
from aomuse.query.frames.columns import FrameColumn, make_frame
from aomuse.query.frames.reading import columns_of, reading

#: What stands for a target or mode that the header does not tell.
UNKNOWN = "unknown"

_EXPOSURE_METRICS = (
    *("seeing", "seeing_los", "airmass", "sparta_iq_los_500nm"),
    *(f"iq_los_{wavelength}nm" for wavelength in WAVELENGTHS_NM),
)
_FIT_METRICS = tuple(f"{n}_{w}nm" for n in ("fwhm", "beta") for w in WAVELENGTHS_NM)
_LASER_METRICS = ("laser_on", "laser_samples", "strehl_mean", "strehl_min", "r0_mean", "l0_mean")

_SQL_TYPES: dict[str, Any] = {"time": sa.DateTime(), "flag": sa.Boolean()}
_KEYS = (
    FrameColumn("exposure_id", "count"),
    FrameColumn("psf_fit_id", "int"),
    FrameColumn("target", "text"),
    FrameColumn("instrument_mode", "text"),
    FrameColumn("date_obs_utc", "time"),
    FrameColumn("model", "text"),
    FrameColumn("wavelength_nm", "float"),
)


@dataclass(frozen=True)
class Content:
    """The warehouse, as far as the report shows it; rows in order of time.

    Parameters
    ----------
    exposures : DataFrame
        A row an exposure, of v_exposure with metrics of v_exposure_metrics.
    fits : DataFrame
        A row an analysis, of v_psf_fit_metrics.
    windows : DataFrame
        A row an analysis and window of wavelength, of v_psf_window (corrected).
    lasers : DataFrame
        A row an exposure and laser, of v_laser_metrics.
    predictions : DataFrame
        A row an exposure, analysis and wavelength, of v_psf_prediction.
    """

    exposures: pd.DataFrame
    fits: pd.DataFrame
    windows: pd.DataFrame
    lasers: pd.DataFrame
    predictions: pd.DataFrame

    @property
    def modes(self) -> list[str]:
        """Instrument modes, so that each has one colour on the whole page."""
        return sorted(self.exposures["mode"].unique())


def read_content(engine: Engine) -> Content:
    """Return what the report shows."""
    db = Database(engine)
    exposures = db.exposures().merge(
        db.metrics(*_EXPOSURE_METRICS)[["exposure_id", *_EXPOSURE_METRICS[3:], "seeing_los"]],
        on="exposure_id",
        how="left",
    )
    with reading(engine) as connection:
        windows = read_view(
            connection,
            "v_psf_window",
            (*_KEYS, FrameColumn("fwhm_arcsec", "float"), FrameColumn("beta", "float")),
            "version = 'corrected'",
        )
        predictions = read_view(
            connection,
            "v_psf_prediction",
            (
                *_KEYS,
                FrameColumn("predicted_fwhm_arcsec", "float"),
                FrameColumn("delivered_fwhm_arcsec", "float"),
                FrameColumn("predicted_beta", "float"),
                FrameColumn("delivered_beta", "float"),
            ),
        )
    return Content(
        _labelled(exposures),
        _labelled(db.metrics(*_FIT_METRICS, grain="psf_fit")),
        _labelled(_in_time(windows)),
        _labelled(db.metrics(*_LASER_METRICS, grain="laser")),
        _labelled(_in_time(predictions)),
    )


def read_view(
    connection: Connection, name: str, columns: Sequence[FrameColumn], where: str = ""
) -> pd.DataFrame:
    """Return columns of a view."""
    view = sa.table(name, *(sa.column(c.name, _SQL_TYPES.get(c.kind)) for c in columns))
    select = sa.select(view)
    if where:
        select = select.where(sa.text(where))
    return make_frame(columns, columns_of(connection.execute(select).all(), len(columns)))


def _in_time(frame: pd.DataFrame) -> pd.DataFrame:
    keys = ["date_obs_utc", "exposure_id", "psf_fit_id", "wavelength_nm"]
    return frame.sort_values(keys, ignore_index=True)


def _labelled(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with the names that charts use, none missing, and numbers that are finite."""
    numbers = frame.select_dtypes("float").columns
    # No axis has a place for an infinity.
    frame = frame.assign(**frame[numbers].replace([np.inf, -np.inf], np.nan))
    mode = frame["instrument_mode"].fillna(UNKNOWN).astype(object)
    return frame.assign(
        target=frame["target"].fillna(UNKNOWN).astype(object),
        mode=mode,
        field=mode.str[:3],
        time=frame["date_obs_utc"],
    )
