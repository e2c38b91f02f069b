"""The story of a load: discover, read, normalize, load.

The only module that knows all four stages.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from aomuse.db import write_transaction
from aomuse.discover import Discovery, Identity, discover, find_again, join
from aomuse.errors import AomuseError
from aomuse.files import ExposureFiles, FoundFile
from aomuse.issue import Issue
from aomuse.load import (
    Dictionaries,
    ExecutemanyWriter,
    Ledger,
    Plan,
    Run,
    close_orphans_below,
    finish_run,
    prepare_dictionaries,
    record_issues,
    run_lock,
    start_run,
    store_exposure,
    touch_files,
)
from aomuse.normalize import NormalizedExposure, normalize
from aomuse.paths import printable
from aomuse.read import read_exposure
from aomuse.schema import refresh, require_head

logger = logging.getLogger(__name__)

Outcome = Literal["loaded", "completed", "replaced", "unchanged", "failed"]

#: What an exposure becomes when its plan has been carried out.
_OUTCOMES: dict[str, Outcome] = {
    "load": "loaded",
    "complete": "completed",
    "replace": "replaced",
    "retry": "completed",
    "keep": "unchanged",
    "refuse": "failed",
}

#: Seconds to wait before an exposure is tried again after the database failed.
RETRY_DELAYS_S = (1.0, 3.0, 10.0)


@dataclass(frozen=True)
class Result:
    """What came of one exposure."""

    label: str
    outcome: Outcome
    row_count: int
    seconds: float
    issues: tuple[Issue, ...]

    @property
    def has_errors(self) -> bool:
        """True if something of it is not in the database."""
        return any(issue.severity == "error" for issue in self.issues)


@dataclass
class Summary:
    """What came of a load.

    Parameters
    ----------
    counts : dict
        Exposures by outcome.
    failed : int
        Exposures and files of which something could not be loaded.
    row_count : int
        Rows written.
    seconds : float
        Time it took.
    left_out : int
        Files that are no science exposure of their own.
    """

    counts: dict[Outcome, int] = field(
        default_factory=lambda: {
            "loaded": 0,
            "completed": 0,
            "replaced": 0,
            "unchanged": 0,
            "failed": 0,
        }
    )
    failed: int = 0
    row_count: int = 0
    seconds: float = 0.0
    left_out: int = 0


class Listener:
    """Told of a load while it goes on; a command line overrides what it wants to show."""

    def on_wait(self, holder: str) -> None:
        """Tell that another loader holds the database."""

    def on_notice(self, text: str) -> None:
        """Tell something that concerns the whole load."""

    def on_found(self, discovery: Discovery) -> None:
        """Tell what was found, before anything is read."""

    def on_result(self, result: Result) -> None:
        """Tell what came of an exposure."""


def load(
    engine: Engine, roots: Sequence[Path], *, reload: bool = False, listener: Listener | None = None
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
        loader that does not end.
    """
    listener = listener or Listener()
    started = time.monotonic()
    revision = require_head(engine)
    summary = Summary()
    with run_lock(engine, listener.on_wait):
        with engine.connect() as connection:
            ledger = Ledger(connection)
        discovery = discover(roots, _recall(ledger))
        listener.on_found(discovery)
        where = [printable(root.resolve()) for root in roots]
        run = start_run(engine, "load", where, revision)
        outcome = "failed"
        try:
            _record_orphans(engine, run, where, discovery)
            loader = _Loader(engine, run, ledger, reload=reload)
            for files in discovery.exposures:
                result = loader.load(files)
                _count(result, run, summary)
                listener.on_result(result)
            _show_in_views(engine, listener)
            outcome = "issues" if summary.failed or discovery.issues else "complete"
        except KeyboardInterrupt:
            outcome = "interrupted"
            raise
        finally:
            finish_run(engine, run, outcome)
    summary.failed += sum(issue.severity == "error" for issue in discovery.issues)
    summary.left_out = len(discovery.left_out)
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
        ledger = Ledger(connection)
    discovery = discover(roots, _recall(ledger))
    return discovery, [(files, ledger.plan(files, reload=reload)) for files in discovery.exposures]


