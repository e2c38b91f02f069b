"""One run at a time for each database."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from aomuse.errors import BusyError, ConfigurationError
from aomuse.models import LoadRun

#: Seconds that a second run waits for the first.
WAIT_S = 600
_POLL_S = 0.5
#: The lock's connection stays idle for as long as the run takes.
_IDLE_S = 7 * 86400


@contextmanager
def run_lock(
    engine: Engine, on_wait: Callable[[str], None] = lambda _: None, wait_s: float = WAIT_S
) -> Iterator[Callable[[], None]]:
    """Hold the database for one run.

    The lock belongs to the process (SQLite: a lock on a file beside the database) or to a
    connection (MariaDB: GET_LOCK): it ends when the run is killed, and nothing has to be cleared.
    """
    lock = _file_lock if engine.dialect.name == "sqlite" else _server_lock
    with lock(engine, on_wait, wait_s) as keep:
        yield keep


def _holder(engine: Engine) -> str:
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


def _acquire(
    engine: Engine, take: Callable[[], bool], on_wait: Callable[[str], None], wait_s: float
) -> None:
    deadline = time.monotonic() + wait_s
    is_shown = False
    while not take():
        holder = _holder(engine)
        if time.monotonic() >= deadline:
            raise BusyError(f"{holder} holds the database: wait until it has ended, then try again")
        if not is_shown:
            on_wait(holder)
            is_shown = True
        time.sleep(_POLL_S)


@contextmanager
def _file_lock(
    engine: Engine, on_wait: Callable[[str], None], wait_s: float
) -> Iterator[Callable[[], None]]:
    database = engine.url.database
    if not database or database == ":memory:":
        yield lambda: None
        return
    path = Path(database)
    lock = path.with_name(path.name + ".lock")
    try:
        opened = lock.open("a")
    except OSError as error:
        raise ConfigurationError(
            f"{lock} cannot be written ({error.strerror or error}): check that the folder of the "
            "database exists and may be written"
        ) from error
    with opened as stream:

        def take() -> bool:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        _acquire(engine, take, on_wait, wait_s)
        yield lambda: None


@contextmanager
def _server_lock(
    engine: Engine, on_wait: Callable[[str], None], wait_s: float
) -> Iterator[Callable[[], None]]:
    name = f"aomuse:{engine.url.database}"[:64]
    held: list[Connection] = []

    def take() -> bool:
        if not held:
            options = {"isolation_level": "AUTOCOMMIT"}
            held.append(engine.connect().execution_options(**options))
            held[0].execute(sa.text(f"SET SESSION wait_timeout = {_IDLE_S}"))
        return held[0].scalar(sa.select(sa.func.get_lock(name, 0))) == 1

    def let_go() -> None:
        # A pooled connection lives on, and with it the lock.
        for connection in held:
            connection.invalidate()
            connection.close()
        held.clear()

    def keep() -> None:
        try:
            mine = held[0].scalar(sa.select(sa.func.is_used_lock(name) == sa.func.connection_id()))
        except DBAPIError:
            mine = False
        if not mine:
            let_go()
            _acquire(engine, take, on_wait, wait_s)

    try:
        _acquire(engine, take, on_wait, wait_s)
        yield keep
    finally:
        let_go()
