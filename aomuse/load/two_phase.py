"""One exposure on several servers: prepared on the nodes, committed on the head, then on the nodes.

What is prepared survives the death of its node, of the loader and of the connection. Whether it is
to be committed, only the head says, and always does: by the exposure's files of that run.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from aomuse.db import describe_error, error_number, write_transaction
from aomuse.errors import AomuseError, DatabaseError
from aomuse.exchange.frames import Rows
from aomuse.ledger.running import run_transaction
from aomuse.models import Exposure, LoadRun, PsfFit, SourceFile
from aomuse.retries import retrying
from aomuse.stored.shards import OWNER, TABLE, Bucket, Shards
from aomuse.stored.writer import BulkWriter

logger = logging.getLogger(__name__)

_PREFIX = "aomuse"
#: There is a transaction of that name.
_KNOWN = 1440
#: It is not known, or belongs to a living connection; it changed nothing, and went with its own.
_OVER = {1397, 1402}
#: Seconds in which a server notices that a connection has ended.
_NOTICED_S = 20.0
#: Every statement is for itself, but for those between XA START and XA END.
_BY_ITSELF = {"isolation_level": "AUTOCOMMIT"}

MakeWriter = Callable[[Connection], BulkWriter]


class ShardedWriter:
    """Writes samples on their nodes, and all other rows as another writer does.

    The first samples of an analysis take the place of all that it has there: also of those of an
    analysis with the same number that was deleted by SQL, which nodes do not notice.
    """

    def __init__(
        self, shards: Shards, head: Connection, make_writer: MakeWriter, branches: Branches
    ) -> None:
        self._shards = shards
        self._head = head
        self._make_writer = make_writer
        self._writer = make_writer(head)
        self._branches = branches
        self._writers: dict[Engine, BulkWriter] = {}
        self._emptied: set[int] = set()

    def write(self, table: str, rows: Rows) -> int:
        """Insert rows, whose columns are the table's; return their number."""
        if table != TABLE:
            return self._writer.write(table, rows)
        owners = np.asarray(rows[OWNER])
        for fit in np.unique(owners).tolist():
            self._empty(fit)
            bucket = self._shards.bucket(fit)
            own = {str(name): values[owners == fit] for name, values in rows.items()}
            self._writer_on(bucket).write(bucket.table, own)
        return len(owners)

    def delete_from(self, table: str, fits: Iterable[int]) -> bool:
        """Delete the samples of analyses; return whether the table is that of samples."""
        if table != TABLE:
            return False
        for fit in fits:
            self._empty(fit)
        return True

    def _empty(self, fit: int) -> None:
        if fit not in self._emptied:
            self._emptied.add(fit)
            bucket = self._shards.bucket(fit)
            _delete(self._connection(bucket.node, fit), bucket, fit)

    def _connection(self, node: Engine, fit: int) -> Connection:
        if self._branches.exposure_id is None:
            owner = sa.select(PsfFit.exposure_id).where(PsfFit.id == fit)
            self._branches.exposure_id = self._head.execute(owner).scalar_one()
        return self._branches.on(node)

    def _writer_on(self, bucket: Bucket) -> BulkWriter:
        if bucket.node not in self._writers:
            self._writers[bucket.node] = self._make_writer(self._branches.on(bucket.node))
        return self._writers[bucket.node]


class Branches:
    """The parts of one exposure's transaction that nodes have."""

    def __init__(self, head: Engine, run_id: int, exposure_id: int | None) -> None:
        self._head = head
        self._run_id = run_id
        self.exposure_id = exposure_id
        self._connections: dict[Engine, Connection] = {}
        self._is_prepared = False

    def on(self, node: Engine) -> Connection:
        """Return the connection to a node, within the transaction."""
        if node not in self._connections:
            connection = node.connect().execution_options(**_BY_ITSELF)
            self._connections[node] = connection
            start = f"XA START {self._xid(node)}"
            try:
                connection.exec_driver_sql(start)
            except DBAPIError as error:
                if error_number(error.orig) != _KNOWN:
                    raise
                # An earlier attempt of this run: its worker was killed, or the node.
                self._settle(node)
                connection.exec_driver_sql(start)
        return self._connections[node]

    def prepare(self) -> None:
        """Let each node promise that it can commit."""
        self._is_prepared = True
        for node, connection in self._connections.items():
            connection.exec_driver_sql(f"XA END {self._xid(node)}")
            connection.exec_driver_sql(f"XA PREPARE {self._xid(node)}")

    def commit(self) -> None:
        """Commit on each node what the head has committed."""
        for node, connection in self._connections.items():
            try:
                connection.exec_driver_sql(f"XA COMMIT {self._xid(node)}")
            except DBAPIError:
                connection.invalidate()
                self._commit_later(node)
            # The node may have gone just now: nothing is lost by that.
            with suppress(DBAPIError):
                connection.close()

    def _commit_later(self, node: Engine) -> None:
        """Commit on a node that was away, once it is there again."""
        try:
            retrying(node, partial(self._settle, node))
        except (DBAPIError, AomuseError) as error:
            said = describe_error(error) if isinstance(error, DBAPIError) else str(error)
            raise DatabaseError(
                f"{said}; the samples of exposure {self.exposure_id} are safe there, and the next "
                "run shows them"
            ) from error

    def give_up(self) -> None:
        """End what there is as the head ended its transaction, if not now, then with the next run.

        The head may have committed, and the connection been lost before it could say so.
        """
        for node, connection in self._connections.items():
            # Without a connection a node forgets what is not prepared.
            connection.invalidate()
            connection.close()
            if self._is_prepared:
                try:
                    self._settle(node)
                except (DBAPIError, AomuseError):
                    logger.debug("%s is left to the next run", self._xid(node), exc_info=True)

    def _xid(self, node: Engine) -> str:
        assert self.exposure_id is not None
        return xid(node, self._run_id, self.exposure_id)

    def _settle(self, node: Engine) -> None:
        assert self.exposure_id is not None
        settle(self._head, node, self._run_id, self.exposure_id)


