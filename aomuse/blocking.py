"""Who is in the way: connections of MariaDB whose transactions hold what others wait for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from aomuse.db import Trouble, describe_error, trouble_of
from aomuse.errors import BusyError

#: Transactions are for those who have the privilege PROCESS.
_TRANSACTIONS = """
SELECT p.id, p.user, p.host, TIMESTAMPDIFF(SECOND, t.trx_started, NOW())
FROM information_schema.innodb_trx t
JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
WHERE p.id <> CONNECTION_ID() AND p.db = DATABASE()
ORDER BY t.trx_started
LIMIT 3
"""
_NO_ONE = (
    "a connection that this account may not see; with the privilege PROCESS it is named, and an "
    "administrator finds it in information_schema.innodb_trx"
)


def in_the_way(connection: Connection) -> str:
    """Return the connections with open transactions on a database, the oldest first."""
    try:
        rows = connection.execute(sa.text(_TRANSACTIONS)).all()
    except DBAPIError:
        return _NO_ONE
    shown = [
        f"connection {number} ({user}@{host}, in a transaction for {seconds} s)"
        for number, user, host, seconds in rows
    ]
    return " or ".join(shown) or _NO_ONE


def holder_of(connection: Connection, number: int) -> str:
    """Return a connection by its number, with its account if this one may see it."""
    select = sa.text("SELECT user, host FROM information_schema.processlist WHERE id = :id")
    row = connection.execute(select, {"id": number}).first()
    return f"connection {number} ({f'{row.user}@{row.host}' if row else 'of another account'})"


@contextmanager
def naming_who_is_in_the_way(connection: Connection, what: str) -> Iterator[None]:
    """Let statements that waited too long for another connection fail by a line that names it."""
    try:
        yield
    except DBAPIError as error:
        if trouble_of(error) is not Trouble.BUSY:
            raise
        if connection.dialect.name == "sqlite":
            raise BusyError(f"{what} ({describe_error(error)}): try again") from error
        raise BusyError(
            f"{what}: {in_the_way(connection)} is in the way; wait until it has ended, or end it "
            "(KILL), then try again"
        ) from error
