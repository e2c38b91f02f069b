"""The command lake-views."""

from __future__ import annotations

from pathlib import Path

import click

from aomuse.cli.main import cli
from aomuse.cli.output import echo
from aomuse.lake.statements import ENGINES, view_statements


@cli.command(
    "lake-views",
    epilog="\b\nExample:\n  aomuse lake-views /data/lake | duckdb lake.duckdb\n"
    "  duckdb lake.duckdb 'SELECT * FROM v_exposure'",
)
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--dialect",
    "engine",
    type=click.Choice(ENGINES),
    default=ENGINES[0],
    show_default=True,
    help="The engine that is to read the lake.",
)
def lake_views_command(directory: Path, engine: str) -> None:
    """Print the SQL that makes the tables and views of a lake in DuckDB or Spark.

    They read the Parquet files of aomuse export parquet where they lie now; nothing is copied.
    """
    for line in view_statements(directory, engine).splitlines():
        echo(line)
