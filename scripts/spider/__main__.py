"""Spread the samples of an empty warehouse over other MariaDB servers.

``AOMUSE_DATABASE_URL=HEAD AOMUSE_NODE_URLS='NODE NODE …' python -m scripts.spider [--print]``. The
URLs name an account that may create tables, on the head also servers (FEDERATED ADMIN). Spider
connects to the nodes by theirs. See docs/scaleout.md.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from aomuse.connections.urls import database_url, shown_url
from aomuse.db import create_engine, describe_error
from aomuse.errors import AomuseError, ConfigurationError
from aomuse.schema import require_head
from aomuse.stored.shards import TABLE, is_sharded
from scripts.spider.statements import BUCKETS, head_statements, node_statements

NODES_VARIABLE = "AOMUSE_NODE_URLS"


def spread(head_url: str | None, node_urls: Sequence[str], buckets: int = BUCKETS) -> None:
    """Make the tables of the nodes, and let the head find its samples there.

    Parameters
    ----------
    head_url : str or None
        A warehouse without samples, at the head revision; None for ``AOMUSE_DATABASE_URL``.
    node_urls : sequence of str
        Databases of the nodes, without tables of these names.
    buckets : int, optional
        Tables that the samples are spread over.

    Raises
    ------
    AomuseError
        If this is no such warehouse, or something is in the way.
    """
    head = create_engine(head_url)
    require_head(head)
    with head.connect() as connection:
        if is_sharded(head):
            raise ConfigurationError(f"{TABLE} is on nodes already")
        if connection.scalar(sa.text(f"SELECT 1 FROM {TABLE} LIMIT 1")):  # noqa: S608 - own name
            raise ConfigurationError(f"{TABLE} has rows: spread an empty warehouse, then load")
        supported = "SELECT support FROM information_schema.engines WHERE engine = 'SPIDER'"
        if connection.scalar(sa.text(supported)) not in ("YES", "DEFAULT"):
            raise ConfigurationError(
                "the head has no Spider: apt-get install mariadb-plugin-spider, and restart it"
            )
    for number, url in enumerate(node_urls):
        _run(url, node_statements(number, len(node_urls), buckets))
    _run(head_url, head_statements(_database(head_url), _nodes(node_urls), buckets))


def _run(url: str | None, statements: Iterable[str]) -> None:
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
    except DBAPIError as error:
        raise ConfigurationError(f"{shown_url(engine.url)}: {describe_error(error)}") from error
    finally:
        engine.dispose()


def _database(url: str | None) -> str:
    return str(database_url(url).database)


def _nodes(urls: Sequence[str]) -> list[sa.URL]:
    return [database_url(url) for url in urls]


def main(arguments: Sequence[str] | None = None) -> int:
    """Spread, or print how.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line without the program's name.

    Returns
    -------
    int
        Exit code: 2 where something is in the way.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--buckets", type=int, default=BUCKETS, help=f"tables; else {BUCKETS}")
    parser.add_argument("--print", action="store_true", help="print the SQL, and run nothing")
    asked = parser.parse_args(arguments)
    urls = os.environ.get(NODES_VARIABLE, "").split()
    try:
        if not urls:
            raise ConfigurationError(f"{NODES_VARIABLE} names no node")
        if asked.print:
            for number, node in enumerate(_nodes(urls)):
                print(f"-- on {shown_url(node)}")
                for statement in node_statements(number, len(urls), asked.buckets):
                    print(f"{statement};")
            print("-- on the head")
            nodes = _nodes(urls)
            for statement in head_statements(
                _database(None), nodes, asked.buckets, hide_password=True
            ):
                print(f"{statement};")
        else:
            spread(None, urls, asked.buckets)
            print(f"{TABLE} is in {asked.buckets} tables on {len(urls)} servers")
    except AomuseError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
