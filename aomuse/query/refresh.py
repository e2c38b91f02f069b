"""Create and drop the views."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, inspect, text

from aomuse.db import write_transaction
from aomuse.query.views import View, static_views
from aomuse.query.wide import empty_wide_views, extension_views, wide_views


def all_views(connection: Connection) -> list[View]:
    """Return every view that the database should have now."""
    return [*static_views(connection.dialect.name), *wide_views(connection)]


def offline_views(dialect: str) -> list[View]:
    """Return every view of an empty database, without asking one."""
    return [*static_views(dialect), *empty_wide_views()]


def existing_views(connection: Connection) -> list[str]:
    """Return the names of aomuse's views that exist, without those that users made."""
    inspector = inspect(connection)
    names = {view.name for view in offline_views(connection.dialect.name)}
    if all(inspector.has_table(name) for name in ("table_layout", "table_column")):
        names |= set(extension_views(connection).values())
    return [name for name in inspector.get_view_names() if name in names]


def drop_views(connection: Connection) -> None:
    """Drop every view of aomuse."""
    for name in existing_views(connection):
        connection.execute(text(f"DROP VIEW IF EXISTS {name}"))


def refresh_views(connection: Connection) -> None:
    """Create every view again."""
    dialect = connection.dialect.name
    if dialect == "sqlite":
        drop_views(connection)
    for view in all_views(connection):
        connection.exec_driver_sql(view.create(dialect))


def refresh(engine: Engine) -> None:
    """Create every view again, so that they show what is loaded now."""
    with write_transaction(engine) as connection:
        refresh_views(connection)
