"""Backup and restore of SQLite, by its own online backup."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from aomuse.errors import ConfigurationError


def backup(engine: Engine, file: Path) -> None:
    """Copy a database as it is at one moment, while others may read and write it.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The database.
    file : pathlib.Path
        An empty file.

    Raises
    ------
    ConfigurationError
        If SQLite cannot write it.
    """
    try:
        with engine.connect() as connection, closing(sqlite3.connect(file)) as copy:
            _driver(connection).backup(copy)
            # One file, that can be carried about.
            copy.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise ConfigurationError(f"the backup failed ({error}): nothing was kept of it") from error


def restore(file: Path, engine: Engine) -> None:
    """Copy a backup into a database; a copy that is cut off is rolled back by SQLite.

    Parameters
    ----------
    file : pathlib.Path
        The backup.
    engine : sqlalchemy.Engine
        An empty database.

    Raises
    ------
    ConfigurationError
        If the file is no whole backup of a SQLite database.
    """
    uri = f"{file.resolve().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as source:
            (said,) = source.execute("PRAGMA quick_check(1)").fetchone()
            if said != "ok":
                raise ConfigurationError(f"{file} is damaged ({said}): take another backup")
            source.execute("SELECT version_num FROM alembic_version").fetchone()
            with engine.connect() as connection:
                source.backup(_driver(connection))
    except sqlite3.Error as error:
        raise ConfigurationError(
            f"{file} is no whole backup of a SQLite database ({error}): give a file that aomuse "
            "backup wrote from one"
        ) from error
    engine.dispose()


def _driver(connection: Any) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver
