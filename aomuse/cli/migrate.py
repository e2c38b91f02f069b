"""The command migrate."""

from __future__ import annotations

from aomuse import schema
from aomuse.cli.main import Context, cli, pass_context, tell_wait
from aomuse.cli.output import echo
from aomuse.connections.urls import shown_url
from aomuse.ledger import run_lock
from aomuse.query.refresh import refresh


@cli.command(epilog="\b\nExample:\n  aomuse --db sqlite:///night.db migrate")
@pass_context
def migrate(context: Context) -> None:
    """Bring the schema and the views up to date."""
    with run_lock(context.engine, tell_wait):
        before = schema.current_revision(context.engine)
        schema.upgrade(context.engine)
        refresh(context.engine)
    head = schema.head_revision()
    where = shown_url(context.engine.url)
    done = "already at" if before == head else f"from {before or 'nothing'} to"
    echo(f"{where}: schema {done} revision {head}")
