"""A loaded night for the tests of frames."""

import pytest
from astropy.io import fits
from loaded import db, tree  # noqa: F401
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
def table_of(night):
    """Give a function that reads a table of a raw file with astropy."""

    def read(number: int, extension: str) -> fits.FITS_rec:
        with fits.open(night.files[number].raw, memmap=False) as opened:
            return opened[extension].data

    return read
