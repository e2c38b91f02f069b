"""Rivals for the big table alone: ways to get the source rows of one exposure into MariaDB."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import sqlalchemy as sa

from aomuse.libmariadb import BulkArrayWriter
from aomuse.stored.writer import ExecutemanyWriter
from scripts.bench.warehouse import Warehouse

TABLE = "source_sample"
#: The same table without its parent, so that all rivals do the same work.
CREATE = """CREATE TABLE source_sample (
  psf_fit_id INT, layer INT, pampelmuse_id BIGINT, snr DOUBLE, flux DOUBLE, fwhm DOUBLE,
  beta DOUBLE, xc DOUBLE, yc DOUBLE, PRIMARY KEY (psf_fit_id, layer, pampelmuse_id)
) ENGINE=InnoDB"""


def prepare(warehouse: Warehouse) -> sa.Engine:
    """Return an engine on a database that has the table, empty."""
    engine = warehouse.empty_mariadb()
    with engine.begin() as connection:
        connection.exec_driver_sql(CREATE)
    return engine


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def array_binding(warehouse: Warehouse, rows: pd.DataFrame, _: Path) -> float:
    """Seconds with aomuse's array binding."""
    engine = prepare(warehouse)

    def work() -> None:
        with engine.begin() as connection:
            BulkArrayWriter(connection).write(TABLE, rows)

    return _timed(work)


def executemany(warehouse: Warehouse, rows: pd.DataFrame, _: Path) -> float:
    """Seconds with the connector's executemany."""
    engine = prepare(warehouse)

    def work() -> None:
        with engine.begin() as connection:
            ExecutemanyWriter(connection).write(TABLE, rows)

    return _timed(work)


def to_sql(warehouse: Warehouse, rows: pd.DataFrame, _: Path) -> float:
    """Seconds with pandas.to_sql."""
    engine = prepare(warehouse)

    def work() -> None:
        with engine.begin() as connection:
            rows.to_sql(TABLE, connection, if_exists="append", index=False)

    return _timed(work)


def _csv(rows: pd.DataFrame, folder: Path) -> Path:
    path = folder / "rows.csv"
    if not path.exists():
        rows.to_csv(path, header=False, index=False, na_rep="\\N")
        path.chmod(0o644)
    return path


def _load_data(warehouse: Warehouse, path: Path, local: str) -> float:
    prepare(warehouse)
    engine = sa.create_engine(warehouse.admin_url.replace("/mysql", "/aomuse", 1))

    def work() -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql("USE aomuse")
            connection.exec_driver_sql(
                f"LOAD DATA {local} INFILE '{path}' INTO TABLE source_sample"
                " FIELDS TERMINATED BY ','"
            )

    return _timed(work)


def load_data_local(warehouse: Warehouse, rows: pd.DataFrame, folder: Path) -> float:
    """Seconds of LOAD DATA LOCAL INFILE; writing the text is not counted."""
    return _load_data(warehouse, _csv(rows, folder), "LOCAL")


def load_data(warehouse: Warehouse, rows: pd.DataFrame, folder: Path) -> float:
    """Seconds of LOAD DATA INFILE from a file that is on the server already."""
    return _load_data(warehouse, _csv(rows, folder), "")


def insert_select(warehouse: Warehouse, rows: pd.DataFrame, folder: Path) -> float:
    """Seconds of INSERT … SELECT from a table in memory: what InnoDB itself can take."""
    array_binding(warehouse, rows, folder)
    engine = sa.create_engine(warehouse.server.url)
    with engine.connect() as connection:
        connection.exec_driver_sql("SET SESSION max_heap_table_size = 1073741824")
        connection.exec_driver_sql(
            "CREATE TEMPORARY TABLE in_memory ENGINE=MEMORY AS SELECT * FROM source_sample"
        )
        connection.exec_driver_sql("TRUNCATE TABLE source_sample")

        def work() -> None:
            connection.exec_driver_sql("INSERT INTO source_sample SELECT * FROM in_memory")
            connection.commit()

        return _timed(work)


RIVALS = {
    "array binding (aomuse)": array_binding,
    "LOAD DATA INFILE": load_data,
    "LOAD DATA LOCAL INFILE": load_data_local,
    "connector executemany": executemany,
    "pandas.to_sql": to_sql,
    "INSERT … SELECT (limit)": insert_select,
}
