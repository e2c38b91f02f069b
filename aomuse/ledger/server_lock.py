"""The lock of a MariaDB database: rows that need the right to write, and signs of life.

A row of run_lock names a connection and a lock of the server (GET_LOCK). Whoever has written the
row holds the database for as long as that connection holds that lock, which ends with it. Others
may take a lock of any name, but not in place of that connection, and not write the row. Row 1 is
for those that have the database alone, the other rows for those that share it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, PendingRollbackError

from aomuse.blocking import holder_of, in_the_way
from aomuse.db import Trouble, inserted_id, trouble_of
from aomuse.ledger.named_locks import PREFIX
from aomuse.models import RunLock

#: The lock's connection stays idle for as long as the run takes. It waits for others that lock the
#: rows only so long, to say who they are.
_SESSION = "SET SESSION wait_timeout = 604800, innodb_lock_wait_timeout = 3"

_ALONE = 1
_MINE = sa.func.connection_id()
_LIVES = sa.and_(
    sa.func.is_used_lock(RunLock.lock_name) == RunLock.connection_id,
    sa.func.locate(PREFIX, RunLock.lock_name) == 1,
)


class ServerLock:
    """A lock that ends with its connection."""

    def __init__(self, engine: Engine, *, shared: bool = False) -> None:
        self._engine = engine
        self._shared = shared
        self._connection: Connection | None = None
        self._prefix = ""
        self._name = ""
        self._holder = ""
        self._row = 0

    def take(self) -> bool:
        """Take the lock if it is free."""
        self._holder = ""
        if self._connection is None:
            options = {"isolation_level": "AUTOCOMMIT"}
            self._connection = self._engine.connect().execution_options(**options)
            self._connection.exec_driver_sql(_SESSION)
            self._prefix = str(self._connection.scalar(sa.select(PREFIX)))
            self._name = f"{self._prefix}:{uuid.uuid4().hex}"
            self._connection.scalar(sa.select(sa.func.get_lock(self._name, 0)))
        connection = self._connection
        if not sa.inspect(connection).has_table(RunLock.__tablename__):
            return self._take_without_schema(connection)
        try:
            connection.execute(sa.insert(RunLock).prefix_with("IGNORE").values(id=_ALONE))
            with _begun(connection):
                return self._take_row(connection)
        except DBAPIError as error:
            if trouble_of(error) is not Trouble.BUSY:
                raise
            self._holder = in_the_way(connection)
            return False

    def _take_row(self, connection: Connection) -> bool:
        """Write the row, unless others live that do not share the database with this one."""
        locks = sa.select(RunLock.id, sa.func.coalesce(_LIVES, False).label("lives"))
        found = connection.execute(locks.order_by(RunLock.id).with_for_update()).all()
        if any(lock.lives and (lock.id == _ALONE or not self._shared) for lock in found):
            return False
        dead = [lock.id for lock in found if not lock.lives and lock.id != _ALONE]
        if dead:
            connection.execute(sa.delete(RunLock).where(RunLock.id.in_(dead)))
        values: dict[str, Any] = {"lock_name": self._name, "connection_id": _MINE}
        if knows_runs(connection):
            values["load_run_id"] = None
        if self._shared:
            self._row = inserted_id(connection, sa.insert(RunLock).values(values))
        else:
            self._row = _ALONE
            connection.execute(sa.update(RunLock).where(RunLock.id == _ALONE).values(values))
        return True

    def _take_without_schema(self, connection: Connection) -> bool:
        """Take the lock of a database that has no tables yet, or none any more."""
        if connection.scalar(sa.select(sa.func.get_lock(self._prefix, 0))) == 1:
            return True
        number = connection.scalar(sa.select(sa.func.is_used_lock(self._prefix)))
        self._holder = f"another command, {holder_of(connection, number)}" if number else ""
        return False

    def is_held(self) -> bool:
        """Return whether the connection that holds the lock still lives."""
        if self._connection is None:
            # It was lost, and the server was away when another was asked for.
            return False
        try:
            return self._connection.scalar(sa.select(sa.func.is_used_lock(self._name))) is not None
        except DBAPIError:
            return False

    @property
    def connection(self) -> Connection:
        """The connection that holds the lock."""
        assert self._connection is not None
        return self._connection

    def belong_to(self, connection: Connection, run_id: int) -> None:
        """Let a run live as long as the lock, from the end of a transaction on."""
        row = sa.update(RunLock).where(RunLock.id == self._row)
        connection.execute(row.values(load_run_id=run_id))

    def holder(self) -> str:
        """Return who holds the lock, where the runs do not say it."""
        return self._holder

    def release(self) -> None:
        """Give the lock back: a pooled connection would live on, and with it the lock."""
        if self._connection is not None:
            # A connection that was lost has given it back.
            with suppress(DBAPIError, PendingRollbackError):
                if self._row > _ALONE:
                    own = sa.delete(RunLock).where(RunLock.id == self._row)
                    self._connection.execute(own.where(RunLock.lock_name == self._name))
                self._connection.scalar(sa.select(sa.func.release_lock(self._name)))
            self._row = 0
            self._connection.invalidate()
            self._connection.close()
            self._connection = None


def knows_runs(connection: Connection) -> bool:
    """Return whether the rows name runs: on a server, and not in an older schema."""
    if connection.dialect.name == "sqlite":
        return False
    columns = sa.inspect(connection).get_columns(RunLock.__tablename__)
    return any(column["name"] == "load_run_id" for column in columns)


def living_runs(connection: Connection) -> set[int]:
    """Return the runs whose locks are held."""
    runs = sa.select(RunLock.load_run_id).where(RunLock.load_run_id.is_not(None), _LIVES)
    return {run for run in connection.scalars(runs) if run is not None}


@contextmanager
def _begun(connection: Connection) -> Iterator[None]:
    """Make a transaction of some statements of a connection that commits each by itself."""
    connection.exec_driver_sql("BEGIN")
    try:
        yield
    except BaseException:
        with suppress(DBAPIError):
            connection.exec_driver_sql("ROLLBACK")
        raise
    connection.exec_driver_sql("COMMIT")
