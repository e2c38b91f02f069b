"""The command metrics: work them out from what is stored."""

from __future__ import annotations

import click

from aomuse.cli.main import Context, cli, pass_context, tell_wait
from aomuse.ledger import run_lock
from aomuse.metrics.rows import compute_metrics
from aomuse.schema import require_head


@cli.command(epilog="\b\nExample:\n  aomuse metrics --recompute")
@click.option("--recompute", is_flag=True, help="Work out also those that are there already.")
@pass_context
def metrics(context: Context, *, recompute: bool) -> None:
    """Work out the metrics of exposures from what is stored.

    A load does so itself; this is for exposures that an older version loaded, and for a change of
    formulae. No file is read.
    """
    require_head(context.engine)
    with run_lock(context.engine, tell_wait):
        count = sum(1 for _ in compute_metrics(context.engine, recompute=recompute))
    click.echo(f"metrics of {count} exposures worked out")
