"""The same rows, whichever writer: arrays and executemany, read back by the ordinary engine."""

import datetime as dt
import gc
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from warehouse import execute, query

from aomuse.db import create_engine
from aomuse.libmariadb import BulkArrayWriter
from aomuse.libmariadb.columns import CHUNK_ROWS, HEADER_BYTES, columns_of, packets
from aomuse.libmariadb.connector_c import MysqlTime
from aomuse.stored.writer import ExecutemanyWriter

pytestmark = pytest.mark.usefixtures("collected")

COLUMNS = """(
    number INT PRIMARY KEY, tiny TINYINT, small SMALLINT, middle INT, big BIGINT,
    positive BIGINT UNSIGNED, measured DOUBLE, flag BOOLEAN, named VARCHAR(60), told MEDIUMTEXT,
    held MEDIUMBLOB, taken DATETIME(6)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"""

ROW_COUNT = st.shared(st.integers(1, 12), key="rows")


@pytest.fixture
def engine(mariadb):
    execute(mariadb, f"CREATE TABLE by_rows {COLUMNS}", f"CREATE TABLE by_arrays {COLUMNS}")
    return mariadb


def read(engine: sa.Engine, table: str = "by_arrays") -> list[tuple[Any, ...]]:
    return query(engine, f"SELECT * FROM {table} ORDER BY number")


def numbers(engine: sa.Engine) -> list[int]:
    return [number for number, *_ in read(engine)]


