"""What goes wrong while rows are written says where, and leaves a connection that works."""

import datetime as dt
import gc
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from own_processes import wait_until
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, ProgrammingError
from warehouse import execute, query, scalar

from aomuse.db import Trouble, error_number, trouble_of
from aomuse.libmariadb import BulkArrayWriter
from aomuse.libmariadb.columns import HEADER_BYTES

pytestmark = pytest.mark.usefixtures("collected")

TABLE = """
    CREATE TABLE star (
        number INT PRIMARY KEY AUTO_INCREMENT, small SMALLINT UNIQUE, measured DOUBLE,
        named VARCHAR(5), needed INT NOT NULL DEFAULT 0, taken DATETIME(6), held LONGBLOB, sun INT,
        CONSTRAINT dim CHECK (measured < 100),
        CONSTRAINT orbit FOREIGN KEY (sun) REFERENCES star (number)
    ) CHARACTER SET utf8mb4
"""


@pytest.fixture
def engine(mariadb):
    execute(mariadb, TABLE)
    return mariadb


@pytest.fixture
def connection(engine):
    with engine.connect() as connection:
        yield connection


@pytest.fixture
def writer(connection):
    return BulkArrayWriter(connection)


def refused(
    writer: BulkArrayWriter, trouble: Trouble, table: str = "star", **columns: Any
) -> int | None:
    """Write what cannot be written now, and give the number of the error, which names the table."""
    with pytest.raises(OperationalError, match=rf"\(table {table}\)") as caught:
        writer.write(table, pd.DataFrame(columns))
    assert trouble_of(caught.value) is trouble
    assert caught.value.connection_invalidated == (trouble is Trouble.GONE)
    return error_number(caught.value.orig)


def objects(*values: Any) -> pd.Series:
    return pd.Series(values, dtype=object)


#: Error, column, values, row, and what the server says of it.
WRONG_ROWS: dict[str, tuple[type[DBAPIError], str, Any, int, str]] = {
    "duplicate in the frame": (
        *(IntegrityError, "small", np.r_[np.arange(25_000), 7].astype(np.int16)),
        *(25_001, "Duplicate entry '7' for key 'small'"),
    ),
    "out of range": (
        *(DataError, "small", np.r_[np.arange(22_000), 70_000]),
        *(22_001, "Out of range value for column 'small'"),
    ),
    "too long": (
        *(DataError, "named", ["abc"] * 20_003 + ["abcdef"] * 2),
        *(20_004, "Data too long for column 'named'"),
    ),
    "NULL": (
        *(IntegrityError, "needed", pd.array([1, None], dtype="Int64")),
        *(2, "Column 'needed' cannot be null"),
    ),
    "check": (IntegrityError, "measured", [1.0, 101.0, 102.0], 2, "`star`"),
    "infinity": (DataError, "measured", [np.inf], 1, ""),
    "foreign key": (IntegrityError, "sun", [1], 1, ""),
    "text for a number": (DataError, "small", ["1", "z"], 2, ""),
    "text for a time": (DataError, "taken", ["2024-13-01"], 1, ""),
}
A_FLOAT, AN_INT = (f"a value of type {name} cannot be sent" for name in ("float", "int"))
#: Column, values, row, and why it is not even sent.
NOT_SENT: dict[str, tuple[str, Any, int, str]] = {
    "surrogate": ("named", objects("a", None, "b\ud800"), 3, "the text is not valid Unicode"),
    "several types": ("named", objects(None, "a", 1), 3, AN_INT),
    "integers and floats": ("measured", objects(2**60 + 1, 0.5), 2, A_FLOAT),
    "too many bits": ("small", objects(None, 2**64), 2, AN_INT),
    "signs that no integer type has": ("small", objects(-1, 2**63), 1, AN_INT),
    "durations": ("taken", np.array([1], "m8[s]"), 1, ""),
    "zones": (
        *("taken", objects(dt.datetime(2024, 1, 1, tzinfo=dt.UTC)), 1),
        "a value of type datetime cannot be sent in bulk (the column holds times with a zone",
    ),
    "year 10000": (
        *("taken", np.array(["2024-01-01", "10000-01-01"], "datetime64[s]")),
        *(2, "10000-01-01T00:00:00.000000 is outside"),
    ),
}


@pytest.mark.parametrize(
    ("kind", "column", "values", "text"),
    [
        *(
            (kind, column, values, f"{said} (table star, row {row} of {len(values)})")
            for kind, column, values, row, said in WRONG_ROWS.values()
        ),
        *(
            (DataError, column, values, f"column {column}, row {row} of {len(values)}: {why}")
            for column, values, row, why in NOT_SENT.values()
        ),
        (ProgrammingError, "colour", [1], "'colour'"),
    ],
    ids=[*WRONG_ROWS, *NOT_SENT, "no such column"],
)
def test_wrong_row(connection, writer, kind, column, values, text):
    good = pd.DataFrame({"number": [100_000]})
    with connection.begin() as transaction:
        writer.write("star", good)
        with pytest.raises(kind) as caught:
            writer.write("star", pd.DataFrame({column: values}))
        assert text in str(caught.value.orig)
        assert "at row" not in str(caught.value.orig)
        assert not caught.value.connection_invalidated
        assert trouble_of(caught.value) is Trouble.NONE
        transaction.rollback()
    with connection.begin():
        writer.write("star", good)
    assert connection.scalar(sa.text("SELECT COUNT(*) FROM star")) == 1


