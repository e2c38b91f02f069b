"""One exposure, one transaction."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
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
from aomuse.exchange.outcome import Result
from aomuse.ledger.issues import record_issues
from aomuse.ledger.known_exposures import KnownExposure, Ledger
from aomuse.ledger.named_locks import NamedLocks
from aomuse.ledger.planning import Plan
from aomuse.ledger.recording import OUTCOMES, Record
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


class UnitOfWork(Record):
    """Writes exposures, each in a transaction that is tried again where that can help."""

    def __init__(self, way: WriterChoice, run_id: int, locks: NamedLocks | None = None) -> None:
        """Write alone, or beside other loaders by means of locks."""
        super().__init__(way.engine, run_id, locks)
        self._make_writer = way.make_writer
        self._shards = way.shards
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
            OUTCOMES[plan.action] if stored else "unchanged",
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

    def _try(self, write: Callable[[], T]) -> T:
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
