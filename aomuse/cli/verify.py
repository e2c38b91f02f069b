"""The command verify."""

from __future__ import annotations

from pathlib import Path

import click

from aomuse.cli.main import EXIT_ISSUES, Context, cli, pass_context
from aomuse.cli.output import echo
from aomuse.cli.scheduler import crew_of, scheduler_option
from aomuse.exchange.outcome import Listener, counted
from aomuse.lake import require_packages
from aomuse.verify import Verified, count_imported, verify

_SHOWN = 20


class _Shown(Listener):
    def on_notice(self, text: str) -> None:
        echo(text, err=True)


@cli.command("verify", epilog="\b\nExample:\n  aomuse verify /data/2018-08-12")
@click.argument("roots", nargs=-1, type=click.Path(path_type=Path), metavar="[ROOT]…")
@click.option(
    "--lake",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Compare the Parquet files in DIR instead.",
)
@scheduler_option
@pass_context
def verify_command(
    context: Context, roots: tuple[Path, ...], lake: Path | None, scheduler: str | None
) -> int:
    """Read the files again and compare every value with the database.

    Without ROOT all files that the database knows are compared. Exit code 1 on any difference.
    """
    if lake is not None:
        if roots or scheduler:
            other = "ROOT" if roots else "--scheduler"
            raise click.UsageError(f"give either {other} or --lake DIR")
        return _verify_lake(context, lake)
    crew = crew_of(scheduler)
    results = verify(context.engine, roots, _show, crew=crew, listener=_Shown())
    different = [result for result in results if result.differences]
    values = sum(result.values for result in results)
    echo(
        f"{counted(len(results), 'file')}, {counted(values, 'value')} compared, "
        f"{counted(len(different), 'file')} with differences"
    )
    imported = 0 if roots else count_imported(context.engine)
    if imported:
        echo(
            f"{counted(imported, 'exposure')} imported from an AOMUSE database, without files here "
            "to compare with; aomuse load ROOT replaces imports by their files"
        )
    elif not results:
        echo("nothing to compare: load a tree with aomuse load ROOT")
    return EXIT_ISSUES if different else 0


def _verify_lake(context: Context, lake: Path) -> int:
    require_packages()
    from aomuse.verify.lake import verify_lake

    files = values = different = 0
    for result in verify_lake(context.engine, lake):
        files += 1
        values += result.values
        different += bool(result.differences)
        if result.differences:
            _show(result)
    echo(
        f"{lake}: {counted(files, 'file')}, {counted(values, 'value')} compared, "
        f"{different} with differences"
    )
    return EXIT_ISSUES if different else 0


def _show(result: Verified) -> None:
    if not result.differences:
        echo(f"equal     {result.path}  {counted(result.values, 'value')}")
        return
    echo(f"different {result.path}  {counted(len(result.differences), 'difference')}")
    for difference in result.differences[:_SHOWN]:
        echo(f"{result.path} {difference}", err=True)
    if len(result.differences) > _SHOWN:
        echo(f"{result.path} and {len(result.differences) - _SHOWN} more", err=True)
