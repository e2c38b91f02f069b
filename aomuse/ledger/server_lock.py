"""The lock of a MariaDB database: a row that needs the right to write, and a sign of life.

The row of run_lock names a connection and a lock of the server (GET_LOCK). Whoever has written the
row holds the database for as long as that connection holds that lock, which ends with it. Others
may take a lock of any name, but not in place of that connection, and not write the row.
"""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from aomuse.blocking import holder_of, in_the_way
from aomuse.db import Trouble, trouble_of
from aomuse.models import RunLock

#: The lock's connection stays idle for as long as the run takes. It waits for others that lock the
#: row only so long, to say who they are.
_SESSION = "SET SESSION wait_timeout = 604800, innodb_lock_wait_timeout = 3"

_ROW = 1
_MINE = sa.func.connection_id()
#: Names of locks do not know capitals, and have at most 64 characters. A copy of this database has
#: the row too, but another name.
_PREFIX = sa.func.concat("aomuse:", sa.func.left(sa.func.sha2(sa.func.database(), 256), 16))
_LIVES = sa.and_(
    sa.func.is_used_lock(RunLock.lock_name) == RunLock.connection_id,
    sa.func.locate(_PREFIX, RunLock.lock_name) == 1,
)


class ServerLock:
    """A lock that ends with its connection."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._prefix = ""
        self._name = ""
        self._holder = ""

    def take(self) -> bool:
        """Take the lock if it is free."""
        self._holder = ""
        if self._connection is None:
            options = {"isolation_level": "AUTOCOMMIT"}
            self._connection = self._engine.connect().execution_options(**options)
            self._connection.exec_driver_sql(_SESSION)
            self._prefix = str(self._connection.scalar(sa.select(_PREFIX)))
            self._name = f"{self._prefix}:{uuid.uuid4().hex}"
            self._connection.scalar(sa.select(sa.func.get_lock(self._name, 0)))
        connection = self._connection
        if not sa.inspect(connection).has_table(RunLock.__tablename__):
            return self._take_without_schema(connection)
        try:
            connection.execute(sa.insert(RunLock).prefix_with("IGNORE").values(id=_ROW))
            taken = connection.execute(
                sa.update(RunLock)
                .where(RunLock.id == _ROW, sa.func.coalesce(_LIVES, False).is_(False))
                .values(lock_name=self._name, connection_id=_MINE)
            )
        except DBAPIError as error:
            if trouble_of(error) is not Trouble.BUSY:
                raise
            self._holder = in_the_way(connection)
            return False
        return taken.rowcount == 1

    def _take_without_schema(self, connection: Connection) -> bool:
        """Take the lock of a database that has no tables yet, or none any more."""
        if connection.scalar(sa.select(sa.func.get_lock(self._prefix, 0))) == 1:
            return True
        number = connection.scalar(sa.select(sa.func.is_used_lock(self._prefix)))
        self._holder = f"another command, {holder_of(connection, number)}" if number else ""
        return False

    def is_held(self) -> bool:
        """Return whether the connection that holds the lock still lives."""
        assert self._connection is not None
        try:
            return self._connection.scalar(sa.select(sa.func.is_used_lock(self._name))) is not None
        except DBAPIError:
            return False

    def holder(self) -> str:
        """Return who holds the lock, where the runs do not say it."""
        return self._holder

    def release(self) -> None:
        """Give the lock back: a pooled connection would live on, and with it the lock."""
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
