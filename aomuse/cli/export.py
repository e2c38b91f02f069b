"""The command export."""

from __future__ import annotations

from pathlib import Path

import click

from aomuse.cli.main import EXIT_ISSUES, Context, cli, pass_context
from aomuse.cli.output import echo
from aomuse.cli.progress import Progress
from aomuse.exchange.outcome import counted
from aomuse.export import Exported, Written
from aomuse.export import files as fits_export
from aomuse.lake import require_packages
from aomuse.legacy import export as seed_export
from aomuse.workers.processes import default_workers

#: Changed cards that a line names.
_SHOWN = 5


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


@export.command("fits", epilog="\b\nExample:\n  aomuse export fits /data/again")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--exposure",
    "exposures",
    multiple=True,
    metavar="NAME",
    help="Only the files of this exposure, such as MUSE.2018-08-12T23:27:21.681; repeatable.",
)
@click.option("--overwrite", is_flag=True, help="Replace files that are in DIR.")
@click.option("--no-progress", is_flag=True, help="Print lines only, no progress bar.")
@pass_context
def fits_command(
    context: Context,
    directory: Path,
    *,
    exposures: tuple[str, ...],
    overwrite: bool,
    no_progress: bool,
) -> int:
    """Write the loaded FITS files into DIR, from the database alone.

    Headers come back to the byte and tables to the bit. Pixels are not in the database: in their
    place are zeros, which are not data. Exit code 1 if a file does not come back exactly.
    """
    with Progress(show_bar=not no_progress, unit="file") as progress:

        def show(written: Written) -> None:
            progress.advance(written.path)
            if written.problem:
                progress.say(f"{'different' if written.hdus else 'missing  '} {written.path}")
                progress.say(f"error: {written.path}: {written.problem}", err=True)
            else:
                hdus, tables = counted(written.hdus, "HDU"), counted(written.tables, "table")
                progress.say(f"equal     {written.path}  {hdus}, {tables}")
            if written.changed:
                cards = ", ".join(written.changed[:_SHOWN])
                more = f" and {len(written.changed) - _SHOWN} more" * (
                    len(written.changed) > _SHOWN
                )
                progress.say(
                    f"note: {written.path}: the header is that of the file, but the database has "
                    f"another value of {cards}{more}"
                )

        done = fits_export.export(
            context.engine,
            directory,
            exposures,
            overwrite=overwrite,
            on_total=progress.on_total,
            on_file=show,
        )
    for line in _fits_lines(directory, done):
        echo(line)
    return EXIT_ISSUES if any(file.problem for file in done.files) else 0


def _fits_lines(directory: Path, done: Exported) -> list[str]:
    """Return what came of an export to FITS."""
    different = sum(bool(file.problem) for file in done.files)
    tables = counted(sum(file.tables for file in done.files), "table")
    lines = [
        f"{directory}: {counted(len(done.files), 'file')}, {tables}, {different} with differences"
    ]
    images = sum(file.images for file in done.files)
    if images:
        lines.append(f"{counted(images, 'image')} with zeros in place of pixels")
    if done.not_fits:
        kinds = ", ".join(counted(number, kind) for kind, number in done.not_fits.items())
        lines.append(f"not FITS, and not written: {kinds}")
    return lines
