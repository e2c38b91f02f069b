"""A loaded night for the tests of frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from astropy.io import fits
from query_night import Night, write_night
from warehouse import aomuse

from aomuse import Database


@pytest.fixture
def night(engine: sa.Engine, db_url: str, tmp_path: Path) -> Night:
    files = write_night(tmp_path / "night")
    done = aomuse(db_url, "load", tmp_path / "night")
    assert (done.code, done.err) == (0, "")
    return Night(Database(engine), db_url, files)


@pytest.fixture
def table_of(night: Night) -> Callable[[int, str], fits.FITS_rec]:
    """Give a function that reads a table of a raw file with astropy."""

    def read(number: int, extension: str) -> fits.FITS_rec:
        with fits.open(night.files[number].raw, memmap=False) as opened:
            return opened[extension].data

    return read
