"""Locks of MariaDB by name (GET_LOCK): what only one loader at a time may do.

They belong to a connection and end with it, so that a loader that is killed leaves none. SQLite has
one writer, and needs none. On a cluster of servers they hold on one of them: all loaders go there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from aomuse.blocking import holder_of
from aomuse.db import Trouble, trouble_of
from aomuse.errors import BusyError, OvertakenError

#: Names of locks do not know capitals, and have at most 64 characters. A copy of this database has
#: another name.
PREFIX = sa.func.concat("aomuse:", sa.func.left(sa.func.sha2(sa.func.database(), 256), 16))

#: Seconds that short work of one loader, such as the views, may take before others give up.
SHORT_WORK_S = 60


class NamedLocks:
    """Takes some locks at a time.

    ``borrow`` gives the connection that has them, the same one each time; None on SQLite.
    """

    def __init__(self, borrow: Callable[[], AbstractContextManager[Connection]] | None) -> None:
        self._borrow = borrow
        self._held: list[str] = []
        self._number = 0

    @contextmanager
    def held(self, names: Collection[str], wait_s: float = 0.0) -> Iterator[str | None]:
        """Hold locks, or yield who holds one of them."""
        if self._borrow is None:
            yield None
            return
        with self._borrow() as connection:
            holder = self._take(connection, names, wait_s)
        try:
            yield holder
        finally:
            if self._held:
                held, self._held = self._held, []
                with suppress(DBAPIError), self._borrow() as connection:
                    # They may have gone with their connection.
                    _ask(connection, (sa.func.release_lock(name) for name in held))

    def require(self, connection: Connection) -> None:
        """Refuse to go on if the locks were lost with their connection."""
        if self._held:
            used = (sa.func.is_used_lock(name) == self._number for name in self._held)
            if not connection.scalar(sa.select(sa.func.coalesce(sa.and_(*used), False))):
                raise OvertakenError("the connection that held the exposure's locks was lost")

    def _take(self, connection: Connection, names: Collection[str], wait_s: float) -> str | None:
        number, *keys = _ask(connection, (sa.func.connection_id(), *map(_key, names)))
        self._number = number
        # In one order, so that two loaders do not wait for each other.
        wanted = sorted(keys)
        try:
            taken = _ask(connection, (sa.func.get_lock(name, wait_s) for name in wanted))
        except DBAPIError as error:
            if trouble_of(error) is not Trouble.BUSY:
                raise
            taken = (None,) * len(wanted)
            _ask(connection, (sa.func.release_lock(name) for name in wanted))
        if all(got == 1 for got in taken):
            self._held = wanted
            return None
        got = [name for name, was in zip(wanted, taken, strict=True) if was == 1]
        if got:
            _ask(connection, (sa.func.release_lock(name) for name in got))
        missing = next(name for name in wanted if name not in got)
        holder = connection.scalar(sa.select(sa.func.is_used_lock(missing)))
        return holder_of(connection, holder) if holder else "a connection that has ended"


@contextmanager
def exclusive_transaction(engine: Engine, work: str) -> Iterator[Connection]:
    """Yield a connection within a transaction that writes, one loader after the other."""
    connection = engine.connect().execution_options(sqlite_begin="IMMEDIATE")
    if engine.dialect.name == "sqlite":
        with connection, connection.begin():
            yield connection
        return
    with connection:
        (taken,) = _ask(connection, [sa.func.get_lock(_key(work), SHORT_WORK_S)])
        if taken != 1:
            holder = connection.scalar(sa.select(sa.func.is_used_lock(_key(work))))
            by = holder_of(connection, holder) if holder else "another connection"
            raise BusyError(f"{by} has held the lock for the {work} for {SHORT_WORK_S} s")
        connection.rollback()
        try:
            with connection.begin():
                yield connection
        finally:
            with suppress(DBAPIError):
                _ask(connection, [sa.func.release_lock(_key(work))])


def _ask(connection: Connection, functions: Iterable[Any]) -> tuple[Any, ...]:
    labelled = [function.label(f"f{number}") for number, function in enumerate(functions)]
    return tuple(connection.execute(sa.select(*labelled)).one())


def _key(name: str) -> sa.Function[str]:
    return sa.func.concat(PREFIX, ":", hashlib.sha256(name.encode()).hexdigest()[:32])
