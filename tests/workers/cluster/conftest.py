"""A night, and a cluster that loads it or computes from it."""

import pytest
from dask_crew import EXPOSURES, dask
from loaded import tree_of
from own_processes import Gate


@pytest.fixture(scope="package")
def tree(tmp_path_factory):
    return tree_of(tmp_path_factory.mktemp("cluster") / "night", EXPOSURES)


@pytest.fixture
def backend():
    """SQLite is for one machine."""
    return "mariadb"


@pytest.fixture
def gate(tmp_path):
    """Hold each worker in the middle of its second exposure."""
    return Gate(tmp_path / "gate", later=10)


@pytest.fixture
def crew(db_url, tmp_path, gate):
    with dask(tmp_path, {"AOMUSE_DATABASE_URL": db_url}, before=gate.code) as started:
        yield started
