"""The command predict: PSFs from stored telemetry."""

from __future__ import annotations

import click

from aomuse.cli.main import EXIT_ISSUES, Context, cli, pass_context, tell_wait
from aomuse.cli.output import echo
from aomuse.cli.scheduler import crew_of, scheduler_option
from aomuse.exchange.outcome import Listener, Result, counted
from aomuse.predict import predict
from aomuse.workers.processes import default_workers


class _Shown(Listener):
    def on_wait(self, text: str) -> None:
        tell_wait(text)

    def on_notice(self, text: str) -> None:
        echo(text, err=True)

    def on_result(self, result: Result) -> None:
        if result.outcome == "failed":
            echo(f"{result.label}  error: {result.reason}", err=True)
        else:
            echo(f"{result.label}  {result.reason or f'predicted, {result.seconds:.1f} s'}")


@cli.command(
    "predict",
    epilog="\b\nExample:\n  aomuse predict\n"
    "  sqlite3 aomuse.db 'SELECT * FROM v_psf_prediction LIMIT 9'",
)
@click.option("--recompute", is_flag=True, help="Also what has a prediction, or a reason why not.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=default_workers,
    metavar="N",
    help="Processes, each with an exposure of its own; else one for each core.",
)
@scheduler_option
@pass_context
def predict_command(
    context: Context, *, recompute: bool, workers: int, scheduler: str | None
) -> int:
    """Reconstruct the PSF of each WFM-AO exposure from its stored telemetry.

    muse-psfr (extra psfr) makes the model; a sample of SPARTA_ATM_DATA takes about a quarter of
    a second. No file is read. What cannot be predicted gets its reason in psf_prediction, and is
    not tried again without --recompute. The view v_psf_prediction compares with PampelMuse's fit.
    """
    summary = predict(
        context.engine,
        recompute=recompute,
        workers=workers,
        crew=crew_of(scheduler),
        listener=_Shown(),
    )
    without = summary.counts["unchanged"]
    failed = summary.counts["failed"]
    predicted = sum(summary.counts.values()) - without - failed
    echo(
        f"{counted(predicted, 'exposure')} predicted, {without} without a prediction"
        + (f", {failed} failed" if failed else "")
    )
    return EXIT_ISSUES if failed else 0
