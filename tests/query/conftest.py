"""A loaded night for the tests of frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from astropy.io import fits
from fits_factory import Files
from query_night import Night, write_night

from aomuse import Database


@pytest.fixture(scope="session")
def night_files(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Files]:
    return write_night(tmp_path_factory.mktemp("night"))


@pytest.fixture
def night(
    engine: sa.Engine,
    db_url: str,
    night_files: dict[int, Files],
    load_once: Callable[[Path], None],
) -> Night:
    load_once(night_files[1].reduced.parents[1])
    return Night(Database(engine), db_url, night_files)


@pytest.fixture
def table_of(night: Night) -> Callable[[int, str], fits.FITS_rec]:
    """Give a function that reads a table of a raw file with astropy."""

    def read(number: int, extension: str) -> fits.FITS_rec:
        with fits.open(night.files[number].raw, memmap=False) as opened:
            return opened[extension].data

    return read
