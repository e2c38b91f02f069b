"""A SQLite file as another program reads it: DuckDB opens every table and view."""

import datetime as dt
import importlib.resources
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa
from backends import on_sqlite
from warehouse import query


@on_sqlite
@pytest.mark.usefixtures("slow")
def test_duckdb_reads_every_table_and_view(file, engine):
    package = importlib.resources.files("duckdb_extension_sqlite_scanner") / "extensions"
    (extension,) = Path(str(package)).rglob("*.duckdb_extension")
    inspector = sa.inspect(engine)
    # More threads cost more, on few rows.
    with duckdb.connect(config={"allow_unsigned_extensions": "true", "threads": 1}) as duck:
        duck.execute(f"LOAD '{extension}'")
        duck.execute(f"ATTACH '{file}' AS muse (TYPE sqlite, READ_ONLY)")

        def read(columns: str, table: str) -> tuple[list[Any], list[Any]]:
            """Give what DuckDB reads, and what is there."""
            theirs = duck.execute(f"SELECT {columns} FROM muse.{table}").fetchall()
            return theirs, query(engine, f"SELECT {columns} FROM {table}")

        for name in [*inspector.get_table_names(), *inspector.get_view_names()]:
            theirs, there = read("*", name)
            assert len(theirs) == len(there), name
        samples = "psf_fit_id, layer, pampelmuse_id, snr, flux, xc"
        theirs, there = read(samples, "source_sample ORDER BY 1, 2, 3")
        assert theirs == there
        theirs, there = read("night, exposure_count", "v_night ORDER BY 1, instrument_mode")
        assert [(night, int(count)) for night, count in theirs] == there
        theirs, there = read("date_obs_utc", "exposure ORDER BY id")
        assert theirs == [(dt.datetime.fromisoformat(text),) for (text,) in there]
