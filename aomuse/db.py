"""Engines: SQLite and MariaDB, set up the same way everywhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import URL, Engine, event
from sqlalchemy.engine import Dialect, ExceptionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from aomuse.connections import sqlite_files
from aomuse.connections.connection_class import connection_options
from aomuse.connections.drivers import is_pymysql, missing_driver
from aomuse.connections.pymysql_sessions import connect_as_aomuse_does
from aomuse.connections.server_session import offer_binary_rows, prepare_sessions
from aomuse.connections.statements import remember_session
from aomuse.connections.urls import database_url
from aomuse.errors import ConfigurationError

#: Seconds to wait before something is tried again.
RETRY_DELAYS_S = (0.5, 2.0, 5.0, 15.0)

#: Seconds that SQLite waits for another writer's transaction.
SQLITE_BUSY_TIMEOUT_S = 60

#: Options of an engine or connection of MariaDB whose transactions see one moment.
SNAPSHOT: dict[str, Any] = {"isolation_level": "REPEATABLE READ"}


def create_engine(url: str | URL | None = None, *, patient: bool = True, **options: Any) -> Engine:
    """Return an engine for a SQLite or MariaDB database.

    Parameters
    ----------
    url : str or sqlalchemy.URL, optional
        See `database_url`.
    patient : bool, optional
        Whether connecting waits while the server has too many connections.
    **options
        Of SQLAlchemy's function of this name, for MariaDB.

    Returns
    -------
    sqlalchemy.Engine
        Nothing is connected yet.

    Raises
    ------
    ConfigurationError
        If the URL is wrong, or its driver is not installed.
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
            parsed,
            connect_args=connection_options(parsed),
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,
            pool_recycle=3600,
            **options,
        )
    except ImportError as error:
        raise ConfigurationError(missing_driver(parsed, error)) from error
    if is_pymysql(parsed):
        connect_as_aomuse_does(engine)
    else:
        event.listen(
            engine, "connect", lambda own, _: remember_session(own, engine.dialect, engine.url)
        )
    prepare_sessions(engine)
    offer_binary_rows(engine)
    if patient:
        connect_patiently(engine)
    event.listen(engine, "connect", _refuse_stale_writes)
    event.listen(engine, "handle_error", _mark_lost)
    return engine


#: Instructions of SQLite, some tens of milliseconds: often enough for Ctrl-C.
_STEPS_BETWEEN_SIGNALS = 1_000_000


def _sqlite_connect(connection: Any, _record: Any) -> None:
    # The driver's own transaction handling begins too late for DDL and SAVEPOINT; SQLAlchemy's
    # documented way is to switch it off and to begin explicitly.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()
    # Python handles signals between its own instructions, and a statement of SQLite is none. A
    # handler that raises ends the statement.
    connection.set_progress_handler(lambda: 0, _STEPS_BETWEEN_SIGNALS)


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
    options = SNAPSHOT if engine.dialect.name in ("mariadb", "mysql") else {}
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


def connect_patiently(engine: Engine) -> None:
    """Let an engine wait where a server has too many connections, which passes.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The engine.
    """
    event.listen(engine, "do_connect", _connect_patiently)


def _connect_patiently(
    dialect: Dialect, _record: ConnectionPoolEntry, arguments: list[Any], options: dict[str, Any]
) -> Any:
    for delay in RETRY_DELAYS_S:
        try:
            return dialect.connect(*arguments, **options)
        except dialect.loaded_dbapi.Error as error:
            if error_number(error) not in _CROWDED_NUMBERS:
                raise
            time.sleep(delay)
    return dialect.connect(*arguments, **options)


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
    if error_number(context.original_exception) in _GONE_NUMBERS:
        context.is_disconnect = True


class Trouble(Enum):
    """What kind of trouble an error of the database is, and so what is to be done."""

    NONE = "the statement or its values are wrong: trying again does not help"
    BUSY = "another transaction was in the way: the same can be tried again"
    GONE = "the connection was lost: another one may work"
    CROWDED = "the server takes no more connections: one may be free later"
    FULL = "no space is left: nothing more can be written"


#: Error numbers of MariaDB: lock wait timeout, deadlock, changed by another transaction; disk full,
#: table full, no space.
_BUSY_NUMBERS = {1205, 1213, 1020}
_FULL_NUMBERS = {1021, 1114, 1041, 3, 28}
#: SQLite at a full disk, and at a quota or a limit of the file's size.
_FULL_NAMES = {"SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE"}
#: Too many connections: of the server, of an account, of an account in an hour.
_CROWDED_NUMBERS = {1040, 1203, 1226}
#: Cannot connect; server gone or lost, shutdown in progress, connection killed or aborted, network
#: errors, TLS error, malformed packet.
_GONE_NUMBERS = {2002, 2003, 2006, 2013, 2055, 1053, 1927, 4166, 1152, 1158, 1159, 1160, 1161}
_GONE_NUMBERS |= {2026, 2027}


def error_number(error: BaseException | None) -> int | None:
    """Return MariaDB's number of a driver's error; None where it has none.

    Parameters
    ----------
    error : BaseException or None
        What the driver raised, ``DBAPIError.orig``.

    Returns
    -------
    int or None
        The number: an attribute of the connector's errors, the first argument of PyMySQL's.
    """
    number = getattr(error, "errno", None) or next(iter(getattr(error, "args", ())), None)
    return number if isinstance(number, int) else None


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
    number = error_number(error.orig)
    said = str(error.orig).lower()
    named = getattr(error.orig, "sqlite_errorname", None)
    if number in _FULL_NUMBERS or named in _FULL_NAMES or "no space left" in said:
        return Trouble.FULL
    if number in _CROWDED_NUMBERS:
        return Trouble.CROWDED
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
    # PyMySQL's errors have number and text.
    text = error.orig.args[-1] if error.orig and len(error.orig.args) == 2 else error.orig
    said = " ".join(str(text).split())
    if "unable to open database file" in said:
        return f"{said}: check that the folder of the database exists and may be written"
    return f"the database says: {said}"
