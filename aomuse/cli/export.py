"""The command export."""

from __future__ import annotations

from pathlib import Path

import click

from aomuse.cli.main import Context, cli, pass_context
from aomuse.cli.output import echo
from aomuse.legacy import export as seed_export


@cli.group()
def export() -> None:
    """Write the warehouse's content in other forms."""


@export.command(
    "seed-json",
    epilog="\b\nExample:\n  aomuse export seed-json out --prm DATACUBE_FINAL_NGC6397_0001.prm.fits",
)
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.argument("more", nargs=-1, metavar="")
@click.option(
    "--prm",
    "names",
    multiple=True,
    metavar="NAME…",
    help="Only the analyses with these parameter files; all without it.",
)
@pass_context
def seed_json_command(
    context: Context, directory: Path, more: tuple[str, ...], names: tuple[str, ...]
) -> None:
    """Write each analysis as AOMUSE 2020 had it.

    One JSON file for each goes into DIR, named after its parameter file.
    """
    if more and not names:
        raise click.UsageError(f"what is {more[0]}? Names of parameter files stand behind --prm")
    count = 0
    for path in seed_export.export(context.engine, directory, (*names, *more)):
        echo(str(path))
        count += 1
    echo(f"analyses written to {directory}: {count}")
