"""The command metrics: work them out from what is stored."""

from __future__ import annotations

import click

from aomuse.cli.main import Context, cli, pass_context, tell_wait
from aomuse.cli.output import echo
from aomuse.exchange.outcome import Listener, counted
from aomuse.metrics.rows import compute_metrics


class _Shown(Listener):
    def on_wait(self, text: str) -> None:
        tell_wait(text)


@cli.command(epilog="\b\nExample:\n  aomuse metrics --recompute")
@click.option("--recompute", is_flag=True, help="Recompute existing metrics.")
@pass_context
def metrics(context: Context, *, recompute: bool) -> None:
    """Work out the metrics of exposures from what is stored.

    A load does so itself; this is for exposures that an older version loaded, and for a change of
    formulae. No file is read.
    """
    summary = compute_metrics(context.engine, recompute=recompute, listener=_Shown())
    count = sum(summary.counts.values())
    echo(f"metrics of {counted(count, 'exposure')} worked out")
