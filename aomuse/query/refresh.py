"""Create and drop the views."""

from __future__ import annotations

import hashlib
import time

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from aomuse.blocking import naming_who_is_in_the_way
from aomuse.connections.server_session import LOCK_WAIT_S
from aomuse.db import Trouble, trouble_of
from aomuse.ledger.named_locks import exclusive_transaction
from aomuse.models import ViewState
from aomuse.query.views import View, static_views
from aomuse.query.wide import empty_wide_views, extension_views, wide_views

#: Seconds that replacing a view waits for others, how often it tries, and the pause between.
WAIT_S, TRIES, PAUSE_S = 1, 4, 1.0


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
    """Create the views that are missing or are not as they should be, and leave the others alone.

    On MariaDB, a transaction that has read a view keeps it from being replaced until it ends.
    """
    dialect = connection.dialect.name
    wanted = {view.name: view.create(dialect) for view in all_views(connection)}
    if dialect == "sqlite":
        for name in _outdated(connection, wanted):
            connection.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")
            connection.exec_driver_sql(wanted[name])
        return
    _set_wait(connection, WAIT_S)
    try:
        outdated = _outdated(connection, wanted)
        for name in outdated:
            what = f"the view {name} cannot be replaced"
            with naming_who_is_in_the_way(connection, what):
                _replace(connection, wanted[name])
        if outdated:
            made = _definitions(connection, *outdated)
            digests = [{"name": n, "digest": _digest(wanted[n], made[n])} for n in outdated]
            connection.execute(sa.delete(ViewState).where(ViewState.name.in_(outdated)))
            connection.execute(sa.insert(ViewState), digests)
    finally:
        _set_wait(connection, LOCK_WAIT_S)


def outdated_views(connection: Connection) -> list[str]:
    """Return the names of views that are missing or are not as they should be."""
    dialect = connection.dialect.name
    return _outdated(connection, {v.name: v.create(dialect) for v in all_views(connection)})


def refresh(engine: Engine) -> None:
    """Let the views show what is loaded now."""
    with exclusive_transaction(engine, "views") as connection:
        refresh_views(connection)


def _outdated(connection: Connection, wanted: dict[str, str]) -> list[str]:
    """Return the names of views that are not made by their statements."""
    if connection.dialect.name == "sqlite":
        # SQLite keeps the text as it was written.
        select = text("SELECT name, sql FROM sqlite_master WHERE type = 'view'")
        existing = {row.name: row.sql for row in connection.execute(select)}
        return [name for name, statement in wanted.items() if existing.get(name) != statement]
    states = connection.execute(sa.select(ViewState.name, ViewState.digest))
    made = {row.name: row.digest for row in states}
    there = _definitions(connection)
    return [
        name
        for name, statement in wanted.items()
        if name not in there or made.get(name) != _digest(statement, there[name])
    ]


def _definitions(connection: Connection, *names: str) -> dict[str, str]:
    """Return what MariaDB has made of views, without the name of the database.

    So the views of a database that came from a dump of another one count as they are.
    """
    views = sa.table(
        "views",
        *(sa.column(name) for name in ("table_schema", "table_name", "view_definition")),
        schema="information_schema",
    )
    select = sa.select(views.c.table_name, views.c.view_definition)
    select = select.where(views.c.table_schema == sa.func.database())
    if names:
        select = select.where(views.c.table_name.in_(names))
    database = f"`{connection.scalar(sa.select(sa.func.database()))}`."
    return {
        row.table_name: row.view_definition.replace(database, "")
        for row in connection.execute(select)
    }


def _digest(statement: str, definition: str) -> str:
    return hashlib.sha256(f"{statement}\0{definition}".encode()).hexdigest()


def _replace(connection: Connection, statement: str) -> None:
    """Run a statement; while it waits, all new queries wait behind it, so let them pass."""
    for is_last in (*[False] * (TRIES - 1), True):
        try:
            # Without parameters, so that a % is one, whichever the driver.
            connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
        except DBAPIError as error:
            if is_last or trouble_of(error) is not Trouble.BUSY:
                raise
            time.sleep(PAUSE_S)
        else:
            return


def _set_wait(connection: Connection, seconds: int) -> None:
    connection.exec_driver_sql(f"SET SESSION lock_wait_timeout = {seconds}")
