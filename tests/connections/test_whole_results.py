"""A result that ends early is an error, whoever or whatever has ended it, and never fewer rows."""

import gc
import sys
from contextlib import suppress
from ctypes import c_void_p

import pytest
import sqlalchemy as sa

from aomuse.connections.drivers import PYMYSQL
from aomuse.db import error_number

pytestmark = pytest.mark.usefixtures("collected")

COUNT = 200_000
ROWS = sa.text(
    "SELECT seq * 1e0, 1000 + seq, REPEAT(CONCAT('name ', seq), 9), IF(seq % 2, NULL, 7 * seq) "
    f"FROM seq_1_to_{COUNT} WHERE seq > :zero ORDER BY seq"
)
#: Nothing has come yet when the limit ends it: it sorts.
LATE = sa.text(f"SELECT seq * 1e0, CONCAT('name ', seq) FROM seq_1_to_{20 * COUNT} ORDER BY RAND()")
WAYS = [{"binary_rows": True}, {"stream_results": True}]


def row(number):
    half = None if number % 2 else 7 * number
    return float(number), 1000 + number, f"name {number}" * 9, half


@pytest.fixture
def kill(engine):
    def kill(what, connection):
        with engine.connect() as other, suppress(sa.exc.DBAPIError):
            other.exec_driver_sql(f"KILL {what} {number(connection)}")

    return kill


def number(connection):
    own = connection.connection.dbapi_connection
    return own.thread_id() if connection.engine.driver == PYMYSQL else own.connection_id


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_all_rows_come(connection, way, fetch):
    connection.execution_options(**way)
    found = fetch(connection.execute(ROWS, {"zero": COUNT - 50}))
    assert [tuple(some) for some in found] == [row(COUNT - 49 + n) for n in range(50)]
    for _ in range(3):
        assert not any(fetch(connection.execute(ROWS, {"zero": COUNT})))


@pytest.mark.parametrize("what", ["", "QUERY"])
@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.filterwarnings("error")  # a cursor that is thrown away says nothing
def test_a_read_that_is_killed_raises(connection, kill, way, what, fetch):
    result = connection.execution_options(**way).execute(ROWS, {"zero": 0})
    assert tuple(result.fetchone()) == row(1)
    kill(what, connection)
    with pytest.raises(sa.exc.DBAPIError) as caught:
        fetch(result)
    assert error_number(caught.value.orig) in ([1317, 1927] if what else [2006, 2013, 1927])
    assert connection.invalidated == (not what)
    del result, caught
    gc.collect()


def test_a_read_can_be_left_before_its_error_is_known(engine, kill):
    """A value that was given keeps its owners, also if a wrong row that is held repeats it."""
    for what in ("QUERY", ""):
        with engine.connect() as connection:
            result = connection.execution_options(binary_rows=True).execute(ROWS, {"zero": 0})
            kill(what, connection)
            given = result.fetchone()
            with suppress(sa.exc.DBAPIError):
                while not repeats(getattr(result.cursor, "_held", []), given):
                    given = result.fetchone()
                    assert given
            text = given[2]
            del given
            before = sys.getrefcount(text)
            connection.invalidate()
            result.close()
            del result
            gc.collect()
            assert sys.getrefcount(text) in (before, before - 1)  # the driver's, and no other
            assert text.startswith("name ")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_connection_that_is_lost_before_is_one_error(connection, way):
    connection.connection.dbapi_connection.close()
    with pytest.raises(sa.exc.DBAPIError):
        connection.execution_options(**way).execute(ROWS, {"zero": 0})
    gc.collect()


def repeats(held, given):
    values = [(c_void_p * len(row)).from_address(id(row) + tuple.__basicsize__) for row in held]
    return any(list(some) == [id(value) for value in given] for some in values)


def test_a_limit_of_time_raises_before_the_first_row(engine):
    for way in WAYS:
        with engine.connect() as connection:
            connection.exec_driver_sql("SET max_statement_time = 0.2")
            with pytest.raises(sa.exc.DBAPIError) as caught:
                connection.execution_options(**way).execute(LATE).fetchmany(1)
            assert error_number(caught.value.orig) == 1969


def test_a_cursor_in_a_cycle_leaves_its_connection_alone(connection):
    own = connection.connection.dbapi_connection
    gc.collect()
    before = sys.getrefcount(own)
    for _ in range(3):
        cursor = own.cursor()
        cycle = [cursor]
        cycle.append(cycle)
        del cursor, cycle
        gc.collect()
        assert sys.getrefcount(own) >= before
