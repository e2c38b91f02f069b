"""Predict the PSF of every exposure without a prediction, one transaction an exposure."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine

from aomuse.db import read_transaction, write_transaction
from aomuse.exchange.outcome import Listener, Outcome, Result, Summary
from aomuse.ledger import running
from aomuse.models import Exposure, PsfPrediction, PsfPredictionLayer
from aomuse.predict.psfr import PACKAGE, Reconstruction, package_version, reconstruct
from aomuse.predict.sparta import sparta_table


def predict(
    engine: Engine, *, recompute: bool = False, workers: int = 1, listener: Listener | None = None
) -> Summary:
    """Predict the PSF of each exposure from its stored telemetry.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        A database at the head revision.
    recompute : bool, optional
        Also exposures that have a prediction.
    workers : int, optional
        Processes.
    listener : Listener, optional
        Shows each exposure, once its rows are committed.

    Returns
    -------
    Summary
        Exposures without a prediction count as unchanged; their result has the reason.

    Raises
    ------
    AomuseError
        If muse-psfr is not installed, the schema is not at head, or another run does not end.
    KeyboardInterrupt
        After Ctrl-C, once the exposure in hand is done.
    """
    package_version()
    with running(engine, listener or Listener()) as run:
        run.start("predict")
        select = (
            sa.select(Exposure.id, Exposure.archive_id, Exposure.instrument_mode)
            .outerjoin(PsfPrediction, PsfPrediction.exposure_id == Exposure.id)
            .order_by(Exposure.id)
        )
        if not recompute:
            select = select.where(PsfPrediction.exposure_id.is_(None))
        with engine.connect() as connection:
            exposures = connection.execute(select).all()
        for exposure in exposures:
            if run.stop.is_set():
                break
            started = time.monotonic()
            prediction = _prediction(engine, exposure, workers)
            row_count = _store(engine, exposure.id, prediction)
            outcome: Outcome = "replaced" if recompute else "completed"
            reason = prediction if isinstance(prediction, str) else None
            if reason:
                outcome = "unchanged"
            label = exposure.archive_id or f"exposure {exposure.id}"
            seconds = time.monotonic() - started
            run.report(Result(label, outcome, row_count, seconds, reason=reason))
    return run.summary


def _store(engine: Engine, exposure_id: int, prediction: Reconstruction | str) -> int:
    """Write a prediction in place of an earlier one, and return the number of rows."""
    row: dict[str, Any] = {
        "exposure_id": exposure_id,
        "package": PACKAGE,
        "package_version": package_version(),
        "predicted_utc": dt.datetime.now(dt.UTC).replace(tzinfo=None),
        "reason": prediction if isinstance(prediction, str) else None,
    }
    layers: list[dict[str, Any]] = []
    if isinstance(prediction, Reconstruction):
        row |= {
            "sparta_row_count": prediction.row_count,
            "seeing_arcsec": prediction.seeing_arcsec,
            "ground_layer_fraction": prediction.ground_layer_fraction,
            "l0_m": prediction.l0_m,
        }
        names = ("wavelength_nm", "fwhm_arcsec", "beta")
        columns = (getattr(prediction, name) for name in names)
        layers = [
            {
                "exposure_id": exposure_id,
                "row_index": index,
                **dict(zip(names, values, strict=True)),
            }
            for index, values in enumerate(zip(*columns, strict=True))
        ]
    with write_transaction(engine) as connection:
        connection.execute(sa.delete(PsfPrediction).where(PsfPrediction.exposure_id == exposure_id))
        connection.execute(sa.insert(PsfPrediction).values(row))
        if layers:
            connection.execute(sa.insert(PsfPredictionLayer), layers)
    return 1 + len(layers)


def _prediction(engine: Engine, exposure: Any, workers: int) -> Reconstruction | str:
    """Return the prediction of an exposure, or why there is none."""
    mode = exposure.instrument_mode
    if mode is None or not mode.startswith("WFM-AO"):
        return f"the model holds for WFM-AO only, and the mode is {mode or 'unknown'}"
    with read_transaction(engine) as connection:
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
