"""The data of the report, read once through frames and views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.metrics import WAVELENGTHS_NM, Grain
from aomuse.query.frames.columns import FrameColumn, make_frame
from aomuse.query.frames.comparisons import read_comparison
from aomuse.query.frames.exposures import read_exposures
from aomuse.query.frames.metrics import read_metrics
from aomuse.query.frames.reading import columns_of, joined

#: Shown for a target or mode that the header does not have.
UNKNOWN = "unknown"

#: The window of wavelength in which stars are compared over the field.
FIELD_WINDOW = "700-800 nm"

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
    """What the report shows; rows sorted by time."""

    #: v_exposure with metrics of v_exposure_metrics.
    exposures: pd.DataFrame
    #: v_psf_fit_metrics: a row for each analysis.
    fits: pd.DataFrame
    #: v_psf_window, version corrected: a row for each analysis and window of wavelength.
    windows: pd.DataFrame
    #: v_laser_metrics: a row for each exposure and laser.
    lasers: pd.DataFrame
    #: v_psf_prediction: a row for each exposure, analysis and wavelength.
    predictions: pd.DataFrame
    #: v_gain: a row for each wide-field analysis and wavelength.
    gains: pd.DataFrame
    #: v_residual: a row for each WFM-AO analysis and wavelength.
    residuals: pd.DataFrame
    #: v_strehl: a row for each narrow-field analysis with MAOPPY and wavelength.
    strehls: pd.DataFrame
    #: v_sensor: a row for each exposure.
    sensors: pd.DataFrame
    #: v_laser_ratio: a row for each exposure and laser.
    laser_ratios: pd.DataFrame
    #: v_psf_field at FIELD_WINDOW: a row for each analysis and PSF star.
    stars: pd.DataFrame
    #: v_isoplanatic: a row for each exposure with profiles.
    isoplanatic: pd.DataFrame

    @property
    def modes(self) -> list[str]:
        """All instrument modes, so that each has one colour on the whole page."""
        return sorted(self.exposures["mode"].unique())


def read_content(connection: Connection) -> Content:
    """Return what the report shows."""

    def metrics(names: Sequence[str], grain: Grain) -> pd.DataFrame:
        return joined(list(read_metrics(connection, names, grain, {})))

    def compared_by(name: str, **only: str) -> pd.DataFrame:
        return _labelled(joined(list(read_comparison(connection, name, (), {}, **only))))

    of_exposures = metrics(_EXPOSURE_METRICS, "exposure")
    exposures = joined(list(read_exposures(connection, {}))).merge(
        of_exposures[["exposure_id", *_EXPOSURE_METRICS[3:], "seeing_los"]],
        on="exposure_id",
        how="left",
    )
    delivered = ("fwhm_arcsec", "beta")
    compared = [f"{which}_{name}" for name in delivered for which in ("predicted", "delivered")]
    corrected = sa.text("version = 'corrected'")
    in_windows = (*delivered, "fwhm_standard_deviation_arcsec", "sparta_iq_arcsec")
    windows = _read_view(connection, "v_psf_window", in_windows, corrected)
    predictions = _read_view(connection, "v_psf_prediction", compared, sa.true())
    return Content(
        _labelled(exposures),
        _labelled(metrics(_FIT_METRICS, "psf_fit")),
        _labelled(windows),
        _labelled(metrics(_LASER_METRICS, "laser")),
        _labelled(predictions),
        compared_by("gain"),
        compared_by("residual"),
        compared_by("strehl"),
        compared_by("sensors"),
        compared_by("lasers"),
        compared_by("field", wavelength_window=FIELD_WINDOW),
        compared_by("isoplanatic"),
    )


def _read_view(
    connection: Connection,
    name: str,
    numbers: Sequence[str],
    where: sa.ColumnElement[bool] | sa.TextClause,
) -> pd.DataFrame:
    """Return the keys and some numbers of a view, sorted by time."""
    columns = (*_KEYS, *(FrameColumn(number, "float") for number in numbers))
    view = sa.table(name, *(sa.column(c.name, _SQL_TYPES.get(c.kind)) for c in columns))
    rows = connection.execute(sa.select(view).where(where)).all()
    frame = make_frame(columns, columns_of(rows, len(columns)))
    keys = ["date_obs_utc", "exposure_id", "psf_fit_id", "wavelength_nm"]
    return frame.sort_values(keys, ignore_index=True)


def _labelled(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with the names that charts use, and with finite numbers only."""
    numbers = frame.select_dtypes("float").columns
    # An infinity has no place on an axis.
    frame = frame.assign(**frame[numbers].replace([np.inf, -np.inf], np.nan))
    mode = frame["instrument_mode"].fillna(UNKNOWN).astype(object)
    return frame.assign(
        target=frame["target"].fillna(UNKNOWN).astype(object),
        mode=mode,
        field=mode.str[:3],
        time=frame["date_obs_utc"],
    )
