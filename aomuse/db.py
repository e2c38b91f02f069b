"""URLs and engines: SQLite and MariaDB, set up the same way everywhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import URL, Engine, event, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ArgumentError, DBAPIError

from aomuse import sqlite_files
from aomuse.config import DATABASE_URL_VARIABLE, DEFAULT_DATABASE_URL, MARIADB_DRIVER
from aomuse.errors import ConfigurationError

#: Seconds that SQLite waits for another writer's transaction.
SQLITE_BUSY_TIMEOUT_S = 60

#: Options of an engine or connection of MariaDB whose transactions see one moment.
SNAPSHOT: dict[str, Any] = {"isolation_level": "REPEATABLE READ"}

#: Seconds that a statement of MariaDB waits for another's use of a table or view; the server's
#: default is a day.
LOCK_WAIT_S = 20

#: Times are UTC, and a value that does not fit is an error, whatever the server's default.
_MARIADB_SESSION = (
    f"SET SESSION lock_wait_timeout = {LOCK_WAIT_S}, "
    "time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,"
    "NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"
)


def database_url(url: str | URL | None = None) -> URL:
    """Return the URL of the database to use.

    Parameters
    ----------
    url : str or sqlalchemy.URL, optional
        A URL; without it the environment variable ``AOMUSE_DATABASE_URL`` counts, and without
        that the SQLite file ``aomuse.db`` in the working directory.

    Returns
    -------
    sqlalchemy.URL
        A URL for SQLite, or for MariaDB through MariaDB's own connector.

    Raises
    ------
    ConfigurationError
        If the URL cannot be parsed or names another engine.
    """
    try:
        parsed = make_url(url or os.environ.get(DATABASE_URL_VARIABLE) or DEFAULT_DATABASE_URL)
    except (ArgumentError, ValueError):
        # The text of the error repeats the URL, and with it the password.
        raise ConfigurationError(
            "the database URL cannot be parsed: write sqlite:///FILE or "
            f"{MARIADB_DRIVER}://USER:PASSWORD@HOST:3306/DATABASE "
            "(special characters in the password as %XX)"
        ) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return parsed
    if backend in {"mariadb", "mysql"}:
        if not parsed.database:
            raise ConfigurationError("the database URL names no database: add /DATABASE at its end")
        return parsed.set(drivername=MARIADB_DRIVER)
    raise ConfigurationError(
        f"the database URL is for {backend}: aomuse works with sqlite and {MARIADB_DRIVER}"
    )


def shown_url(url: URL) -> str:
    """Return a URL for people's eyes: without password, and without options that may hold one.

    Parameters
    ----------
    url : sqlalchemy.URL
        The URL.

    Returns
    -------
    str
        Its text.
    """
    return url.set(query={}).render_as_string(hide_password=True)


def create_engine(url: str | URL | None = None) -> Engine:
    """Return an engine for a SQLite or MariaDB database.

    Parameters
    ----------
    url : str or sqlalchemy.URL, optional
        See `database_url`.

    Returns
    -------
    sqlalchemy.Engine
        Nothing is connected yet.

    Raises
    ------
    ConfigurationError
        If the URL is wrong, or MariaDB's connector is not installed.
    """
    parsed = database_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = sa.create_engine(parsed, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_S})
        file = sqlite_files.database_file(parsed)

        def opened(dialect: Any, record: Any, _: Any, arguments: dict[str, Any]) -> Any:
            return sqlite_files.open_file(file, dialect, record, arguments)

        event.listen(engine, "do_connect", opened)
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "checkout", sqlite_files.refuse_stale)
        event.listen(engine, "begin", _sqlite_begin)
        return engine
    try:
        engine = sa.create_engine(
            parsed, isolation_level="READ COMMITTED", pool_pre_ping=True, pool_recycle=3600
        )
    except ImportError as error:
        raise ConfigurationError(
            "MariaDB's connector is not installed: pip install 'aomuse[mariadb]' "
            "(on Debian it needs apt-get install libmariadb-dev gcc)"
        ) from error
    event.listen(engine, "connect", _mariadb_connect)
    event.listen(engine, "connect", _refuse_stale_writes)
    event.listen(engine, "handle_error", _mark_lost)
    return engine


def _sqlite_connect(connection: Any, _record: Any) -> None:
    # The driver's own transaction handling begins too late for DDL and SAVEPOINT; SQLAlchemy's
    # documented way is to switch it off and to begin explicitly.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()


def _sqlite_begin(connection: sa.Connection) -> None:
    # A writer says so at once: a reader that turns into a writer may not wait for another one.
    mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    if mode == "IMMEDIATE":
        # Others can read beside it. The file remembers this, so that readers need not ask for it.
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    connection.exec_driver_sql(f"BEGIN {mode}")


@contextmanager
def read_transaction(engine: Engine) -> Iterator[sa.Connection]:
    """Yield a connection on which all questions see the database as it was at the first one.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The database.

    Yields
    ------
    sqlalchemy.Connection
        The connection. SQLite's transactions are such by themselves.
    """
    options = {} if engine.dialect.name == "sqlite" else SNAPSHOT
    with engine.connect().execution_options(**options) as connection:
        yield connection
        sqlite_files.refuse_torn(connection.info)


@contextmanager
def write_transaction(engine: Engine) -> Iterator[sa.Connection]:
    """Yield a connection within a transaction that writes; commit it, or roll back on an error.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The database.

    Yields
    ------
    sqlalchemy.Connection
        The connection.
    """
    connection = engine.connect().execution_options(sqlite_begin="IMMEDIATE")
    with connection, connection.begin():
        yield connection


def inserted_id(connection: sa.Connection, insert: sa.Insert) -> int:
    """Run an INSERT of one row and return the id that the database gave it."""
    key = connection.execute(insert).inserted_primary_key
    assert key is not None
    return int(key[0])


def _mariadb_connect(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(_MARIADB_SESSION)
    cursor.close()


def _refuse_stale_writes(connection: Any, _record: Any) -> None:
    # Whoever writes what others have changed since the transaction saw it gets an error, as on
    # SQLite. Servers before 10.6.18 and 10.11.8 do not know the setting.
    cursor = connection.cursor()
    cursor.execute("SHOW VARIABLES LIKE 'innodb_snapshot_isolation'")
    if cursor.fetchone():
        cursor.execute("SET SESSION innodb_snapshot_isolation = ON")
    cursor.close()


def _mark_lost(context: ExceptionContext) -> None:
    # SQLAlchemy's own list of errors that end a connection is shorter.
    if getattr(context.original_exception, "errno", None) in _GONE_NUMBERS:
        context.is_disconnect = True


class Trouble(Enum):
    """What kind of trouble an error of the database is, and so what is to be done."""

    NONE = "the statement or its values are wrong: trying again does not help"
    BUSY = "another transaction was in the way: the same can be tried again"
    GONE = "the connection was lost: another one may work"
    FULL = "there is no room: nothing more can be written"


#: Error numbers of MariaDB: lock wait timeout, deadlock, changed by another transaction; disk full,
#: table full, no space.
_BUSY_NUMBERS = {1205, 1213, 1020}
_FULL_NUMBERS = {1021, 1114, 1041, 3, 28}
#: Cannot connect; server gone or lost, shutdown in progress, connection killed or aborted, network
#: errors, TLS error, malformed packet.
_GONE_NUMBERS = {2002, 2003, 2006, 2013, 2055, 1053, 1927, 4166, 1152, 1158, 1159, 1160, 1161}
_GONE_NUMBERS |= {2026, 2027}


def trouble_of(error: DBAPIError) -> Trouble:
    """Return what kind of trouble an error is.

    Parameters
    ----------
    error : sqlalchemy.exc.DBAPIError
        The error.

    Returns
    -------
    Trouble
        The kind.
    """
    number = getattr(error.orig, "errno", None)
    said = str(error.orig).lower()
    if number in _FULL_NUMBERS or "disk is full" in said or "no space left" in said:
        return Trouble.FULL
    if number in _BUSY_NUMBERS or "database is locked" in said:
        return Trouble.BUSY
    if error.connection_invalidated or number in _GONE_NUMBERS:
        return Trouble.GONE
    return Trouble.NONE


def describe_error(error: DBAPIError) -> str:
    """Return what the database said, in one line without statement, values or password.

    Parameters
    ----------
    error : sqlalchemy.exc.DBAPIError
        The error.

    Returns
    -------
    str
        One line.
    """
    said = " ".join(str(error.orig).split())
    if "unable to open database file" in said:
        return f"{said}: check that the folder of the database exists and may be written"
    return f"the database says: {said}"
