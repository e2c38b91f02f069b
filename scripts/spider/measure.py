"""``python -m scripts.spider.measure``: how long samples on nodes take, beside one database.

All servers share this machine's cores and disk, so the ratios show what the way costs, not what
more machines give.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pandas as pd
from sqlalchemy import Connection

from aomuse.load.two_phase import Branches, ShardedWriter
from aomuse.load.writer_choice import choose_writer
from aomuse.simulate import simulate
from aomuse.stored.shards import OWNER, TABLE, find_shards
from scripts.spider.check.cluster import Cluster, Warehouse

ROUNDS = 3
#: Lets MariaDB ask a node for many layers at once.
BATCHED = (
    "SET optimizer_switch = 'mrr=on,mrr_cost_based=off,join_cache_bka=on'",
    "SET join_cache_level = 8, join_buffer_size = 33554432",
)
QUESTIONS = {
    "count": "SELECT COUNT(*) FROM source_sample",
    "sum, minimum, maximum": "SELECT SUM(flux), MIN(fwhm), MAX(fwhm) FROM source_sample",
    "mean": "SELECT AVG(fwhm) FROM source_sample",
    "mean by star": "SELECT psf_fit_id, pampelmuse_id, AVG(fwhm) FROM source_sample GROUP BY 1, 2",
    "view, 10 nm of all": "SELECT target, AVG(fwhm_arcsec) FROM v_source_sample "
    "WHERE wavelength_nm BETWEEN 700 AND 710 GROUP BY target",
    "view, a target": "SELECT AVG(snr) FROM v_source_sample WHERE target = 'NGC 6397'",
    "view, a star": "SELECT wavelength_nm, snr FROM v_source_sample "
    "WHERE exposure_id = 1 AND pampelmuse_id = 1",
    "summaries by window": "SELECT wavelength_window, AVG(median_arcsec) FROM v_source_summary "
    "WHERE quantity = 'fwhm' GROUP BY 1",
}


def main() -> None:
    """Measure, and print a table."""
    with tempfile.TemporaryDirectory() as folder:
        cluster = Cluster(Path(folder, "servers"))
        try:
            cluster.start()
            tree = Path(folder, "tree")
            simulate(tree, exposures=4, sources=40)
            _measure(cluster.ordinary(), cluster.spread(), tree)
        finally:
            cluster.stop()


def _measure(ordinary: Warehouse, spread: Warehouse, tree: Path) -> None:
    _show(
        "load of everything", _once(lambda: ordinary.load(tree)), _once(lambda: spread.load(tree))
    )
    with ordinary.engine.connect() as connection:
        frame = pd.read_sql_query("SELECT * FROM source_sample WHERE psf_fit_id = 1", connection)
    _show(
        f"write {len(frame):,} samples: on the nodes",
        _once(lambda: _write(ordinary, frame)),
        _once(lambda: _write_on_nodes(spread, frame)),
    )
    _show(
        "the same through the head",
        _once(lambda: _write(ordinary, frame)),
        _once(lambda: _write(spread, frame)),
    )
    for name, question in QUESTIONS.items():
        one = _asked(ordinary, question)
        _show(name, one, _asked(spread, question))
        if name.startswith("view"):
            _show(f"{name}, batched", one, _asked(spread, question, *BATCHED))


def _write(warehouse: Warehouse, frame: pd.DataFrame) -> None:
    way = choose_writer(warehouse.engine)
    with warehouse.engine.connect() as connection:
        way.make_writer(connection).write(TABLE, frame.assign(**{OWNER: 1001}))
        connection.rollback()


def _write_on_nodes(warehouse: Warehouse, frame: pd.DataFrame) -> None:
    way, shards = choose_writer(warehouse.engine), find_shards(warehouse.engine)
    assert shards is not None
    branches = Branches(warehouse.engine, 1, 1001)
    with warehouse.engine.connect() as connection:
        writer = ShardedWriter(shards, connection, way.make_writer, branches)
        writer.write(TABLE, frame.assign(**{OWNER: 1001}))
        branches.prepare()
    branches.give_up()


def _asked(warehouse: Warehouse, question: str, *settings: str) -> float:
    with warehouse.engine.connect() as connection:
        for setting in settings:
            connection.exec_driver_sql(setting)
        _fetch(connection, question)
        times = [_once(lambda: _fetch(connection, question)) for _ in range(ROUNDS)]
        connection.invalidate()
    return median(times)


def _fetch(connection: Connection, question: str) -> None:
    connection.exec_driver_sql(question).all()


def _once(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _show(what: str, one: float, spread: float) -> None:
    print(f"{what:<50} {one:8.3f} s {spread:8.3f} s   x {spread / one:.1f}", flush=True)


if __name__ == "__main__":
    main()
