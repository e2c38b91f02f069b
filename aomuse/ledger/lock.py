"""Who may use a database now: one command alone, or on MariaDB any number of loads together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from aomuse.errors import BusyError
from aomuse.ledger.file_lock import FileLock
from aomuse.ledger.named_locks import NamedLocks
from aomuse.ledger.server_lock import ServerLock, knows_runs, living_runs
from aomuse.models import LoadRun

#: Seconds that a run waits for others.
WAIT_S = 600
_POLL_S = 0.5
#: So many holders are named.
_NAMED = 3
_ONE_WRITER = " (SQLite has one writer at a time; loads share a database on MariaDB)"


@dataclass(frozen=True)
class RunLock:
    """A database that is held for a run.

    The lock belongs to the process (SQLite: a lock on a file beside the database) or to a
    connection (MariaDB): it ends when the run is killed, and nothing has to be cleared.
    """

    engine: Engine
    lock: FileLock | ServerLock
    on_wait: Callable[[str], None]
    wait_s: float
    why: str

    def keep(self, run_id: int = 0) -> None:
        """Take the lock again if it was lost."""
        if not self.lock.is_held():
            self.lock.release()
            self.acquire()
            if run_id:
                with self.engine.begin() as connection:
                    self.belong_to(connection, run_id)

    def belong_to(self, connection: Connection, run_id: int) -> None:
        """Let a run live as long as the lock."""
        if isinstance(self.lock, ServerLock):
            self.lock.belong_to(connection, run_id)

    def named_locks(self, run_id: int) -> NamedLocks:
        """Return locks by name that live as long as this one."""
        lock = self.lock
        if isinstance(lock, FileLock):
            return NamedLocks(None)

        def borrow() -> AbstractContextManager[Connection]:
            self.keep(run_id)
            return nullcontext(lock.connection)

        return NamedLocks(borrow)

    def acquire(self) -> None:
        """Take the lock once it is free, or say who has it."""
        deadline = time.monotonic() + self.wait_s
        is_shown = False
        while not self.lock.take():
            holder = self.lock.holder()
            holders = [holder] if holder else _holders(self.engine)
            who = " and ".join(holders)
            hold = "hold" if len(holders) > 1 else "holds"
            if time.monotonic() >= deadline:
                raise BusyError(
                    f"{who} {hold} the database: wait until it is free, then try again{self.why}"
                )
            if not is_shown:
                self.on_wait(f"waiting for {who}, which {hold} the database{self.why}")
                is_shown = True
            time.sleep(_POLL_S)


@contextmanager
def run_lock(
    engine: Engine,
    on_wait: Callable[[str], None] = lambda _: None,
    wait_s: float = WAIT_S,
    *,
    shared: bool = False,
) -> Iterator[RunLock]:
    """Hold the database for one run: alone, or with others that share it.

    SQLite has one writer: there nothing is shared.
    """
    on_sqlite = engine.dialect.name == "sqlite"
    lock = FileLock(engine.url) if on_sqlite else ServerLock(engine, shared=shared)
    held = RunLock(engine, lock, on_wait, wait_s, _ONE_WRITER if shared and on_sqlite else "")
    try:
        held.acquire()
        yield held
    finally:
        lock.release()


def dead_runs(connection: Connection) -> list[int]:
    """Return the runs that were killed, for whoever holds the lock."""
    running = connection.scalars(sa.select(LoadRun.id).where(LoadRun.outcome == "running")).all()
    if connection.dialect.name == "sqlite":
        return list(running)
    # In this order: a run that begins meanwhile is not among the first.
    alive = living_runs(connection)
    return [run for run in running if run not in alive]


def _holders(engine: Engine) -> list[str]:
    """Return the runs that hold the database, the oldest first."""
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table(LoadRun.__tablename__):
            # Somebody restores the database, or drops it.
            return ["another command"]
        columns = (LoadRun.id, LoadRun.command, LoadRun.host, LoadRun.process_id)
        running = sa.select(*columns, LoadRun.started_utc).where(LoadRun.outcome == "running")
        if knows_runs(connection):
            running = running.where(LoadRun.id.in_(living_runs(connection)))
        runs = connection.execute(running.order_by(LoadRun.id)).all()
    shown = [
        f"run {run.id} ({run.command}, process {run.process_id} on {run.host}, "
        f"since {run.started_utc:%Y-%m-%d %H:%M:%S} UTC)"
        for run in runs
    ]
    if len(shown) > _NAMED:
        shown[_NAMED:] = [f"{len(shown) - _NAMED} more (aomuse status)"]
    return shown or ["another command"]
