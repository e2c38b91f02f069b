"""The story of a load: discover, read, normalize, load.

The only module that knows all four stages.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from aomuse.db import create_engine, describe_error
from aomuse.discover import Discovery, discover, find_again, join
from aomuse.errors import AomuseError, DatabaseError
from aomuse.exchange.files import ExposureFiles
from aomuse.exchange.frames import NormalizedExposure
from aomuse.exchange.issue import Issue
from aomuse.exchange.outcome import Listener, Outcome, Result, Summary
from aomuse.ledger import (
    Ledger,
    Memory,
    Plan,
    Run,
    finish_run,
    make_plan,
    record_orphans,
    remember,
    run_lock,
    start_run,
)
from aomuse.load import UnitOfWork, choose_writer
from aomuse.metrics.rows import register_metrics
from aomuse.normalize import normalize
from aomuse.paths import printable
from aomuse.read import read_exposure
from aomuse.schema import refresh, require_head
from aomuse.workers import Died, finish_on_interrupt, run_tasks

logger = logging.getLogger(__name__)

#: What an exposure becomes when its plan has been carried out.
_OUTCOMES: dict[str, Outcome] = {
    "load": "loaded",
    "complete": "completed",
    "replace": "replaced",
    "retry": "completed",
    "keep": "unchanged",
    "refuse": "failed",
}

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
        Told of progress.

    Returns
    -------
    Summary
        What was loaded; ``failed`` counts what could not be.

    Raises
    ------
    AomuseError
        If nothing could be done at all: a missing root, a schema that is not at head, another
        loader that does not end, a database that has gone away.
    KeyboardInterrupt
        After Ctrl-C, once the exposures in flight are done.
    """
    listener = listener or Listener()
    started = time.monotonic()
    revision = require_head(engine)
    summary = Summary()
    with finish_on_interrupt() as stop, run_lock(engine, listener.on_wait) as keep_lock:
        with engine.connect() as connection:
            ledger, memory = Ledger(connection), Memory(connection)
        discovery = discover(roots, memory.recall)
        listener.on_found(discovery)
        where = [printable(root.resolve()) for root in roots]
        run = start_run(engine, "load", where, revision)
        outcome = "failed"
        try:
            register_metrics(engine)
            remember(engine, run.id, discovery.read, discovery.files, where)
            record_orphans(engine, run.id, where, discovery.issues)
            for result in _results(engine, run, ledger, discovery, reload, workers, stop, listener):
                summary.add(result)
                run.count(result.outcome, result.row_count, failed=result.has_errors)
                listener.on_result(result)
                keep_lock()
            show_in_views(engine, listener)
            outcome = "issues" if summary.failed or discovery.issues else "complete"
        except KeyboardInterrupt:
            stop.set()
        finally:
            # Without a database there is no end to record: the next run sees that this one died.
            with suppress(DBAPIError):
                finish_run(engine, run, "interrupted" if stop.is_set() else outcome)
    if stop.is_set():
        raise KeyboardInterrupt
    summary.failed += sum(issue.severity == "error" for issue in discovery.issues)
    summary.left_out = Counter(why for _, why in discovery.left_out)
    summary.seconds = time.monotonic() - started
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
    with engine.connect() as connection:
        ledger, memory = Ledger(connection), Memory(connection)
    discovery = discover(roots, memory.recall)
    return discovery, _plans(ledger, discovery, reload=reload)


def _results(
    engine: Engine,
    run: Run,
    ledger: Ledger,
    discovery: Discovery,
    reload: bool,
    workers: int,
    stop: Event,
    listener: Listener,
) -> Iterator[Result]:
    """Yield what comes of each exposure: first those that are left, then those that are read."""
    way = choose_writer(engine)
    if way.notice:
        listener.on_notice(way.notice)
    unit = UnitOfWork(way, run.id)
    tasks: list[Task] = []
    for files, todo in _plans(ledger, discovery, reload=reload):
        if stop.is_set():
            return
        if todo.action in ("keep", "refuse"):
            unit.leave(todo)
            yield Result(files.label, _OUTCOMES[todo.action], 0, 0.0, todo.issues)
        else:
            told = replace(files, issues=(*files.issues, *todo.issues))
            tasks.append(Task(_joined(told, todo), todo))
    size = sum(file.size for task in tasks for file in task.files.files)
    if workers > 1 and len(tasks) > 1 and size > WORTH_WORKERS_BYTES:
        yield from _in_workers(engine, unit, run, tasks, workers, stop)
        return
    for task in tasks:
        if stop.is_set():
            return
        yield _load_one(unit, task, lambda task: normalize(read_exposure(task.files)))


def _in_workers(
    engine: Engine, unit: UnitOfWork, run: Run, tasks: list[Task], workers: int, stop: Event
) -> Iterator[Result]:
    """Yield the results of tasks that worker processes carry out.

    On MariaDB each worker has a connection of its own and does an exposure from file to commit.
    SQLite takes one writer: this process, which counts as one of the workers; the others read and
    normalize.
    """
    if engine.dialect.name == "sqlite":
        for task, made in run_tasks(tasks, _start_reader, (), workers - 1, stop):
            yield _load_one(unit, task, lambda _, made=made: _unwrap(made))  # type: ignore[misc]
        return
    url = engine.url.render_as_string(hide_password=False)
    for task, result in run_tasks(tasks, _start_loader, (url, run.id), workers, stop):
        if isinstance(result, DatabaseError):
            raise result
        yield _failed(unit, task, result) if isinstance(result, Died) else result


def _start_reader() -> Callable[[Task], NormalizedExposure | Exception]:
    """Return the function of a worker that reads and normalizes."""

    def read(task: Task) -> NormalizedExposure | Exception:
        try:
            return normalize(read_exposure(task.files))
        except Exception as error:  # noqa: BLE001 - told by the process that stores
            return AomuseError(said(error))

    return read


def _start_loader(url: str, run_id: int) -> Callable[[Task], Result | DatabaseError]:
    """Return the function of a worker that loads exposures through a connection of its own."""
    unit = UnitOfWork(choose_writer(create_engine(url)), run_id)

    def load_task(task: Task) -> Result | DatabaseError:
        try:
            return _load_one(unit, task, lambda task: normalize(read_exposure(task.files)))
        except DatabaseError as error:
            return error

    return load_task


def _unwrap(made: NormalizedExposure | Exception | Died) -> NormalizedExposure:
    if isinstance(made, Died):
        raise AomuseError(f"{made}, twice")
    if isinstance(made, Exception):
        raise made
    return made


def _load_one(unit: UnitOfWork, task: Task, make: Callable[[Task], NormalizedExposure]) -> Result:
    """Load one exposure; whatever is wrong with it, the next one can be loaded."""
    started = time.monotonic()
    try:
        exposure = make(task)
        row_count = unit.store(task.files, task.plan, exposure)
    except DatabaseError:
        raise
    except Exception as error:
        logger.debug("%s could not be loaded", task.files.label, exc_info=True)
        return _failed(unit, task, error)
    outcome = _OUTCOMES[task.plan.action] if row_count else "failed"
    issues = tuple(dict.fromkeys(exposure.issues))
    return Result(task.files.label, outcome, row_count, time.monotonic() - started, issues)


def _failed(unit: UnitOfWork, task: Task, why: Exception | Died) -> Result:
    """Record an exposure that could not be stored, and return its result."""
    reason = f"{why}, twice" if isinstance(why, Died) else said(why)
    issue = Issue(
        "error",
        "not_stored",
        f"the exposure {task.files.label} could not be stored ({reason}): nothing of it was "
        "changed; load again, and if this stays, report it with the file",
        str(task.files.files[0]),
    )
    unit.record_failure(task.files, task.plan, issue)
    return Result(task.files.label, "failed", 0, 0.0, (issue,))


def said(error: Exception) -> str:
    """Return what an error says, in one line without statement, values or password."""
    if isinstance(error, AomuseError):
        return str(error)
    if isinstance(error, DBAPIError):
        return describe_error(error)
    return f"{type(error).__name__}: {' '.join(str(error).split())[:500]}"


def _plans(
    ledger: Ledger, discovery: Discovery, *, reload: bool
) -> list[tuple[ExposureFiles, Plan]]:
    """Return what is to be done with each exposure."""
    exposures = _gathered(ledger, discovery.exposures)
    found = {str(file) for files in exposures for file in files.files}
    return [(files, make_plan(ledger, files, found, reload=reload)) for files in exposures]


def _gathered(ledger: Ledger, exposures: list[ExposureFiles]) -> list[ExposureFiles]:
    """Join exposures that the database knows to be one: files of it lie in several roots."""
    homes: dict[int, int] = {}
    gathered: list[ExposureFiles] = []
    for files in exposures:
        known = ledger.known(files)
        home = next((homes[k.id] for k in known if k.id in homes), len(gathered))
        if home == len(gathered) or None not in (gathered[home].archive_id, files.archive_id):
            home = len(gathered)
            gathered.append(files)
        else:
            gathered[home] = join(
                gathered[home], files.files, known[0].archive_id, known[0].raw_file
            )
        homes |= dict.fromkeys((k.id for k in known), home)
    return gathered


def _joined(files: ExposureFiles, todo: Plan) -> ExposureFiles:
    """Return the exposure with those of its files that an earlier run found elsewhere."""
    others = [find_again(Path(file.path), file.role) for file in todo.others]
    found = [file for file in others if file is not None]
    if not todo.known or not (found or files.archive_id is None):
        return files
    archive_ids = [k for k in todo.known if k.archive_id is not None]
    known = archive_ids[0] if archive_ids else todo.known[0]
    return join(files, found, known.archive_id, known.raw_file)


def show_in_views(engine: Engine, listener: Listener) -> None:
    """Let the wide views show what was loaded, if this account may create views."""
    try:
        refresh(engine)
    except DBAPIError as error:
        listener.on_notice(
            "everything is loaded, but the views could not be brought up to date "
            f"({describe_error(error)}): run aomuse migrate as an account that may create views"
        )
