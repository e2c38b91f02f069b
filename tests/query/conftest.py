"""A loaded night for the tests of frames."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from query_night import Night, write_night

from aomuse import Database


@pytest.fixture(scope="session")
def night_files(tmp_path_factory):
    return write_night(tmp_path_factory.mktemp("night"))


@pytest.fixture
def night(engine, db_url, night_files, load_once):
    load_once(night_files[1].reduced.parents[1])
    return Night(Database(engine), db_url, night_files)


@pytest.fixture
def file(night):
    """Give the file of SQLite that holds the night."""
    return Path(str(sa.make_url(night.url).database))
