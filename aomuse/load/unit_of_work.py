"""One exposure, one transaction: store it, leave it, or record why it failed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from aomuse.db import describe_error
from aomuse.errors import AomuseError, DatabaseError, OvertakenError
from aomuse.exchange.files import ExposureFiles
from aomuse.exchange.frames import NormalizedExposure
from aomuse.exchange.issue import Issue
from aomuse.exchange.outcome import Outcome, Result
from aomuse.ledger.issues import record_issues, touch_files
from aomuse.ledger.known_exposures import KnownExposure, Ledger
from aomuse.ledger.named_locks import SHORT_WORK_S, NamedLocks
from aomuse.ledger.planning import Action, Plan
from aomuse.ledger.running import run_transaction
from aomuse.ledger.selecting import exposures_of
from aomuse.load.dictionaries import Dictionaries
from aomuse.load.exposure import prepare_dictionaries, store_exposure
from aomuse.load.kept_rows import reasons_to_keep
from aomuse.load.references import References
from aomuse.load.two_phase import recover, sharded_transaction
from aomuse.load.writer_choice import WriterChoice
from aomuse.metrics.rows import store_metrics
from aomuse.retries import retrying
from aomuse.stored.writer import BulkWriter

logger = logging.getLogger(__name__)

T = TypeVar("T")
#: Writes what else belongs to an exposure, and returns the number of rows.
Finish = Callable[[Connection, References], int]

#: What an exposure becomes when its plan has been carried out.
_OUTCOMES: dict[Action, Outcome] = {
    "load": "loaded",
    "complete": "completed",
    "replace": "replaced",
    "retry": "completed",
    "keep": "unchanged",
    "refuse": "failed",
}


class UnitOfWork:
    """Writes exposures, each in a transaction that is tried again where that can help."""

    def __init__(self, way: WriterChoice, run_id: int, locks: NamedLocks | None = None) -> None:
        """Write alone, or beside other loaders by means of locks."""
        self.locks = locks
        self._engine = way.engine
        self._make_writer = way.make_writer
        self._shards = way.shards
        self._run_id = run_id
        self._dictionaries: Dictionaries | None = None

    def load(
        self,
        files: ExposureFiles,
        plan: Plan,
        make: Callable[[], NormalizedExposure],
        finish: Finish = lambda *_: 0,
        *,
        found: ExposureFiles | None = None,
    ) -> Result:
        """Store an exposure; whatever is wrong with it, the next one can be loaded.

        An OvertakenError where another loader was the reason.
        """
        started = time.monotonic()
        try:
            exposure = make()
            stored = self.store(files, plan, exposure, finish)
        except (DatabaseError, OvertakenError):
            raise
        except Exception as error:
            self.require_unchanged(found or files, plan)
            logger.debug("%s could not be stored", files.label, exc_info=True)
            return self.fail(files, plan, reason_of(error), time.monotonic() - started)
        return Result(
            files.label,
            _OUTCOMES[plan.action] if stored else "unchanged",
            stored.row_count if stored else 0,
            time.monotonic() - started,
            tuple(dict.fromkeys(exposure.issues)),
        )

    def store(
        self,
        files: ExposureFiles,
        plan: Plan,
        exposure: NormalizedExposure,
        finish: Finish = lambda *_: 0,
    ) -> References | None:
        """Write an exposure in place of its earlier rows; None if these stay.

        They do if the same files fail again, or if what was loaded from a healthy file would be
        replaced by nothing.
        """
        known = tuple(k.id for k in plan.known)
        same_fail = plan.failed_paths == {str(f) for f in exposure.failed}
        kept = self._reasons_to_keep(plan, exposure)
        exposure.issues.extend(kept)
        if kept or (plan.action == "retry" and same_fail):
            self._record(known, exposure.issues)
            return None
        paths = [str(file) for file in files.files]

        def write() -> References:
            if self._dictionaries is None:
                self._dictionaries = Dictionaries(self._engine)
            prepare_dictionaries(self._dictionaries, exposure)
            with self._transaction(known) as (connection, writer):
                if self.locks is not None:
                    self.locks.require(connection)
                stored = store_exposure(
                    connection, writer, self._dictionaries, exposure, self._run_id, known
                )
                exposure_id = stored.exposure_id
                store_metrics(connection, writer, exposure_id, exposure, stored.ids["fit"])
                stored.row_count += finish(connection, stored)
                record_issues(connection, self._run_id, exposure_id, exposure.issues, paths)
            return stored

        return self._try(write)

    def end_killed_runs(self) -> None:
        """Bring to an end what killed runs, and killed workers of this one, began on other servers.

        Not while workers of this run are at work.
        """
        if self._shards is not None:
            self._try(partial(recover, self._shards, self._engine, self._run_id))

    @contextmanager
    def _transaction(self, known: tuple[int, ...]) -> Iterator[tuple[Connection, BulkWriter]]:
        if self._shards is None:
            with run_transaction(self._engine, self._run_id) as connection:
                yield connection, self._make_writer(connection)
            return
        exposure_id = known[0] if known else None
        arguments = (self._shards, self._engine, self._make_writer, self._run_id, exposure_id)
        with sharded_transaction(*arguments) as (connection, writer):
            yield connection, writer

    def require_unchanged(self, files: ExposureFiles, plan: Plan) -> None:
        """Refuse to carry out the plan of an exposure that another loader has stored since."""
        if self.locks is None or self._engine.dialect.name == "sqlite":
            return

        def look() -> tuple[KnownExposure, ...]:
            with self._engine.connect() as connection:
                return Ledger(connection, exposures_of(connection, [files])).known(files)

        now = {known.state for known in self._try(look)}
        if now != {known.state for known in plan.known}:
            raise OvertakenError(f"another run has stored {files.label}")

    def _reasons_to_keep(self, plan: Plan, exposure: NormalizedExposure) -> list[Issue]:
        if not plan.known:
            return []

        def ask() -> list[Issue]:
            with self._engine.connect() as connection:
                return reasons_to_keep(connection, plan, exposure)

        return self._try(ask)

    def leave(self, files: ExposureFiles, plan: Plan) -> Result:
        """Keep or refuse an exposure: its rows stay, its files may have moved."""
        if plan.touched:

            def touch() -> None:
                with run_transaction(self._engine, self._run_id) as connection:
                    touch_files(connection, plan.touched)

            self._try(touch)
        if plan.action == "refuse":
            with self._alone_with(plan):
                self._record(tuple(k.id for k in plan.known), plan.issues)
        outcome = "loaded" if self._has_stored(plan) else _OUTCOMES[plan.action]
        return Result(files.label, outcome, 0, 0.0, plan.issues)

    def _has_stored(self, plan: Plan) -> bool:
        """Tell whether a worker of this run stored what is kept, and died before it said so."""
        return plan.action == "keep" and any(
            file.load_run_id == self._run_id for known in plan.known for file in known.files
        )

    @contextmanager
    def _alone_with(self, plan: Plan) -> Iterator[None]:
        """Let no other loader record the same of an exposure at the same time."""
        if self.locks is None:
            yield
            return
        with self.locks.held([f"exposure {known.id}" for known in plan.known], SHORT_WORK_S):
            yield

    def record_left(self, place: str, issues: Sequence[Issue]) -> None:
        """Record issues of something that belongs to no exposure, in place of its earlier ones."""
        self._record((), issues, [place])

    def fail(self, files: ExposureFiles, plan: Plan, reason: str, seconds: float = 0.0) -> Result:
        """Record why an exposure could not be stored."""
        issue = Issue(
            "error",
            "not_stored",
            f"the exposure {files.label} could not be stored ({reason}): nothing of it was "
            "changed; try again, and if this stays, report it with the file",
            str(files.files[0]),
        )
        paths = [str(file) for file in files.files]
        self._record(tuple(k.id for k in plan.known), (issue,), paths)
        return Result(files.label, "failed", 0, seconds, (issue,))

    def _record(
        self, known: tuple[int, ...], issues: Sequence[Issue], paths: Sequence[str] = ()
    ) -> None:
        def record() -> None:
            with run_transaction(self._engine, self._run_id) as connection:
                exposure_id = known[0] if known else None
                record_issues(connection, self._run_id, exposure_id, issues, paths)

        self._try(record)

    def _try(self, write: Callable[[], T]) -> T:
        """Run a transaction; again where that can help."""
        return retrying(self._engine, write, self._forget)

    def _forget(self) -> None:
        # It may know rows that were rolled back.
        self._dictionaries = None


def reason_of(error: Exception) -> str:
    """Return what an error says, in one line without statement, values or password."""
    if isinstance(error, AomuseError):
        return str(error)
    if isinstance(error, DBAPIError):
        return describe_error(error)
    return f"{type(error).__name__}: {' '.join(str(error).split())[:500]}"
