"""The story of a load: discover, and take what is new through read, normalize and load."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from os.path import realpath
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from aomuse.db import describe_error, read_transaction
from aomuse.discover import discover
from aomuse.errors import BusyError
from aomuse.exchange.files import Discovery, ExposureFiles
from aomuse.exchange.outcome import Listener, Result, Summary
from aomuse.ledger import (
    WAIT_S,
    KnownHeaders,
    Ledger,
    Plan,
    Record,
    Run,
    Task,
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
from aomuse.metrics.registering import register_metrics
from aomuse.paths import printable
from aomuse.query.refresh import refresh
from aomuse.retries import retrying
from aomuse.schema import require_head
from aomuse.stored.shards import is_sharded
from aomuse.workers.collector import for_new_objects
from aomuse.workers.crew import CarryOut, Crew, Needs

if TYPE_CHECKING:
    from aomuse.stages import Stages

#: What is done with exposures that are not read.
_LEFT = ("keep", "refuse")


#: Seconds that a task waits for another loader before the others are looked at again.
TURN_S = 2.0


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
        listener.on_found(discovery)
        where = [printable(root.resolve()) for root in roots]
        others: CarryOut | int = workers
        if crew is not None:
            others = crews.enter_context(crew(engine, listener, Needs(tuple(where))))
        run.start("load", *where)
        run.has_issues = bool(discovery.issues)
        for write in (
            partial(register_metrics, engine),
            partial(remember_headers, engine, run.id, discovery.read, discovery.files, where),
            partial(record_orphans, engine, run.id, where, discovery.issues),
        ):
            retrying(engine, write)
        locks = run.lock.named_locks(run.id)
        record = Record(engine, run.id, locks)

        def begin(tasks: Sequence[Task]) -> Stages:
            # A load without news imports nothing of what reads and stores: half of its time.
            from aomuse.stages import Stages

            return Stages(run, locks, others, tasks)

        for result in _results(record, run, planned, begin, reload=reload):
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
    where = [printable(realpath(root)) for root in roots]  # a link to itself too

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
    record: Record,
    run: Run,
    planned: _Planned,
    begin: Callable[[list[Task]], Stages],
    *,
    reload: bool,
) -> Iterator[Result]:
    """Yield what comes of each exposure: first those that are left, then those that are read.

    What another loader has is looked at again after the rest, and only then waited for.
    """
    stages: Stages | None = None
    tasks = yield from _left(record, run, planned.plans)
    has_met = run.engine.dialect.name == "sqlite"
    deadline = time.monotonic() + WAIT_S
    while not run.stop.is_set():
        again: list[Task] = []
        holder: str | None = None
        if tasks or (stages is None and is_sharded(run.engine)):
            stages = stages or begin(tasks)
            for task, result in stages.carry_out(tasks):
                if isinstance(result, Result):
                    yield result
                else:
                    again.append(task)
                    holder = holder or result.holder
                    if result.holder is not None:
                        continue
                deadline = time.monotonic() + WAIT_S
        if again and time.monotonic() > deadline:
            raise BusyError(
                f"{holder} has held {again[0].files.label} for {WAIT_S} s: wait until it has "
                "ended, or end it (KILL), then load again"
            )
        if again:
            held = [(task.found, task.plan) for task in again]
            plans = look_again(run.engine, planned.plans, held, planned.paths, reload=reload)
        elif not has_met:
            has_met = True
            plans = that_meet(run.engine, planned.plans, planned.paths, planned.unnamed)
        else:
            if stages is not None:
                stages.end()
            return
        tasks = yield from _left(record, run, plans, wait_s=TURN_S)


def _left(
    record: Record, run: Run, plans: list[tuple[ExposureFiles, Plan]], wait_s: float = 0.0
) -> Generator[Result, None, list[Task]]:
    """Yield the results of exposures that are left as they are, and return the tasks."""
    tasks = []
    for files, todo in plans:
        if run.stop.is_set():
            break
        if todo.action in _LEFT:
            yield record.leave(files, todo)
        else:
            with_issues = replace(files, issues=(*files.issues, *todo.issues))
            tasks.append(Task(files, joined(with_issues, todo), todo, wait_s))
    return tasks


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
