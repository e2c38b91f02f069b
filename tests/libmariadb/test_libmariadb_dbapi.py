"""SQLAlchemy's statements on a connection that takes arrays: as on the ordinary one."""

from __future__ import annotations

import datetime as dt
import gc
import math
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError

from aomuse.db import create_engine
from aomuse.libmariadb import BulkUnavailable
from aomuse.libmariadb.dbapi import Connection, connect
from aomuse.libmariadb.exceptions import NotSupportedError
from aomuse.libmariadb.values import fill_in, split_at_marks
from aomuse.load.bulk_engine import create_bulk_engine
from scripts.mariadb_server import Server


@pytest.fixture
def url(mariadb_admin: Callable[[], str]) -> str:
    return mariadb_admin()


@pytest.fixture
def ordinary(url: str) -> Iterator[sa.Engine]:
    engine = create_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def bulk(url: str) -> Iterator[sa.Engine]:
    engine = create_bulk_engine(url)
    yield engine
    engine.dispose()


@pytest.mark.parametrize(
    "expression",
    [
        *("1", "-9223372036854775808", "18446744073709551615", "1.50", "1e0", "0.1e0", "NULL"),
        *("'text'", "'M54  '", "_utf8mb4'\U0001d6fc'", "X'00ff27'", "TRUE", "1 = 2"),
        *("DATE'2024-02-29'", "TIMESTAMP'2024-02-29 23:59:59.123456'", "YEAR('2024-01-01')"),
        *("TIME'-11:22:33.5'", "TIME'838:59:59'", "TIMESTAMP'2024-01-01 00:00:00'", "''"),
        *("JSON_OBJECT('a', 1)", "CAST('x' AS CHAR(3))", "2.2250738585072014e-308", "1e0/3e0"),
        *("@@sql_mode", "@@time_zone", "@@tx_isolation", "@@character_set_client"),
        *("@@foreign_key_checks", "@@autocommit", "@@collation_connection"),
    ],
)
def test_results_are_those_of_the_ordinary_engine(
    ordinary: sa.Engine, bulk: sa.Engine, expression: str
) -> None:
    found = []
    for engine in (ordinary, bulk):
        with engine.connect() as connection:
            result = connection.exec_driver_sql(f"SELECT {expression} AS x")
            found.append((list(result.keys()), result.all()))
    assert found[0] == found[1]
    assert type(found[0][1][0][0]) is type(found[1][1][0][0])


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda x: x + 0.0),
    st.text(st.characters(exclude_categories=("Cs",))),
    st.binary(),
    st.datetimes(dt.datetime(1000, 1, 1)),
    st.dates(dt.date(1000, 1, 1)),
    st.timedeltas(dt.timedelta(hours=-838), dt.timedelta(hours=838)),
    st.decimals(-10, 10, places=4),
)

COLUMN_OF = {
    bool: "number",
    int: "number",
    float: "measured",
    str: "told",
    bytes: "held",
    dt.datetime: "taken",
    dt.date: "day",
    dt.timedelta: "duration",
    Decimal: "price",
    type(None): "told",
}


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(value=VALUES)
def test_parameters_arrive(bulk: sa.Engine, ordinary: sa.Engine, value: Any) -> None:
    column = COLUMN_OF[type(value)]
    with bulk.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE IF NOT EXISTS it (number BIGINT, measured DOUBLE, told LONGTEXT, "
            "held LONGBLOB, taken DATETIME(6), day DATE, duration TIME(6), price DECIMAL(20, 4)) "
            "CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"
        )
        connection.exec_driver_sql("DELETE FROM it")
        connection.execute(sa.text(f"INSERT INTO it ({column}) VALUES (:value)"), {"value": value})
    for engine in (bulk, ordinary):
        with engine.connect() as connection:
            assert connection.exec_driver_sql(f"SELECT {column} FROM it").scalar() == value


def test_numpy_scalars_zones_and_times_of_day(bulk: sa.Engine) -> None:
    zone = dt.timezone(dt.timedelta(hours=2))
    values = (np.int16(3), np.float32(0.5), dt.datetime(2024, 1, 1, tzinfo=zone), dt.time(1, 2, 3))
    with bulk.connect() as connection:
        row = connection.exec_driver_sql("SELECT ?, ?, ?, ?", values).one()
    assert tuple(row) == (3, 0.5, "2023-12-31 22:00:00", "01:02:03")


@pytest.mark.parametrize("value", [math.nan, math.inf, Decimal("NaN")])
def test_numbers_that_are_none(bulk: sa.Engine, value: Any) -> None:
    with bulk.connect() as connection, pytest.raises(sa.exc.NotSupportedError):
        connection.exec_driver_sql("SELECT ?", (value,))


