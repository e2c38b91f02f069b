"""A loaded night for the tests of frames."""

import pytest
from astropy.io import fits
from loaded import db, tree  # noqa: F401
from query_night import Night, write_night
from warehouse import aomuse

from aomuse import Database


@pytest.fixture
def night(engine, db_url, tmp_path):
    files = write_night(tmp_path / "night")
    done = aomuse(db_url, "load", tmp_path / "night")
    assert (done.code, done.err) == (0, "")
    return Night(Database(engine), db_url, files)


@pytest.fixture
def table_of(night):
    """Give a function that reads a table of a raw file with astropy."""

    def read(number: int, extension: str) -> fits.FITS_rec:
        with fits.open(night.files[number].raw, memmap=False) as opened:
            return opened[extension].data

    return read
