"""The story of a load: discover, read, normalize, load.

The only module that knows all four stages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from aomuse.db import connect_patiently, create_engine, describe_error, read_transaction
from aomuse.discover import discover
from aomuse.errors import AomuseError, BusyError, CrowdedError, DatabaseError
from aomuse.exchange.files import Discovery, ExposureFiles
from aomuse.exchange.frames import NormalizedExposure
from aomuse.exchange.outcome import Listener, Result, Summary
from aomuse.ledger import (
    KnownHeaders,
    Ledger,
    Plan,
    Run,
    gathered,
    joined,
    make_plan,
    record_orphans,
    remember_headers,
    running,
    stored_but_left_out,
)
from aomuse.load import UnitOfWork, WriterChoice, choose_writer, known_writer, reason_of
from aomuse.metrics.registering import register_metrics
from aomuse.normalize import normalize
from aomuse.paths import printable
from aomuse.query.refresh import refresh
from aomuse.read import read_exposure
from aomuse.retries import retrying
from aomuse.schema import require_head
from aomuse.workers import Died, Withdrawn, run_tasks

#: Worker processes take about a second to start: less than this is loaded without them.
WORTH_WORKERS_BYTES = 40_000_000


@dataclass(frozen=True)
class Task:
    """An exposure that is to be read, and what is to be done with it."""

    files: ExposureFiles
    plan: Plan


def load(
    engine: Engine,
    roots: Sequence[Path],
    *,
    reload: bool = False,
    workers: int = 1,
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
    with running(engine, listener) as run:
        discovery, plans = _plans(engine, roots, reload=reload)
        listener.on_found(discovery)
        where = [printable(root.resolve()) for root in roots]
        run.start("load", *where)
        run.has_issues = bool(discovery.issues)
        for record in (
            partial(register_metrics, engine),
            partial(remember_headers, engine, run.id, discovery.read, discovery.files, where),
            partial(record_orphans, engine, run.id, where, discovery.issues),
        ):
            retrying(engine, record)
        for result in _results(engine, run, plans, workers, listener):
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
    return _plans(engine, roots, reload=reload)


def _plans(
    engine: Engine, roots: Sequence[Path], *, reload: bool
) -> tuple[Discovery, list[tuple[ExposureFiles, Plan]]]:
    """Return what the roots hold, and what is to be done with each exposure."""

    def read_ledger() -> tuple[Ledger, KnownHeaders]:
        with read_transaction(engine) as connection:
            return Ledger(connection), KnownHeaders(connection)

    ledger, headers = retrying(engine, read_ledger)
    discovery = discover(roots, headers.recall)
    exposures = gathered(ledger, discovery.exposures)
    paths = {str(file) for files in exposures for file in files.files}
    # What an earlier load stored of these goes.
    paths |= {str(file) for file, _ in discovery.left_out}
    paths |= {issue.path for issue in discovery.issues if issue.code == "copy" and issue.path}
    plans = [(files, make_plan(ledger, files, paths, reload=reload)) for files in exposures]
    planned = {known.id for _, todo in plans for known in todo.known}
    discovery.issues.extend(stored_but_left_out(ledger, discovery.left_out, planned))
    return discovery, plans


def _results(
    engine: Engine,
    run: Run,
    plans: list[tuple[ExposureFiles, Plan]],
    workers: int,
    listener: Listener,
) -> Iterator[Result]:
    """Yield what comes of each exposure: first those that are left, then those that are read."""
    way = choose_writer(engine)
    if way.notice:
        listener.on_notice(way.notice)
    unit = UnitOfWork(way, run.id)
    unit.end_killed_runs()
    tasks: list[Task] = []
    for files, todo in plans:
        if run.stop.is_set():
            return
        if todo.action in ("keep", "refuse"):
            yield unit.leave(files, todo)
        else:
            with_issues = replace(files, issues=(*files.issues, *todo.issues))
            tasks.append(Task(joined(with_issues, todo), todo))
    size = sum(file.size for task in tasks for file in task.files.files)
    if workers > 1 and len(tasks) > 1 and size > WORTH_WORKERS_BYTES:
        yield from _in_workers(way, unit, run, tasks, workers)
        return
    for task in tasks:
        if run.stop.is_set():
            return
        yield _load_task(unit, task)


def _load_task(unit: UnitOfWork, task: Task) -> Result:
    """Take an exposure from file to commit."""
    return unit.load(task.files, task.plan, lambda: normalize(read_exposure(task.files)))


def _in_workers(
    way: WriterChoice,
    unit: UnitOfWork,
    run: Run,
    tasks: list[Task],
    workers: int,
) -> Iterator[Result]:
    """Yield the results of tasks that worker processes carry out.

    On MariaDB each worker has a connection of its own and does an exposure from file to commit.
    SQLite takes one writer: this process, which counts as one of the workers; the others read and
    normalize.
    """

    def fewer(reason: str) -> None:
        run.listener.on_notice(f"{reason}: going on with fewer workers")

    if way.engine.dialect.name == "sqlite":
        for task, made in run_tasks(tasks, _start_reader, (), workers - 1, run.stop, fewer):
            yield unit.load(task.files, task.plan, partial(_unwrap, task, made))
        return
    url = way.engine.url.render_as_string(hide_password=False)
    arguments = (url, run.id, way.notice is None)
    for task, result in run_tasks(tasks, _start_loader, arguments, workers, run.stop, fewer):
        if isinstance(result, DatabaseError):
            raise result
        if isinstance(result, Died):
            yield unit.fail(task.files, task.plan, f"{result}, twice")
        elif isinstance(result, Withdrawn):
            yield _load_task(unit, task)
        else:
            yield result


def _start_reader() -> Callable[[Task], NormalizedExposure | Exception]:
    """Return the function of a worker that reads and normalizes."""

    def read(task: Task) -> NormalizedExposure | Exception:
        try:
            return normalize(read_exposure(task.files))
        except Exception as error:  # noqa: BLE001 - the process that stores reports it
            return AomuseError(reason_of(error))

    return read


def _start_loader(
    url: str, run_id: int, fast: bool
) -> Callable[[Task], Result | DatabaseError | Withdrawn]:
    """Return the function of a worker that loads exposures through a connection of its own."""
    engine = create_engine(url, patient=False)
    try:
        engine.connect().close()
    except DBAPIError as error:
        raise AomuseError(describe_error(error)) from error
    # From here on the others may need the place of this one.
    connect_patiently(engine)
    unit = UnitOfWork(known_writer(engine, fast=fast), run_id)

    def load_task(task: Task) -> Result | DatabaseError | Withdrawn:
        try:
            return _load_task(unit, task)
        except CrowdedError as error:
            return Withdrawn(str(error))
        except DatabaseError as error:
            return error

    return load_task


def _unwrap(
    task: Task, made: NormalizedExposure | Exception | Died | Withdrawn
) -> NormalizedExposure:
    if isinstance(made, Withdrawn):
        return normalize(read_exposure(task.files))
    if isinstance(made, Died):
        raise AomuseError(f"{made}, twice")
    if isinstance(made, Exception):
        raise made
    return made


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
