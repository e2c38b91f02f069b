"""The whole way, from files to committed rows, and where the time of our own load goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Engine

from aomuse import pipeline
from aomuse.db import write_transaction
from aomuse.discover import discover
from aomuse.exchange.outcome import Listener
from aomuse.ledger import running
from aomuse.load import choose_writer
from aomuse.load.dictionaries import Dictionaries
from aomuse.load.exposure import prepare_dictionaries, store_exposure
from aomuse.normalize import normalize
from aomuse.read import read_exposure
from scripts.bench import blobs
from scripts.bench.warehouse import Warehouse

#: What docs/mariadb.md advises an administrator to set for loads.
ADVISED = {"innodb_adaptive_hash_index": 1, "innodb_log_file_size": 2 << 30}


def _load(engine: Engine, root: Path, workers: int) -> float:
    begun = time.perf_counter()
    summary = pipeline.load(engine, [root], workers=workers)
    seconds = time.perf_counter() - begun
    if summary.failed:
        raise SystemExit("bench: the load failed")
    engine.dispose()
    return seconds / sum(summary.counts.values())


def mariadb(warehouse: Warehouse, root: Path, workers: int) -> float:
    """Seconds an exposure of a load into MariaDB."""
    return _load(warehouse.mariadb(), root, workers)


def mariadb_by_default(warehouse: Warehouse, root: Path, workers: int) -> float:
    """Seconds an exposure of a load into a MariaDB without the settings that are advised."""
    with without_advised(warehouse):
        return mariadb(warehouse, root, workers)


@contextmanager
def without_advised(warehouse: Warehouse) -> Iterator[None]:
    """Give the server its defaults in place of what is advised, for a while."""
    engine = sa.create_engine(warehouse.admin_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        before = {
            name: connection.exec_driver_sql(f"SELECT @@GLOBAL.{name}").scalar_one()
            for name in ADVISED
        }
        try:
            for name in ADVISED:
                connection.exec_driver_sql(f"SET GLOBAL {name} = DEFAULT")
            yield
        finally:
            for name, value in before.items():
                connection.exec_driver_sql(f"SET GLOBAL {name} = {value}")


def sqlite(warehouse: Warehouse, root: Path, workers: int) -> float:
    """Seconds an exposure of a load into SQLite."""
    return _load(warehouse.sqlite(), root, workers)


def json_blobs(warehouse: Warehouse, root: Path, _: int) -> float:
    """Seconds an exposure of the JSON-blob writer."""
    warehouse.empty_mariadb()
    begun = time.perf_counter()
    count = blobs.load(warehouse.server.url, root)
    return (time.perf_counter() - begun) / count


def stages(warehouse: Warehouse, root: Path, backend: str) -> dict[str, float]:
    """Return seconds an exposure of each stage, one exposure after the other in one process."""
    engine = warehouse.mariadb() if backend == "mariadb" else warehouse.sqlite()
    way = choose_writer(engine)
    with running(engine, Listener()) as run:
        run.start("load", str(root))
    dictionaries = Dictionaries(way.engine)
    spent = dict.fromkeys(("discover", "read", "normalize", "dictionaries", "send", "commit"), 0.0)
    clock = time.perf_counter()

    def lap(stage: str) -> None:
        nonlocal clock
        now = time.perf_counter()
        spent[stage] += now - clock
        clock = now

    found = discover([root])
    lap("discover")
    for files in found.exposures:
        content = read_exposure(files)
        lap("read")
        exposure = normalize(content)
        lap("normalize")
        prepare_dictionaries(dictionaries, exposure)
        lap("dictionaries")
        with write_transaction(way.engine) as connection:
            store_exposure(connection, way.make_writer(connection), dictionaries, exposure, run.id)
            lap("send")
        lap("commit")
    return {stage: seconds / len(found.exposures) for stage, seconds in spent.items()}


LOADS = {
    "aomuse, MariaDB, one worker": (mariadb, 1),
    "aomuse, MariaDB, two workers": (mariadb, 2),
    "aomuse, MariaDB with its defaults, two workers": (mariadb_by_default, 2),
    "aomuse, SQLite, one worker": (sqlite, 1),
    "aomuse, SQLite, two workers": (sqlite, 2),
    "JSON blobs (as AOMUSE 2020)": (json_blobs, 1),
}
