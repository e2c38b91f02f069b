"""An exposure that is to be loaded as a task: in this process, or in worker processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from aomuse.db import connect_patiently, create_engine, describe_error
from aomuse.errors import AomuseError, CrowdedError
from aomuse.exchange.files import ExposureFiles
from aomuse.exchange.frames import NormalizedExposure
from aomuse.exchange.outcome import Result
from aomuse.ledger import NamedLocks, Run, Task
from aomuse.load import (
    NotNow,
    UnitOfWork,
    WriterChoice,
    known_writer,
    load_in_turn,
    reason_of,
)
from aomuse.workers.crew import CarryOut, Lost, Work
from aomuse.workers.processes import Withdrawn

#: Reads and normalizes the files of an exposure.
Make = Callable[[ExposureFiles], NormalizedExposure]


def load_task(unit: UnitOfWork, task: Task, make: Make) -> Result | NotNow:
    """Take an exposure from file to commit, if no other loader has it."""
    ready = partial(make, task.files)
    return load_in_turn(unit, task.found, task.files, task.plan, ready, task.wait_s)


def in_workers(
    way: WriterChoice,
    unit: UnitOfWork,
    run: Run,
    tasks: Sequence[Task],
    make: Make,
    workers: CarryOut,
) -> Iterator[tuple[Task, Result | NotNow]]:
    """Yield what comes of tasks that workers carry out.

    On MariaDB each worker does an exposure from file to commit. SQLite takes one writer, this
    process: the workers read and normalize.
    """
    if way.engine.dialect.name == "sqlite":
        for task, made in workers(tasks, Work(_start_reader, (make,)), run.stop):
            yield task, unit.load(task.files, task.plan, partial(_unwrap, task, made, make))
        return
    work = Work(start_loader, (run.id, way.notice is None, make))
    for task, result in workers(tasks, work, run.stop):
        if isinstance(result, Lost):
            yield task, unit.fail(task.files, task.plan, result.reason)
        elif isinstance(result, Withdrawn):
            yield task, load_task(unit, task, make)
        else:
            yield task, result


def _start_reader(_url: URL, make: Make) -> Callable[[Task], NormalizedExposure | Exception]:
    """Return the function of a worker that reads and normalizes."""

    def read(task: Task) -> NormalizedExposure | Exception:
        try:
            return make(task.files)
        except Exception as error:  # noqa: BLE001 - the process that stores reports it
            return AomuseError(reason_of(error))

    return read


def start_loader(
    url: URL, run_id: int, fast: bool, make: Make
) -> Callable[[Task], Result | NotNow | Withdrawn]:
    """Return the function of a worker that loads exposures through a connection of its own."""
    # The connection that was given back last comes first: the one that has the exposure's locks.
    engine = create_engine(url, patient=False, pool_use_lifo=True)
    try:
        engine.connect().close()
    except DBAPIError as error:
        raise AomuseError(describe_error(error)) from error
    # From here on the others may need the place of this one.
    connect_patiently(engine)
    unit = UnitOfWork(known_writer(engine, fast=fast), run_id, NamedLocks(engine.connect))

    def load_one(task: Task) -> Result | NotNow | Withdrawn:
        try:
            return load_task(unit, task, make)
        except CrowdedError as error:
            return Withdrawn(str(error))

    return load_one


def _unwrap(
    task: Task, made: NormalizedExposure | Exception | Lost | Withdrawn, make: Make
) -> NormalizedExposure:
    if isinstance(made, Withdrawn):
        return make(task.files)
    if isinstance(made, Lost):
        raise AomuseError(made.reason)
    if isinstance(made, Exception):
        raise made
    return made
