"""What aomuse made in a database, and how to remove it and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, Inspector, inspect

from aomuse.blocking import naming_who_is_in_the_way
from aomuse.db import write_transaction
from aomuse.errors import ConfigurationError
from aomuse.models import Base
from aomuse.query.refresh import drop_views, existing_views
from aomuse.schema import (
    DROPPING,
    RESTORING,
    VERSION_TABLE,
    database_exists,
    known_revisions,
    refuse_unknown,
)

_VERSION = sa.table(VERSION_TABLE, sa.column("version_num", sa.String))


@dataclass(frozen=True)
class Inventory:
    """What a database holds.

    Parameters
    ----------
    tables : list of str
        Aomuse's tables, parents first.
    views : list of str
        Aomuse's views.
    others : list of str
        Tables and views of somebody else.
    exposures : int
        Exposures in the tables.
    """

    tables: list[str] = field(default_factory=list)
    views: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    exposures: int = 0


def inventory(engine: Engine) -> Inventory:
    """Return what a database holds."""
    if not database_exists(engine):
        return Inventory()
    with engine.connect() as connection:
        ours = _tables(connection)
        views = existing_views(connection) if ours else []
        exposures = sa.select(sa.func.count()).select_from(sa.table("exposure"))
        number = connection.scalar(exposures) if "exposure" in ours else 0
        inspector = inspect(connection)
        everything = [*inspector.get_table_names(), *inspector.get_view_names()]
    others = [name for name in everything if name not in ours and name not in views]
    return Inventory(ours, views, others, number or 0)


def drop(engine: Engine) -> None:
    """Drop aomuse's views and tables, and leave everything else.

    A drop that was cut off can be run again: until its end a mark in the place of the revision
    says that what is left is aomuse's, and no schema.
    """
    with write_transaction(engine) as connection:
        ours = _tables(connection)
        if not ours:
            return
        _refuse_references(inspect(connection), ours)
        connection.execute(sa.delete(_VERSION))
        connection.execute(sa.insert(_VERSION).values(version_num=DROPPING))
        with naming_who_is_in_the_way(connection, "not everything is dropped"):
            drop_views(connection)
            for name in reversed(ours):
                table = sa.Table(name, sa.MetaData())
                connection.execute(sa.schema.DropTable(table, if_exists=True))


def _tables(connection: Connection) -> list[str]:
    """Return the names of aomuse's tables, that of the revision first, parents before children."""
    inspector = inspect(connection)
    existing = set(inspector.get_table_names())
    if VERSION_TABLE not in existing:
        return []
    named = [table.name for table in Base.metadata.sorted_tables if table.name in existing]
    revisions = connection.scalars(sa.select(_VERSION.c.version_num)).all()
    if not revisions:
        # A first migration that was cut off; or another program's, whose tables look otherwise.
        return [VERSION_TABLE, *(name for name in named if _looks_like_ours(inspector, name))]
    unknown = set(revisions) - known_revisions() - {RESTORING, DROPPING}
    if not unknown:
        return [VERSION_TABLE, *named]
    if any(_looks_like_ours(inspector, name) for name in named):
        refuse_unknown(min(unknown))
    return []


def _looks_like_ours(inspector: Inspector, name: str) -> bool:
    """Return whether a table has the columns of aomuse's, of this or an earlier revision."""
    table = Base.metadata.tables[name]
    found = {column["name"] for column in inspector.get_columns(name)}
    # What a revision adds to a table that has rows already may be NULL.
    always = {column.name for column in table.columns if not column.nullable}
    return always <= found <= set(table.columns.keys())


def _refuse_references(inspector: Inspector, ours: list[str]) -> None:
    for name in inspector.get_table_names():
        if name in ours:
            continue
        for key in inspector.get_foreign_keys(name):
            if key["referred_table"] in ours:
                raise ConfigurationError(
                    f"the table {name} refers to {key['referred_table']}: remove its foreign key, "
                    "or the table, and drop again; nothing was dropped"
                )
