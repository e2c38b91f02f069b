"""Rows become arrays with every bit, whatever protocol they come by."""

import numpy as np
import pytest
import sqlalchemy as sa

from aomuse.errors import DatabaseError
from aomuse.stored.rows import fetch, pieces, read_groups

#: Among them the largest double, the smallest, and some that 15 digits do not tell.
DOUBLES = [0.1, 1.7976931348623157e308, 2.2250738585072014e-308, 5e-324, 1 / 3, None, 0.0, -1e-9]
INTEGERS = [2**31 - 1, -(2**31), 0, 1, -1, 7, 1_000_003, 42]
BIG = [2**53 + 1, -(2**63), 2**63 - 1, 0, 1, -1, 2**60 + 1, 7]
MAYBE = [None, 2**53 + 1, None, 0, -1, 5, 6, 7]
TEXTS = ["a", None, "", "\U0001d6fc \u00e9", " two  ", "NaN", "0.1", "None"]

BITS = sa.Table(
    "test_bits",
    sa.MetaData(),
    sa.Column("row", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("double", sa.Double),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("big", sa.BigInteger, nullable=False),
    sa.Column("maybe", sa.BigInteger),
    sa.Column("text", sa.Text),
)

#: Sorted by a text and a number, as the parameters of a PSF are; SQLite joins rows of a text.
GRID = sa.Table(
    "test_grid",
    sa.MetaData(),
    sa.Column("name", sa.String(8), primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("first", sa.Double),
    sa.Column("never", sa.Double),
    sa.Column("count", sa.Integer, nullable=False),
)
BY_KEY = sa.select(GRID).order_by(*GRID.primary_key)


@pytest.fixture
def grid(engine):
    """Give a connection to rows of three texts: one without values, with all kinds, and alone."""
    GRID.create(engine)
    names = GRID.c.keys()
    rows = [("", number, None, None, 0) for number in sorted(BIG)]
    values = zip(sorted(BIG), DOUBLES, INTEGERS, strict=True)
    rows += [("beta", number, double, None, count) for number, double, count in values]
    rows += [("\U0001d6fc", 5, 0.1, None, 2)]
    with engine.begin() as connection:
        connection.execute(
            sa.insert(GRID), [dict(zip(names, row, strict=True)) for row in reversed(rows)]
        )
        yield connection, dict(zip(names, zip(*rows, strict=True), strict=True))


def same_bits(found, expected):
    """Compare columns, doubles as bytes with NaN for NULL."""
    assert list(found) == list(expected)
    for name in ("first", "never"):
        doubles = np.array(expected[name], dtype=np.float64)
        assert found[name].dtype == np.float64
        assert found[name].tobytes() == doubles.tobytes(), name
    assert found["number"].dtype == found["count"].dtype == np.int64
    for name in ("name", "number", "count"):
        assert found[name].tolist() == list(expected[name])


def test_every_bit_comes_back_by_a_key_of_two_columns(grid):
    connection, expected = grid
    same_bits(fetch(connection, BY_KEY), expected)


def test_infinities_that_somebody_stored_in_sqlite_come_back(grid):
    connection, expected = grid
    if connection.dialect.name != "sqlite":
        return  # MariaDB has none.
    connection.exec_driver_sql("UPDATE test_grid SET first = -9e999 WHERE name = ''")
    infinite = tuple(
        -np.inf if name == "" else value
        for name, value in zip(expected["name"], expected["first"], strict=True)
    )
    same_bits(fetch(connection, BY_KEY), expected | {"first": infinite})


def test_two_queries_are_read_side_by_side(grid):
    connection, expected = grid
    if connection.dialect.name != "sqlite":
        return  # A connection to MariaDB reads one result at a time.
    whole = pieces(connection, BY_KEY, 4)
    first = next(whole)
    numbers = fetch(connection, BY_KEY.with_only_columns(*GRID.primary_key, GRID.c.count))
    assert numbers["count"].tolist() == list(expected["count"])
    found = [first, *whole]
    assert [len(piece["name"]) for piece in found] == [4, 4, 4, 4, 1]
    same_bits({name: np.concatenate([p[name] for p in found]) for name in expected}, expected)


def test_rows_are_sorted_whatever_index_is_read(grid):
    connection, expected = grid
    columns = ", ".join(f"{name} DESC" for name in ("first", "never", "count", "number"))
    connection.exec_driver_sql(f"CREATE INDEX all_of_it ON test_grid (name, {columns})")
    same_bits(fetch(connection, BY_KEY), expected)


def test_what_is_not_a_number_is_refused_in_one_line(grid):
    connection, _ = grid
    if connection.dialect.name != "sqlite":
        return  # MariaDB's columns hold numbers alone.
    connection.exec_driver_sql("UPDATE test_grid SET first = 'two' WHERE name = 'beta'")
    with pytest.raises(DatabaseError, match=r"^test_grid holds something else than a number"):
        fetch(connection, BY_KEY)


def test_every_bit_comes_back(engine):
    BITS.create(engine)
    values = zip(DOUBLES, INTEGERS, BIG, MAYBE, TEXTS, strict=True)
    names = BITS.c.keys()
    rows = [dict(zip(names, (i, *cells), strict=True)) for i, cells in enumerate(values)]
    everything = sa.select(BITS).order_by(BITS.c.row)
    numbers = sa.select(BITS.c.row, BITS.c.double, BITS.c.number).order_by(BITS.c.row)
    large = sa.select(BITS.c.double, BITS.c.number, BITS.c.big).order_by(BITS.c.row)
    with engine.begin() as connection:
        connection.execute(sa.insert(BITS), rows)
        found, fast = fetch(connection, everything), fetch(connection, numbers)
        wide = fetch(connection, large)
        empty = fetch(connection, numbers.where(BITS.c.row < 0))
        none = fetch(connection, everything.where(BITS.c.row < 0))
    doubles = np.array(DOUBLES, dtype=np.float64)
    for columns in (found, fast, wide):
        assert columns["double"].tobytes() == doubles.tobytes()
        assert columns["number"].tolist() == INTEGERS
        assert columns["number"].dtype == np.int64
    assert found["big"].tolist() == wide["big"].tolist() == BIG
    assert found["big"].dtype == np.int64
    assert found["maybe"].tolist() == MAYBE
    assert found["text"].tolist() == TEXTS
    assert {name: len(values) for name, values in empty.items()} == {
        "row": 0,
        "double": 0,
        "number": 0,
    }
    assert empty["double"].dtype == np.float64
    assert set(map(len, none.values())) == {0}


def test_pieces_have_the_rows_that_are_asked_for(engine):
    count = 4_500
    numbers = sa.select(BITS.c.row, BITS.c.double).order_by(BITS.c.row)
    BITS.create(engine)
    rows = [{"row": i, "double": i / 7, "number": i, "big": i} for i in range(count)]
    with engine.begin() as connection:
        connection.execute(sa.insert(BITS), rows)
        parts = list(pieces(connection, numbers, 2_000))
        assert [len(part["row"]) for part in parts] == [2_000, 2_000, 500]
        assert np.concatenate([part["row"] for part in parts]).tolist() == list(range(count))
        assert fetch(connection, numbers)["double"].tolist() == [i / 7 for i in range(count)]


def test_groups_come_one_by_one(grid):
    connection, expected = grid
    groups = list(read_groups(connection, BY_KEY))
    assert [owner for owner, _ in groups] == [("",), ("beta",), ("\U0001d6fc",)]
    joined = {name: np.concatenate([own[name] for _, own in groups]) for name in groups[0][1]}
    names = np.array(expected["name"], dtype=object)
    same_bits({"name": names, **joined}, expected)


def test_rows_that_the_server_does_not_join_are_an_error(grid):
    connection, _ = grid
    if connection.dialect.name == "sqlite":
        return  # It joins up to 1 GB.
    connection.exec_driver_sql("SET SESSION group_concat_max_len = 128")
    with pytest.raises(DatabaseError, match=r"^the server joins 128 bytes of test_grid") as caught:
        fetch(connection, BY_KEY)
    assert str(caught.value).endswith("name '' have: its max_allowed_packet must be larger")
