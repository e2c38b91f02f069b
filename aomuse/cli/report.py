"""The command report: one page of plots."""

from __future__ import annotations

from pathlib import Path

import click

from aomuse.cli.main import Context, cli, pass_context
from aomuse.cli.output import echo
from aomuse.exchange.outcome import counted
from aomuse.report import write_report


@cli.command("report", epilog="\b\nExample:\n  aomuse report report.html")
@click.argument("out", metavar="OUT.html", type=click.Path(path_type=Path))
@pass_context
def report_command(context: Context, out: Path) -> None:
    """Write one page of plots of what the warehouse holds.

    OUT.html needs no network and no other file: coverage, seeing and delivered FWHM, the PSF by
    wavelength, the lasers, predictions, and what is missing and why. Requires the extra report.
    """
    exposures = write_report(context.engine, out)
    size = out.stat().st_size / 1e6
    echo(f"{out}: {counted(exposures, 'exposure')}, {size:.1f} MB; open it in a browser")
