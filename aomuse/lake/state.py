"""What the content of the database and of its exposures is known by."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.lake.manifest import Key
from aomuse.models import Exposure, LoadRun, PsfFit, SourceFile


@dataclass(frozen=True)
class ExposureState:
    """An exposure, and what its content is known by."""

    id: int
    archive_id: str | None
    start: dt.datetime | None
    key: Key


def exposure_states(connection: Connection, exposure_id: int | None = None) -> list[ExposureState]:
    """Return the exposures in the order of their ids, or one of them.

    An id can be given again to another exposure, whose version begins at 1: the run that stored
    it tells them apart.
    """
    run, fit = (
        sa.select(model.exposure_id, sa.func.max(what).label("last"), sa.func.count().label("all"))
        .group_by(model.exposure_id)
        .subquery()
        for model, what in ((SourceFile, SourceFile.load_run_id), (PsfFit, PsfFit.id))
    )
    select = (
        sa.select(
            *(Exposure.id, Exposure.archive_id, Exposure.date_obs_utc, Exposure.content_version),
            *(run.c.last, fit.c.last.label("last_fit"), fit.c.all),
        )
        .outerjoin(run, run.c.exposure_id == Exposure.id)
        .outerjoin(fit, fit.c.exposure_id == Exposure.id)
        .order_by(Exposure.id)
    )
    if exposure_id is not None:
        select = select.where(Exposure.id == exposure_id)
    return [
        ExposureState(row.id, row.archive_id, row.date_obs_utc, list(row[3:]))
        for row in connection.execute(select)
    ]


def database_state(connection: Connection) -> Key:
    """Return what the content of the whole database is known by.

    Each command that writes rows records a run, and each change of an exposure is counted.
    """
    runs = connection.execute(
        sa.select(sa.func.count(), sa.func.max(LoadRun.id), sa.func.max(LoadRun.finished_utc))
    ).one()
    exposures = connection.execute(
        sa.select(
            *(sa.func.count(), sa.func.max(Exposure.id)),
            sa.func.sum(Exposure.content_version),
        )
    ).one()
    fits = connection.execute(sa.select(sa.func.count(), sa.func.max(PsfFit.id))).one()
    return [str(value) for row in (runs, exposures, fits) for value in row]
