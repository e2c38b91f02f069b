"""The schema's revisions: bring a database to head, and refuse one that is not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, inspect, text

from aomuse.blocking import naming_who_is_in_the_way
from aomuse.connections.sqlite_files import database_file
from aomuse.errors import SchemaError
from aomuse.models import Base

# Alembic is imported where the schema changes: most commands only ask for the revision.
if TYPE_CHECKING:
    from alembic.config import Config

VERSION_TABLE = "alembic_version"

#: Stand in the place of a revision while all tables come or go. On MariaDB every statement that
#: makes or drops a table is committed by itself: what a killed process leaves must not pass for a
#: schema, nor for a migration that can go on.
RESTORING = "restore in progress"
DROPPING = "drop in progress"

_CUT_OFF = {
    RESTORING: "a restore into this database has not ended: wait for it; if it was cut off, run "
    "aomuse drop, then aomuse restore again",
    DROPPING: "a drop of this database's tables has not ended: wait for it; if it was cut off, "
    "run aomuse drop again",
}

#: Largest table that a server is asked to count, which takes half a second.
MOST_COUNTED = 1_000_000
_ESTIMATES = (
    "SELECT table_name, table_rows FROM information_schema.tables WHERE table_schema = DATABASE()"
)


def row_counts(connection: Connection, tables: Sequence[str]) -> dict[str, str]:
    """Return the rows of each table as text: counted, or MariaDB's estimate for a large table.

    InnoDB would read a large table whole to count it. SQLite counts a hundred times as fast.
    """
    estimates: dict[str, int] = {}
    if connection.dialect.name != "sqlite":
        estimates = {name: rows or 0 for name, rows in connection.execute(text(_ESTIMATES))}
    counts = {}
    for name in tables:
        if estimates.get(name, 0) > MOST_COUNTED:
            counts[name] = f"about {estimates[name]:,}"
        else:
            rows = sa.select(sa.func.count()).select_from(sa.table(name))
            counts[name] = f"{connection.scalar(rows):,}"
    return counts


def _migrations() -> Path:
    """Return the folder of the revisions: in a wheel part of the package, else beside it."""
    here = Path(__file__).resolve().parent
    packaged = here / "migrations"
    return packaged if packaged.is_dir() else here.parent / "migrations"


def alembic_config() -> Config:
    """Return Alembic's configuration with the place of the revisions."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_migrations()))
    return config


def known_revisions() -> set[str]:
    """Return every revision that this version of aomuse knows, by the names of their files."""
    return {path.name[:4] for path in _migrations().glob("versions/[0-9]*_*.py")}


def head_revision() -> str:
    """Return the revision that this version of aomuse works with."""
    revisions = known_revisions()
    if not revisions:
        raise SchemaError("no schema revisions are installed: install aomuse again")
    return max(revisions)


def database_exists(engine: Engine) -> bool:
    """Return whether there is something to connect to.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The database.

    Returns
    -------
    bool
        False for a file of SQLite that is not there: connecting would make it, and a question
        should not.
    """
    file = database_file(engine.url) if engine.dialect.name == "sqlite" else None
    return file is None or file.exists()


def current_revision(engine: Engine) -> str | None:
    """Return the revision of the database, or None if it has no schema."""
    if not database_exists(engine):
        return None
    with engine.connect() as connection:
        if not inspect(connection).has_table(VERSION_TABLE):
            return None
        revision: str | None = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608
        return revision


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the schema to a revision.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The database.
    revision : str, optional
        The revision to reach.

    Raises
    ------
    SchemaError
        If the revision of the database is not known, or its tables are not aomuse's.
    """
    current = current_revision(engine)
    refuse_unknown(current)
    if current is None:
        _refuse_strangers(engine)
    from alembic import command

    config = alembic_config()
    with engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection:
        config.attributes["connection"] = connection
        with naming_who_is_in_the_way(connection, "the schema cannot be changed"):
            command.upgrade(config, revision)
        connection.commit()


def downgrade(engine: Engine, revision: str) -> None:
    """Take the schema back to a revision; ``base`` removes everything.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The database.
    revision : str
        The revision to reach.
    """
    from alembic import command

    config = alembic_config()
    with engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection:
        config.attributes["connection"] = connection
        with naming_who_is_in_the_way(connection, "the schema cannot be changed"):
            command.downgrade(config, revision)
        connection.commit()


def require_head(engine: Engine) -> str:
    """Return the head revision, and refuse a database that is not at it.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The database.

    Returns
    -------
    str
        The revision.

    Raises
    ------
    SchemaError
        If the database has no schema, or an older or newer one.
    """
    head, current = head_revision(), current_revision(engine)
    if current == head:
        return head
    if current is None:
        raise SchemaError("the database has no aomuse schema yet: run aomuse migrate")
    refuse_unknown(current)
    raise SchemaError(
        f"the schema is at revision {current}, this version works with {head}: run aomuse migrate"
    )


def refuse_unknown(current: str | None) -> None:
    """Refuse a revision that this version does not know.

    Parameters
    ----------
    current : str or None
        Revision of a database; None where there is none.

    Raises
    ------
    SchemaError
        If it is newer than this version, or the tables are only coming or going.
    """
    if current is None or current in known_revisions():
        return
    if current in _CUT_OFF:
        raise SchemaError(_CUT_OFF[current])
    raise SchemaError(
        f"the schema is at revision {current}, which is newer than this version of aomuse "
        f"({head_revision()}): install the newer aomuse"
    )


def _refuse_strangers(engine: Engine) -> None:
    """Refuse a database whose tables only have the names of aomuse's.

    A migration that was cut off has made the table of the revision before any other.
    """
    with engine.connect() as connection:
        existing = set(inspect(connection).get_table_names())
    strangers = sorted(existing & Base.metadata.tables.keys())
    if strangers and VERSION_TABLE not in existing:
        raise SchemaError(
            f"the database has tables that aomuse did not make ({', '.join(strangers)}): give "
            "aomuse a database of its own; aomuse import-blobs brings over an older AOMUSE's"
        )
