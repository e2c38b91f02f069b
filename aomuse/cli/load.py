"""The commands that fill the warehouse: migrate, load, simulate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import click

from aomuse import pipeline, schema
from aomuse.cli.main import EXIT_ISSUES, EXIT_USAGE, Context, cli, pass_context, tell_wait
from aomuse.cli.progress import Progress
from aomuse.config import DATABASE_URL_VARIABLE, shown_url
from aomuse.exchange.files import COMPANION_ROLES
from aomuse.exchange.outcome import Summary
from aomuse.ledger import run_lock
from aomuse.query.refresh import refresh
from aomuse.simulate import SimulateError, simulate
from aomuse.workers import default_workers

_ACTIONS = {
    "load": "new",
    "complete": "to be completed",
    "replace": "to be replaced",
    "retry": "to be tried again",
    "keep": "unchanged",
    "refuse": "refused",
}


@cli.command(epilog="\b\nExample:\n  aomuse --db sqlite:///night.db migrate")
@pass_context
def migrate(context: Context) -> None:
    """Bring the schema and the views up to date."""
    with run_lock(context.engine, tell_wait):
        before = schema.current_revision(context.engine)
        schema.upgrade(context.engine)
        refresh(context.engine)
    head = schema.head_revision()
    where = shown_url(context.engine.url)
    done = "already at" if before == head else f"from {before or 'nothing'} to"
    click.echo(f"{where}: schema {done} revision {head}")


@cli.command(epilog="\b\nExample:\n  aomuse load /data/2018-08-12 /data/2018-08-13")
@click.argument("roots", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="ROOT…")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=default_workers,
    metavar="N",
    help="Processes that read and write at the same time; else one for each core.",
)
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
                context.engine, roots, reload=reload, workers=workers, listener=progress
            )
        except KeyboardInterrupt:
            progress.say(
                "interrupted: whole exposures only are in the database, load again to go on",
                err=True,
            )
            raise
    click.echo(summary_text(summary, progress))
    return EXIT_ISSUES if summary.failed else 0


def summary_text(summary: Summary, progress: Progress) -> str:
    """Return what came of a load or an import, in a few lines."""
    counts = ", ".join(f"{number} {name}" for name, number in summary.counts.items())
    lines = [f"exposures: {counts}; {summary.row_count:,} rows in {summary.seconds:.1f} s"]
    if summary.left_out:
        lines.append(_left_out(summary.left_out))
    said = [
        f"{progress.severities[severity]} {severity}s"
        for severity in ("error", "warning", "note")
        if progress.severities[severity]
    ]
    if said:
        lines.append(f"{', '.join(said)}: aomuse status --issues shows them")
    return "\n".join(lines)


def _left_out(reasons: Mapping[str, int]) -> str:
    """Return how many files are left out, and why, most frequent reasons first."""
    told = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    shown = "; ".join(f"{number} {why}" for why, number in told)
    total = sum(reasons.values())
    return f"left out: {total} files that are no science exposure ({shown})"


def _show_plan(context: Context, roots: tuple[Path, ...], *, reload: bool) -> int:
    discovery, plans = pipeline.plan(context.engine, roots, reload=reload)
    for files, todo in plans:
        click.echo(f"{files.label}: {_ACTIONS[todo.action]}")
        for file in files.files:
            click.echo(f"  {file.role:<9} {file}")
        without = [role for role in COMPANION_ROLES if role not in {f.role for f in files.files}]
        if without:
            click.echo(f"  without   {', '.join(without)}")
        for issue in (*files.issues, *todo.issues):
            click.echo(f"  {issue.severity}: {issue}")
    for issue in discovery.issues:
        click.echo(f"{issue.severity}: {issue}", err=issue.severity == "error")
    for file, why in discovery.left_out:
        click.echo(f"left out: {file}: {why}")
    if discovery.left_out:
        click.echo(_left_out(Counter(why for _, why in discovery.left_out)))
    counts = {
        name: sum(todo.action == action for _, todo in plans) for action, name in _ACTIONS.items()
    }
    told = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
    click.echo(f"dry run, nothing was written: {told or 'no exposures'}")
    errors = [*discovery.issues, *(issue for _, todo in plans for issue in todo.issues)]
    return EXIT_ISSUES if any(issue.severity == "error" for issue in errors) else 0


@cli.command(
    "simulate",
    epilog="\b\nExample:\n  aomuse simulate sample --exposures 6 --sources 20 --seed 1",
)
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--exposures", default=6, show_default=True, help="Number of exposures.")
@click.option("--sources", default=20, show_default=True, help="Sources of an exposure.")
@click.option("--layers", default=3681, show_default=True, help="Wavelength layers of a cube.")
@click.option("--seed", default=1, show_default=True, help="Seed; the same gives the same files.")
def simulate_command(out: Path, exposures: int, sources: int, layers: int, seed: int) -> int:
    """Write a synthetic night: single/, raw/ and analysis/ below OUT."""
    try:
        written = simulate(out, exposures=exposures, sources=sources, layers=layers, seed=seed)
    except SimulateError as error:
        click.echo(f"aomuse: {error}", err=True)
        return EXIT_USAGE
    click.echo(f"{len(written)} exposures in {out}; load them with: aomuse load {out}")
    if not written:
        click.echo(f"({DATABASE_URL_VARIABLE} names the database)")
    return 0
