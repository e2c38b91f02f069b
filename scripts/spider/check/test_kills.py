"""Whoever dies, and whenever: the next run leaves only complete exposures."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import Engine

from aomuse import db
from aomuse.errors import AomuseError
from scripts.spider.check.cluster import Cluster, Warehouse, kill
from scripts.spider.check.moments import MOMENTS, at

#: A value that no file has.
MARK = -7.5


@pytest.fixture(scope="module")
def loaded(cluster: Cluster, small: Path) -> Warehouse:
    """Give a warehouse with two exposures on the nodes."""
    warehouse = cluster.spread()
    warehouse.load(small)
    return warehouse


@pytest.fixture(params=["new", "replaced"])
def warehouse(
    loaded: Warehouse, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Warehouse:
    """Give one whose exposures are gone, or have other samples than their files."""
    monkeypatch.setattr(db, "RETRY_DELAYS_S", (0.2, 0.5))
    if request.param == "new":
        loaded.execute("DELETE FROM exposure")
        return loaded
    loaded.execute(f"UPDATE source_sample SET snr = {MARK}")  # noqa: S608
    return loaded


def assert_complete(warehouse: Warehouse, small: Path) -> None:
    """Let the next run recover, then look at each exposure, and compare all with the files."""
    warehouse.load(small)
    assert warehouse.prepared() == []
    assert warehouse.on_nodes().items() >= warehouse.by_analysis().items()
    states: dict[int, Counter[bool]] = {}
    with warehouse.engine.connect() as connection:
        for fit, snr in connection.exec_driver_sql("SELECT psf_fit_id, snr FROM source_sample"):
            states.setdefault(fit, Counter())[snr == MARK] += 1
    assert all(len(marked) == 1 for marked in states.values()), states
    if any(True in marked for marked in states.values()):
        warehouse.load(small, reload=True)
        assert warehouse.on_nodes().items() >= warehouse.by_analysis().items()
    assert warehouse.differences(small) == []


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_node_that_comes_back(
    cluster: Cluster, warehouse: Warehouse, small: Path, moment: str
) -> None:
    """A load survives the death of a node that starts again."""

    def restart(engine: Engine) -> None:
        kill(cluster.server_of(engine))
        cluster.start()

    with at(moment, restart) as reached:
        summary = warehouse.load(small, reload=True)
    assert reached
    assert summary.failed == 0
    assert warehouse.prepared() == []
    assert warehouse.differences(small) == []


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_node_that_stays_away(
    cluster: Cluster, warehouse: Warehouse, small: Path, moment: str
) -> None:
    """A load ends with an error, and the next one finds all it needs."""
    with (
        at(moment, lambda engine: kill(cluster.server_of(engine))) as reached,
        suppress(AomuseError),
    ):
        warehouse.load(small, reload=True)
    assert reached
    cluster.start()
    assert_complete(warehouse, small)


@pytest.mark.parametrize("moment", ["prepared", "committed on the head"])
def test_the_head_dies(cluster: Cluster, warehouse: Warehouse, small: Path, moment: str) -> None:
    """What is prepared waits for the head."""
    with at(moment, lambda _: kill(cluster.head)) as reached, suppress(AomuseError):
        warehouse.load(small, reload=True)
    assert reached
    cluster.start()
    assert_complete(warehouse, small)


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_loader_dies(warehouse: Warehouse, small: Path, moment: str) -> None:
    """What is prepared waits for the next run."""
    url = warehouse.engine.url.render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, "-m", "scripts.spider.check.dying_loader", str(small), moment],
        env=os.environ | {"AOMUSE_DATABASE_URL": url},
        check=False,
        timeout=120,
    )
    assert done.returncode == -signal.SIGKILL
    assert_complete(warehouse, small)