def test_question_marks() -> None:
    sql = "SELECT '?', \"?\", `?`, 'it''s ? \\' ?', ? /* ? */ -- ?\n, 1 # ?\n, ?"
    assert len(split_at_marks(sql)) == 3
    assert fill_in("a ? b", ["x"], lambda text: text) == b"a 'x' b"


def test_wrong_parameters(bulk: sa.Engine) -> None:
    with bulk.connect() as connection:
        with pytest.raises(ProgrammingError, match="1 values for 2 question marks"):
            connection.exec_driver_sql("SELECT ?, ?", (1,))
        with pytest.raises(ProgrammingError, match="type set cannot be sent"):
            connection.exec_driver_sql("SELECT ?", ({1},))


def test_core_statements(bulk: sa.Engine) -> None:
    metadata = sa.MetaData()
    star = sa.Table(
        "star",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(40), unique=True),
        sa.Column("bright", sa.Boolean),
    )
    metadata.create_all(bulk)
    assert sa.inspect(bulk).get_table_names() == ["star"]
    with bulk.begin() as connection:
        name = "x'; DROP TABLE star; -- ?"
        first = connection.execute(sa.insert(star).values(name=name, bright=True))
        assert first.inserted_primary_key == (1,)
        rows = [{"name": f"star {n}", "bright": n % 2 == 0} for n in range(5)]
        assert connection.execute(sa.insert(star), rows).rowcount == 5
        assert connection.scalar(sa.select(star.c.id).where(star.c.name == name)) == 1
        # FOUND_ROWS: the row is found, though it does not change.
        update = sa.update(star).where(star.c.id == 1).values(bright=True)
        assert connection.execute(update).rowcount == 1
        assert connection.execute(sa.delete(star).where(star.c.id.in_([2, 3]))).rowcount == 2
        returned = connection.execute(sa.insert(star).values(name="r").returning(star.c.name))
        assert returned.scalar() == "r"
        with pytest.raises(sa.exc.IntegrityError), connection.begin_nested():
            connection.execute(sa.insert(star).values(name="r"))
        result = connection.execute(sa.select(star.c.name, star.c.bright).order_by(star.c.id))
        assert result.first() == (name, True)
        assert connection.execute(sa.select(star)).fetchmany(2)[0].id == 1


def test_many_small_rows(bulk: sa.Engine) -> None:
    with bulk.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE it (n INT PRIMARY KEY, name VARCHAR(9))")
        rows = [(n, f"({n}, ?)" if n % 3 else None) for n in range(250)]
        insert = "INSERT INTO it (n, name) VALUES (?, ?)"
        before = _questions(connection)
        assert connection.exec_driver_sql(insert, rows).rowcount == 250
        assert _questions(connection) - before == 4
        ignore = "INSERT IGNORE INTO it (n, name) VALUES (?, ?)"
        assert connection.exec_driver_sql(ignore, [*rows[:150], (999, "x")]).rowcount == 1
        upper = "INSERT INTO it (n, name) VALUES (?, UPPER(?))"
        assert connection.exec_driver_sql(upper, [(1000, "a"), (1001, "b")]).rowcount == 2
        update = "UPDATE it SET name = ? WHERE n = ?"
        assert connection.exec_driver_sql(update, [("y", 999), ("z", 1000)]).rowcount == 2
        found = connection.exec_driver_sql("SELECT n, name FROM it ORDER BY n").all()
        assert found == [*rows, (999, "y"), (1000, "z"), (1001, "B")]


def _questions(connection: sa.Connection) -> int:
    query = "SHOW SESSION STATUS LIKE 'Questions'"
    return int(connection.exec_driver_sql(query).one()[1])


def test_autocommit(bulk: sa.Engine, ordinary: sa.Engine) -> None:
    with bulk.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CREATE TABLE it (n INT)")
        connection.exec_driver_sql("INSERT INTO it VALUES (1)")
        with ordinary.connect() as other:
            assert other.exec_driver_sql("SELECT n FROM it").scalar() == 1
    with bulk.connect() as connection:
        connection.exec_driver_sql("INSERT INTO it VALUES (2)")
    with ordinary.connect() as other:
        assert other.exec_driver_sql("SELECT COUNT(*) FROM it").scalar() == 1


def test_procedures_leave_no_result_behind(bulk: sa.Engine) -> None:
    with bulk.begin() as connection:
        connection.exec_driver_sql("CREATE PROCEDURE two() BEGIN SELECT 1; SELECT 2; END")
        assert connection.exec_driver_sql("CALL two()").scalar() == 1
        assert connection.exec_driver_sql("SELECT 3").scalar() == 3


def options_of(url: str, **query: str) -> str:
    parsed = sa.make_url(url).update_query_dict(query)
    return parsed.render_as_string(hide_password=False)


