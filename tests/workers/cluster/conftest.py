"""Fixtures that the tests of this folder share, or that other folders have too."""

import pytest
from dask_crew import dask
from loaded import db  # noqa: F401
from own_processes import Gate


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