@contextmanager
def sharded_transaction(
    shards: Shards, head: Engine, make_writer: MakeWriter, run_id: int, exposure_id: int | None
) -> Iterator[tuple[Connection, ShardedWriter]]:
    """Yield a connection within a transaction of a run, and a writer of its rows on all servers.

    ``exposure_id`` is that of the exposure whose rows are replaced, None if it is new.
    """
    branches = Branches(head, run_id, exposure_id)
    try:
        with run_transaction(head, run_id) as connection:
            yield connection, ShardedWriter(shards, connection, make_writer, branches)
            branches.prepare()
    except BaseException:
        branches.give_up()
        raise
    branches.commit()


def recover(shards: Shards, head: Engine, own_run_id: int) -> None:
    """End what killed runs have left on the nodes, and delete samples of deleted analyses.

    Of the own run only killed workers can have left something. Analyses with higher numbers than
    the head has are not the head's to delete.
    """
    for node in shards.nodes:
        for run_id, exposure_id in _prepared(node):
            with head.connect() as connection:
                outcome = sa.select(LoadRun.outcome).where(LoadRun.id == run_id)
                is_running = connection.scalar(outcome) == "running"
            if run_id == own_run_id or not is_running:
                settle(head, node, run_id, exposure_id)
    stored = {bucket: _fits(bucket) for bucket in shards.buckets}
    with head.connect() as connection:
        known = set(connection.scalars(sa.select(PsfFit.id)))
    last = max(known, default=0)
    for bucket, fits in stored.items():
        for fit in sorted(fits - known):
            if fit < last:
                with bucket.node.connect().execution_options(**_BY_ITSELF) as connection:
                    _delete(connection, bucket, fit)


def settle(head: Engine, node: Engine, run_id: int, exposure_id: int) -> None:
    """Commit a prepared transaction if the head has that run's exposure, else roll it back."""
    with write_transaction(head) as connection:
        # Waits for the head's own transaction, if it is just being committed.
        exposure = sa.select(Exposure.id).where(Exposure.id == exposure_id)
        connection.execute(exposure.with_for_update(read=True))
        files = sa.select(SourceFile.id).where(
            SourceFile.exposure_id == exposure_id, SourceFile.load_run_id == run_id
        )
        verb = "COMMIT" if connection.execute(files.limit(1)).first() else "ROLLBACK"
    deadline = time.monotonic() + _NOTICED_S
    with node.connect().execution_options(**_BY_ITSELF) as connection:
        while True:
            try:
                connection.exec_driver_sql(f"XA {verb} {xid(node, run_id, exposure_id)}")
            except DBAPIError as error:
                if error_number(error.orig) not in _OVER:
                    raise
            # It has been ended before, or is that of a connection that the server takes for alive.
            if (run_id, exposure_id) not in _prepared(node):
                return
            if time.monotonic() > deadline:
                raise DatabaseError(
                    f"another connection holds the transaction {_name(run_id, exposure_id)} on "
                    f"{node.url.host}:{node.url.port}: end it, then run again"
                )
            time.sleep(0.1)


def xid(node: Engine, run_id: int, exposure_id: int) -> str:
    """Return the name of a transaction in SQL; one server may be a node of several warehouses."""
    return f"'{_name(run_id, exposure_id)}',X'{_database(node).hex()}'"


def _name(run_id: int, exposure_id: int) -> str:
    return f"{_PREFIX}-{run_id}-{exposure_id}"


def _database(node: Engine) -> bytes:
    return str(node.url.database).encode()[:64]


def _prepared(node: Engine) -> list[tuple[int, int]]:
    """Return run and exposure of the transactions that are prepared on a node."""
    found = []
    with node.connect() as connection:
        for row in connection.exec_driver_sql("XA RECOVER"):
            data = row.data if isinstance(row.data, bytes) else str(row.data).encode()
            if data[row.gtrid_length :] != _database(node):
                continue
            prefix, *numbers = data[: row.gtrid_length].decode(errors="replace").split("-")
            with suppress(ValueError):
                run_id, exposure_id = map(int, numbers)
                if prefix == _PREFIX:
                    found.append((run_id, exposure_id))
    return found


def _fits(bucket: Bucket) -> set[int]:
    """Return the analyses that have samples in a bucket."""
    fits = sa.select(sa.column(OWNER, sa.Integer)).select_from(sa.table(bucket.table)).distinct()
    with bucket.node.connect() as connection:
        return set(connection.scalars(fits))


def _delete(connection: Connection, bucket: Bucket, fit: int) -> None:
    table = sa.table(bucket.table, sa.column(OWNER))
    connection.execute(sa.delete(table).where(table.c[OWNER] == fit))
