"""Fixtures that other folders have too, and that `make test-fast` leaves these tests out."""

import pytest
from loaded import db, tree, whole  # noqa: F401


@pytest.fixture(autouse=True)
def _takes_long(slow):
    """Leave what loads trees of every kind to `make test`."""
