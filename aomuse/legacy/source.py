"""An existing AOMUSE database: recognised by its columns, read row by row, never written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.exc import DBAPIError

from aomuse.config import database_url
from aomuse.db import describe_error
from aomuse.errors import ConfigurationError
from aomuse.exchange.files import IMPORT_PREFIX

#: The columns by which a generation is known: those of 2020, and any of those that followed.
GENERATIONS: tuple[tuple[str, frozenset[str], frozenset[str]], ...] = (
    ("2020", frozenset({"analysisfile", "data"}), frozenset({"psfparams", "sources"})),
    (
        "2020 to 2023",
        frozenset({"observation_time"}),
        frozenset(
            {
                *("datacube_header", "raw_exposure_header", "raw_exposure_data"),
                *("pampelmuse_params", "psf_params", "sources"),
            }
        ),
    ),
)
#: SQLAlchemy's dialect for MariaDB refuses MySQL servers, the one for MySQL takes both.
_DRIVER = "mysql+mariadbconnector"


@dataclass(frozen=True)
class SourceRow:
    """A row of the table of exposures.

    Parameters
    ----------
    place : str
        ``import:DATABASE#table/id``.
    columns : dict
        Values by the columns' names in lower case, as the driver gives them.
    target : str or None
        Name of its target.
    processed : tuple of dict
        Rows of ``processed_exposure`` that belong to it.
    """

    place: str
    columns: dict[str, Any]
    target: str | None
    processed: tuple[dict[str, Any], ...] = ()


class Source:
    """An AOMUSE database that is imported."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self.name = name
        tables = {table.lower(): table for table in sa.inspect(connection).get_table_names()}
        self._exposures = _Table(connection, tables.get("exposure"))
        self._targets = _Table(connection, tables.get("target"))
        self._processed = _Table(connection, tables.get("processed_exposure"))
        have = self._exposures.names
        self.generation = next(
            (
                generation
                for generation, all_of, one_of in GENERATIONS
                if all_of <= have and one_of & have and "id" in have
            ),
            None,
        )
        if self.generation is None:
            raise ConfigurationError(
                f"{name} is no AOMUSE database with JSON blobs: it has no table exposure with "
                "the columns analysisFile, data, psfParams and sources (2020), or "
                "observation_time with datacube_header, raw_exposure_data, pampelmuse_params or "
                "sources (later)"
            )

    def ids(self) -> list[int]:
        """Return the ids of all exposures, in order."""
        table = self._exposures
        rows = self._connection.execute(sa.select(table["id"]).order_by(table["id"]))
        ids = [int(row[0]) for row in rows]
        self._connection.rollback()
        return ids

    def place(self, row: int | str) -> str:
        """Return the place of an exposure's row, or of a table, for provenance and messages."""
        inside = f"{self._exposures.name}/{row}" if isinstance(row, int) else row
        return f"{IMPORT_PREFIX}{self.name}#{inside}"

    def stray_processed(self) -> list[int]:
        """Return ids of rows of processed_exposure that belong to no exposure."""
        link = self._link()
        if link is None or "id" not in self._processed.names:
            return []
        column, parent = link
        parents = sa.select(self._exposures[parent])
        select = sa.select(self._processed["id"]).where(
            sa.or_(self._processed[column].is_(None), self._processed[column].not_in(parents))
        )
        ids = [int(row[0]) for row in self._connection.execute(select)]
        self._connection.rollback()
        return ids

    def row(self, row_id: int) -> SourceRow | None:
        """Return a row with all its blobs, None if it has gone away."""
        try:
            found = self._exposures.where(self._connection, "id", row_id)
            if not found:
                return None
            columns = found[0]
            return SourceRow(
                self.place(row_id),
                columns,
                self._target(columns),
                tuple(self._processed_rows(row_id, columns)),
            )
        finally:
            self._connection.rollback()

    def _target(self, columns: dict[str, Any]) -> str | None:
        target = next((columns[n] for n in ("target", "target_id") if n in columns), None)
        if target is None or "id" not in self._targets.names:
            return None
        found = self._targets.where(self._connection, "id", target)
        names = [found[0].get(name) for name in ("targetname", "target_name")] if found else []
        return next((str(name) for name in names if name is not None), None)

    def _processed_rows(self, row_id: int, columns: dict[str, Any]) -> list[dict[str, Any]]:
        link = self._link()
        if link is None:
            return []
        column, parent = link
        value = row_id if parent == "id" else columns[parent]
        return self._processed.where(self._connection, column, value)

    def _link(self) -> tuple[str, str] | None:
        """Return the column of processed_exposure that names an exposure, and the one it means."""
        for column, parent in (
            ("exposure", "id"),
            ("exposure_id", "id"),
            ("observation_time", "observation_time"),
        ):
            if column in self._processed.names and parent in self._exposures.names:
                return column, parent
        return None


