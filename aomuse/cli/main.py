"""The command ``aomuse``: its options, and how it ends when something is wrong."""

from __future__ import annotations

import atexit
import gc
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from io import StringIO
from typing import TYPE_CHECKING

import click

from aomuse.cli.output import echo
from aomuse.config import DATABASE_URL_VARIABLE, DEFAULT_DATABASE_URL
from aomuse.connections.statements import ended_by_signals
from aomuse.errors import AomuseError, UnfinishedError
from aomuse.signals import RAISED, Ended, end, handled

if TYPE_CHECKING:
    from sqlalchemy import Engine

#: Exit codes: some files could not be loaded; usage or configuration is wrong.
EXIT_ISSUES, EXIT_USAGE = 1, 2


@dataclass
class Context:
    """What all commands share."""

    url: str | None

    @cached_property
    def engine(self) -> Engine:
        """The database's engine; connects when a command first asks it something."""
        from aomuse.db import create_engine

        return create_engine(self.url)


def tell_wait(text: str) -> None:
    """Tell who holds the database."""
    echo(text, err=True)


pass_context = click.make_pass_decorator(Context)


#: The commands in the order in which a user meets them: the module that adds each, and the first
#: line of its help.
COMMANDS = {
    "migrate": ("migrate", "Bring the schema and the views up to date."),
    "load": ("load", "Load every exposure found below ROOT."),
    "status": ("status", "Show the schema, rows of each table, last runs and issues."),
    "doctor": ("doctor", "Look for what is wrong with the installation, server and database."),
    "verify": ("verify", "Read the files again and compare every value with the database."),
    "metrics": ("metrics", "Work out the metrics of exposures from what is stored."),
    "predict": (
        "predict",
        "Reconstruct the PSF of each WFM-AO exposure from its stored telemetry.",
    ),
    "report": ("report", "Write one page of plots of what the warehouse holds."),
    "export": ("export", "Write the warehouse's content in other forms."),
    "lake-views": (
        "lake_views",
        "Print the SQL that makes the tables and views of a lake in DuckDB or Spark.",
    ),
    "datasette-metadata": (
        "datasette_metadata",
        "Write what Datasette shows about a SQLite database.",
    ),
    "import-blobs": (
        "import_blobs",
        "Import an AOMUSE database that keeps its exposures as JSON blobs.",
    ),
    "simulate": ("simulate", "Write a synthetic night: single/, raw/ and analysis/ below OUT."),
    "backup": ("admin", "Write the whole database into FILE."),
    "restore": ("admin", "Bring a backup from FILE into an empty database of the same kind."),
    "grant-reader": (
        "admin",
        "Create a MariaDB account that reads the database and writes nothing.",
    ),
    "drop": ("admin", "Drop everything that aomuse made in the database, and nothing else."),
}


@contextmanager
def _collecting_nothing() -> Iterator[None]:
    """Keep the garbage collector off imports, whose objects stay: an eighth of their time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class _Group(click.Group):
    """Imports a command's module when the command runs: the help of the whole needs none."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS:
            with _collecting_nothing():
                import_module(f"aomuse.cli.{COMMANDS[cmd_name][0]}")
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_line) for name, (_, help_line) in COMMANDS.items()])


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

    Exit codes: 0 all that was asked for is in the database; 1 some files could not be loaded, or
    the database failed during the run; 2 wrong usage or configuration, nothing was written.
    """
    context.obj = Context(url)


def main() -> None:
    """Run the command line, and end with one clear line where the user has to mend something."""
    RAISED.clear()
    # At exit Python would look at the million objects of imports: a sixth of a short command.
    atexit.register(gc.freeze)
    with handled(end), ended_by_signals():
        _main()


def _run() -> int:
    try:
        return cli.main(standalone_mode=False) or 0
    except Exception:
        # A database ends its statement for a signal, and reports an error of its own.
        if RAISED:
            raise RAISED[0] from None
        raise


def _main() -> None:
    try:
        sys.exit(_run())
    except click.ClickException as error:
        text = StringIO()
        error.show(text)
        for line in text.getvalue().splitlines():
            echo(line, err=True)
        sys.exit(error.exit_code)
    except click.Abort as error:
        if isinstance(error.__cause__, EOFError):
            # Click takes the end of any pipe for Ctrl-D.
            raise error.__cause__ from None
        sys.exit(_interrupted(error.__cause__))
    except KeyboardInterrupt as error:
        sys.exit(_interrupted(error))
    except AomuseError as error:
        echo(f"aomuse: {error}", err=True)
        sys.exit(EXIT_ISSUES if isinstance(error, UnfinishedError) else EXIT_USAGE)
    except BrokenPipeError:
        # The reader of our output (head, less) has seen enough.
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        from sqlalchemy.exc import DBAPIError

        from aomuse.db import describe_error

        if not isinstance(error, DBAPIError):
            raise
        echo(f"aomuse: {describe_error(error)}", err=True)
        sys.exit(EXIT_USAGE)


def _interrupted(by: BaseException | None) -> int:
    """Tell what interrupted the command, and return the exit code that a shell has for it."""
    number = by.number if isinstance(by, Ended) else signal.SIGINT
    how = "" if number == signal.SIGINT else f" by {number.name}"
    with suppress(OSError):  # the terminal may have gone
        click.echo(f"aomuse: interrupted{how}", err=True)
    return 128 + number