def compare(engine: sa.Engine, frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Write a frame both ways; return the rows if they are the same."""
    frame = frame.assign(number=np.arange(len(frame), dtype=np.int32))
    for writer, table in ((ExecutemanyWriter, "by_rows"), (BulkArrayWriter, "by_arrays")):
        with engine.begin() as connection:
            connection.exec_driver_sql(f"DELETE FROM {table}")
            assert writer(connection).write(table, frame) == len(frame)
    rows = read(engine)
    assert rows == read(engine, "by_rows")
    return rows


def column(elements: st.SearchStrategy[Any], dtype: Any) -> st.SearchStrategy[pd.Series]:
    return ROW_COUNT.flatmap(
        lambda n: st.lists(elements, min_size=n, max_size=n).map(
            lambda values: pd.Series(values, dtype=dtype)
        )
    )


def integers(bits: int) -> st.SearchStrategy[int]:
    return st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


DOUBLES = st.floats(allow_infinity=False) | st.just(float("nan"))
# MariaDB takes no text with lone surrogates, and the file formats have none.
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
TIMES = st.datetimes(dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999999))

FRAMES = st.fixed_dictionaries(
    {},
    optional={
        "tiny": column(integers(8), np.int8) | column(st.booleans(), np.bool_),
        "small": column(integers(16), np.int16) | column(st.none() | integers(16), "Int16"),
        "middle": column(integers(32), np.int32) | column(st.none() | integers(32), object),
        "big": column(integers(64), np.int64) | column(st.none() | integers(64), "Int64"),
        "positive": column(st.integers(0, 2**64 - 1), np.uint64),
        "measured": column(DOUBLES, np.float64)
        | column(st.floats(width=32, allow_infinity=False), np.float32)
        | column(st.none() | st.floats(-1e300, 1e300), "Float64"),
        "flag": column(st.booleans(), np.bool_) | column(st.none() | st.booleans(), "boolean"),
        "named": column(st.none() | TEXTS, object) | column(st.none() | TEXTS, "string"),
        "told": column(st.none() | TEXTS | TEXTS.map(lambda text: text * 30), object),
        "held": column(st.none() | st.binary(max_size=300), object),
        "taken": column(st.none() | TIMES, "datetime64[us]") | column(st.none() | TIMES, object),
    },
).map(pd.DataFrame)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(frame=FRAMES)
@example(frame=pd.DataFrame({"named": pd.Series([None, None], dtype="string")}))
def test_any_frame_is_written_alike(engine, frame):
    compare(engine, frame)


def test_values_come_back_as_they_were(engine):
    big = "\U0001d6fc\u00e9 '\"\\ " * 40_000
    values: dict[str, tuple[Any, list[Any]]] = {
        "tiny": (np.int8, [-128, 127, 0]),
        "small": (np.int16, [-32768, 32767, 0]),
        "middle": (np.int32, [-(2**31), 2**31 - 1, 0]),
        "big": ("Int64", [-(2**63), 2**63 - 1, None]),
        "positive": (np.uint64, [0, 2**64 - 1, 2**63]),
        "measured": (np.float64, [5e-324, None, -1.7976931348623157e308]),
        "flag": (np.bool_, [1, 0, 1]),
        "named": (object, ["", None, "M54  "]),
        "told": (object, [big, "", None]),
        "held": (object, [b"\0'\\\xff", b"", None]),
        "taken": (
            "datetime64[us]",
            [dt.datetime(1, 1, 1), None, dt.datetime(9999, 12, 31, 23, 59, 59, 999999)],
        ),
    }
    frame = pd.DataFrame({n: pd.Series(v, dtype=kind) for n, (kind, v) in values.items()})
    rows = compare(engine, frame)
    assert rows == list(zip(range(3), *(v for _, v in values.values()), strict=True))


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (["2024-03-01T00:00:00.1234567"] * 2, "datetime64[ns]"),
        (["1969-12-31T23:59:59.999999", None], "datetime64[us]"),
        ([dt.date(2024, 3, 1), None], object),
        ([pd.NaT, dt.datetime(2024, 3, 1)], object),
        ([None, None], object),
    ],
    ids=["ns", "before 1970", "dates", "objects", "nothing"],
)
def test_times_of_every_kind(engine, values, dtype):
    compare(engine, pd.DataFrame({"taken": pd.Series(values, dtype=dtype)}))


def test_times_with_a_zone_become_utc(engine, write):
    times = pd.Series(["2024-03-01T00:00:00+02:00", None], dtype="datetime64[us, UTC]")
    write("by_arrays", number=[0, 1], taken=times.dt.tz_convert("Europe/Berlin"))
    assert [row[-1] for row in read(engine)] == [dt.datetime(2024, 2, 29, 22), None]


def test_foreign_byte_order_strides_categories(engine):
    wide = np.arange(12.0).reshape(4, 3)
    frame = pd.DataFrame(
        {
            "measured": wide[:, 1],
            "middle": np.array([1, 2, 3, 4], ">i4"),
            "named": pd.Categorical(["a", None, "b", "a"]),
            "big": np.arange(8)[::-2],
        }
    )
    rows = compare(engine, frame)
    assert [row[6] for row in rows] == [1.0, 4.0, 7.0, 10.0]


def test_many_calls_and_small_packets(engine):
    generator = np.random.default_rng(5)
    count = CHUNK_ROWS + 5000
    frame = pd.DataFrame(
        {
            "measured": np.where(generator.random(count) < 0.1, np.nan, generator.random(count)),
            "named": generator.choice(np.array(["a", "bb", None, "ccc"], object), count),
            "held": [b"x" * int(n) for n in generator.integers(0, 900, count)],
            "taken": pd.date_range("2024-01-01", periods=count, freq="17s").as_unit("us"),
        }
    )
    compare(engine, frame)
    bound = columns_of("t", frame, MysqlTime)
    sizes = np.asarray(sum(column.row_bytes for column in bound))
    for largest, usual in ((6000, 100_000), (20_000, 1500)):
        spans = list(packets("t", bound, count, largest, usual))
        assert [0, *(stop for _, stop in spans)] == [*(start for start, _ in spans), count]
        limit = min(usual, largest - HEADER_BYTES)
        assert all(sizes[a:b].sum() <= limit or b - a == 1 for a, b in spans)


def test_rows_of_no_frame(engine, write):
    assert write("by_arrays", number=[]) == 0
    assert read(engine) == []


def test_one_transaction_with_other_statements(engine):
    with engine.connect() as connection:
        with connection.begin() as transaction:
            BulkArrayWriter(connection).write("by_arrays", pd.DataFrame({"number": [1, 2]}))
            assert connection.scalar(sa.text("SELECT COUNT(*) FROM by_arrays")) == 2
            assert read(engine) == []
            transaction.rollback()
        with connection.begin():
            connection.execute(sa.text("INSERT INTO by_arrays (number) VALUES (7)"))
            BulkArrayWriter(connection).write("by_arrays", pd.DataFrame({"number": [8]}))
    assert numbers(engine) == [7, 8]


def test_no_statement_is_left_prepared(engine):
    count = sa.text("SHOW SESSION STATUS LIKE 'Com_stmt_%'")
    with engine.begin() as connection:
        for number in range(3):
            BulkArrayWriter(connection).write("by_arrays", pd.DataFrame({"number": [number]}))
        said = {name: int(value) for name, value in connection.execute(count)}
        assert said["Com_stmt_prepare"] == said["Com_stmt_close"] == 3


def test_a_table_that_changes_between_writes(engine, write):
    write("by_arrays", number=[1])
    execute(engine, "ALTER TABLE by_arrays MODIFY number BIGINT")
    write("by_arrays", number=[2**40])
    assert numbers(engine) == [1, 2**40]


def test_names_are_quoted(engine, write):
    execute(engine, "CREATE TABLE `order` (number INT, `select` INT)")
    write("order", number=[1], select=[2])
    assert read(engine, "`order`") == [(1, 2)]


def test_another_writer_on_the_same_engine(engine):
    with engine.connect() as one, engine.connect() as other, one.begin(), other.begin():
        for number in range(4):
            connection = (one, other)[number % 2]
            BulkArrayWriter(connection).write("by_arrays", pd.DataFrame({"number": [number]}))
    assert numbers(engine) == [0, 1, 2, 3]


def test_an_engine_at_the_address_of_one_that_is_gone(engine, url):
    dialects: list[Any] = []
    addresses: set[int] = set()
    while len(addresses) == len(dialects):
        assert len(dialects) < 300
        other = create_engine(url)
        with other.begin() as connection:
            row = pd.DataFrame({"number": [len(dialects)]})
            BulkArrayWriter(connection).write("by_arrays", row)
        other.dispose()
        dialects.append(other.dialect)  # in use where one of its connections is
        addresses.add(id(other))
        del other, connection
        gc.collect()
    assert len(read(engine)) == len(dialects)
