"""A full dump of a database, and back."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import Engine

from aomuse.admin import mariadb_dump, sqlite_copy
from aomuse.admin.drop import inventory
from aomuse.errors import ConfigurationError
from aomuse.schema import current_revision, head_revision, refresh


def backup(engine: Engine, file: Path) -> int:
    """Write everything that aomuse has in a database into a file.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The database.
    file : pathlib.Path
        Where to; must not exist. It appears once it is complete.

    Returns
    -------
    int
        Size of the file in bytes.

    Raises
    ------
    ConfigurationError
        If there is nothing to dump, the file exists or cannot be written, or the dump fails.
    """
    revision = current_revision(engine)
    if revision is None:
        raise ConfigurationError("the database has no aomuse schema: there is nothing to back up")
    if os.path.lexists(file):
        raise ConfigurationError(f"{file} exists already: give another name, or remove it")
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        try:
            # Nobody else may read it, as long as the user does not say so.
            partial.touch(mode=0o600, exist_ok=False)
            if engine.dialect.name == "sqlite":
                sqlite_copy.backup(engine, partial)
            else:
                tables = sorted(
                    inventory(engine).tables, key=lambda name: name == "alembic_version"
                )
                mariadb_dump.backup(engine.url, tables, revision, partial)
            size = partial.stat().st_size
            # Unlike a rename, a link never replaces a file that has come up meanwhile.
            file.hardlink_to(partial)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"{file} cannot be written ({error.strerror or error}): give another place"
        ) from error
    return size


def restore(engine: Engine, file: Path) -> str:
    """Bring a backup into an empty database.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        A database of the kind that the backup is of, without any table.
    file : pathlib.Path
        What `backup` wrote.

    Returns
    -------
    str
        Revision of the schema that was restored.

    Raises
    ------
    ConfigurationError
        If the database is not empty, the file is no whole backup of this kind of database, or
        restoring fails; the database is empty again then.
    """
    if not file.is_file():
        raise ConfigurationError(f"{file} is not there: give a file that aomuse backup wrote")
    found = inventory(engine)
    present = [*found.tables, *found.views, *found.others]
    if present:
        raise ConfigurationError(
            f"the database is not empty (it has {present[0]}): restore into a new one, or remove "
            "what aomuse made with aomuse drop"
        )
    if engine.dialect.name == "sqlite":
        sqlite_copy.restore(file, engine)
    else:
        mariadb_dump.restore(file, engine)
    revision = current_revision(engine)
    if revision == head_revision():
        refresh(engine)
    return revision or ""