class _Loader:
    """Carries out the plan of one exposure after the other."""

    def __init__(self, engine: Engine, run: Run, ledger: Ledger, *, reload: bool) -> None:
        self._engine = engine
        self._run = run
        self._ledger = ledger
        self._reload = reload
        self._dictionaries = Dictionaries(engine)

    def load(self, files: ExposureFiles) -> Result:
        """Carry out the plan of an exposure, and return what came of it."""
        started = time.monotonic()
        todo = self._ledger.plan(files, reload=self._reload)
        outcome = _OUTCOMES[todo.action]
        if todo.action in ("keep", "refuse"):
            row_count, issues = 0, self._leave(todo)
        else:
            files = _joined(files, todo)
            try:
                exposure = normalize(read_exposure(files))
                row_count = self._store(files, todo, exposure)
                issues = tuple(exposure.issues)
                if row_count == 0:
                    outcome = "failed"
            except (AomuseError, MemoryError, Exception) as error:
                # Whatever is wrong with one exposure, the next one can be loaded.
                if isinstance(error, DBAPIError) and error.connection_invalidated:
                    raise
                logger.debug("%s could not be loaded", files.label, exc_info=True)
                outcome, row_count = "failed", 0
                issues = (_failure(files, error),)
                self._record(todo, issues, files)
        seconds = time.monotonic() - started
        return Result(files.label, outcome, row_count, seconds, tuple(dict.fromkeys(issues)))

    def _leave(self, todo: Plan) -> tuple[Issue, ...]:
        """Note what is to be noted of an exposure whose rows stay as they are."""
        if todo.touched:
            with write_transaction(self._engine) as connection:
                touch_files(connection, todo.touched)
        if todo.action == "refuse":
            self._record(todo, todo.issues)
        return todo.issues

    def _store(self, files: ExposureFiles, todo: Plan, exposure: NormalizedExposure) -> int:
        """Write an exposure in one transaction; return the rows written."""
        known = tuple(k.id for k in todo.known)
        if todo.action == "retry" and todo.failed_paths == {str(f) for f in exposure.failed}:
            # The same files fail as before: the rows are there already.
            self._record(todo, exposure.issues)
            return 0
        prepare_dictionaries(self._dictionaries, exposure)
        with write_transaction(self._engine) as connection:
            writer = ExecutemanyWriter(connection)
            exposure_id, row_count = store_exposure(
                connection, writer, self._dictionaries, exposure, self._run.id, known
            )
            paths = [str(file) for file in files.files]
            record_issues(connection, self._run.id, exposure_id, exposure.issues, paths)
        return row_count

    def _record(
        self, todo: Plan, issues: Sequence[Issue], files: ExposureFiles | None = None
    ) -> None:
        exposure_id = todo.known[0].id if todo.known else None
        paths = [str(file) for file in files.files] if files else []
        with write_transaction(self._engine) as connection:
            record_issues(connection, self._run.id, exposure_id, issues, paths)


def _recall(ledger: Ledger) -> Callable[[FoundFile], Identity | None]:
    def recall(file: FoundFile) -> Identity | None:
        known = ledger.recall(file)
        return None if known is None else Identity(*known)

    return recall


def _joined(files: ExposureFiles, todo: Plan) -> ExposureFiles:
    """Return the exposure with those of its files that an earlier run found elsewhere."""
    others = [find_again(Path(file.path), file.role) for file in todo.others]
    found = [file for file in others if file is not None]
    if not todo.known or not (found or files.archive_id is None):
        return files
    archive_ids = [k for k in todo.known if k.archive_id is not None]
    known = archive_ids[0] if archive_ids else todo.known[0]
    return join(files, found, known.archive_id, known.raw_file)


def _record_orphans(engine: Engine, run: Run, roots: list[str], discovery: Discovery) -> None:
    with write_transaction(engine) as connection:
        close_orphans_below(connection, run.id, roots)
        record_issues(connection, run.id, None, discovery.issues)


def _show_in_views(engine: Engine, listener: Listener) -> None:
    """Let the wide views show what was loaded, if this account may create views."""
    try:
        refresh(engine)
    except DBAPIError as error:
        listener.on_notice(
            f"everything is loaded, but the views could not be brought up to date ({error.orig}): "
            "run aomuse migrate as an account that may create views"
        )


def _count(result: Result, run: Run, summary: Summary) -> None:
    run.counts["found"] += 1
    run.counts[result.outcome] += 1
    run.row_count += result.row_count
    summary.counts[result.outcome] += 1
    summary.row_count += result.row_count
    if result.has_errors:
        summary.failed += 1
        if result.outcome != "failed":
            run.counts["failed"] += 1


def _failure(files: ExposureFiles, error: BaseException) -> Issue:
    """Return the issue of an exposure that could not be stored."""
    said = str(error.orig) if isinstance(error, DBAPIError) else f"{type(error).__name__}: {error}"
    text = str(error) if isinstance(error, AomuseError) else said
    return Issue(
        "error",
        "not_stored",
        f"the exposure {files.label} could not be stored ({' '.join(text.split())[:500]}): nothing "
        "of it was changed; load again, and if this stays, report it with the file",
        str(files.files[0]),
    )
