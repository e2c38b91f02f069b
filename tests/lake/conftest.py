"""A night with values of every kind, in a database and in a lake."""

import numpy as np
import pytest
from astropy.io import fits
from fits_factory import Tree


@pytest.fixture(scope="session")
def two(tmp_path_factory):
    """Give a tree with two exposures, whose sources have what NULL alone cannot say."""
    night = Tree(tmp_path_factory.mktemp("two") / "night")
    for number in (1, 2):
        with fits.open(night.add(number).psf, mode="update") as opened:
            opened["PM_3"].data["snr"][[1, 2, 3]] = [np.inf, -0.0, np.nan]
            opened["PM_17"].data["flux"][:2] = [5e-324, 1.7976931348623157e308]
    return night.root


@pytest.fixture
def night(db, two, load_once):
    """Give a database that they are loaded into."""
    load_once(two)
    return db


@pytest.fixture
def lake(night, tmp_path):
    """Give the folder that it was exported to."""
    done = night.succeed("export", "parquet", tmp_path / "lake", "--workers", "1")
    assert "2 exposures new" in done.out
    return tmp_path / "lake"


@pytest.fixture
def export(night, tmp_path):
    """Give a function that exports and verifies, and gives the last line of the export."""

    def export(*options: str, lake: str = "lake") -> str:
        done = night.succeed("export", "parquet", tmp_path / lake, "--workers", "1", *options)
        night.succeed("verify", "--lake", tmp_path / lake)
        return done.out.splitlines()[-1]

    return export
