"""The command load."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from aomuse import pipeline
from aomuse.cli.main import EXIT_ISSUES, Context, cli, pass_context
from aomuse.cli.output import echo
from aomuse.cli.progress import Progress, left_out_text, summary_lines
from aomuse.cli.scheduler import crew_of, scheduler_option
from aomuse.exchange.files import COMPANION_ROLES
from aomuse.workers.processes import default_workers

_ACTIONS = {
    "load": "new",
    "complete": "to be completed",
    "replace": "to be replaced",
    "retry": "to be tried again",
    "keep": "unchanged",
    "refuse": "refused",
}


@cli.command(epilog="\b\nExample:\n  aomuse load /data/2018-08-12 /data/2018-08-13")
@click.argument("roots", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="ROOT…")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=default_workers,
    metavar="N",
    help="Processes that read and write at the same time; else one for each core.",
)
@scheduler_option
@click.option("--reload", is_flag=True, help="Read every exposure again, changed or not.")
@click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@click.option("--show-left-out", is_flag=True, help="Name each file that is left out, and why.")
@click.option("--no-progress", is_flag=True, help="A line for each exposure instead of a bar.")
@pass_context
def load(
    context: Context,
    roots: tuple[Path, ...],
    *,
    workers: int,
    scheduler: str | None,
    reload: bool,
    dry_run: bool,
    show_left_out: bool,
    no_progress: bool,
) -> int:
    """Load every exposure found below ROOT.

    ROOT holds the folders single/, raw/ and analysis/ at any depth, or files in any other order,
    which are recognised by their headers. A second load reads only what is new, changed or was
    incomplete; an exposure is written whole or not at all.
    """
    if dry_run:
        return _show_plan(context, roots, reload=reload)
    with Progress(show_bar=not no_progress, show_left_out=show_left_out) as progress:
        try:
            summary = pipeline.load(
                context.engine,
                roots,
                reload=reload,
                workers=workers,
                crew=crew_of(scheduler),
                listener=progress,
            )
        except KeyboardInterrupt:
            progress.say(
                "interrupted: only complete exposures are in the database, load again to go on",
                err=True,
            )
            raise
    for line in summary_lines(summary, progress):
        echo(line)
    return EXIT_ISSUES if summary.failed else 0


def _show_plan(context: Context, roots: tuple[Path, ...], *, reload: bool) -> int:
    discovery, plans = pipeline.plan(context.engine, roots, reload=reload)
    for files, todo in plans:
        echo(f"{files.label}: {_ACTIONS[todo.action]}")
        for file in files.files:
            echo(f"  {file.role:<9} {file}")
        without = [role for role in COMPANION_ROLES if role not in {f.role for f in files.files}]
        if without:
            echo(f"  without   {', '.join(without)}")
        for issue in (*files.issues, *todo.issues):
            echo(f"  {issue.severity}: {issue}")
    for issue in discovery.issues:
        echo(f"{issue.severity}: {issue}", err=issue.severity == "error")
    for file, why in discovery.left_out:
        echo(f"left out: {file}: {why}")
    if discovery.left_out:
        echo(left_out_text(Counter(why for _, why in discovery.left_out)))
    counts = {
        name: sum(todo.action == action for _, todo in plans) for action, name in _ACTIONS.items()
    }
    told = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
    echo(f"dry run, nothing was written: {told or 'no exposures'}")
    errors = [*discovery.issues, *(issue for _, todo in plans for issue in todo.issues)]
    return EXIT_ISSUES if any(issue.severity == "error" for issue in errors) else 0
