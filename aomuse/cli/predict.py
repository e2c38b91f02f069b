"""The command predict: PSFs from stored telemetry."""

from __future__ import annotations

import click

from aomuse.cli.main import Context, cli, pass_context, tell_wait
from aomuse.cli.output import echo
from aomuse.exchange.outcome import Listener, Result, counted
from aomuse.predict import predict
from aomuse.workers import default_workers


class _Shown(Listener):
    def on_wait(self, holder: str) -> None:
        tell_wait(holder)

    def on_result(self, result: Result) -> None:
        echo(f"{result.label}  {result.reason or 'predicted'}")


@cli.command(
    "predict",
    epilog="\b\nExample:\n  aomuse predict\n"
    "  sqlite3 aomuse.db 'SELECT * FROM v_psf_prediction LIMIT 9'",
)
@click.option("--recompute", is_flag=True, help="Recompute existing predictions.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=default_workers,
    metavar="N",
    help="Processes; else one for each core.",
)
@pass_context
def predict_command(context: Context, *, recompute: bool, workers: int) -> None:
    """Reconstruct the PSF of each WFM-AO exposure from its stored telemetry.

    muse-psfr (extra psfr) needs about a second for each sample of SPARTA_ATM_DATA. No file is
    read. The view v_psf_prediction compares with PampelMuse's fit.
    """
    summary = predict(context.engine, recompute=recompute, workers=workers, listener=_Shown())
    without = summary.counts["unchanged"]
    predicted = sum(summary.counts.values()) - without
    echo(f"{counted(predicted, 'exposure')} predicted, {without} without a prediction")
