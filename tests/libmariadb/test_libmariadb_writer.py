"""The same rows, whichever writer: arrays and executemany, read back by the ordinary engine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings

from aomuse.db import create_engine
from aomuse.libmariadb import BulkArrayWriter
from aomuse.libmariadb import columns as columns_module
from aomuse.load.bulk_engine import create_bulk_engine
from aomuse.stored.writer import ExecutemanyWriter

COLUMNS = """
    number INT PRIMARY KEY, tiny TINYINT, small SMALLINT, middle INT, big BIGINT,
    positive BIGINT UNSIGNED, measured DOUBLE, flag BOOLEAN, named VARCHAR(60), told MEDIUMTEXT,
    held MEDIUMBLOB, taken DATETIME(6)
"""

ROW_COUNT = st.shared(st.integers(1, 12), key="rows")


@pytest.fixture
def url(mariadb_admin: Callable[[], str]) -> str:
    return mariadb_admin()


@pytest.fixture
def ordinary(url: str) -> Iterator[sa.Engine]:
    engine = create_engine(url)
    with engine.begin() as connection:
        for table in ("by_rows", "by_arrays"):
            connection.exec_driver_sql(
                f"CREATE TABLE {table} ({COLUMNS}) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"
            )
    yield engine
    engine.dispose()


@pytest.fixture
def bulk(url: str) -> Iterator[sa.Engine]:
    engine = create_bulk_engine(url)
    yield engine
    engine.dispose()


def read(engine: sa.Engine, table: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        query = f"SELECT * FROM {table} ORDER BY number"
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def compare(ordinary: sa.Engine, bulk: sa.Engine, frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Write a frame both ways; return the rows if they are the same."""
    frame = frame.assign(number=np.arange(len(frame), dtype=np.int32))
    for engine, writer, table in (
        (ordinary, ExecutemanyWriter, "by_rows"),
        (bulk, BulkArrayWriter, "by_arrays"),
    ):
        with engine.begin() as connection:
            connection.exec_driver_sql(f"DELETE FROM {table}")
            assert writer(connection).write(table, frame) == len(frame)
    rows = read(ordinary, "by_arrays")
    assert rows == read(ordinary, "by_rows")
    return rows


def column(elements: st.SearchStrategy[Any], dtype: Any) -> st.SearchStrategy[pd.Series[Any]]:
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
def test_any_frame_is_written_alike(
    ordinary: sa.Engine, bulk: sa.Engine, frame: pd.DataFrame
) -> None:
    compare(ordinary, bulk, frame)


def test_values_come_back_as_they_were(ordinary: sa.Engine, bulk: sa.Engine) -> None:
    big = "\U0001d6fc\u00e9 '\"\\ " * 40_000
    values: dict[str, list[Any]] = {
        "tiny": [-128, 127, 0],
        "small": [-32768, 32767, 0],
        "middle": [-(2**31), 2**31 - 1, 0],
        "big": [-(2**63), 2**63 - 1, None],
        "positive": [0, 2**64 - 1, 2**63],
        "measured": [5e-324, None, -1.7976931348623157e308],
        "flag": [1, 0, 1],
        "named": ["", None, "M54  "],
        "told": [big, "", None],
        "held": [b"\0'\\\xff", b"", None],
        "taken": [dt.datetime(1, 1, 1), None, dt.datetime(9999, 12, 31, 23, 59, 59, 999999)],
    }
    dtypes: dict[str, Any] = {
        "tiny": np.int8,
        "small": np.int16,
        "middle": np.int32,
        "big": "Int64",
        "positive": np.uint64,
        "measured": np.float64,
        "flag": np.bool_,
        "named": object,
        "told": object,
        "held": object,
        "taken": "datetime64[us]",
    }
    frame = pd.DataFrame({n: pd.Series(v, dtype=dtypes[n]) for n, v in values.items()})
    rows = compare(ordinary, bulk, frame)
    assert rows == list(zip(range(3), *values.values(), strict=True))


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(["2024-03-01T00:00:00.1234567"] * 2, dtype="datetime64[ns]"),
        pd.Series(["1969-12-31T23:59:59.999999", None], dtype="datetime64[us]"),
        pd.Series([dt.date(2024, 3, 1), None], dtype=object),
        pd.Series([pd.NaT, dt.datetime(2024, 3, 1)], dtype=object),
        pd.Series([None, None], dtype=object),
    ],
    ids=["ns", "before 1970", "dates", "objects", "nothing"],
)
def test_times_of_every_kind(ordinary: sa.Engine, bulk: sa.Engine, column: pd.Series[Any]) -> None:
    compare(ordinary, bulk, pd.DataFrame({"taken": column}))


