"""The SQL that spreads source_sample over servers, made from its model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy import URL
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import CreateTable

from aomuse.models import SourceSample
from aomuse.stored.shards import OWNER, TABLE

#: More than there will be servers: whole buckets can move to new ones.
BUCKETS = 64

_DIALECT = mysql.dialect()


def bucket_name(bucket: int) -> str:
    """Return the name of a bucket's table.

    Parameters
    ----------
    bucket : int
        The remainder of psf_fit.id.

    Returns
    -------
    str
        Its name on the node.
    """
    return f"{TABLE}_{bucket:03d}"


def node_statements(node: int, nodes: int, buckets: int = BUCKETS) -> Iterator[str]:
    """Yield the statements for a node: a table for each of its buckets.

    Parameters
    ----------
    node : int
        Which node, from 0.
    nodes : int
        Number of nodes.
    buckets : int, optional
        Number of all buckets.

    Yields
    ------
    str
        A statement.
    """
    for bucket in range(node, buckets, nodes):
        table = _table(bucket_name(bucket))
        # A row that goes astray is an error, not a row that nobody finds.
        is_own = sa.text(f"{OWNER} % {buckets} = {bucket}")
        table.append_constraint(sa.CheckConstraint(is_own, name="bucket"))
        yield _create(table)


def head_statements(
    database: str, nodes: Sequence[URL], buckets: int = BUCKETS, *, hide_password: bool = False
) -> Iterator[str]:
    """Yield the statements for the head: the nodes, and a Spider table in place of source_sample.

    The table is asked before it takes the place: that reaches all nodes.

    Parameters
    ----------
    database : str
        The head's database, after which the nodes are named.
    nodes : sequence of sqlalchemy.URL
        The nodes, with the account by which Spider connects.
    buckets : int, optional
        Number of buckets.
    hide_password : bool, optional
        Whether passwords are shown as ``***``.

    Yields
    ------
    str
        A statement.
    """
    for number, url in enumerate(nodes):
        password = "***" if hide_password else url.password or ""
        options = (
            f"HOST {_quoted(url.host or 'localhost')}, PORT {url.port or 3306}, "
            f"DATABASE {_quoted(url.database or '')}, USER {_quoted(url.username or '')}, "
            f"PASSWORD {_quoted(password)}"
        )
        yield (
            f"CREATE OR REPLACE SERVER {_server(database, number)} FOREIGN DATA WRAPPER mariadb "
            f"OPTIONS ({options})"
        )
    partitions = ",\n".join(
        f"  PARTITION p{bucket:03d} VALUES IN ({bucket}) COMMENT = "
        + _quoted(
            f'srv "{_server(database, bucket % len(nodes), "")}", table "{bucket_name(bucket)}"'
        )
        for bucket in range(buckets)
    )
    # Spider reads its options from the comment, and has neither foreign keys nor row formats.
    spider = _table(f"new_{TABLE}", engine="SPIDER", comment='wrapper "mariadb"')
    yield f"{_create(spider)}\nPARTITION BY LIST ({OWNER} % {buckets}) (\n{partitions})"
    yield f"SELECT COUNT(*) FROM new_{TABLE}"  # noqa: S608 - own name
    yield f"RENAME TABLE {TABLE} TO old_{TABLE}, new_{TABLE} TO {TABLE}"
    yield f"DROP TABLE old_{TABLE}"


def _table(name: str, engine: str | None = None, comment: str | None = None) -> sa.Table:
    """Return the model's table under another name, without its foreign keys."""
    model = SourceSample.metadata.tables[TABLE]
    table = model.to_metadata(sa.MetaData(naming_convention=model.metadata.naming_convention))
    table.name = name
    if engine is not None:
        table.dialect_options["mysql"]["engine"] = engine
        table.dialect_options["mysql"].pop("row_format", None)
        table.comment = comment
    return table


def _create(table: sa.Table) -> str:
    create = CreateTable(table, include_foreign_key_constraints=[])
    return str(create.compile(dialect=_DIALECT)).strip().replace("%%", "%")


def _server(database: str, number: int, quote: str = "`") -> str:
    """Return the name of a node; all databases of a server share one list of them."""
    return f"{quote}{database}_node{number}{quote}"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
