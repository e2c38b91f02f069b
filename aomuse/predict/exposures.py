"""Predict the PSF of every exposure that has none yet, one transaction an exposure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine

from aomuse.db import write_transaction
from aomuse.models import Exposure, PsfPrediction, PsfPredictionLayer
from aomuse.predict.psfr import PACKAGE, Reconstruction, package_version, reconstruct
from aomuse.predict.sparta import sparta_table
from aomuse.schema import require_head


@dataclass(frozen=True)
class Predicted:
    """What came of one exposure: its name, and why there is no prediction."""

    label: str
    reason: str | None


def predict(engine: Engine, *, recompute: bool = False, workers: int = 1) -> Iterator[Predicted]:
    """Predict the PSF of each exposure from its stored telemetry.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        A database at the head revision.
    recompute : bool, optional
        Also exposures that have a prediction.
    workers : int, optional
        Processes.

    Yields
    ------
    Predicted
        Each exposure, once its rows are committed.

    Raises
    ------
    ConfigurationError
        If muse-psfr is not installed.
    SchemaError
        If the database is not at the head revision.
    """
    require_head(engine)
    made_with = package_version()
    todo = (
        sa.select(Exposure.id, Exposure.archive_id, Exposure.instrument_mode)
        .outerjoin(PsfPrediction, PsfPrediction.exposure_id == Exposure.id)
        .order_by(Exposure.id)
    )
    if not recompute:
        todo = todo.where(PsfPrediction.exposure_id.is_(None))
    with engine.connect() as connection:
        exposures = connection.execute(todo).all()
    for exposure in exposures:
        found = _prediction(engine, exposure, workers)
        reason = found if isinstance(found, str) else None
        row: dict[str, Any] = {
            "exposure_id": exposure.id,
            "package": PACKAGE,
            "package_version": made_with,
            "predicted_utc": dt.datetime.now(dt.UTC).replace(tzinfo=None),
            "reason": reason,
        }
        if isinstance(found, Reconstruction):
            row |= {
                "sparta_row_count": found.row_count,
                "seeing_arcsec": found.seeing_arcsec,
                "ground_layer_fraction": found.ground_layer_fraction,
                "l0_m": found.l0_m,
            }
        with write_transaction(engine) as connection:
            connection.execute(
                sa.delete(PsfPrediction).where(PsfPrediction.exposure_id == exposure.id)
            )
            connection.execute(sa.insert(PsfPrediction).values(row))
            if isinstance(found, Reconstruction):
                connection.execute(sa.insert(PsfPredictionLayer), _layers(exposure.id, found))
        yield Predicted(exposure.archive_id or f"exposure {exposure.id}", reason)


def _prediction(engine: Engine, exposure: Any, workers: int) -> Reconstruction | str:
    """Return the prediction of an exposure, or why there is none."""
    mode = exposure.instrument_mode
    if mode is None or not mode.startswith("WFM-AO"):
        return f"the model holds for WFM-AO only, and the mode is {mode or 'unknown'}"
    with engine.connect() as connection:
        table = sparta_table(connection, exposure.id)
    if table is None or not len(table):
        return "there is no SPARTA_ATM_DATA"
    missing = [
        name
        for laser in range(1, 5)
        for name in (f"LGS{laser}_SEEING", f"LGS{laser}_TUR_GND", f"LGS{laser}_L0")
        if name not in table.colnames
    ]
    if missing:
        return f"SPARTA_ATM_DATA has no column {missing[0]}"
    return reconstruct(table, workers=workers) or (
        "no sample of SPARTA_ATM_DATA has a usable seeing, ground layer and outer scale"
    )


def _layers(exposure_id: int, found: Reconstruction) -> list[dict[str, Any]]:
    return [
        {
            "exposure_id": exposure_id,
            "row_index": index,
            "wavelength_nm": wavelength,
            "fwhm_arcsec": fwhm,
            "beta": beta,
        }
        for index, (wavelength, fwhm, beta) in enumerate(
            zip(found.wavelength_nm, found.fwhm_arcsec, found.beta, strict=True)
        )
    ]
