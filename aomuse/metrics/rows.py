"""Metrics of what is stored, written with the exposure or worked out again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from aomuse.db import write_transaction
from aomuse.exchange.frames import NormalizedExposure
from aomuse.load.writer_choice import choose_writer
from aomuse.metrics import (
    METRICS,
    Metrics,
    exposure_metrics,
    fit_metrics,
    laser_metrics,
    metric_of,
)
from aomuse.metrics.inputs import stored_inputs
from aomuse.metrics.window_rows import window_tables
from aomuse.models import (
    Exposure,
    ExposureLaserMetric,
    ExposureMetric,
    Metric,
    PsfFit,
    PsfFitMetric,
    PsfWindow,
    PsfWindowParameter,
)
from aomuse.stored.writer import BulkWriter, ExecutemanyWriter


def register_metrics(engine: Engine) -> None:
    """Bring the registry of metrics into the database."""
    with write_transaction(engine) as connection:
        _register(connection)


def _register(connection: Connection) -> None:
    wanted = {metric.id: metric.__dict__ for metric in METRICS}
    stored = {
        row.id: dict(row._mapping) for row in connection.execute(sa.select(*Metric.__table__.c))
    }
    for number, row in wanted.items():
        if number not in stored:
            connection.execute(sa.insert(Metric).values(row))
        elif stored[number] != row:
            connection.execute(sa.update(Metric).where(Metric.id == number).values(row))


def store_metrics(
    connection: Connection,
    writer: BulkWriter,
    exposure_id: int,
    loaded: NormalizedExposure | None = None,
) -> None:
    """Write the metrics of an exposure that has none."""
    inputs = stored_inputs(connection, exposure_id, loaded)
    facts = inputs.facts()
    found = exposure_metrics(facts)
    writer.write("exposure_metric", _frame([found], exposure_id=[exposure_id]))
    if facts.lasers:
        of_lasers = [
            laser_metrics(samples, facts.exposure_time_s) for samples in facts.lasers.values()
        ]
        lasers = [*facts.lasers]
        frame = _frame(of_lasers, exposure_id=[exposure_id] * len(lasers), lgs=lasers)
        writer.write("exposure_laser_metric", frame)
    for fit in inputs.fits:
        of_fit = fit_metrics(fit.facts(inputs.row["instrument_mode"]))
        writer.write("psf_fit_metric", _frame([of_fit], psf_fit_id=[fit.id]))
        for table, frame in window_tables(fit.id, fit.wavelength_nm, fit.parameters, found):
            writer.write(table, frame)


def renew_metrics(connection: Connection, exposure_id: int) -> None:
    """Work out the metrics of an exposure anew, from its rows as they are now."""
    _register(connection)
    _delete(connection, exposure_id)
    store_metrics(connection, ExecutemanyWriter(connection), exposure_id)


def compute_metrics(engine: Engine, *, recompute: bool = False) -> Iterator[str]:
    """Work out metrics from what is stored, one transaction an exposure."""
    register_metrics(engine)
    way = choose_writer(engine)
    todo = sa.select(Exposure.id, Exposure.archive_id).order_by(Exposure.id)
    if not recompute:
        done = (
            sa.select(ExposureMetric.exposure_id)
            .group_by(ExposureMetric.exposure_id)
            .having(sa.func.count() == sum(metric.grain == "exposure" for metric in METRICS))
        )
        todo = todo.where(Exposure.id.not_in(done))
    with engine.connect() as connection:
        exposures = connection.execute(todo).all()
    for exposure in exposures:
        with write_transaction(way.engine) as connection:
            _delete(connection, exposure.id)
            store_metrics(connection, way.make_writer(connection), exposure.id)
        yield exposure.archive_id or f"exposure {exposure.id}"


def _delete(connection: Connection, exposure_id: int) -> None:
    fits = connection.scalars(sa.select(PsfFit.id).where(PsfFit.exposure_id == exposure_id)).all()
    for table in (ExposureMetric, ExposureLaserMetric):
        connection.execute(sa.delete(table).where(table.exposure_id == exposure_id))
    if fits:
        for of_fit in (PsfFitMetric, PsfWindowParameter, PsfWindow):
            connection.execute(sa.delete(of_fit).where(of_fit.psf_fit_id.in_(fits)))


def _frame(owners: Sequence[Metrics], **keys: Sequence[int]) -> pd.DataFrame:
    """Return the metrics of some owners as rows, with a column for each of their keys."""
    # Column by column: a frame of rows takes longer than all that is worked out here.
    found = [item for metrics in owners for item in metrics.items()]
    counts = [len(metrics) for metrics in owners]
    columns: dict[str, npt.NDArray[Any]] = {
        name: np.repeat(np.array(values, dtype=np.int32), counts) for name, values in keys.items()
    }
    columns["metric_id"] = np.array([metric_of(*key).id for key, _ in found], dtype=np.int32)
    values = [np.nan if isinstance(value, str) else value for _, value in found]
    columns["value"] = np.array(values, dtype=np.float64)
    reasons = [value if isinstance(value, str) else None for _, value in found]
    columns["reason"] = np.array(reasons, dtype=object)
    return pd.DataFrame(columns)
