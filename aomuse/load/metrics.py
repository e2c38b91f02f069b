"""Metrics of what is stored, written with the exposure or worked out again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from aomuse.db import write_transaction
from aomuse.instrument import pixel_scale_arcsec
from aomuse.load.bulk import BulkWriter
from aomuse.load.ways import bulk_way
from aomuse.metrics import METRICS, Facts, FitFacts, exposure_metrics, fit_metrics, metric_of
from aomuse.metrics.compute import Metrics
from aomuse.metrics.registry import WAVELENGTHS_NM
from aomuse.models import (
    Exposure,
    ExposureMetric,
    Metric,
    PsfFit,
    PsfFitMetric,
    PsfLayer,
    PsfParameter,
    Source,
    SpartaAtm,
)

_PARAMETERS = ("fwhm", "beta", "e")


def register_metrics(engine: Engine) -> None:
    """Bring the registry of metrics into the database.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        A database at the head revision, whose run lock the caller holds.
    """
    wanted = {metric.id: metric.__dict__ for metric in METRICS}
    with write_transaction(engine) as connection:
        stored = {
            row.id: dict(row._mapping) for row in connection.execute(sa.select(*Metric.__table__.c))
        }
        for number, row in wanted.items():
            if number not in stored:
                connection.execute(sa.insert(Metric).values(row))
            elif stored[number] != row:
                connection.execute(sa.update(Metric).where(Metric.id == number).values(row))


def store_metrics(connection: Connection, writer: BulkWriter, exposure_id: int) -> None:
    """Write the metrics of an exposure that has none, from its stored rows.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        The transaction that wrote those rows.
    writer : BulkWriter
        Writes frames on that connection.
    exposure_id : int
        The exposure.
    """
    fits = connection.execute(
        sa.select(PsfFit.id).where(PsfFit.exposure_id == exposure_id).order_by(PsfFit.id)
    ).all()
    row = connection.execute(
        sa.select(*Exposure.__table__.c).where(Exposure.id == exposure_id)
    ).one()
    facts = _facts(connection, dict(row._mapping), fits[0].id if fits else None)
    frame = _frame(exposure_metrics(facts))
    writer.write("exposure_metric", frame.assign(exposure_id=exposure_id))
    scale = pixel_scale_arcsec(row.instrument_mode)
    for fit in fits:
        found = fit_metrics(FitFacts(scale, _parameters(connection, fit.id)))
        writer.write("psf_fit_metric", _frame(found).assign(psf_fit_id=fit.id))


def compute_metrics(engine: Engine, *, recompute: bool = False) -> Iterator[str]:
    """Work out metrics from what is stored, one transaction an exposure.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        A database at the head revision, whose run lock the caller holds.
    recompute : bool, optional
        Also where they are there already.

    Yields
    ------
    str
        Name of each exposure, once its metrics are committed.
    """
    register_metrics(engine)
    way = bulk_way(engine)
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
    connection.execute(sa.delete(ExposureMetric).where(ExposureMetric.exposure_id == exposure_id))
    if fits:
        connection.execute(sa.delete(PsfFitMetric).where(PsfFitMetric.psf_fit_id.in_(fits)))


def _facts(connection: Connection, row: dict[str, object], fit_id: int | None) -> Facts:
    sources = None
    if fit_id is not None:
        count = sa.select(sa.func.count()).select_from(Source).where(Source.psf_fit_id == fit_id)
        sources = connection.scalar(count)
    samples = connection.execute(
        sa.select(SpartaAtm.r0_m, SpartaAtm.l0_m)
        .where(SpartaAtm.exposure_id == row["id"])
        .order_by(SpartaAtm.row_index, SpartaAtm.lgs)
    ).all()
    values = np.array([tuple(sample) for sample in samples], dtype=np.float64).reshape(-1, 2)
    return Facts(row, sources, values[:, 0], values[:, 1])  # type: ignore[arg-type]


def _parameters(connection: Connection, fit_id: int) -> dict[tuple[str, int], float | None]:
    """Return PSF parameters in the layers nearest to the wavelengths of the metrics."""
    # Layers are equally spaced: the first two tell which one is nearest.
    first = connection.execute(
        sa.select(PsfLayer.layer, PsfLayer.wavelength_nm)
        .where(PsfLayer.psf_fit_id == fit_id, PsfLayer.layer.in_((0, 1)))
        .order_by(PsfLayer.layer)
    ).all()
    wavelengths = [row.wavelength_nm for row in first]
    if len(wavelengths) < 2 or None in wavelengths or wavelengths[0] == wavelengths[1]:
        return {}
    step = wavelengths[1] - wavelengths[0]
    layers = {nm: round((nm - wavelengths[0]) / step) for nm in WAVELENGTHS_NM}
    rows = connection.execute(
        sa.select(PsfParameter.parameter, PsfParameter.layer, PsfParameter.value).where(
            PsfParameter.psf_fit_id == fit_id,
            PsfParameter.parameter.in_(_PARAMETERS),
            PsfParameter.layer.in_(set(layers.values())),
        )
    )
    values = {(row.parameter, row.layer): row.value for row in rows}
    return {
        (name, nm): values.get((name, layer))
        for name in _PARAMETERS
        for nm, layer in layers.items()
    }


def _frame(found: Metrics) -> pd.DataFrame:
    items: Iterable[tuple[tuple[str, str], float | str]] = found.items()
    rows = [
        (metric_of(*key).id, *((None, value) if isinstance(value, str) else (value, None)))
        for key, value in items
    ]
    frame = pd.DataFrame(rows, columns=["metric_id", "value", "reason"])
    return frame.astype({"value": np.float64, "reason": object})
