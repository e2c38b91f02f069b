"""Step one of an import: the rows of an AOMUSE database, which is never written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError

from aomuse.connections.connection_class import connection_options
from aomuse.connections.drivers import is_pymysql, missing_driver
from aomuse.connections.pymysql_sessions import connect_as_aomuse_does
from aomuse.connections.server_session import prepare_sessions
from aomuse.connections.urls import database_url
from aomuse.db import describe_error
from aomuse.errors import ConfigurationError
from aomuse.exchange.files import IMPORT_PREFIX

#: Columns that a table of exposures has, all of the first and any of the second: those of 2020, and
#: those of 2020 to 2023.
_GENERATIONS = (
    ({"analysisfile", "data"}, {"psfparams", "sources"}),
    (
        {"observation_time"},
        {
            *("datacube_header", "raw_exposure_header", "raw_exposure_data"),
            *("pampelmuse_params", "psf_params", "sources"),
        },
    ),
)
#: How processed_exposure may refer to an exposure: its column, and the one of exposure.
_LINKS = (
    ("exposure", "id"),
    ("exposure_id", "id"),
    ("observation_time", "observation_time"),
)
#: Settings of a session that reads, for MySQL too.
_READING = (
    "SET NAMES utf8mb4",
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES', time_zone = '+00:00', sql_auto_is_null = 0, "
    "sql_select_limit = 18446744073709551615, sql_big_selects = 1",
    "SET SESSION TRANSACTION READ ONLY",
)


@dataclass(frozen=True)
class SourceRow:
    """A row of the table of exposures; columns have their names in lower case."""

    #: ``import:DATABASE#table/id``.
    place: str
    columns: dict[str, Any]
    #: Name of its target.
    target: str | None
    #: Rows of ``processed_exposure`` that belong to it.
    processed: tuple[dict[str, Any], ...] = ()


class OldDatabase:
    """An AOMUSE database, recognised by its columns."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self.name = name
        tables = {table.lower(): table for table in sa.inspect(connection).get_table_names()}
        self._exposures, self._targets, self._processed = (
            _Table(connection, tables.get(table))
            for table in ("exposure", "target", "processed_exposure")
        )
        columns = self._exposures.columns.keys()
        if "id" not in columns or not any(
            every <= columns and some & columns for every, some in _GENERATIONS
        ):
            raise ConfigurationError(
                f"{name} is not an AOMUSE database with JSON blobs: it has no table exposure with "
                "the columns analysisFile, data, psfParams and sources (2020), or "
                "observation_time with datacube_header, raw_exposure_data, pampelmuse_params or "
                "sources (later)"
            )
        processed = self._processed.columns
        self._link = next(
            (a_b for a_b in _LINKS if a_b[0] in processed and a_b[1] in columns), None
        )

    def ids(self) -> list[int]:
        """Return the ids of all exposures, in order."""
        return self._ids(self._exposures)

    def place(self, row: int | str) -> str:
        """Return the place of an exposure's row, or of a table, for provenance and messages."""
        inside = f"{self._exposures.name}/{row}" if isinstance(row, int) else row
        return f"{IMPORT_PREFIX}{self.name}#{inside}"

    def stray_processed(self) -> list[int]:
        """Return ids of rows of processed_exposure that belong to no exposure."""
        if self._link is None or "id" not in self._processed.columns:
            return []
        column, parent = self._processed[self._link[0]], self._exposures[self._link[1]]
        is_stray = sa.or_(column.is_(None), column.not_in(sa.select(parent)))
        return self._ids(self._processed, is_stray)

    def row(self, row_id: int) -> SourceRow | None:
        """Return a row with all its blobs, None if it no longer exists."""
        with self._connection.begin():
            columns = next(iter(self._rows(self._exposures, "id", row_id)), None)
            if columns is None:
                return None
            processed: list[dict[str, Any]] = []
            if self._link is not None:
                column, parent = self._link
                processed = self._rows(self._processed, column, columns[parent])
            return SourceRow(self.place(row_id), columns, self._target(columns), tuple(processed))

    def _target(self, columns: dict[str, Any]) -> str | None:
        number = next((columns[n] for n in ("target", "target_id") if n in columns), None)
        if number is None or "id" not in self._targets.columns:
            return None
        for row in self._rows(self._targets, "id", number):
            names = (row.get("targetname"), row.get("target_name"))
            return next((str(name) for name in names if name is not None), None)
        return None

    def _ids(self, table: _Table, *where: sa.ColumnElement[bool]) -> list[int]:
        select = sa.select(table["id"]).where(*where).order_by(table["id"])
        with self._connection.begin():
            return [int(number) for number in self._connection.scalars(select)]

    def _rows(self, table: _Table, name: str, value: Any) -> list[dict[str, Any]]:
        """Return the rows with a value in a column, by names in lower case."""
        select = sa.select(*table.columns.values()).where(table[name] == value)
        rows = self._connection.execute(select.order_by(table["id"]))
        return [dict(zip(table.columns, row, strict=True)) for row in rows]