def test_times_with_a_zone_become_utc(ordinary: sa.Engine, bulk: sa.Engine) -> None:
    times = pd.Series(["2024-03-01T00:00:00+02:00", None], dtype="datetime64[us, UTC]")
    frame = pd.DataFrame({"number": [0, 1], "taken": times.dt.tz_convert("Europe/Berlin")})
    with bulk.begin() as connection:
        BulkArrayWriter(connection).write("by_arrays", frame)
    rows = read(ordinary, "by_arrays")
    assert [row[-1] for row in rows] == [dt.datetime(2024, 2, 29, 22), None]


def test_foreign_byte_order_strides_categories(ordinary: sa.Engine, bulk: sa.Engine) -> None:
    wide = np.arange(12.0).reshape(4, 3)
    frame = pd.DataFrame(
        {
            "measured": wide[:, 1],
            "middle": np.array([1, 2, 3, 4], ">i4"),
            "named": pd.Categorical(["a", None, "b", "a"]),
            "big": np.arange(8)[::-2],
        }
    )
    rows = compare(ordinary, bulk, frame)
    assert [row[6] for row in rows] == [1.0, 4.0, 7.0, 10.0]


def test_many_calls_and_small_packets(
    ordinary: sa.Engine, bulk: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "measured": np.where(generator.random(5000) < 0.1, np.nan, generator.random(5000)),
            "named": generator.choice(np.array(["a", "bb", None, "ccc"], object), 5000),
            "held": [b"x" * int(n) for n in generator.integers(0, 900, 5000)],
            "taken": pd.date_range("2024-01-01", periods=5000, freq="17s").as_unit("us"),
        }
    )
    monkeypatch.setattr(columns_module, "CHUNK_ROWS", 700)
    compare(ordinary, bulk, frame)
    rows = columns_module.Rows("t", frame)
    bound = rows.columns()
    sizes = sum(column.row_bytes for column in bound)
    for largest, usual in ((6000, 100_000), (20_000, 1500)):
        spans = list(rows.packets(bound, largest, usual))
        assert [stop for _, stop in spans[:-1]] == [start for start, _ in spans[1:]]
        assert spans[0][0] == 0
        assert spans[-1][1] == 5000
        limit = min(usual, largest - columns_module.HEADER_BYTES)
        assert all(sizes[a:b].sum() <= limit or b - a == 1 for a, b in spans)


def test_rows_of_no_frame(bulk: sa.Engine, ordinary: sa.Engine) -> None:
    with bulk.begin() as connection:
        assert BulkArrayWriter(connection).write("by_arrays", pd.DataFrame({"number": []})) == 0
    assert read(ordinary, "by_arrays") == []


def test_one_transaction_with_other_statements(ordinary: sa.Engine, bulk: sa.Engine) -> None:
    with bulk.connect() as connection:
        with connection.begin() as transaction:
            BulkArrayWriter(connection).write("by_arrays", pd.DataFrame({"number": [1, 2]}))
            query = sa.text("SELECT COUNT(*) FROM by_arrays")
            assert connection.scalar(query) == 2
            assert read(ordinary, "by_arrays") == []
            transaction.rollback()
        with connection.begin():
            connection.execute(sa.text("INSERT INTO by_arrays (number) VALUES (:n)"), {"n": 7})
            BulkArrayWriter(connection).write("by_arrays", pd.DataFrame({"number": [8]}))
    assert [row[0] for row in read(ordinary, "by_arrays")] == [7, 8]


def test_statements_are_prepared_once(ordinary: sa.Engine, bulk: sa.Engine) -> None:
    count = sa.text(
        "SELECT variable_value FROM information_schema.session_status "
        "WHERE variable_name = 'Com_stmt_prepare'"
    )
    with bulk.begin() as connection:
        for number in range(3):
            BulkArrayWriter(connection).write("by_arrays", pd.DataFrame({"number": [number]}))
        assert int(connection.scalar(count) or 0) == 1


def test_a_table_that_changes_between_writes(ordinary: sa.Engine, bulk: sa.Engine) -> None:
    with bulk.begin() as connection:
        BulkArrayWriter(connection).write("by_arrays", pd.DataFrame({"number": [1]}))
    with ordinary.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE by_arrays MODIFY number BIGINT")
    with bulk.begin() as connection:
        BulkArrayWriter(connection).write("by_arrays", pd.DataFrame({"number": [2**40]}))
    assert [row[0] for row in read(ordinary, "by_arrays")] == [1, 2**40]


def test_names_are_quoted(ordinary: sa.Engine, bulk: sa.Engine) -> None:
    with ordinary.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE `order` (number INT, `select` INT)")
    with bulk.begin() as connection:
        frame = pd.DataFrame({"number": [1], "select": [2]})
        BulkArrayWriter(connection).write("order", frame)
    assert read(ordinary, "`order`") == [(1, 2)]


def test_the_ordinary_engine_is_refused(ordinary: sa.Engine) -> None:
    with ordinary.connect() as connection, pytest.raises(TypeError, match="create_bulk_engine"):
        BulkArrayWriter(connection)
