"""The command status: what the database holds, and what is wrong with it."""

from __future__ import annotations

import click
import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse import schema
from aomuse.cli.main import Context, cli, pass_context
from aomuse.cli.output import echo
from aomuse.connections.drivers import bulk_way, driver_and_version
from aomuse.connections.kept_values import kept_references
from aomuse.connections.urls import shown_url
from aomuse.db import read_transaction
from aomuse.exchange.issue import Issue
from aomuse.exchange.outcome import counted
from aomuse.models import Base, LoadIssue, LoadRun

_RUNS = 5
_COUNTS = ("found", "loaded", "completed", "replaced", "unchanged")


@cli.command(epilog="\b\nExample:\n  aomuse status --issues")
@click.option("--issues", is_flag=True, help="List what is missing, odd or could not be loaded.")
@pass_context
def status(context: Context, *, issues: bool) -> None:
    """Show the schema, rows of each table, last runs and issues."""
    revision = schema.require_head(context.engine)
    echo(f"database  {shown_url(context.engine.url)}")
    echo(f"schema    revision {revision}")
    with read_transaction(context.engine) as connection:
        if connection.dialect.name != "sqlite":
            freed = "; what it keeps of read values is freed" * (kept_references(connection) == 1)
            driver = driver_and_version(context.engine.url)
            echo(f"driver    {driver}; {bulk_way(connection)}{freed}")
        if issues:
            _show_issues(connection)
        else:
            _show_tables(connection)
            _show_runs(connection)
            _count_issues(connection)


def _show_tables(connection: Connection) -> None:
    echo()
    echo("rows")
    names = [table.name for table in Base.metadata.sorted_tables]
    for name, count in schema.row_counts(connection, names).items():
        echo(f"  {name:<22} {count:>17}")


def _show_runs(connection: Connection) -> None:
    runs = connection.execute(
        sa.select(*LoadRun.__table__.columns).order_by(LoadRun.id.desc()).limit(_RUNS)
    ).all()
    echo()
    echo("last runs")
    for run in runs:
        took = (
            f"{(run.finished_utc - run.started_utc).total_seconds():.1f} s"
            if run.finished_utc
            else "not finished"
        )
        counts = {name: getattr(run, f"exposures_{name}") for name in _COUNTS}
        # An exposure can be loaded although one of its files could not be.
        counts["with errors"] = run.exposures_failed
        shown = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
        echo(
            f"  {run.id:>5}  {run.started_utc:%Y-%m-%d %H:%M:%S} UTC  {run.outcome:<11} "
            f"{run.command:<12} {shown or 'no exposures'}, {counted(run.row_count, 'row')}, {took}"
        )
    if not runs:
        echo("  none: load a tree with aomuse load ROOT")


def _count_issues(connection: Connection) -> None:
    counts = connection.execute(
        sa.select(LoadIssue.severity, LoadIssue.code, sa.func.count())
        .where(LoadIssue.closed_run_id.is_(None))
        .group_by(LoadIssue.severity, LoadIssue.code)
        .order_by(LoadIssue.severity, LoadIssue.code)
    ).all()
    echo()
    echo("open issues")
    for severity, code, count in counts:
        echo(f"  {severity:<8} {code:<22} {count:>8,}")
    echo("  see them with aomuse status --issues" if counts else "  none")


def _show_issues(connection: Connection) -> None:
    rows = connection.execute(
        sa.select(*LoadIssue.__table__.columns)
        .where(LoadIssue.closed_run_id.is_(None))
        .order_by(LoadIssue.severity, LoadIssue.path, LoadIssue.id)
    ).all()
    for row in rows:
        issue = Issue(row.severity, row.code, row.message, row.path, row.extension_name)
        echo(f"{row.severity} [{row.code}] run {row.load_run_id}: {issue}")
    if not rows:
        echo("no open issues")
