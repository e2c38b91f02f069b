"""An empty database on MariaDB by each driver, and all ways of fetching from it."""

from itertools import chain

import pytest
import sqlalchemy as sa

from aomuse.connections.drivers import CONNECTOR, PYMYSQL
from aomuse.db import create_engine

#: Of a cursor, or of a result of SQLAlchemy's.
FETCH = {
    "one by one": lambda rows: list(iter(rows.fetchone, None)),
    "in parts": lambda rows: list(chain.from_iterable(iter(lambda: list(rows.fetchmany(7)), []))),
    "all": lambda rows: rows.fetchall(),
    "mixed": lambda rows: [
        *(rows.fetchone(), *rows.fetchmany(3), rows.fetchone()),
        *(*rows.fetchmany(5), *rows.fetchall()),
    ],
}


@pytest.fixture(params=[CONNECTOR, PYMYSQL])
def engine(request, mariadb_admin):
    url = sa.make_url(mariadb_admin()).set(drivername=f"mariadb+{request.param}")
    engine = create_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine):
    with engine.connect() as connection:
        yield connection


@pytest.fixture(params=FETCH.values(), ids=FETCH)
def fetch(request):
    return request.param
