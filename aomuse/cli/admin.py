"""The commands that look after a database: drop, backup, restore, grant-reader."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from aomuse.admin import ReaderAccount, backup, drop, inventory, restore
from aomuse.cli.main import EXIT_USAGE, Context, cli, pass_context, tell_wait
from aomuse.cli.output import echo
from aomuse.connections.urls import shown_url
from aomuse.errors import ConfigurationError
from aomuse.exchange.outcome import counted
from aomuse.ledger import run_lock
from aomuse.schema import head_revision

READER_PASSWORD_VARIABLE = "AOMUSE_READER_PASSWORD"  # noqa: S105 - the variable's name


@cli.command("drop", epilog="\b\nExample:\n  aomuse --db sqlite:///old.db drop")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_context
def drop_command(context: Context, *, yes: bool) -> None:
    """Drop everything that aomuse made in the database, and nothing else.

    Tables and views of others stay. Asks first.
    """
    where = shown_url(context.engine.url)
    found = inventory(context.engine)
    if not found.tables and not found.views:
        echo(f"{where}: there is nothing of aomuse")
        return
    tables, views = counted(len(found.tables), "table"), counted(len(found.views), "view")
    echo(f"{where}: {tables} ({counted(found.exposures, 'exposure')}), {views}")
    if not yes:
        if not sys.stdin.isatty():
            raise ConfigurationError("drop asks first, and nobody can answer here: add --yes")
        click.confirm("Drop them?", abort=True)
    with run_lock(context.engine, tell_wait):
        drop(context.engine)
    echo(f"dropped; tables and views of others that were left: {len(found.others)}")


@cli.command("backup", epilog="\b\nExample:\n  aomuse backup muse-2018-08-13.backup")
@click.argument("file", type=click.Path(path_type=Path))
@pass_context
def backup_command(context: Context, file: Path) -> None:
    """Write the whole database into FILE.

    SQLite's online backup, or mariadb-dump: the state of one moment, while others go on.
    """
    size = backup(context.engine, file)
    echo(f"{file}: {size:,} bytes; bring it back with: aomuse --db URL restore {file}")


@cli.command("restore", epilog="\b\nExample:\n  aomuse --db sqlite:///new.db restore muse.backup")
@click.argument("file", type=click.Path(path_type=Path))
@pass_context
def restore_command(context: Context, file: Path) -> None:
    """Bring a backup from FILE into an empty database of the same kind."""
    with run_lock(context.engine, tell_wait):
        revision = restore(context.engine, file)
    where = shown_url(context.engine.url)
    echo(f"{where}: restored, schema revision {revision}")
    if revision != head_revision():
        echo("next: aomuse migrate")


@cli.command(
    "grant-reader",
    epilog="\b\nExample:\n  aomuse grant-reader analyst --host 10.0.0.%\n"
    "  aomuse grant-reader superset --print",
)
@click.argument("user")
@click.option("--host", default="%", show_default=True, help="Where it may connect from.")
@click.option("--no-tls", is_flag=True, help="Let it connect without TLS.")
@click.option(
    "--connections",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    metavar="N",
    help="Connections at a time.",
)
@click.option(
    "--statement-time",
    type=click.FloatRange(min=0.001, max=31536000),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="Time that a statement may take; a session can set another for itself.",
)
@click.option("--print", "only_print", is_flag=True, help="Print the SQL for an administrator.")
@pass_context
def grant_reader(
    context: Context,
    user: str,
    *,
    host: str,
    no_tls: bool,
    connections: int,
    statement_time: float,
    only_print: bool,
) -> int:
    """Create a MariaDB account that reads the database and writes nothing.

    The password comes from AOMUSE_READER_PASSWORD, else it is asked for. An account that may not
    create others gets the SQL for an administrator.
    """
    engine = context.engine
    if engine.dialect.name == "sqlite":
        raise ConfigurationError(
            "SQLite has no accounts: let others read the file by its permissions, and connect with "
            "sqlite:///file:aomuse.db?mode=ro&uri=true"
        )
    account = ReaderAccount(
        user, host, str(engine.url.database), not no_tls, connections, statement_time
    )
    if only_print:
        _print_sql(account)
        return 0
    if account.create(engine, _password()):
        echo(f"{user}@{host} may read {account.database}")
        return 0
    _print_sql(account)
    echo(
        "aomuse: this account may not create others: let an administrator run the SQL above, with "
        "a password in place of PASSWORD",
        err=True,
    )
    return EXIT_USAGE


def _print_sql(account: ReaderAccount) -> None:
    for statement in account.sql():
        echo(f"{statement};")


def _password() -> str:
    given = os.environ.get(READER_PASSWORD_VARIABLE)
    if given:
        return given
    if not sys.stdin.isatty():
        raise ConfigurationError(f"nobody can type a password here: set {READER_PASSWORD_VARIABLE}")
    asked: str = click.prompt(
        "Password of the new account", hide_input=True, confirmation_prompt=True
    )
    return asked
