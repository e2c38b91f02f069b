"""Servers and trees of the checks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aomuse.simulate import simulate
from scripts.spider.check.cluster import Cluster, Warehouse


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Give the running servers."""
    servers = Cluster(tmp_path_factory.mktemp("servers"))
    try:
        servers.start()
        yield servers
    finally:
        servers.stop()


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a night with analyses of every model."""
    out = tmp_path_factory.mktemp("tree")
    simulate(out, exposures=6, sources=5, layers=120)
    return out


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give two exposures, for what is done often."""
    out = tmp_path_factory.mktemp("small")
    simulate(out, exposures=2, sources=3, layers=30)
    return out


@pytest.fixture(scope="session")
def ordinary(cluster: Cluster, tree: Path) -> Warehouse:
    """Give the night in one database."""
    warehouse = cluster.ordinary()
    warehouse.load(tree)
    return warehouse


@pytest.fixture(scope="session")
def spread(cluster: Cluster, tree: Path) -> Warehouse:
    """Give the same night with its samples on the nodes."""
    warehouse = cluster.spread()
    warehouse.load(tree)
    return warehouse
