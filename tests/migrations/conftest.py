"""An engine for a database without a schema."""

import pytest

from aomuse.db import create_engine


@pytest.fixture
def empty(empty_url):
    engine = create_engine(empty_url)
    yield engine
    engine.dispose()
