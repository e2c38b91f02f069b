"""Which bulk writer a database takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import URL, Connection, Engine

from aomuse.stored.shards import Shards, find_shards
from aomuse.stored.writer import BulkWriter, ExecutemanyWriter

#: Tables whose parents the loader has just written in the same transaction: the server need not
#: look up the parent of each of their many rows again.
TRUSTED = frozenset(
    {
        "header_card",
        "position_parameter",
        "psf_layer",
        "psf_parameter",
        "source_sample",
        "source_summary",
        "table_value",
    }
)

#: A table with columns of all types, to try the way out: what is put into each.
_TRIAL = (
    "night_log",
    {
        "number": "exposure_id",
        "parent": "source_file_id",
        "flag": "seeing_min_arcsec",
        "small": "seeing_max_arcsec",
        "big": "ob_id",
        "positive": "humidity_min_percent",
        "counted": "container_id",
        "measured": "humidity_max_percent",
        "name": "instrument",
        "text": "overall_comment",
        "bytes": "content",
        "taken": "night_start_utc",
    },
)

#: Accounts on servers by which this process has seen rows arrive.
_FINE: set[URL] = set()


@dataclass(frozen=True)
class WriterChoice:
    """How exposures are written.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        Makes the connections that carry an exposure's transaction.
    make_writer : callable
        Returns the bulk writer for such a connection.
    notice : str or None
        Why the fastest way cannot be taken.
    shards : Shards or None
        Where samples are, if they are on other servers.
    """

    engine: Engine
    make_writer: Callable[[Connection], BulkWriter]
    notice: str | None = None
    shards: Shards | None = None


def choose_writer(engine: Engine) -> WriterChoice:
    """Return the fastest way into a database.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The database.

    Returns
    -------
    WriterChoice
        Array binding for MariaDB where the client library and the server can do it, else the
        driver's executemany. A process tries them out once.
    """
    if engine.dialect.name == "sqlite":
        return known_writer(engine, fast=False)
    # Not imported for SQLite, which has no use for it.
    from aomuse.libmariadb import BulkUnavailable, Trial, try_out

    tried = engine.url.set(database="")
    if tried not in _FINE:
        # The account may have no more connections than these, which are idle.
        engine.dispose()
        try:
            try_out(engine, Trial(*_TRIAL))
        except BulkUnavailable as reason:
            notice = f"binary bulk writes are not possible ({reason}): the load takes longer"
            return replace(known_writer(engine, fast=False), notice=notice)
        _FINE.add(tried)
    return known_writer(engine, fast=True)


def known_writer(engine: Engine, *, fast: bool) -> WriterChoice:
    """Return the way into a database that `choose_writer` has found there.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The database.
    fast : bool
        Whether it was array binding.

    Returns
    -------
    WriterChoice
        The way.
    """
    shards = find_shards(engine)
    if not fast:
        return WriterChoice(engine, ExecutemanyWriter, shards=shards)
    from aomuse.libmariadb import BulkArrayWriter

    def make_writer(connection: Connection) -> BulkWriter:
        return BulkArrayWriter(connection, trusted=TRUSTED)

    return WriterChoice(engine, make_writer, shards=shards)
