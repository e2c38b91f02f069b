"""The command import-blobs."""

from __future__ import annotations

import click

from aomuse.cli.main import EXIT_ISSUES, Context, cli, pass_context
from aomuse.cli.output import echo
from aomuse.cli.progress import Progress, summary_lines
from aomuse.legacy import import_blobs


@cli.command(
    "import-blobs",
    epilog="\b\nExample:\n  aomuse import-blobs sqlite:////data/old/aomuse2020.db",
)
@click.argument("source_url")
@click.option(
    "--reload",
    is_flag=True,
    help="Replace exposures that an earlier import brought with other contents.",
)
@click.option("--no-progress", is_flag=True, help="A line for each exposure instead of a bar.")
@pass_context
def import_blobs_command(
    context: Context, source_url: str, *, reload: bool, no_progress: bool
) -> int:
    """Import an AOMUSE database that keeps its exposures as JSON blobs.

    SOURCE_URL is sqlite:///FILE or mariadb://USER:PASSWORD@HOST:3306/DATABASE, for MySQL too; it
    is never changed. What has been imported and has not changed there is not imported again, and
    exposures that were loaded from their files are left as they are. A row is the same as one of
    an earlier import if names and contents say so; where that is in doubt, nothing is replaced
    without --reload.
    """
    with Progress(show_bar=not no_progress) as progress:
        try:
            summary = import_blobs(context.engine, source_url, progress, reload=reload)
        except KeyboardInterrupt:
            progress.say(
                "interrupted: only complete exposures are in the database, import again to go on",
                err=True,
            )
            raise
    for line in summary_lines(summary, progress):
        echo(line)
    return EXIT_ISSUES if summary.failed else 0