class _Table:
    """A table whose names may be written in any case; without a name it has no columns."""

    def __init__(self, connection: Connection, name: str | None) -> None:
        self.name = name or ""
        self._columns: dict[str, str] = {}
        if name is not None:
            columns = sa.inspect(connection).get_columns(name)
            self._columns = {str(c["name"]).lower(): str(c["name"]) for c in columns}
        self._table = sa.table(self.name, *(sa.column(c) for c in self._columns.values()))

    @property
    def names(self) -> set[str]:
        """Names of the columns in lower case."""
        return set(self._columns)

    def __getitem__(self, name: str) -> sa.ColumnClause[Any]:
        """Return a column by its name in lower case."""
        return self._table.c[self._columns[name]]

    def where(self, connection: Connection, name: str, value: Any) -> list[dict[str, Any]]:
        """Return the rows with a value in a column, by names in lower case."""
        select = sa.select(*(self[n] for n in self._columns)).where(self[name] == value)
        return [
            dict(zip(self._columns, row, strict=True))
            for row in connection.execute(select.order_by(self["id"]))
        ]


@contextmanager
def open_source(url: str) -> Iterator[Source]:
    """Yield the AOMUSE database at a URL, which cannot be written through it."""
    parsed = database_url(url)
    name = _name(parsed)
    engine = _engine(parsed, name)
    try:
        connection = engine.connect()
    except DBAPIError as error:
        raise ConfigurationError(
            f"the source {name} cannot be opened ({describe_error(error)}): see to its URL"
        ) from error
    try:
        with connection:
            try:
                source = Source(connection, name)
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
    return f"mariadb://{url.host or 'localhost'}:{url.port or 3306}/{url.database}"


def _engine(url: URL, name: str) -> Engine:
    if url.get_backend_name() == "sqlite":
        path = Path(url.database or "")
        if not path.is_file():
            raise ConfigurationError(f"there is no file {path.absolute()}: see to the source's URL")
        return sa.create_engine("sqlite://", creator=lambda: _open_file(path))
    try:
        engine = sa.create_engine(url.set(drivername=_DRIVER), poolclass=sa.NullPool)
    except ImportError as error:
        raise ConfigurationError(
            f"the source {name} needs MariaDB's connector: pip install 'aomuse[mariadb]' "
            "(on Debian it needs apt-get install libmariadb-dev gcc)"
        ) from error
    event.listen(engine, "connect", _read_only)
    return engine


def _open_file(path: Path) -> sqlite3.Connection:
    """Open a SQLite file so that neither it nor its folder is touched."""
    # A file in WAL mode without a log beside it is open nowhere, and a reader would make that log:
    # SQLite is told that it need not.
    with path.open("rb") as stream:
        is_wal = stream.read(20)[18:20] == b"\x02\x02"
    is_alone = is_wal and not path.with_name(f"{path.name}-wal").exists()
    options = "mode=ro&immutable=1" if is_alone else "mode=ro"
    return sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?{options}", uri=True, check_same_thread=False
    )


def _read_only(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("SET SESSION TRANSACTION READ ONLY")
    cursor.execute("SET SESSION time_zone = '+00:00'")
    cursor.close()
