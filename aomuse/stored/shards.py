"""Where samples are, if they are on other servers: a source_sample of MariaDB's engine Spider.

The head, which has all other tables, only knows where: row by row it takes a tenth of their speed.
So the loader writes the rows on those servers, the nodes, itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Engine

from aomuse.db import create_engine
from aomuse.errors import ConfigurationError

#: The table that may be on nodes; its rows come and go by the column.
TABLE, OWNER = "source_sample", "psf_fit_id"

_PARTITIONS = sa.text(
    # The condition is on both: without one the server opens all tables of all databases.
    "SELECT p.partition_comment FROM information_schema.tables t, information_schema.partitions p "
    "WHERE t.table_schema = DATABASE() AND t.table_name = :table AND t.engine = 'SPIDER' "
    "AND p.table_schema = DATABASE() AND p.table_name = :table "
    "ORDER BY p.partition_ordinal_position"
)
_COMMENT = re.compile(r'srv "([^"]+)", table "([^"]+)"')
# Without the column of passwords.
_SERVERS = sa.text("SELECT Server_name, Host, Port, Db FROM mysql.servers")


@dataclass(frozen=True)
class Bucket:
    """A table of a node: the samples of the analyses with one remainder of their number."""

    node: Engine
    table: str


@dataclass(frozen=True)
class Shards:
    """The nodes of a head, and its buckets by remainder."""

    nodes: tuple[Engine, ...]
    buckets: tuple[Bucket, ...]

    def bucket(self, psf_fit_id: int) -> Bucket:
        """Return where the samples of an analysis are."""
        return self.buckets[psf_fit_id % len(self.buckets)]


def is_sharded(engine: Engine) -> bool:
    """Return whether the samples of a database are on other servers."""
    return bool(_comments(engine))


def find_shards(engine: Engine) -> Shards | None:
    """Return where the samples of a database are, None if they are in the database itself.

    The nodes know the account of the database's URL.
    """
    comments = _comments(engine)
    if not comments:
        return None
    places = [_COMMENT.fullmatch(comment or "") for comment in comments]
    with engine.connect() as connection:
        try:
            servers = {row.Server_name: row for row in connection.execute(_SERVERS)}
        except sa.exc.DBAPIError:
            raise ConfigurationError(
                f"{TABLE} is on other servers, and this account may not read which: let an "
                "administrator GRANT SELECT (Server_name, Host, Port, Db) ON mysql.servers TO it"
            ) from None
    nodes: dict[str, Engine] = {}
    buckets = []
    for place in places:
        if place is None or place[1] not in servers:
            raise ConfigurationError(
                f"{TABLE} is a Spider table that python -m scripts.spider did not make: see "
                "docs/scaleout.md"
            )
        name, table = place.groups()
        if name not in nodes:
            server = servers[name]
            url = engine.url.difference_update_query(["unix_socket"])
            nodes[name] = create_engine(
                url.set(host=server.Host, port=server.Port, database=server.Db)
            )
        buckets.append(Bucket(nodes[name], table))
    return Shards(tuple(nodes.values()), tuple(buckets))


def _comments(engine: Engine) -> list[str | None]:
    """Return the comments of the partitions of a Spider table."""
    if engine.dialect.name == "sqlite":
        return []
    with engine.connect() as connection:
        return list(connection.scalars(_PARTITIONS, {"table": TABLE}))
