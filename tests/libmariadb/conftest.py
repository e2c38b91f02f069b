"""An empty database on MariaDB, and the engine that aomuse would use."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from aomuse.db import create_engine


@pytest.fixture
def url(mariadb_admin: Callable[[], str]) -> str:
    return mariadb_admin()


@pytest.fixture
def mariadb(url: str) -> Iterator[sa.Engine]:
    engine = create_engine(url)
    yield engine
    engine.dispose()
