"""The command ``aomuse``: its options, and how it ends when something is wrong."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property

import click
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from aomuse.config import DATABASE_URL_VARIABLE, DEFAULT_DATABASE_URL
from aomuse.db import create_engine, describe_error
from aomuse.errors import AomuseError

#: Exit codes: some files could not be loaded; usage or configuration is wrong; Ctrl-C.
EXIT_ISSUES, EXIT_USAGE, EXIT_INTERRUPTED = 1, 2, 130


@dataclass
class Context:
    """What all commands share."""

    url: str | None

    @cached_property
    def engine(self) -> Engine:
        """The database's engine; connects when a command first asks it something."""
        return create_engine(self.url)


def tell_wait(holder: str) -> None:
    """Tell that a loader holds the database."""
    click.echo(f"waiting for {holder}, which holds the database", err=True)


pass_context = click.make_pass_decorator(Context)


#: The commands in the order in which a user meets them.
_ORDER = (
    *("migrate", "load", "status", "verify", "metrics", "predict", "report", "export"),
    *("import-blobs", "simulate", "backup", "restore", "grant-reader", "drop"),
)


class _Group(click.Group):
    """Lists the commands in the order in which a user meets them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = super().list_commands(ctx)
        return sorted(names, key=lambda name: (*_ORDER, name).index(name))


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="\b\nExample:\n  aomuse migrate\n  aomuse load /data/2018-08-12\n  aomuse status",
)
@click.option(
    "--db",
    "url",
    metavar="URL",
    help=f"Database; else {DATABASE_URL_VARIABLE}, else {DEFAULT_DATABASE_URL}. MariaDB: "
    "mariadb+mariadbconnector://USER:PASSWORD@HOST:3306/DATABASE",
)
@click.version_option(package_name="aomuse", prog_name="aomuse")
@click.pass_context
def cli(context: click.Context, url: str | None) -> None:
    """Load MUSE adaptive-optics exposures into a relational warehouse, and look after it.

    Exit codes: 0 all that was asked for is in the database; 1 some files could not be loaded;
    2 wrong usage or configuration, nothing was written.
    """
    context.obj = Context(url)


def main() -> None:
    """Run the command line, and end with one clear line where the user has to mend something."""
    try:
        sys.exit(cli.main(standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("aomuse: interrupted", err=True)
        sys.exit(EXIT_INTERRUPTED)
    except AomuseError as error:
        click.echo(f"aomuse: {error}", err=True)
        sys.exit(EXIT_USAGE)
    except DBAPIError as error:
        click.echo(f"aomuse: {describe_error(error)}", err=True)
        sys.exit(EXIT_USAGE)
    except BrokenPipeError:
        # The reader of our output (head, less) has seen enough.
        sys.stderr.close()
        sys.exit(0)
