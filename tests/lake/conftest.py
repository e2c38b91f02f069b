"""Fixtures that other folders have too, and a night with values of every kind."""

import numpy as np
import pytest
from astropy.io import fits
from fits_factory import Tree
from loaded import db, tree  # noqa: F401


def write_exposures(root: Tree, numbers: range) -> None:
    """Write exposures whose sources have what NULL alone cannot say."""
    for number in numbers:
        files = root.add(number)
        with fits.open(files.psf, mode="update") as opened:
            opened["PM_3"].data["snr"][[1, 2, 3]] = [np.inf, -0.0, np.nan]
            opened["PM_17"].data["flux"][:2] = [5e-324, 1.7976931348623157e308]


@pytest.fixture
def night(db, tree):  # noqa: F811
    """Give a database with two such exposures."""
    write_exposures(tree, range(1, 3))
    db.load(tree.root)
    return db
