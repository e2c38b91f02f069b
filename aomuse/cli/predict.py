"""The command predict: PSFs from stored telemetry."""

from __future__ import annotations

import click

from aomuse.cli.main import Context, cli, pass_context
from aomuse.predict import predict
from aomuse.workers import default_workers


@cli.command(
    "predict",
    epilog="\b\nExample:\n  aomuse predict\n"
    "  sqlite3 aomuse.db 'SELECT * FROM v_psf_prediction LIMIT 9'",
)
@click.option("--recompute", is_flag=True, help="Predict also what has been predicted before.")
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
    predicted = without = 0
    for done in predict(context.engine, recompute=recompute, workers=workers):
        predicted += done.reason is None
        without += done.reason is not None
        click.echo(f"{done.label}  {done.reason or 'predicted'}")
    click.echo(f"{predicted} exposures predicted, {without} without a prediction")
