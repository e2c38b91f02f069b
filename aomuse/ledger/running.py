"""A run: one command that writes exposures, from the lock to its row in load_run."""

from __future__ import annotations

import datetime as dt
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from aomuse.db import Trouble, describe_error, inserted_id, trouble_of, write_transaction
from aomuse.errors import BusyError, DatabaseError, UnfinishedError
from aomuse.exchange.outcome import Listener, Result, Summary
from aomuse.ledger.lock import RunLock, dead_runs, run_lock
from aomuse.models import LoadRun
from aomuse.retries import retrying
from aomuse.schema import require_head
from aomuse.signals import Ended, Stop, finish_on_interrupt


@cache
def _own_version() -> str:
    # It is read from a file.
    return version("aomuse")


@dataclass
class Run:
    """What a run has done so far.

    ``stop`` is set by Ctrl-C, TERM or HUP: finish the exposure in hand, and start no other.
    """

    engine: Engine
    schema_revision: str
    listener: Listener
    stop: Stop
    lock: RunLock
    id: int = 0
    summary: Summary = field(default_factory=Summary)
    has_issues: bool = False

    def start(self, command: str, *roots: str) -> None:
        """Record the start of the run, and the end of runs that were killed."""

        def insert() -> int:
            with write_transaction(self.engine) as connection:
                # What they still write at this moment is waited for.
                connection.execute(
                    sa.update(LoadRun)
                    .where(LoadRun.id.in_(dead_runs(connection)), LoadRun.outcome == "running")
                    .values(outcome="killed")
                )
                run_id = inserted_id(
                    connection,
                    sa.insert(LoadRun).values(
                        command=command,
                        root="\n".join(roots),
                        started_utc=utc_now(),
                        outcome="running",
                        host=socket.gethostname(),
                        process_id=os.getpid(),
                        aomuse_version=_own_version(),
                        schema_revision=self.schema_revision,
                        **_counts(self.summary),
                    ),
                )
                self.lock.belong_to(connection, run_id)
                return run_id

        self.id = retrying(self.engine, insert)

    def report(self, result: Result) -> None:
        """Count an exposure and show it."""
        self.summary.add(result)
        self.has_issues |= result.has_errors
        self.listener.on_result(result)
        self.lock.keep(self.id)

    def finish(self, outcome: str) -> None:
        """Record the end of the run, unless another one has taken its place."""

        def update() -> None:
            with write_transaction(self.engine) as connection:
                connection.execute(
                    sa.update(LoadRun)
                    .where(LoadRun.id == self.id, LoadRun.outcome == "running")
                    .values(finished_utc=utc_now(), outcome=outcome, **_counts(self.summary))
                )

        try:
            update()
        except DBAPIError as error:
            # A server that is gone is not waited for: the next run marks this one as killed.
            if trouble_of(error) is not Trouble.BUSY:
                raise
            retrying(self.engine, update)


@contextmanager
def running(engine: Engine, listener: Listener, *, shared: bool = False) -> Iterator[Run]:
    """Hold the database for one run, alone or with others, and record how it ends.

    A run that fails before it is started leaves no row. If the database fails a run later, it may
    have written exposures: that is an UnfinishedError. After Ctrl-C, TERM or HUP the outcome is
    interrupted, and `Ended` is raised at the end, a KeyboardInterrupt.
    """
    begun = time.monotonic()
    revision = require_head(engine)
    lock = run_lock(engine, listener.on_wait, shared=shared)
    with lock as held, finish_on_interrupt() as stop:
        run = Run(engine, revision, listener, stop, held)
        outcome = "failed"
        try:
            yield run
            outcome = "issues" if run.has_issues else "complete"
        except KeyboardInterrupt as interrupt:
            if not stop.is_set() and isinstance(interrupt, Ended):
                stop.number = interrupt.number
            stop.set()
        except (DatabaseError, BusyError, DBAPIError) as error:
            if not run.id:
                raise
            said = describe_error(error) if isinstance(error, DBAPIError) else str(error)
            raise UnfinishedError(said) from error
        finally:
            if run.id:
                with suppress(DBAPIError, DatabaseError):
                    run.finish("interrupted" if stop.is_set() else outcome)
    if stop.is_set():
        raise Ended(stop.number)
    run.summary.seconds = time.monotonic() - begun


@contextmanager
def run_transaction(engine: Engine, run_id: int) -> Iterator[Connection]:
    """Yield a connection within a transaction of a run, unless another has taken its place.

    A run that has lost its lock, and got it back, may have a plan that no longer holds. Whoever
    took the lock meanwhile marked it as killed, and waited for its transactions.
    """
    with write_transaction(engine) as connection:
        outcome = sa.select(LoadRun.outcome).where(LoadRun.id == run_id).with_for_update(read=True)
        if connection.scalar(outcome) != "running":
            raise DatabaseError(
                f"run {run_id} lost its connection to the database, and another command has "
                "written there since: run again; only complete exposures were saved"
            )
        yield connection


def utc_now() -> dt.datetime:
    """Return the time as the database keeps it: UTC, without a zone."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def _counts(summary: Summary) -> dict[str, int]:
    """Return the counts of load_run; a loaded exposure can have files that failed."""
    return {
        "exposures_found": sum(summary.counts.values()),
        **{f"exposures_{outcome}": number for outcome, number in summary.counts.items()},
        "exposures_failed": summary.failed,
        "row_count": summary.row_count,
    }
