"""A fresh database for each contestant, on a private server."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from aomuse.db import create_engine
from aomuse.schema import upgrade
from scripts.mariadb_server import Server

DATABASE = "aomuse"


class Warehouse:
    """Makes empty databases.

    Parameters
    ----------
    server : Server
        A running private server.
    directory : pathlib.Path
        Where SQLite files go.
    """

    def __init__(self, server: Server, directory: Path) -> None:
        self.server = server
        self._directory = directory

    @property
    def admin_url(self) -> str:
        """URL of an account that may do anything, with LOCAL INFILE."""
        return f"{self.server.admin_url}&local_infile=1"

    def empty_mariadb(self) -> sa.Engine:
        """Return an engine on a MariaDB database without tables."""
        with sa.create_engine(self.admin_url).begin() as connection:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {DATABASE}")
            connection.exec_driver_sql(f"CREATE DATABASE {DATABASE}")
        return create_engine(self.server.url)

    def mariadb(self) -> sa.Engine:
        """Return an engine on a MariaDB database at the head revision."""
        engine = self.empty_mariadb()
        upgrade(engine)
        return engine

    def sqlite(self) -> sa.Engine:
        """Return an engine on a SQLite file at the head revision."""
        for path in self._directory.glob("bench.db*"):
            path.unlink()
        engine = create_engine(f"sqlite:///{self._directory / 'bench.db'}")
        upgrade(engine)
        return engine
