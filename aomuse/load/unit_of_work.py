"""One exposure, one transaction: store it, leave it, or record why it failed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from aomuse.db import Trouble, describe_error, trouble_of, write_transaction
from aomuse.errors import DatabaseError
from aomuse.exchange.files import ExposureFiles
from aomuse.exchange.frames import NormalizedExposure
from aomuse.exchange.issue import Issue
from aomuse.ledger.planning import Plan
from aomuse.ledger.runs import record_issues, touch_files
from aomuse.load.dictionaries import Dictionaries
from aomuse.load.exposure import prepare_dictionaries, store_exposure
from aomuse.load.writer_choice import WriterChoice
from aomuse.metrics.rows import store_metrics

T = TypeVar("T")

#: Seconds to wait before a transaction is tried again.
RETRY_DELAYS_S = (0.5, 2.0, 5.0, 15.0)


class UnitOfWork:
    """Writes exposures, each in a transaction that is tried again where that is right."""

    def __init__(self, way: WriterChoice, run_id: int) -> None:
        self._engine = way.engine
        self._make_writer = way.make_writer
        self._run_id = run_id
        self._dictionaries: Dictionaries | None = None

    def store(
        self,
        files: ExposureFiles,
        plan: Plan,
        exposure: NormalizedExposure,
        finish: Callable[[Connection, int], int] = lambda _connection, _exposure_id: 0,
    ) -> int:
        """Write an exposure in place of what the database has of it."""
        known = tuple(k.id for k in plan.known)
        if plan.action == "retry" and plan.failed_paths == {str(f) for f in exposure.failed}:
            self._record(known, exposure.issues)
            return 0
        paths = [str(file) for file in files.files]

        def write() -> int:
            dictionaries = self._shared()
            prepare_dictionaries(dictionaries, exposure)
            with write_transaction(self._engine) as connection:
                writer = self._make_writer(connection)
                exposure_id, row_count = store_exposure(
                    connection,
                    writer,
                    dictionaries,
                    exposure,
                    self._run_id,
                    known,
                )
                store_metrics(connection, writer, exposure_id, exposure)
                row_count += finish(connection, exposure_id)
                record_issues(connection, self._run_id, exposure_id, exposure.issues, paths)
            return row_count

        return self._try(write)

    def leave(self, plan: Plan) -> None:
        """Note what is to be noted of an exposure whose rows stay as they are."""
        if plan.touched:

            def touch() -> None:
                with write_transaction(self._engine) as connection:
                    touch_files(connection, plan.touched)

            self._try(touch)
        if plan.action == "refuse":
            self._record(tuple(k.id for k in plan.known), plan.issues)

    def record_left(self, place: str, issues: Sequence[Issue]) -> None:
        """Record why something that belongs to no exposure was left, in place of what was said."""
        self._record((), issues, [place])

    def record_failure(self, files: ExposureFiles, plan: Plan, issue: Issue) -> None:
        """Record why an exposure could not be stored."""
        paths = [str(file) for file in files.files]
        self._record(tuple(k.id for k in plan.known), (issue,), paths)

    def _record(
        self, known: tuple[int, ...], issues: Sequence[Issue], paths: Sequence[str] = ()
    ) -> None:
        def record() -> None:
            with write_transaction(self._engine) as connection:
                exposure_id = known[0] if known else None
                record_issues(connection, self._run_id, exposure_id, issues, paths)

        self._try(record)

    def _shared(self) -> Dictionaries:
        if self._dictionaries is None:
            self._dictionaries = Dictionaries(self._engine)
        return self._dictionaries

    def _try(self, write: Callable[[], T]) -> T:
        """Run a transaction; again after a lock, or when the server was away for a while."""
        for delay in (*RETRY_DELAYS_S, None):
            try:
                return write()
            except DBAPIError as error:
                trouble = trouble_of(error)
                # What was rolled back may have been remembered.
                self._dictionaries = None
                if trouble is Trouble.FULL:
                    raise DatabaseError(
                        f"{describe_error(error)}: make room and load again; whole exposures "
                        "only are in the database"
                    ) from error
                if trouble is Trouble.NONE:
                    raise
                if delay is None:
                    raise DatabaseError(
                        f"{describe_error(error)}, and again after {len(RETRY_DELAYS_S)} tries: "
                        "see to the server and load again; whole exposures only are in the "
                        "database"
                    ) from error
                if trouble is Trouble.GONE:
                    self._engine.dispose()
                time.sleep(delay)
        raise AssertionError
