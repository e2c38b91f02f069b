"""Alembic's environment: the models' metadata, aomuse's engine, and the views after the tables."""

from __future__ import annotations

from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo
from sqlalchemy import Connection, Table, event, text

from aomuse.connections.urls import database_url
from aomuse.db import create_engine
from aomuse.models import Base
from aomuse.models.base import STORAGE
from aomuse.query.refresh import offline_views, refresh_views

HEAD = context.get_head_revision()


def create_views_at_head(
    *, ctx: MigrationContext, step: MigrationInfo, heads: set[str], **_: Any
) -> None:
    """Create the views once the tables are at head.

    Views are made from the tables and hold no data, so they have no revisions: they always are
    the current package's.
    """
    if not step.is_upgrade or heads != {HEAD}:
        return
    if ctx.as_sql:
        for view in offline_views(ctx.dialect.name):
            ctx.impl.static_output(view.create(ctx.dialect.name) + ";\n")
    else:
        assert ctx.connection is not None
        refresh_views(ctx.connection)


def name_storage(table: Table, _: Any, **__: Any) -> None:
    """Let each table that is created name its storage: older revisions and Alembic name less."""
    for option, value in STORAGE.items():
        table.kwargs.setdefault(option, value)


def configure(**options: Any) -> None:
    """Configure the migration context with what both modes share."""
    context.configure(
        target_metadata=Base.metadata,
        compare_type=True,
        compare_server_default=True,
        render_as_batch=True,
        on_version_apply=create_views_at_head,
        **options,
    )


def run_offline() -> None:
    """Print the SQL instead of running it."""
    url = database_url()
    configure(url=url, literal_binds=True, dialect_opts={"paramstyle": "named"})
    with context.begin_transaction():
        if context.get_starting_revision_argument() not in (None, "base"):
            for view in offline_views(url.get_backend_name()):
                context.get_context().impl.static_output(f"DROP VIEW IF EXISTS {view.name};")
        context.run_migrations()


def run_online(connection: Connection) -> None:
    """Run the migrations on a connection."""
    configure(connection=connection)
    with context.begin_transaction():
        if connection.dialect.name == "sqlite":
            # Batch mode rebuilds a table by renaming, which must not follow foreign keys.
            connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        context.run_migrations()


def run() -> None:
    """Run the migrations, or print them."""
    if context.is_offline_mode():
        run_offline()
    elif (given := context.config.attributes.get("connection")) is not None:
        run_online(given)
    else:
        with create_engine().connect() as opened:
            run_online(opened)
            opened.commit()


event.listen(Table, "before_create", name_storage)
try:
    run()
finally:
    event.remove(Table, "before_create", name_storage)
