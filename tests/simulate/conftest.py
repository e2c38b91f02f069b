"""One small tree for all tests of the simulation."""

import pytest
from astropy.io import fits

from aomuse.simulate import simulate


@pytest.fixture(scope="session")
def tree(tmp_path_factory):
    """Give a night without glitches, which have a test of their own."""
    return simulate(tmp_path_factory.mktemp("night"), sources=3, layers=40, clean=True)


@pytest.fixture(scope="session")
def headers(tree):
    """Give each exposure with the primary headers of its reduced and its raw file."""
    return [(files, fits.getheader(files.reduced), fits.getheader(files.raw)) for files in tree]
