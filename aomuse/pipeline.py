"""The story of a load: discover, read, normalize, load.

The only module that knows all four stages.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from aomuse.db import describe_error, read_transaction
from aomuse.discover import discover
from aomuse.errors import BusyError
from aomuse.exchange.files import Discovery, ExposureFiles
from aomuse.exchange.frames import NormalizedExposure
from aomuse.exchange.outcome import Listener, Result, Summary
from aomuse.ledger import (
    WAIT_S,
    KnownHeaders,
    Ledger,
    Plan,
    Run,
    exposures_below,
    exposures_named,
    gathered,
    joined,
    look_again,
    make_plan,
    record_orphans,
    remember_headers,
    running,
    stored_but_left_out,
    that_meet,
    unnamed_exposures,
)
from aomuse.load import NotNow, UnitOfWork, WriterChoice, choose_writer
from aomuse.metrics.registering import register_metrics
from aomuse.normalize import normalize
from aomuse.paths import printable
from aomuse.query.refresh import refresh
from aomuse.read import read_exposure
from aomuse.retries import retrying
from aomuse.schema import require_head
from aomuse.workers.collector import for_new_objects
from aomuse.workers.crew import Crew, Needs, processes
from aomuse.workers.processes import get_ready
from aomuse.workers.tasks import LoadTasks, Make, Task, in_workers, load_task

#: Worker processes take about a second to start: less than this is loaded without them.
WORTH_WORKERS_BYTES = 40_000_000
#: What is done with exposures that are not read.
_LEFT = ("keep", "refuse")


#: Seconds that a task waits for another loader before the others are looked at again.
_TURN_S = 2.0


@dataclass(frozen=True)
class _Planned:
    """What the roots hold, what is to be done with each exposure, and what they were planned by."""

    discovery: Discovery
    plans: list[tuple[ExposureFiles, Plan]]
    paths: set[str]
    unnamed: set[int]


def load(
    engine: Engine,
    roots: Sequence[Path],
    *,
    reload: bool = False,
    workers: int = 1,
    crew: Crew | None = None,
    listener: Listener | None = None,
) -> Summary:
    """Load every exposure below the roots that is new, changed or was incomplete.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        A database at the head revision.
    roots : sequence of pathlib.Path
        Folders that hold ``single``, ``raw`` and ``analysis``.
    reload : bool, optional
        Read everything again, changed or not.
    workers : int, optional
        Processes that read and write at the same time.
    crew : callable, optional
        Offers other workers for this run, such as those of `aomuse.workers.cluster`.
    listener : Listener, optional
        Shows progress.

    Returns
    -------
    Summary
        What was loaded; ``failed`` counts what could not be.

    Raises
    ------
    AomuseError
        If nothing could be done at all: a missing root, a schema that is not at head, another
        run that does not end, a database that has gone away.
    KeyboardInterrupt
        After Ctrl-C, once the exposures in hand are done.
    """
    listener = listener or Listener()
    with for_new_objects(), running(engine, listener, shared=True) as run, ExitStack() as crews:
        planned = _plans(engine, roots, reload=reload)
        discovery = planned.discovery
        to_read = [files for files, todo in planned.plans if todo.action not in _LEFT]
        if crew is None and workers > 1 and _is_worth_workers(to_read):
            get_ready()
        listener.on_found(discovery)
        where = [printable(root.resolve()) for root in roots]
        way = choose_writer(engine)
        carry_out: LoadTasks = partial(_carry_out_here, count=workers)
        if crew is not None:
            fit = crews.enter_context(crew(engine, listener, Needs(tuple(where))))
            carry_out = partial(in_workers, workers=fit)
        run.start("load", *where)
        run.has_issues = bool(discovery.issues)
        for record in (
            partial(register_metrics, engine),
            partial(remember_headers, engine, run.id, discovery.read, discovery.files, where),
            partial(record_orphans, engine, run.id, where, discovery.issues),
        ):
            retrying(engine, record)
        for result in _results(way, run, planned, carry_out, reload=reload):
            run.report(result)
        show_in_views(engine, listener)
    summary = run.summary
    summary.failed += sum(issue.severity == "error" for issue in discovery.issues)
    summary.left_out = Counter(why for _, why in discovery.left_out)
    return summary


def plan(
    engine: Engine, roots: Sequence[Path], *, reload: bool = False
) -> tuple[Discovery, list[tuple[ExposureFiles, Plan]]]:
    """Return what a load would do, without doing it.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        A database at the head revision.
    roots : sequence of pathlib.Path
        Folders that hold ``single``, ``raw`` and ``analysis``.
    reload : bool, optional
        As for `load`.

    Returns
    -------
    discovery : Discovery
        What was found.
    plans : list of (ExposureFiles, Plan)
        What would be done with each exposure.
    """
    require_head(engine)
    planned = _plans(engine, roots, reload=reload)
    return planned.discovery, planned.plans


def _plans(engine: Engine, roots: Sequence[Path], *, reload: bool) -> _Planned:
    """Return what the roots hold, and what is to be done with each exposure."""
    where = [printable(root.resolve()) for root in roots]

    def read_headers() -> KnownHeaders:
        with read_transaction(engine) as connection:
            return KnownHeaders(connection, where)

    discovery = discover(roots, retrying(engine, read_headers).recall)

    def read_ledger() -> tuple[Ledger, set[int]]:
        with read_transaction(engine) as connection:
            ids = exposures_below(connection, where)
            ids |= exposures_named(connection, discovery.exposures)
            return Ledger(connection, ids), unnamed_exposures(connection)

    ledger, unnamed = retrying(engine, read_ledger)
    exposures = gathered(ledger, discovery.exposures)
    paths = {str(file) for files in exposures for file in files.files}
    # What an earlier load stored of these goes.
    paths |= {str(file) for file, _ in discovery.left_out}
    paths |= {issue.path for issue in discovery.issues if issue.code == "copy" and issue.path}
    plans = [(files, make_plan(ledger, files, paths, reload=reload)) for files in exposures]
    planned = {known.id for _, todo in plans for known in todo.known}
    discovery.issues.extend(stored_but_left_out(ledger, discovery.left_out, planned))
    return _Planned(discovery, plans, paths, unnamed)


def _results(
    way: WriterChoice, run: Run, planned: _Planned, carry_out: LoadTasks, *, reload: bool
) -> Iterator[Result]:
    """Yield what comes of each exposure: first those that are left, then those that are read.

    What another loader has is looked at again after the rest, and only then waited for.
    """
    engine = way.engine
    if way.notice:
        run.listener.on_notice(way.notice)
    unit = UnitOfWork(way, run.id, run.lock.named_locks(run.id))
    unit.end_killed_runs()
    tasks = yield from _left(unit, run, planned.plans)
    has_met = engine.dialect.name == "sqlite"
    deadline = time.monotonic() + WAIT_S
    while not run.stop.is_set():
        again: list[Task] = []
        holder: str | None = None
        for task, result in carry_out(way, unit, run, tasks, _content):
            if isinstance(result, NotNow):
                again.append(task)
                holder = holder or result.holder
                if result.holder is not None:
                    continue
            else:
                yield result
            deadline = time.monotonic() + WAIT_S
        if again and time.monotonic() > deadline:
            raise BusyError(
                f"{holder} has held {again[0].files.label} for {WAIT_S} s: wait until it has "
                "ended, or end it (KILL), then load again"
            )
        if again:
            held = [(task.found, task.plan) for task in again]
            plans = look_again(engine, planned.plans, held, planned.paths, reload=reload)
        elif not has_met:
            has_met, plans = True, that_meet(engine, planned.plans, planned.paths, planned.unnamed)
        else:
            unit.end_killed_runs()
            return
        tasks = yield from _left(unit, run, plans, wait_s=_TURN_S)


def _left(
    unit: UnitOfWork, run: Run, plans: list[tuple[ExposureFiles, Plan]], wait_s: float = 0.0
) -> Generator[Result, None, list[Task]]:
    """Yield the results of exposures that are left as they are, and return the tasks."""
    tasks = []
    for files, todo in plans:
        if run.stop.is_set():
            break
        if todo.action in _LEFT:
            yield unit.leave(files, todo)
        else:
            with_issues = replace(files, issues=(*files.issues, *todo.issues))
            tasks.append(Task(files, joined(with_issues, todo), todo, wait_s))
    return tasks


def _carry_out_here(
    way: WriterChoice, unit: UnitOfWork, run: Run, tasks: list[Task], make: Make, *, count: int
) -> Iterator[tuple[Task, Result | NotNow]]:
    """Yield tasks with what comes of them, from worker processes if that is worth it."""
    if count > 1 and _is_worth_workers([task.files for task in tasks]):
        # SQLite's writer, this process, is one of them.
        others = count - (way.engine.dialect.name == "sqlite")
        workers = processes(way.engine, run.listener, others)
        yield from in_workers(way, unit, run, tasks, make, workers)
        return
    for task in tasks:
        if run.stop.is_set():
            return
        yield task, load_task(unit, task, make)


def _content(files: ExposureFiles) -> NormalizedExposure:
    """Take an exposure through the stages before the last."""
    return normalize(read_exposure(files))


def _is_worth_workers(exposures: list[ExposureFiles]) -> bool:
    size = sum(file.size for files in exposures for file in files.files)
    return len(exposures) > 1 and size > WORTH_WORKERS_BYTES


def show_in_views(engine: Engine, listener: Listener) -> None:
    """Let the wide views show what was loaded, if this account may create views."""
    try:
        refresh(engine)
    except BusyError as error:
        listener.on_notice(
            f"everything is loaded, but {error}; the next load or aomuse migrate updates the views"
        )
    except DBAPIError as error:
        listener.on_notice(
            "everything is loaded, but the views could not be updated "
            f"({describe_error(error)}): run aomuse migrate as an account that may create views"
        )
