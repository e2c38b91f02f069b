"""Predict the PSF of every exposure without a prediction, one transaction an exposure."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError

from aomuse.db import create_engine, describe_error, read_transaction
from aomuse.errors import AomuseError, ConfigurationError, DatabaseError
from aomuse.exchange.outcome import Listener, Outcome, Result, Summary
from aomuse.ledger import Run, run_transaction, running
from aomuse.models import Exposure, PsfPrediction, PsfPredictionLayer, SpartaAtm
from aomuse.models.base import NAME_LENGTH
from aomuse.predict.psfr import (
    PACKAGE,
    PACKAGES,
    Reconstruction,
    load_package,
    package_version,
    reconstruct,
)
from aomuse.predict.sparta import sparta_table
from aomuse.workers.crew import CarryOut, Crew, Lost, Needs, Work, processes
from aomuse.workers.processes import Withdrawn

#: Worker processes take some seconds to import muse-psfr: fewer samples are done without them.
WORTH_WORKERS_SAMPLES = 40


@dataclass(frozen=True)
class Failure:
    """Why an exposure that the model is made for could not be computed."""

    reason: str


@dataclass(frozen=True)
class Done:
    """A prediction, or the reason why there is none."""

    made: Reconstruction | Failure | str
    seconds: float


_PRELOADED = ("aomuse.predict.preloaded",)
#: Number of an exposure, its name and its mode.
_Task = tuple[int, str | None, str | None]


def predict(
    engine: Engine,
    *,
    recompute: bool = False,
    workers: int = 1,
    crew: Crew | None = None,
    listener: Listener | None = None,
) -> Summary:
    """Predict the PSF of each exposure from its stored telemetry.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        A database at the head revision.
    recompute : bool, optional
        Also exposures that have a prediction, or a reason why there is none.
    workers : int, optional
        Processes, each with an exposure of its own.
    crew : callable, optional
        Offers other workers in their place, such as those of `aomuse.workers.cluster`.
    listener : Listener, optional
        Shows each exposure, once its rows are committed.

    Returns
    -------
    Summary
        Exposures without a prediction count as unchanged, or as failed if the computation broke
        off; their result has the reason.

    Raises
    ------
    AomuseError
        If muse-psfr is not installed, the schema is not at head, or another run does not end.
    KeyboardInterrupt
        After Ctrl-C, once the exposures in hand are done.
    """
    package_version()
    listener = listener or Listener()
    with running(engine, listener) as run, ExitStack() as crews:
        others: CarryOut | None = None
        if crew is not None:
            others = crews.enter_context(crew(engine, listener, Needs(packages=PACKAGES)))
        run.start("predict")
        select = (
            sa.select(Exposure.id, Exposure.archive_id, Exposure.instrument_mode)
            .outerjoin(PsfPrediction, PsfPrediction.exposure_id == Exposure.id)
            .order_by(Exposure.id)
        )
        if not recompute:
            select = select.where(PsfPrediction.exposure_id.is_(None))
        with engine.connect() as connection:
            tasks: list[_Task] = [(i, name, mode) for i, name, mode in connection.execute(select)]
            if crew is None and min(workers, len(tasks)) > 1:
                is_worth_them = _sample_count(connection, tasks) >= WORTH_WORKERS_SAMPLES
                others = processes(engine, listener, workers) if is_worth_them else None
        listener.on_total(len(tasks))
        written: Outcome = "replaced" if recompute else "completed"
        for (exposure_id, archive_id, _), done in _computed(run, tasks, others):
            row_count = _store(run, exposure_id, done.made)
            outcome, reason = written, None
            if isinstance(done.made, Failure):
                outcome, reason = "failed", done.made.reason
                run.summary.failed += 1
                run.has_issues = True
            elif isinstance(done.made, str):
                outcome, reason = "unchanged", done.made
            label = archive_id or f"exposure {exposure_id}"
            run.report(Result(label, outcome, row_count, done.seconds, reason=reason))
    return run.summary


def _computed(
    run: Run, tasks: list[_Task], workers: CarryOut | None
) -> Iterator[tuple[_Task, Done]]:
    """Yield each exposure with what came of it, from workers if there are any."""
    compute = _predictor(run.engine)
    if workers is None:
        for task in tasks:
            if run.stop.is_set():
                return
            yield task, compute(task)
        return
    for task, result in workers(tasks, Work(_start_predictor, modules=_PRELOADED), run.stop):
        if isinstance(result, Lost):
            yield task, Done(Failure(result.reason), 0.0)
        else:
            yield task, compute(task) if isinstance(result, Withdrawn) else result


def _sample_count(connection: Connection, tasks: list[_Task]) -> int:
    """Return how many rows of telemetry there are to compute, of the first laser."""
    modelled = {exposure_id for exposure_id, _, mode in tasks if _is_modelled(mode)}
    counts = connection.execute(
        sa.select(SpartaAtm.exposure_id, sa.func.count())
        .where(SpartaAtm.lgs == 1)
        .group_by(SpartaAtm.exposure_id)
    )
    return sum(count for exposure_id, count in counts if exposure_id in modelled)


def _is_modelled(mode: str | None) -> bool:
    return mode is not None and mode.startswith("WFM-AO")


def _start_predictor(url: URL) -> Callable[[_Task], Done]:
    """Return the function of a worker, which reads through a connection of its own."""
    load_package()
    engine = create_engine(url)
    try:
        engine.connect().close()
    except DBAPIError as error:
        raise DatabaseError(describe_error(error)) from error
    return _predictor(engine)


def _predictor(engine: Engine) -> Callable[[_Task], Done]:
    def compute(task: _Task) -> Done:
        started = time.monotonic()
        exposure_id, _, mode = task
        made: Reconstruction | Failure | str
        try:
            made = _prediction(engine, exposure_id, mode)
        except (ConfigurationError, DatabaseError):
            raise  # The package is broken or the database gone, not the exposure.
        except DBAPIError as error:
            raise DatabaseError(describe_error(error)) from error
        except Exception as error:  # noqa: BLE001 - one exposure does not stop the others
            kind = "" if isinstance(error, AomuseError) else f"{type(error).__name__}: "
            made = Failure(" ".join(f"{kind}{error}".split()))
        return Done(made, time.monotonic() - started)

    return compute


def _prediction(engine: Engine, exposure_id: int, mode: str | None) -> Reconstruction | str:
    """Return the prediction of an exposure, or why there is none."""
    if not _is_modelled(mode):
        return f"the model holds for WFM-AO only, and the mode is {mode or 'unknown'}"
    with read_transaction(engine) as connection:
        table = sparta_table(connection, exposure_id)
    if table is None or not len(table):
        return "there is no SPARTA_ATM_DATA"
    return reconstruct(table)


def _store(run: Run, exposure_id: int, made: Reconstruction | Failure | str) -> int:
    """Write a prediction in place of an earlier one, and return the number of rows."""
    reason = made.reason if isinstance(made, Failure) else made
    row: dict[str, Any] = {
        "exposure_id": exposure_id,
        "package": PACKAGE,
        "package_version": package_version(),
        "predicted_utc": dt.datetime.now(dt.UTC).replace(tzinfo=None),
        "reason": reason[:NAME_LENGTH] if isinstance(reason, str) else None,
    }
    layers: list[dict[str, Any]] = []
    if isinstance(made, Reconstruction):
        row |= {
            "sparta_row_count": made.used_rows,
            "sparta_rows_rejected": made.rejected_rows,
            "laser_sample_count": made.used_samples,
            "laser_samples_rejected": made.rejected_samples,
            "limits": made.limits,
            "seeing_arcsec": made.seeing_arcsec,
            "ground_layer_fraction": made.ground_layer_fraction,
            "l0_m": made.l0_m,
        }
        names = ("wavelength_nm", "fwhm_arcsec", "beta")
        columns = (getattr(made, name) for name in names)
        layers = [
            {
                "exposure_id": exposure_id,
                "row_index": index,
                **dict(zip(names, values, strict=True)),
            }
            for index, values in enumerate(zip(*columns, strict=True))
        ]
    with run_transaction(run.engine, run.id) as connection:
        connection.execute(sa.delete(PsfPrediction).where(PsfPrediction.exposure_id == exposure_id))
        connection.execute(sa.insert(PsfPrediction).values(row))
        if layers:
            connection.execute(sa.insert(PsfPredictionLayer), layers)
    return 1 + len(layers)
