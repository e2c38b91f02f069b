"""A columnar rival for scans: the samples in Parquet files, asked by DuckDB."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa

from scripts.bench.at_size import timed

#: What the questions name of v_source_sample.
_SAMPLES = (
    "SELECT target, exposure_id, psf_fit_id, wavelength_nm, pampelmuse_id, snr, flux, fwhm_pixel,"
    " fwhm_arcsec FROM v_source_sample"
)


def ask_duckdb(
    engine: sa.Engine, folder: Path, exposures: int, asked: list[dict[str, Any]], rounds: int
) -> None:
    """Add DuckDB's seconds to the questions that are about samples alone.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        A warehouse with a few exposures, whose samples are repeated.
    folder : pathlib.Path
        Where the Parquet file goes.
    exposures : int
        How many exposures it is to hold.
    asked : list of dict
        The questions.
    rounds : int
        How often each is asked.
    """
    if importlib.util.find_spec("duckdb") is None:
        print("DuckDB skipped: pip install duckdb")
        return
    duckdb = importlib.import_module("duckdb")
    path = folder / "samples.parquet"
    with engine.connect() as connection:
        samples = pd.read_sql_query(sa.text(_SAMPLES), connection)
    count = samples["exposure_id"].nunique()
    copies = -(-exposures // count)
    # As `multiply` counts on.
    steps = {name: int(samples[name].max()) + 1 for name in ("exposure_id", "psf_fit_id")}
    moved = ", ".join(f"{name} + copy * {step} AS {name}" for name, step in steps.items())
    with duckdb.connect() as connection:
        connection.register("loaded", samples)
        connection.execute(
            f"COPY (SELECT * REPLACE ({moved})"  # noqa: S608 - own names and numbers
            f" FROM loaded, range({copies}) AS copies(copy)) TO '{path}' (FORMAT parquet)"
        )
        connection.unregister("loaded")
        del samples
        connection.execute(f"CREATE VIEW v_source_sample AS SELECT * FROM '{path}'")  # noqa: S608 - own path
        connection.execute(
            "CREATE VIEW source_sample AS SELECT *, fwhm_pixel AS fwhm FROM v_source_sample"
        )
        connection.execute(
            "CREATE VIEW source AS SELECT DISTINCT psf_fit_id, pampelmuse_id FROM v_source_sample"
        )
        for row in asked:
            if "metrics" in row["sql"]:
                continue

            def ask(sql: str = row["sql"]) -> list[Any]:
                return list(connection.execute(sql).fetchall())

            rows, row["duckdb"] = timed(ask, rounds)
            if rows != row["rows"]:
                raise SystemExit(f"bench: DuckDB has {rows} rows for {row['question']}")
    path.unlink()
