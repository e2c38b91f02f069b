"""A run: one command that writes exposures, from the lock to its row in load_run."""

from __future__ import annotations

import datetime as dt
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import version

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from aomuse.db import inserted_id, write_transaction
from aomuse.exchange.outcome import Listener, Result, Summary
from aomuse.ledger.lock import run_lock
from aomuse.models import LoadRun
from aomuse.retries import retrying
from aomuse.schema import require_head
from aomuse.signals import Ended, Stop, finish_on_interrupt


@dataclass
class Run:
    """What a run has done so far.

    ``stop`` is set by Ctrl-C, TERM or HUP: finish the exposure in hand, and start no other.
    """

    engine: Engine
    schema_revision: str
    listener: Listener
    stop: Stop
    keep_lock: Callable[[], None]
    id: int = 0
    summary: Summary = field(default_factory=Summary)
    has_issues: bool = False

    def start(self, command: str, *roots: str) -> None:
        """Record the start of the run, and the end of runs that were killed."""

        def insert() -> int:
            with write_transaction(self.engine) as connection:
                # Whoever holds the lock knows that no other run is alive.
                connection.execute(
                    sa.update(LoadRun).where(LoadRun.outcome == "running").values(outcome="killed")
                )
                return inserted_id(
                    connection,
                    sa.insert(LoadRun).values(
                        command=command,
                        root="\n".join(roots),
                        started_utc=utc_now(),
                        outcome="running",
                        host=socket.gethostname(),
                        process_id=os.getpid(),
                        aomuse_version=version("aomuse"),
                        schema_revision=self.schema_revision,
                        **_counts(self.summary),
                    ),
                )

        self.id = retrying(self.engine, insert)

    def report(self, result: Result) -> None:
        """Count an exposure and show it."""
        self.summary.add(result)
        self.has_issues |= result.has_errors
        self.listener.on_result(result)
        self.keep_lock()

    def finish(self, outcome: str) -> None:
        """Record the end of the run."""
        with write_transaction(self.engine) as connection:
            connection.execute(
                sa.update(LoadRun)
                .where(LoadRun.id == self.id)
                .values(finished_utc=utc_now(), outcome=outcome, **_counts(self.summary))
            )


@contextmanager
def running(engine: Engine, listener: Listener) -> Iterator[Run]:
    """Hold the database for one run, and record how it ends.

    A run that fails before it is started leaves no row. After Ctrl-C, TERM or HUP the outcome is
    interrupted, and `Ended` is raised at the end, a KeyboardInterrupt.
    """
    begun = time.monotonic()
    revision = require_head(engine)
    with run_lock(engine, listener.on_wait) as keep_lock, finish_on_interrupt() as stop:
        run = Run(engine, revision, listener, stop, keep_lock)
        outcome = "failed"
        try:
            yield run
            outcome = "issues" if run.has_issues else "complete"
        except KeyboardInterrupt as interrupt:
            if not stop.is_set() and isinstance(interrupt, Ended):
                stop.number = interrupt.number
            stop.set()
        finally:
            if run.id:
                # Without a database no end can be recorded: the next run marks this one as killed.
                with suppress(DBAPIError):
                    run.finish("interrupted" if stop.is_set() else outcome)
    if stop.is_set():
        raise Ended(stop.number)
    run.summary.seconds = time.monotonic() - begun


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