def ask(url: str, expression: str) -> Any:
    engine = create_bulk_engine(url)
    try:
        with engine.connect() as connection:
            return connection.exec_driver_sql(f"SELECT {expression}").scalar()
    finally:
        engine.dispose()


def test_unix_socket(url: str, mariadb_server: Server) -> None:
    parsed = sa.make_url(url).set(host=None, port=None)
    by_socket = options_of(parsed.render_as_string(False), unix_socket=str(mariadb_server.socket))
    assert ask(by_socket, "SUBSTRING_INDEX(USER(), '@', 1)") == "aomuse"


CIPHER = (
    "(SELECT variable_value FROM information_schema.session_status "
    "WHERE variable_name = 'Ssl_cipher')"
)


def test_tls(url: str, mariadb_server: Server, tmp_path: Path) -> None:
    assert ask(options_of(url, ssl="true"), CIPHER)
    right = options_of(url, ssl_ca=str(mariadb_server.certificate), ssl_verify_cert="true")
    assert ask(right, CIPHER)
    other = tmp_path / "other.pem"
    other.write_text("no certificate")
    wrong = options_of(url, ssl_ca=str(other), ssl_verify_cert="true")
    with pytest.raises(BulkUnavailable, match="trying the library out failed"):
        create_bulk_engine(wrong)


def test_defaults_file_and_group(url: str, tmp_path: Path) -> None:
    parsed = sa.make_url(url)
    defaults = tmp_path / "my.cnf"
    defaults.write_text(
        f"[client]\nuser=nobody\n[loader]\nuser={parsed.username}\npassword={parsed.password}\n"
        f"host={parsed.host}\nport={parsed.port}\n"
    )
    bare = f"mariadb+mariadbconnector:///{parsed.database}"
    given = options_of(bare, default_file=str(defaults), default_group="loader")
    assert ask(given, "SUBSTRING_INDEX(USER(), '@', 1)") == "aomuse"


def test_password_with_special_characters(url: str, mariadb_server: Server) -> None:
    engine = sa.create_engine(mariadb_server.url, isolation_level="AUTOCOMMIT")
    parsed = sa.make_url(url)
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE USER odd@localhost IDENTIFIED BY 'p@ss/w:rd %41 \u00e9'")
        connection.exec_driver_sql(f"GRANT ALL ON {parsed.database}.* TO odd@localhost")
        try:
            odd = f"mariadb://odd:p%40ss%2Fw%3Ard%20%2541%20%C3%A9@127.0.0.1:{parsed.port}"
            assert ask(f"{odd}/{parsed.database}", "1") == 1
        finally:
            connection.exec_driver_sql("DROP USER odd@localhost")
    engine.dispose()


def test_timeouts(url: str) -> None:
    engine = create_bulk_engine(
        options_of(url, connect_timeout="5", read_timeout="1", write_timeout="5", charset="utf8mb4")
    )
    with engine.connect() as connection:
        with pytest.raises(OperationalError) as caught:
            connection.exec_driver_sql("SELECT SLEEP(5)")
        assert caught.value.connection_invalidated
    engine.dispose()


def test_compression_and_initial_command(url: str) -> None:
    assert ask(options_of(url, compress="true", init_command="SET @x = 5"), "@x") == 5


def test_options_that_are_not_known(url: str) -> None:
    with pytest.raises(BulkUnavailable, match="unknown connection option: pool_size"):
        create_bulk_engine(options_of(url, pool_size="3"))
    with pytest.raises(BulkUnavailable, match="character set latin1"):
        create_bulk_engine(options_of(url, charset="latin1"))
    with pytest.raises(NotSupportedError):
        connect(charset="latin1")


def test_closed_connection(bulk: sa.Engine) -> None:
    with bulk.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        assert isinstance(driver, Connection)
        driver.ping()
        driver.close()
        driver.close()
        with pytest.raises(InterfaceError, match="not connected") as caught:
            connection.exec_driver_sql("SELECT 1")
        assert caught.value.connection_invalidated


def test_forgotten_connections_are_closed(url: str, ordinary: sa.Engine) -> None:
    parsed = sa.make_url(url)
    forgotten = connect(**parsed.translate_connect_args())
    number = forgotten.cursor()
    number.execute("SELECT CONNECTION_ID()")
    row = number.fetchone()
    assert row is not None
    del forgotten, number
    gc.collect()
    query = "SELECT COUNT(*) FROM information_schema.processlist WHERE id = ?"
    with ordinary.connect() as connection:
        for _ in range(100):
            if connection.exec_driver_sql(query, row).scalar() == 0:
                return
            connection.exec_driver_sql("SELECT SLEEP(0.02)")
    pytest.fail("the connection lives on")