class _Table:
    """A table, and its columns by their names in lower case; without a name it has none."""

    def __init__(self, connection: Connection, name: str | None) -> None:
        self.name = name or ""
        names = [str(c["name"]) for c in sa.inspect(connection).get_columns(name)] if name else []
        table = sa.table(self.name, *(sa.column(column) for column in names))
        self.columns = {column.lower(): table.c[column] for column in names}

    def __getitem__(self, name: str) -> sa.ColumnClause[Any]:
        return self.columns[name]


@contextmanager
def open_source(url: str) -> Iterator[OldDatabase]:
    """Yield the AOMUSE database at a URL, which cannot be written through it."""
    parsed = database_url(url)
    name = _name(parsed)
    engine = _engine(parsed, name)
    try:
        connection = engine.connect()
    except DBAPIError as error:
        raise ConfigurationError(
            f"the source {name} cannot be opened ({describe_error(error)}): check its URL"
        ) from error
    try:
        with connection:
            try:
                source = OldDatabase(connection, name)
            except DBAPIError as error:
                raise ConfigurationError(
                    f"the source {name} cannot be read ({describe_error(error)})"
                ) from error
            connection.rollback()
            yield source
    finally:
        engine.dispose()


def _name(url: URL) -> str:
    """Return a URL without user, password and options: the same for everyone who reads it."""
    if url.get_backend_name() == "sqlite":
        return f"sqlite:///{Path(url.database or '').absolute()}"
    socket = url.query.get("unix_socket")
    server = f"{url.host or 'localhost'}:{url.port or 3306}" if socket is None else f"({socket})"
    return f"mariadb://{server}/{url.database}"


def _engine(url: URL, name: str) -> Engine:
    if url.get_backend_name() == "sqlite":
        path = Path(url.database or "")
        if not path.is_file():
            raise ConfigurationError(
                f"there is no file {path.absolute()}: check the URL of the source"
            )
        return sa.create_engine("sqlite://", creator=lambda: _open_file(path))
    try:
        # SQLAlchemy's dialect for MariaDB refuses MySQL servers, the one for MySQL takes both.
        engine = sa.create_engine(
            url.set(drivername=f"mysql+{url.get_driver_name()}"),
            connect_args=connection_options(url),
            poolclass=sa.NullPool,
        )
    except ImportError as error:
        raise ConfigurationError(f"the source {name}: {missing_driver(url, error)}") from error
    if is_pymysql(url):
        connect_as_aomuse_does(engine)
    prepare_sessions(engine, _READING)
    return engine


def _open_file(path: Path) -> sqlite3.Connection:
    """Open a SQLite file so that neither it nor its folder is touched."""
    # A file in WAL mode without its log is open nowhere else. A reader would create the log, unless
    # SQLite can rely on the file being immutable.
    with path.open("rb") as stream:
        is_wal = stream.read(20)[18:20] == b"\x02\x02"
    is_alone = is_wal and not path.with_name(f"{path.name}-wal").exists()
    options = "mode=ro&immutable=1" if is_alone else "mode=ro"
    return sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?{options}", uri=True, check_same_thread=False
    )
