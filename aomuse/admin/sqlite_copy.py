"""Backup and restore of SQLite, by its own online backup."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from aomuse.errors import ConfigurationError
from aomuse.schema import VERSION_TABLE


def backup(engine: Engine, file: Path) -> None:
    """Copy a database as it is at one moment, while others may read and write it."""
    try:
        with engine.connect() as connection, closing(sqlite3.connect(file)) as copy:
            _driver(connection).backup(copy)
            # One file, that can be carried about.
            copy.execute("PRAGMA journal_mode = DELETE")
            damage = _damage(copy)
    except sqlite3.Error as error:
        raise ConfigurationError(f"the backup failed ({error}): nothing was kept of it") from error
    if damage:
        raise ConfigurationError(
            f"the database is damaged ({damage}): nothing was kept of the backup; restore an older "
            "one, or load the files into a new database"
        )


def backup_revision(file: Path) -> str:
    """Return the revision of the schema in a backup."""
    with _opened(file) as source:
        damage = _damage(source)
        if damage:
            raise ConfigurationError(f"{file} is damaged ({damage}): take another backup")
        found = source.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()  # noqa: S608
    return str(found[0]) if found else ""


def restore(file: Path, engine: Engine) -> None:
    """Copy a backup into a database; a copy that is cut off is rolled back by SQLite."""
    with _opened(file) as source, engine.connect() as connection:
        source.backup(_driver(connection))
    engine.dispose()


def _damage(database: sqlite3.Connection) -> str:
    """Return what is wrong with a database, empty if nothing is."""
    (said,) = database.execute("PRAGMA integrity_check(1)").fetchone()
    if said != "ok":
        return " ".join(str(said).split())
    orphan = database.execute("PRAGMA foreign_key_check").fetchone()
    return f"{orphan[0]} has a row whose {orphan[2]} is missing" if orphan else ""


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection that only reads a backup."""
    uri = f"{file.resolve().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as source:
            yield source
    except sqlite3.Error as error:
        raise ConfigurationError(
            f"{file} is no whole backup of a SQLite database ({error}): give a file that aomuse "
            "backup wrote from one"
        ) from error


def _driver(connection: Any) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver
