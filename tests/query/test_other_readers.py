"""A SQLite file as another program reads it: DuckDB opens every table and view."""

import contextlib
import datetime as dt
import importlib.resources
import sqlite3
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def file(night):
    """Give the file of a loaded database."""
    return Path(str(sa.make_url(night.url).database))


def names(file: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        found = connection.execute(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
            " AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
    return [name for (name,) in found]


@pytest.fixture
def duck(file):
    """Give a connection of DuckDB that has the file attached as muse."""
    package = importlib.resources.files("duckdb_extension_sqlite_scanner") / "extensions"
    (extension,) = Path(str(package)).rglob("*.duckdb_extension")
    with duckdb.connect(config={"allow_unsigned_extensions": "true"}) as connection:
        connection.execute(f"LOAD '{extension}'")
        connection.execute(f"ATTACH '{file}' AS muse (TYPE sqlite, READ_ONLY)")
        yield connection


def test_duckdb_reads_every_table_and_view(file, duck):
    with contextlib.closing(sqlite3.connect(file)) as connection:
        for name in names(file):
            rows = duck.execute(f'SELECT * FROM muse."{name}"').fetchall()
            (count,) = connection.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()
            assert len(rows) == count, name
        same = (
            "SELECT psf_fit_id, layer, pampelmuse_id, snr, flux, xc FROM {}source_sample"
            " ORDER BY 1, 2, 3"
        )
        assert (
            duck.execute(same.format("muse.")).fetchall()
            == connection.execute(same.format("")).fetchall()
        )
        nights = "SELECT night, exposure_count FROM {}v_night ORDER BY 1, instrument_mode"
        assert [
            (night, int(count)) for night, count in duck.execute(nights.format("muse.")).fetchall()
        ] == connection.execute(nights.format("")).fetchall()
        times = "SELECT date_obs_utc FROM {}exposure ORDER BY id"
        assert duck.execute(times.format("muse.")).fetchall() == [
            (dt.datetime.fromisoformat(text),)
            for (text,) in connection.execute(times.format("")).fetchall()
        ]
