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


@pytest.mark.parametrize("missing", [(), (0,), (3, 7), range(8)])
def test_integers_that_may_be_null_come_back(engine, missing):
    table = sa.Table(
        "test_integers",
        sa.MetaData(),
        *(sa.Column(n, sa.Integer, primary_key=True, autoincrement=False) for n in ("one", "two")),
        sa.Column("small", sa.Integer),
        sa.Column("large", sa.BigInteger),
        sa.Column("number", sa.Double),
    )
    table.create(engine)
    expected = {
        "one": [1, 1, 1, 2, 2, 2, 2, 3],
        "two": [0, 1, 2, 0, 1, 2, 3, -5],
        "small": [None if i in missing else value for i, value in enumerate(INTEGERS)],
        "large": [None if i in missing else value for i, value in enumerate(BIG)],
        "number": [0.5] * 8,
    }
    rows = [dict(zip(expected, row, strict=True)) for row in zip(*expected.values(), strict=True)]
    with engine.begin() as connection:
        connection.execute(sa.insert(table), rows)
        found = fetch(connection, sa.select(table).order_by(*table.primary_key))
    assert {name: values.tolist() for name, values in found.items()} == expected
    kinds = {type(value) for name in ("small", "large") for value in found[name].tolist()}
    assert kinds <= {int, type(None)}


def test_groups_come_one_by_one(grid):
    connection, expected = grid
    groups = list(read_groups(connection, BY_KEY))
    assert [owner for owner, _ in groups] == [("",), ("beta",), ("\U0001d6fc",)]
    joined = {name: np.concatenate([own[name] for _, own in groups]) for name in groups[0][1]}
    names = np.array(expected["name"], dtype=object)
    same_bits({"name": names, **joined}, expected)


@pytest.mark.parametrize("most", [128, 300])
def test_rows_that_the_server_does_not_join_come_one_by_one(grid, most):
    connection, expected = grid
    if connection.dialect.name == "sqlite":
        return  # It joins up to 1 GB.
    # A row has 61 bytes, and the groups have 8 rows, 8 and 1.
    connection.exec_driver_sql(f"SET SESSION group_concat_max_len = {most}")
    same_bits(fetch(connection, BY_KEY), expected)
    # Of the first group half is left.
    found = list(pieces(connection, BY_KEY.where((GRID.c.name != "") | (GRID.c.number > 1)), 2))
    numbers = np.concatenate([piece["number"] for piece in found]).tolist()
    assert numbers == [*(n for n in sorted(BIG) if n > 1), *sorted(BIG), 5]
    groups = list(read_groups(connection, BY_KEY))
    assert [owner for owner, _ in groups] == [("",), ("beta",), ("\U0001d6fc",)]
    assert [len(own["count"]) for _, own in groups] == [8, 8, 1]


#: As the values of a file's tables: a header, a column, a row and an element.
CELLS = sa.Table(
    "test_cells",
    sa.MetaData(),
    *(
        sa.Column(name, sa.Integer, primary_key=True, autoincrement=False)
        for name in ("header", "column", "row", "element")
    ),
    sa.Column("value", sa.Double),
)


def test_cells_are_sorted_by_all_of_their_key(engine):
    CELLS.create(engine)
    places = [(1, 2, 5, 0), (1, 2, 5, 1), (1, 2, 6, 0), (1, 3, 0, 7), (2, 1, 0, 0), (2, 1, 4, -1)]
    rows = [(*place, number / 3) for number, place in enumerate(places)]
    names = CELLS.c.keys()
    with engine.begin() as connection:
        # Another index, all of which is read, has the rows from the last to the first.
        order = ", ".join(f"{name} DESC" for name in (names[2], names[3], "value"))
        connection.execute(
            sa.insert(CELLS), [dict(zip(names, row, strict=True)) for row in rows[::-1]]
        )
        quote = connection.dialect.identifier_preparer.quote
        connection.exec_driver_sql(
            f"CREATE INDEX backwards ON test_cells (header, {quote('column')}, "
            + order.replace("row", quote("row"))
            + ")"
        )
        found = fetch(connection, sa.select(CELLS).order_by(*CELLS.primary_key))
    assert list(zip(*(found[name].tolist() for name in names), strict=True)) == rows
