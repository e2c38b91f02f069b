"""What was read from MariaDB is freed, also by connector 2.0.0rc2, which keeps references to it."""

import datetime as dt
import gc
import sys
from decimal import Decimal
from importlib.metadata import version
from typing import Any

import pytest
import sqlalchemy as sa
from warehouse import aomuse

from aomuse.connections.drivers import CONNECTOR, PYMYSQL
from aomuse.connections.kept_values import kept_references

pytestmark = pytest.mark.usefixtures("collected")

COUNT = 7_001
#: Rows of all kinds; the parameter lets them come in the binary protocol, if that is asked for.
ROWS = f"""
    SELECT seq * 1e0, 100000 + seq, CONCAT('name ', seq), UNHEX(LPAD(HEX(seq), 8, '0')), seq / 8,
           DATE'2018-08-13' + INTERVAL seq DAY, IF(seq % 2, NULL, 1e3 + seq)
    FROM seq_1_to_{COUNT} WHERE seq > ? ORDER BY seq"""


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


def select(connection: sa.Connection, options: dict[str, bool]) -> Any:
    cursor: Any = connection.connection.cursor(**options)
    is_pymysql = connection.engine.driver == PYMYSQL
    cursor.execute(ROWS.replace("?", "%s").replace("% 2", "%% 2") if is_pymysql else ROWS, (0,))
    return cursor


def protocols(connection: sa.Connection) -> list[dict[str, bool]]:
    binary = [{"buffered": False}, {"binary": True, "buffered": False}, {"binary": True}]
    return [{}, *(binary if connection.engine.driver == CONNECTOR else [])]


def reference_counts(rows: list[tuple[Any, ...]]) -> set[int]:
    return {sys.getrefcount(value) for row in rows for value in row if value is not None}


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
        assert len(reference_counts(rows)) == 1
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
                assert list(cursor.fetchall()) == [(1.5,)]
            cursor.close()
            assert rows == [row(1), row(2), row(3)]
            assert len(reference_counts(rows)) == 1


def test_it_is_known_which_versions_keep_what(connection):
    is_faulty = connection.engine.driver == CONNECTOR and version("mariadb") == "2.0.0rc2"
    assert kept_references(connection) == int(is_faulty)


@pytest.mark.parametrize("backend", ["mariadb"])
def test_status_and_doctor_say_who_frees(db_url):
    is_faulty = version("mariadb") == "2.0.0rc2"
    status, doctor = aomuse(db_url, "status").out, aomuse(db_url, "doctor").out
    assert ("what it keeps of read values is freed" in status) == is_faulty
    assert f"freed by {'aomuse, since' if is_faulty else 'the driver'}" in doctor
