"""Metrics of what is stored, written with the exposure or computed again."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from aomuse.exchange.frames import NormalizedExposure, Rows
from aomuse.exchange.outcome import Listener, Outcome, Result, Summary
from aomuse.ledger.running import run_transaction, running
from aomuse.metrics.compute import exposure_metrics
from aomuse.metrics.compute_fits import fit_metrics
from aomuse.metrics.compute_lasers import laser_metrics
from aomuse.metrics.field_rows import store_field
from aomuse.metrics.inputs import stored_inputs
from aomuse.metrics.metric import Metrics
from aomuse.metrics.registering import register, register_metrics
from aomuse.metrics.registry import METRICS, metric_of, shown_names
from aomuse.metrics.values import UNFORESEEN, or_reason, reason_of_all
from aomuse.metrics.window_rows import window_tables
from aomuse.models import (
    Exposure,
    ExposureLaser,
    ExposureLaserMetric,
    ExposureMetric,
    PsfField,
    PsfFit,
    PsfFitMetric,
    PsfWindow,
    PsfWindowParameter,
)
from aomuse.stored.writer import BulkWriter, ExecutemanyWriter


def store_metrics(
    connection: Connection,
    writer: BulkWriter,
    exposure_id: int,
    loaded: NormalizedExposure | None = None,
    fit_ids: Mapping[int, int] | None = None,
) -> int:
    """Write the metrics of an exposure that has none, and return the number of rows."""
    row_count = store_field(connection, exposure_id)
    try:
        inputs, fits = stored_inputs(connection, exposure_id, loaded, fit_ids)
    except UNFORESEEN as error:
        rows = _columns([reason_of_all("exposure", error)], exposure_id=[exposure_id])
        return row_count + writer.write("exposure_metric", rows)
    mode = inputs.instrument_mode
    metrics = or_reason("exposure", exposure_metrics, inputs)
    tables: list[tuple[str, Rows]] = [
        ("exposure_metric", _columns([metrics], exposure_id=[exposure_id]))
    ]
    if inputs.lasers:
        of_lasers = [
            or_reason("laser", laser_metrics, one, inputs.exposure_time_s, mode)
            for one in inputs.lasers.values()
        ]
        exposure_ids = [exposure_id] * len(of_lasers)
        rows = _columns(of_lasers, exposure_id=exposure_ids, lgs=[*inputs.lasers])
        tables.append(("exposure_laser_metric", rows))
        tables.append(("exposure_laser", _side_by_side(of_lasers, exposure_ids, [*inputs.lasers])))
    for fit in fits:
        of_fit = or_reason("psf_fit", lambda fit: fit_metrics(fit.inputs(mode)), fit)
        tables.append(("psf_fit_metric", _columns([of_fit], psf_fit_id=[fit.id])))
        # The analysis's own metrics have said why.
        with suppress(*UNFORESEEN):
            tables += [*window_tables(fit, metrics, mode)]
    return row_count + sum(writer.write(table, rows) for table, rows in tables)


def renew_metrics(connection: Connection, exposure_id: int) -> None:
    """Compute the metrics of an exposure again, from its rows as they are now."""
    register(connection)
    _replace(connection, exposure_id)


def compute_metrics(
    engine: Engine, *, recompute: bool = False, listener: Listener | None = None
) -> Summary:
    """Compute the metrics of each exposure that lacks some, one transaction an exposure."""
    with running(engine, listener or Listener()) as run:
        run.start("metrics")
        register_metrics(engine)
        select = sa.select(Exposure.id, Exposure.archive_id).order_by(Exposure.id)
        if not recompute:
            done = (
                sa.select(ExposureMetric.exposure_id)
                .group_by(ExposureMetric.exposure_id)
                .having(sa.func.count() == sum(metric.grain == "exposure" for metric in METRICS))
            )
            select = select.where(Exposure.id.not_in(done))
        with engine.connect() as connection:
            exposures = connection.execute(select).all()
        for exposure in exposures:
            if run.stop.is_set():
                break
            started = time.monotonic()
            with run_transaction(engine, run.id) as connection:
                row_count = _replace(connection, exposure.id)
            label = exposure.archive_id or f"exposure {exposure.id}"
            outcome: Outcome = "replaced" if recompute else "completed"
            run.report(Result(label, outcome, row_count, time.monotonic() - started))
    return run.summary


def _replace(connection: Connection, exposure_id: int) -> int:
    fits = connection.scalars(sa.select(PsfFit.id).where(PsfFit.exposure_id == exposure_id)).all()
    for table in (ExposureMetric, ExposureLaserMetric, ExposureLaser):
        connection.execute(sa.delete(table).where(table.exposure_id == exposure_id))
    if fits:
        for of_fit in (PsfFitMetric, PsfWindowParameter, PsfWindow, PsfField):
            connection.execute(sa.delete(of_fit).where(of_fit.psf_fit_id.in_(fits)))
    return store_metrics(connection, ExecutemanyWriter(connection), exposure_id)


def _columns(owners: Sequence[Metrics], **keys: Sequence[int]) -> Rows:
    """Return the metrics of some owners as rows, with a column for each of their keys."""
    items = [item for metrics in owners for item in metrics.items()]
    counts = [len(metrics) for metrics in owners]
    columns: dict[str, npt.NDArray[Any]] = {
        name: np.repeat(np.array(values, dtype=np.int32), counts) for name, values in keys.items()
    }
    columns["metric_id"] = np.array([metric_of(*key).id for key, _ in items], dtype=np.int32)
    values = [np.nan if isinstance(value, str) else value for _, value in items]
    columns["value"] = np.array(values, dtype=np.float64)
    reasons = [value if isinstance(value, str) else None for _, value in items]
    columns["reason"] = np.array(reasons, dtype=object)
    return columns


def _side_by_side(
    of_lasers: Sequence[Metrics], exposure_ids: Sequence[int], lasers: Sequence[int]
) -> Rows:
    """Return a row for each laser, with a column for each current metric."""
    rows: dict[str, npt.NDArray[Any]] = {
        "exposure_id": np.array(exposure_ids, dtype=np.int32),
        "lgs": np.array(lasers, dtype=np.int32),
    }
    for metric, name in shown_names().items():
        if metric.grain == "laser":
            values = (metrics[metric.name, metric.version] for metrics in of_lasers)
            known = [np.nan if isinstance(value, str) else value for value in values]
            rows[name] = np.array(known, dtype=np.float64)
    return rows
