"""What was read from MariaDB is freed, also by connector 2.0.0rc2, which keeps references to it."""

import datetime as dt
import gc
import sys
from collections.abc import Callable, Iterable
from decimal import Decimal
from importlib.metadata import version
from itertools import chain
from typing import Any

import pytest
import sqlalchemy as sa
from warehouse import aomuse

from aomuse.connections.drivers import CONNECTOR, PYMYSQL
from aomuse.connections.kept_values import kept_references
from aomuse.db import create_engine

pytestmark = pytest.mark.usefixtures("collected")

COUNT, PARTS = 7_001, 1_002
#: Rows of all kinds; the parameter lets them come in the binary protocol, if that is asked for.
ROWS = f"""
    SELECT seq * 1e0, 100000 + seq, CONCAT('name ', seq), UNHEX(LPAD(HEX(seq), 8, '0')), seq / 8,
           DATE'2018-08-13' + INTERVAL seq DAY, IF(seq % 2, NULL, 1e3 + seq)
    FROM seq_1_to_{COUNT} WHERE seq > ? ORDER BY seq"""
FETCH: dict[str, Callable[[Any], Iterable[Any]]] = {
    "one by one": lambda cursor: iter(cursor.fetchone, None),
    "in parts": lambda cursor: chain.from_iterable(cursor.fetchmany(7) for _ in range(PARTS)),
    "all": lambda cursor: cursor.fetchall(),
    "mixed": lambda cursor: [cursor.fetchone(), *cursor.fetchmany(3), *cursor.fetchall()],
}  # fmt: skip


def row(number: int) -> tuple[Any, ...]:
    return (
        float(number),
        100_000 + number,
        f"name {number}",
        number.to_bytes(4, "big"),
        Decimal(number) / 8,
        dt.date(2018, 8, 13) + dt.timedelta(days=number),
        None if number % 2 else 1000.0 + number,
    )


@pytest.fixture(params=[CONNECTOR, PYMYSQL])
def connection(request, mariadb_admin):
    url = sa.make_url(mariadb_admin()).set(drivername=f"mariadb+{request.param}")
    engine = create_engine(url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def select(connection: sa.Connection, options: dict[str, bool]) -> Any:
    cursor: Any = connection.connection.cursor(**options)
    is_pymysql = connection.engine.driver == PYMYSQL
    cursor.execute(ROWS.replace("?", "%s").replace("% 2", "%% 2") if is_pymysql else ROWS, (0,))
    return cursor


def protocols(connection: sa.Connection) -> list[dict[str, bool]]:
    binary = [{"buffered": False}, {"binary": True, "buffered": False}, {"binary": True}]
    return [{}, *(binary if connection.engine.driver == CONNECTOR else [])]


@pytest.mark.parametrize("fetch", FETCH.values(), ids=FETCH)
def test_memory_does_not_grow_with_what_was_read(connection, fetch):
    def read(options: dict[str, bool]) -> int:
        cursor = select(connection, options)
        assert sum(1 for _ in fetch(cursor)) == COUNT
        cursor.close()
        gc.collect()
        return sys.getallocatedblocks()

    for options in protocols(connection):
        before = read(options)
        assert read(options) - before < COUNT / 10


@pytest.mark.parametrize("fetch", FETCH.values(), ids=FETCH)
def test_values_live_as_long_as_they_are_used(connection, fetch):
    expected = list(map(row, range(1, COUNT + 1)))
    for options in protocols(connection):
        cursor = select(connection, options)
        rows = list(fetch(cursor))
        cursor.execute("SELECT 'another', 2.5e0 UNION ALL SELECT 'more', 3.5e0")
        assert len(cursor.fetchall()) == 2
        cursor.close()
        del cursor
        gc.collect()
        assert rows == expected
        counts = {sys.getrefcount(value) for row in rows for value in row if value is not None}
        assert len(counts) == 1, counts
        # What is freed too early has made place for others.
        others = [row(number) for number in range(COUNT)]
        assert rows == expected
        assert len(others) == COUNT


def test_a_cursor_that_is_left_in_the_middle(connection):
    for options in protocols(connection):
        for statement in ("SELECT 1.5e0", ROWS):
            cursor = select(connection, options)
            rows = [cursor.fetchone(), *cursor.fetchmany(2)]
            if statement != ROWS:
                cursor.execute(statement)
                assert cursor.fetchall() in ([(1.5,)], ((1.5,),))
            cursor.close()
            assert rows == [row(1), row(2), row(3)]
            counts = {sys.getrefcount(value) for r in rows for value in r if value is not None}
            assert len(counts) == 1


def test_it_is_known_which_versions_keep_what(mariadb_admin):
    for driver in (CONNECTOR, PYMYSQL):
        engine = create_engine(sa.make_url(mariadb_admin()).set(drivername=f"mariadb+{driver}"))
        with engine.connect() as connection:
            is_faulty = driver == CONNECTOR and version("mariadb") == "2.0.0rc2"
            assert kept_references(connection) == int(is_faulty)
        engine.dispose()


def test_status_and_doctor_say_who_frees(db_url, backend):
    if backend != "sqlite":
        is_faulty = version("mariadb") == "2.0.0rc2"
        status, doctor = aomuse(db_url, "status").out, aomuse(db_url, "doctor").out
        assert ("what it keeps of read values is freed" in status) == is_faulty
        assert f"freed by {'aomuse, since' if is_faulty else 'the driver'}" in doctor