def test_no_such_table(writer):
    with pytest.raises(ProgrammingError, match=r"\(table comet\)"):
        writer.write("comet", pd.DataFrame({"number": [1]}))


def test_rows_of_the_failed_call_are_taken_back(connection, writer):
    with pytest.raises(IntegrityError):
        writer.write("star", pd.DataFrame({"number": [1, 2, 3, 3]}))
    assert connection.scalar(sa.text("SELECT COUNT(*) FROM star")) == 0


def test_trusted_foreign_keys(connection):
    frame = pd.DataFrame({"sun": [1000, 2000]})
    checks = sa.text("SELECT @@foreign_key_checks")
    trusting = BulkArrayWriter(connection, trusted={"star"})
    trusting.write("star", frame)
    assert connection.scalar(checks) == 1
    with pytest.raises(IntegrityError, match="table star, row 2 of 2"):
        trusting.write("star", pd.DataFrame({"number": [100, 100]}))
    assert connection.scalar(checks) == 1
    with pytest.raises(IntegrityError, match="foreign key"):
        BulkArrayWriter(connection, trusted={"planet"}).write("star", frame)


@pytest.mark.parametrize(
    ("table", "number"),
    [("comet", [1]), ("star", [1, 1]), ("star", objects("a", 1)), ("star", [2**40])],
    ids=["statement", "row", "value", "range"],
)
def test_errors_leave_no_cursor_to_the_garbage_collector(engine, table, number):
    """The connector 1.1 then loses a reference to its connection, and crashes."""

    def keep_the_error() -> None:
        with engine.connect() as connection, pytest.raises(DBAPIError) as caught:
            BulkArrayWriter(connection).write(table, pd.DataFrame({"number": number}))
        assert caught.tb is not None

    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        keep_the_error()
        gc.collect()
        kept = [type(thing).__name__ for thing in gc.garbage]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
    assert "ExceptionInfo" in kept
    assert "Cursor" not in kept


def test_rows_that_fill_packets_and_one_too_large(connection, writer):
    limit = int(connection.scalar(sa.text("SELECT @@max_allowed_packet")) or 0)
    held = [b"x" * (limit // 3 + 1000)] * 4 + [b"y" * (limit - HEADER_BYTES - 30)]
    writer.write("star", pd.DataFrame({"held": held}))
    total = connection.scalar(sa.text("SELECT SUM(LENGTH(held)) FROM star"))
    assert total == sum(map(len, held))
    with pytest.raises(OperationalError, match=r"row 2 of 2: the row of .* max_allowed_packet"):
        writer.write("star", pd.DataFrame({"held": [b"", b"x" * limit]}))


def test_a_closed_connection(connection, writer):
    writer.write("star", pd.DataFrame({"number": [1]}))
    driver: Any = connection.connection.dbapi_connection
    driver.close()
    with pytest.raises(DBAPIError) as caught:
        writer.write("star", pd.DataFrame({"number": [2]}))
    assert caught.value.connection_invalidated


def test_lock_wait_timeout(engine, connection, writer):
    connection.exec_driver_sql("SET innodb_lock_wait_timeout = 1")
    with engine.begin() as holder:
        holder.exec_driver_sql("INSERT INTO star (number) VALUES (1)")
        assert refused(writer, Trouble.BUSY, number=[1]) == 1205


def test_deadlock(engine, connection, writer):
    execute(engine, "INSERT INTO star (number) VALUES (10), (20)")
    with engine.connect() as other, ThreadPoolExecutor(1) as beside:
        # The server ends the transaction that changed less.
        other.exec_driver_sql("UPDATE star SET needed = 1 WHERE number = 10")
        other.exec_driver_sql("INSERT INTO star (named) VALUES " + ", ".join(["('x')"] * 50))
        connection.exec_driver_sql("UPDATE star SET needed = 1 WHERE number = 20")
        beside.submit(other.exec_driver_sql, "UPDATE star SET needed = 2 WHERE number = 20")
        _wait_for(engine, "UPDATE star SET needed = 2%")
        assert refused(writer, Trouble.BUSY, number=[10]) == 1213


def test_no_room(engine, writer):
    execute(
        engine,
        "SET max_heap_table_size = 16384",
        "CREATE TABLE small (text CHAR(200)) ENGINE=MEMORY",
    )
    assert refused(writer, Trouble.FULL, "small", text=["x"] * 5000) == 1114


def _kill(engine: sa.Engine, number: int | None) -> None:
    execute(engine, f"KILL CONNECTION {number}")


def _wait_for(engine: sa.Engine, statement: str) -> None:
    waiting = "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE :text"
    wait_until(lambda: scalar(engine, waiting, text=statement))


def test_killed_between_writes(engine, connection, writer, write):
    writer.write("star", pd.DataFrame({"number": [1]}))
    _kill(engine, connection.scalar(sa.text("SELECT CONNECTION_ID()")))
    refused(writer, Trouble.GONE, number=[2])
    write("star", number=[3])
    assert query(engine, "SELECT number FROM star") == [(3,)]


def test_killed_during_a_write(engine, connection, writer):
    number = connection.scalar(sa.text("SELECT CONNECTION_ID()"))
    with engine.begin() as holder, ThreadPoolExecutor(1) as beside:
        holder.exec_driver_sql("INSERT INTO star (number) VALUES (1)")
        failed = beside.submit(refused, writer, Trouble.GONE, number=[1])
        _wait_for(engine, "INSERT INTO star%")
        _kill(engine, number)
        failed.result()
