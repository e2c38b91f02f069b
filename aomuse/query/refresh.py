"""Create and drop the views."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

from aomuse.query.views import View, static_views
from aomuse.query.wide import empty_wide_views, wide_views


def all_views(connection: Connection) -> list[View]:
    """Return every view that the database should have now."""
    return [*static_views(connection.dialect.name), *wide_views(connection)]


def offline_views(dialect: str) -> list[View]:
    """Return every view of an empty database, without asking one."""
    return [*static_views(dialect), *empty_wide_views()]


def existing_views(connection: Connection) -> list[str]:
    """Return the names of aomuse's views that exist."""
    return [name for name in inspect(connection).get_view_names() if name.startswith("v_")]


def drop_views(connection: Connection) -> None:
    """Drop every view of aomuse."""
    for name in existing_views(connection):
        connection.execute(text(f"DROP VIEW IF EXISTS {name}"))


def refresh_views(connection: Connection) -> None:
    """Create every view anew, and drop those that have nothing to show any more.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        A connection to a database at the head revision. On MariaDB each statement commits.
    """
    dialect = connection.dialect.name
    views = all_views(connection)
    wanted = {view.name for view in views}
    for name in existing_views(connection):
        if dialect == "sqlite" or name not in wanted:
            connection.execute(text(f"DROP VIEW IF EXISTS {name}"))
    for view in views:
        connection.exec_driver_sql(view.create(dialect))
