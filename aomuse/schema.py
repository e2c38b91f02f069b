"""The schema's revisions: bring a database to head, and refuse one that is not."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from aomuse.db import write_transaction
from aomuse.errors import SchemaError
from aomuse.query.refresh import refresh_views


def alembic_config() -> Config:
    """Return Alembic's configuration with the place of the revisions.

    Returns
    -------
    alembic.config.Config
        In a wheel the revisions are part of the package; in a checkout they stand beside it.
    """
    here = Path(__file__).resolve().parent
    packaged = here / "migrations"
    config = Config()
    config.set_main_option(
        "script_location", str(packaged if packaged.is_dir() else here.parent / "migrations")
    )
    return config


def head_revision() -> str:
    """Return the revision that this version of aomuse works with."""
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    if head is None:
        raise SchemaError("no schema revisions are installed: install aomuse again")
    return head


def known_revisions() -> set[str]:
    """Return every revision that this version of aomuse knows."""
    script = ScriptDirectory.from_config(alembic_config())
    return {revision.revision for revision in script.walk_revisions()}


def current_revision(engine: Engine) -> str | None:
    """Return the revision of the database, None where there is no schema."""
    file = engine.url.database or ":memory:"
    on_disk = engine.dialect.name == "sqlite" and not file.startswith((":memory:", "file:"))
    if on_disk and not Path(file).exists():
        # Connecting would make the file, and a question should not.
        return None
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the schema to a revision.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The database.
    revision : str, optional
        The revision to reach.
    """
    _refuse_newer(current_revision(engine))
    config = alembic_config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()


def refresh(engine: Engine) -> None:
    """Create the views anew, so that they show what is loaded now.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        A database at the head revision.
    """
    with write_transaction(engine) as connection:
        refresh_views(connection)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the schema back to a revision; ``base`` removes everything.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The database.
    revision : str
        The revision to reach.
    """
    config = alembic_config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
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
    _refuse_newer(current)
    raise SchemaError(
        f"the schema is at revision {current}, this version works with {head}: run aomuse migrate"
    )


def _refuse_newer(current: str | None) -> None:
    """Refuse a revision that this version does not know."""
    if current is not None and current not in known_revisions():
        raise SchemaError(
            f"the schema is at revision {current}, which is newer than this version of aomuse "
            f"({head_revision()}): install the newer aomuse"
        )
