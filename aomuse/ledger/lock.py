"""One run at a time for each database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy import Engine

from aomuse.errors import BusyError
from aomuse.ledger.file_lock import FileLock
from aomuse.ledger.server_lock import ServerLock
from aomuse.models import LoadRun

#: Seconds that a second run waits for the first.
WAIT_S = 600
_POLL_S = 0.5


@contextmanager
def run_lock(
    engine: Engine, on_wait: Callable[[str], None] = lambda _: None, wait_s: float = WAIT_S
) -> Iterator[Callable[[], None]]:
    """Hold the database for one run; yield a function that takes the lock again if it was lost.

    The lock belongs to the process (SQLite: a lock on a file beside the database) or to a
    connection (MariaDB): it ends when the run is killed, and nothing has to be cleared.
    """
    lock = FileLock(engine.url) if engine.dialect.name == "sqlite" else ServerLock(engine)

    def keep() -> None:
        if not lock.is_held():
            lock.release()
            _acquire(engine, lock, on_wait, wait_s)

    try:
        _acquire(engine, lock, on_wait, wait_s)
        yield keep
    finally:
        lock.release()


def _acquire(
    engine: Engine, lock: FileLock | ServerLock, on_wait: Callable[[str], None], wait_s: float
) -> None:
    deadline = time.monotonic() + wait_s
    is_shown = False
    while not lock.take():
        holder = lock.holder() or _run(engine)
        if time.monotonic() >= deadline:
            raise BusyError(f"{holder} holds the database: wait until it has ended, then try again")
        if not is_shown:
            on_wait(holder)
            is_shown = True
        time.sleep(_POLL_S)


def _run(engine: Engine) -> str:
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table(LoadRun.__tablename__):
            # Somebody restores the database, or drops it.
            return "another command"
        run = connection.execute(
            sa.select(LoadRun.id, LoadRun.host, LoadRun.process_id, LoadRun.started_utc)
            .where(LoadRun.outcome == "running")
            .order_by(LoadRun.id.desc())
        ).first()
    if run is None:
        return "another command"
    return (
        f"run {run.id} (process {run.process_id} on {run.host}, "
        f"since {run.started_utc:%Y-%m-%d %H:%M:%S} UTC)"
    )
