"""What tests of whole loads share; `make test-fast` leaves all of them out."""

import pytest
from warehouse import load_whole


@pytest.fixture(autouse=True)
def _takes_long(slow):
    """Leave what loads trees of every kind to `make test`."""


@pytest.fixture(scope="session")
def light(tmp_path_factory, sqlite_template):
    """Rows of exposures without a raw file, which take less time, by number."""
    return load_whole(tmp_path_factory.mktemp("light"), sqlite_template, without=["raw"])
