"""An empty database on MariaDB, and the engine that aomuse would use."""

import pandas as pd
import pytest

from aomuse.db import create_engine
from aomuse.libmariadb import BulkArrayWriter, Trial

#: A table with the columns that a trial writes to, by the names of what is put into them.
TRIAL_TABLE = """CREATE TABLE trial (
    number INT NOT NULL PRIMARY KEY, parent INT NOT NULL, flag DOUBLE, small DOUBLE, big BIGINT,
    positive DOUBLE, counted BIGINT, measured DOUBLE, name VARCHAR(40), text MEDIUMTEXT,
    bytes MEDIUMBLOB, taken DATETIME(6)
) ENGINE=InnoDB CHARSET=utf8mb4"""


@pytest.fixture
def url(mariadb_admin):
    return mariadb_admin()


@pytest.fixture
def mariadb(url):
    engine = create_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def trial(mariadb):
    """A table to try the library out on."""
    with mariadb.begin() as connection:
        connection.exec_driver_sql(TRIAL_TABLE)
        names = connection.exec_driver_sql("SHOW COLUMNS FROM trial").scalars().all()
    return Trial("trial", {name: name for name in names})


@pytest.fixture
def write(mariadb):
    """Give a function that writes columns into a table, in a transaction of its own."""

    def write(table, **columns):
        with mariadb.begin() as connection:
            return BulkArrayWriter(connection).write(table, pd.DataFrame(columns))

    return write
