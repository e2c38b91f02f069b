"""The command export."""

from __future__ import annotations

from pathlib import Path

import click

from aomuse.cli.main import EXIT_ISSUES, Context, cli, pass_context
from aomuse.cli.output import echo
from aomuse.cli.progress import Progress
from aomuse.exchange.outcome import counted
from aomuse.lake import require_packages
from aomuse.legacy import export as seed_export
from aomuse.workers import default_workers


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
) -> int:
    """Write each analysis as AOMUSE 2020 had it.

    One JSON file for each goes into DIR, named after its parameter file. Exit code 1 if an analysis
    cannot be written; the others are.
    """
    if more and not names:
        raise click.UsageError(f"what is {more[0]}? Names of parameter files stand behind --prm")
    count = 0
    failures: list[str] = []
    for path in seed_export.export(
        context.engine, directory, (*names, *more), on_failure=failures.append
    ):
        echo(str(path))
        count += 1
    for failure in failures:
        echo(f"error: {failure}", err=True)
    echo(f"analyses written to {directory}: {count}")
    return EXIT_ISSUES if failures else 0


@export.command("parquet", epilog="\b\nExample:\n  aomuse export parquet /data/lake")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=default_workers,
    metavar="N",
    help="Processes; else one for each core.",
)
@click.option(
    "--rewrite",
    is_flag=True,
    help="Write all files again; needed after changes by SQL, which nothing counts.",
)
@click.option(
    "--compact",
    is_flag=True,
    help="Merge the files of each night, so that engines open fewer.",
)
@click.option("--no-progress", is_flag=True, help="Print lines instead of a progress bar.")
@pass_context
def parquet_command(
    context: Context,
    directory: Path,
    *,
    workers: int,
    rewrite: bool,
    compact: bool,
    no_progress: bool,
) -> None:
    """Write all tables as Parquet files into DIR, or bring those that are there up to date.

    Large tables have a file for each exposure, by night. Only what is new or has changed is
    written; files of exposures that are gone are removed. aomuse verify --lake DIR compares.
    """
    require_packages()
    from aomuse.lake.export import export as export_lake

    with Progress(show_bar=not no_progress) as progress:
        summary = export_lake(
            context.engine,
            directory,
            rewrite=rewrite,
            merge=compact,
            workers=workers,
            listener=progress,
        )
    counts = summary.counts
    echo(
        f"{directory}: {counted(counts['loaded'], 'exposure')} new, {counts['replaced']} changed, "
        f"{counts['unchanged']} without news; {counted(summary.row_count, 'row')} in "
        f"{summary.seconds:.1f} s"
    )
