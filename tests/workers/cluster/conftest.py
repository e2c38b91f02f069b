"""Fixtures that the tests of this folder share, or that other folders have too."""

import pytest
from dask_crew import dask
from loaded import db  # noqa: F401


@pytest.fixture
def backend():
    """SQLite is for one machine."""
    return "mariadb"


@pytest.fixture
def crew(db_url, tmp_path):
    with dask(tmp_path, {"AOMUSE_DATABASE_URL": db_url}) as started:
        yield started
