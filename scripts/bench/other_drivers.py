"""Rivals that not every machine has: drivers of others, each skipped where it is not installed."""

from __future__ import annotations

import importlib
import importlib.util
import pickle
import shutil
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd
import sqlalchemy as sa

from scripts.bench.source_rows import TABLE, prepare
from scripts.bench.warehouse import Warehouse

Rival = Callable[[Warehouse, pd.DataFrame, Path], float]

#: Rows of a call, as of aomuse's own writers.
_CHUNK_ROWS = 20_000

#: Runs with the interpreter of another environment, where nothing else need be installed.
_CONNECTOR_2 = f"""
import pickle, sys, time
import mariadb
statement, options, columns = pickle.load(sys.stdin.buffer)
connection = mariadb.connect(**options)
cursor = connection.cursor()
begun = time.perf_counter()
rows = list(zip(*columns))
for start in range(0, len(rows), {_CHUNK_ROWS}):
    cursor.executemany(statement, rows[start : start + {_CHUNK_ROWS}])
connection.commit()
print(time.perf_counter() - begun)
"""


def other_drivers(connector_2: Path | None) -> dict[str, Rival]:
    """Return the rivals that this machine has, and print why others are skipped.

    Parameters
    ----------
    connector_2 : pathlib.Path, optional
        A Python with ``mariadb[binary]`` 2: it cannot be installed beside 1.1.
    """
    rivals: dict[str, Rival] = {}
    driver = _odbc_driver()
    if importlib.util.find_spec("arrow_odbc") is None:
        print("arrow-odbc skipped: pip install arrow-odbc pyarrow")
    elif driver is None:
        print("arrow-odbc skipped: no ODBC driver of MariaDB (Debian: odbc-mariadb unixodbc)")
    else:
        rivals["arrow-odbc"] = partial(_arrow_odbc, driver)
    if connector_2 is None:
        print("connector 2 skipped: --connector-2 names a Python with mariadb[binary]>=2.0.0rc2")
    else:
        rivals["connector 2 executemany"] = partial(_connector_2, connector_2)
    return rivals


def _odbc_driver() -> str | None:
    if shutil.which("odbcinst") is None:
        return None
    listed = subprocess.run(["odbcinst", "-q", "-d"], capture_output=True, text=True, check=False)
    names = [line.strip("[]") for line in listed.stdout.splitlines()]
    return next((name for name in names if "mariadb" in name.lower()), None)


def _arrow_odbc(driver: str, warehouse: Warehouse, rows: pd.DataFrame, _: Path) -> float:
    arrow_odbc, pyarrow = map(importlib.import_module, ("arrow_odbc", "pyarrow"))
    prepare(warehouse)
    url = sa.make_url(warehouse.server.url)
    connection = arrow_odbc.connect(
        f"Driver={{{driver}}};Server={url.host};Port={url.port};Database={url.database};"
        f"UID={url.username};PWD={{{url.password}}}",
        autocommit=False,
    )
    begun = time.perf_counter()
    reader = pyarrow.Table.from_pandas(rows, preserve_index=False).to_reader(_CHUNK_ROWS)
    connection.insert_into_table(reader, table=TABLE, chunk_size=_CHUNK_ROWS)
    connection.commit()
    return time.perf_counter() - begun


def _connector_2(python: Path, warehouse: Warehouse, rows: pd.DataFrame, _: Path) -> float:
    """Seconds with lists made beforehand, which aomuse's own executemany has to make."""
    prepare(warehouse)
    url = sa.make_url(warehouse.server.url)
    marks = ", ".join("?" * len(rows.columns))
    statement = f"INSERT INTO {TABLE} ({', '.join(rows.columns)}) VALUES ({marks})"  # noqa: S608
    options = url.translate_connect_args(username="user")
    columns = [rows[name].astype(object).where(rows[name].notna(), None).tolist() for name in rows]
    done = subprocess.run(
        [python, "-c", _CONNECTOR_2],
        input=pickle.dumps((statement, options, columns)),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"bench: connector 2 failed: {done.stderr.decode()[-500:]}")
    return float(done.stdout)
