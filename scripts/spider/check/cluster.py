"""A head, two nodes, and warehouses whose samples are spread over them."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine, make_url

from aomuse import pipeline
from aomuse.db import create_engine
from aomuse.exchange.outcome import Summary
from aomuse.query.refresh import refresh
from aomuse.schema import upgrade
from aomuse.verify import verify
from scripts.mariadb_server import Server
from scripts.spider.__main__ import spread
from scripts.spider.statements import BUCKETS, bucket_name

SPIDER = ("--plugin-load-add=ha_spider",)

#: What an analysis is known by, and its samples, whatever the numbers of the rows are.
SAMPLES = """
SELECT e.archive_id, f.name, f.model, s.layer, s.pampelmuse_id,
       s.snr, s.flux, s.fwhm, s.beta, s.xc, s.yc
FROM source_sample s JOIN psf_fit f ON f.id = s.psf_fit_id
JOIN exposure e ON e.id = f.exposure_id
"""


class Cluster:
    """The servers.

    Parameters
    ----------
    directory : Path
        Holds what the servers own.
    """

    def __init__(self, directory: Path) -> None:
        self.head = Server(directory / "head")
        self.nodes = [Server(directory / f"node{number}") for number in range(2)]
        self._warehouses = 0

    def start(self) -> None:
        """Start the servers that do not run, with one account on all of them."""
        self._start_head()
        for node in self.nodes:
            if not node.url_file.exists():
                # A server keeps the password of its last start, and takes a port that is free.
                node.directory.mkdir(mode=0o700, parents=True)
                node.url_file.write_text(self.head.url)
            node.start(end_with_parent=True)

    def _start_head(self) -> None:
        if not self.head.start(options=SPIDER, end_with_parent=True):
            return
        admin = sa.create_engine(self.head.admin_url)
        with admin.begin() as connection:
            for grant in (
                "GRANT FEDERATED ADMIN ON *.* TO aomuse@localhost",
                "GRANT SELECT (Server_name, Host, Port, Db) ON mysql.servers TO aomuse@localhost",
            ):
                connection.exec_driver_sql(grant)
        admin.dispose()

    def stop(self) -> None:
        """Stop the servers."""
        for server in (self.head, *self.nodes):
            server.stop()

    def server_of(self, engine: Engine) -> Server:
        """Return the server that an engine is for."""
        return next(s for s in (self.head, *self.nodes) if s.port == engine.url.port)

    def ordinary(self) -> Warehouse:
        """Return a new warehouse on the head alone."""
        self._warehouses += 1
        name = f"aomuse_{self._warehouses}"
        for server in (self.head, *self.nodes):
            with create_engine(server.url).begin() as connection:
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
        head, *nodes = (_url(server, name) for server in (self.head, *self.nodes))
        engine = create_engine(head)
        upgrade(engine)
        refresh(engine)
        return Warehouse(engine, tuple(map(create_engine, nodes)))

    def spread(self) -> Warehouse:
        """Return a new warehouse whose samples are on the nodes."""
        warehouse = self.ordinary()
        spread(_text(warehouse.engine), [_text(node) for node in warehouse.nodes])
        return warehouse


@dataclass(frozen=True)
class Warehouse:
    """A database of the head, and those of the nodes that may have its samples."""

    engine: Engine
    nodes: tuple[Engine, ...]

    def load(self, tree: Path, *, reload: bool = False) -> Summary:
        """Load a tree in this process."""
        return pipeline.load(self.engine, [tree], reload=reload)

    def differences(self, tree: Path) -> list[str]:
        """Return what `aomuse verify` finds wrong."""
        return [str(r.differences) for r in verify(self.engine, [tree]) if r.differences]

    def rows(self, sql: str) -> list[str]:
        """Return the sorted rows of a query, to the bit."""
        with self.engine.connect() as connection:
            return sorted(map(repr, connection.exec_driver_sql(sql)))

    def on_nodes(self) -> dict[int, int]:
        """Return the number of samples of each analysis, as the nodes have them."""
        found: dict[int, int] = {}
        for number, node in enumerate(self.nodes):
            with node.connect() as connection:
                for bucket in range(number, BUCKETS, len(self.nodes)):
                    for fit, count in connection.exec_driver_sql(
                        f"SELECT psf_fit_id, COUNT(*) FROM {bucket_name(bucket)} GROUP BY 1"  # noqa: S608 - own
                    ):
                        assert fit % BUCKETS == bucket
                        found[fit] = count
        return found

    def by_analysis(self) -> dict[int, int]:
        """Return the number of samples of each analysis, as its sources count them."""
        with self.engine.connect() as connection:
            counts = connection.exec_driver_sql(
                "SELECT psf_fit_id, SUM(sample_count) FROM source GROUP BY 1"
            )
            return {fit: int(count) for fit, count in counts}

    def prepared(self) -> list[Any]:
        """Return the transactions that wait on the nodes, whose database they name."""
        found: list[Any] = []
        for node in self.nodes:
            with node.connect() as connection:
                name = str(node.url.database).encode()
                found += [
                    row for row in connection.exec_driver_sql("XA RECOVER") if name in row.data
                ]
        return found

    def execute(self, *statements: str) -> None:
        """Run statements on the head."""
        with self.engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)


def kill(server: Server) -> None:
    """End a server without giving it time."""
    pid = server.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    # Until its port is free again, too.
    os.waitpid(pid, 0)


def _url(server: Server, database: str) -> str:
    url = make_url(server.url).set(database=database)
    return url.render_as_string(hide_password=False)


def _text(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)
