"""The command simulate."""

from __future__ import annotations

from pathlib import Path

import click

from aomuse.cli.main import cli
from aomuse.cli.output import echo
from aomuse.config import DATABASE_URL_VARIABLE
from aomuse.exchange.outcome import counted
from aomuse.simulate import simulate


@cli.command(
    "simulate",
    epilog="\b\nExample:\n  aomuse simulate sample --exposures 6 --sources 20 --seed 1",
)
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--exposures", default=6, show_default=True, help="Number of exposures.")
@click.option("--sources", default=20, show_default=True, help="PSF stars of an exposure.")
@click.option("--layers", default=3681, show_default=True, help="Wavelength layers of a cube.")
@click.option("--seed", default=1, show_default=True, help="Seed; the same gives the same files.")
@click.option("--clean", is_flag=True, help="Leave out the outliers, zeros and NaN of telemetry.")
def simulate_command(
    out: Path, exposures: int, sources: int, layers: int, seed: int, clean: bool
) -> int:
    """Write a synthetic night: single/, raw/ and analysis/ below OUT."""
    written = simulate(
        out, exposures=exposures, sources=sources, layers=layers, seed=seed, clean=clean
    )
    echo(f"{counted(len(written), 'exposure')} in {out}; load with: aomuse load {out}")
    if not written:
        echo(f"({DATABASE_URL_VARIABLE} names the database)")
    return 0
