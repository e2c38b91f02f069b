"""What aomuse made in a database, and how to remove it and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, inspect

from aomuse.db import write_transaction
from aomuse.models import Base
from aomuse.query.refresh import drop_views, existing_views
from aomuse.schema import known_revisions

_VERSION_TABLE = "alembic_version"


@dataclass(frozen=True)
class Inventory:
    """What a database holds.

    Parameters
    ----------
    tables : dict of str to int
        Aomuse's tables, parents first, with their rows.
    views : list of str
        Aomuse's views.
    others : list of str
        Tables and views of somebody else.
    """

    tables: dict[str, int] = field(default_factory=dict)
    views: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


def inventory(engine: Engine) -> Inventory:
    """Return what a database holds.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        A database, with or without a schema.

    Returns
    -------
    Inventory
        Empty where there is nothing.
    """
    with engine.connect() as connection:
        views = existing_views(connection)
        ours = _tables(connection)
        rows = {
            name: connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name))) or 0
            for name in ours
        }
        inspector = inspect(connection)
        everything = [*inspector.get_table_names(), *inspector.get_view_names()]
    others = [name for name in everything if name not in rows and name not in views]
    return Inventory(rows, views, others)


def drop(engine: Engine) -> None:
    """Drop aomuse's views and tables, and leave everything else.

    A drop that was cut off can be run again: the revision goes first, so that what is left does
    not pass for a schema.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The database.
    """
    with write_transaction(engine) as connection:
        drop_views(connection)
        found = _tables(connection)
        children_first = [name for name in reversed(found) if name != _VERSION_TABLE]
        for name in [*(name for name in found if name == _VERSION_TABLE), *children_first]:
            table = sa.Table(name, sa.MetaData())
            connection.execute(sa.schema.DropTable(table, if_exists=True))


def _tables(connection: Connection) -> list[str]:
    """Return the names of aomuse's tables that exist, parents first."""
    existing = set(inspect(connection).get_table_names())
    ours = [table.name for table in Base.metadata.sorted_tables if table.name in existing]
    return [*([_VERSION_TABLE] if _version_is_ours(connection) else []), *ours]


def _version_is_ours(connection: Connection) -> bool:
    """Return whether alembic_version names a revision of aomuse, and not of another program."""
    if not inspect(connection).has_table(_VERSION_TABLE):
        return False
    version = sa.table(_VERSION_TABLE, sa.column("version_num"))
    found = set(connection.scalars(sa.select(version.c.version_num)))
    return found <= known_revisions()
