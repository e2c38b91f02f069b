"""Rows become arrays with every bit, whatever protocol they come by."""

import numpy as np
import pytest
import sqlalchemy as sa
from backends import on_sqlite

from aomuse.errors import DatabaseError
from aomuse.stored.rows import fetch, pieces, read_groups

#: Among them the largest double, the smallest, and some that 15 digits do not tell.
DOUBLES = [0.1, 1.7976931348623157e308, 2.2250738585072014e-308, 5e-324, 1 / 3, None, 0.0, -1e-9]
INTEGERS = [2**31 - 1, -(2**31), 0, 1, -1, 7, 1_000_003, 42]
BIG = [2**53 + 1, -(2**63), 2**63 - 1, 0, 1, -1, 2**60 + 1, 7]
MAYBE = [None, 2**53 + 1, None, 0, -1, 5, 6, 7]
TEXTS = ["a", None, "", "\U0001d6fc \u00e9", " two  ", "NaN", "0.1", "None"]


def key(*names: str, kind: type[sa.Integer] = sa.Integer) -> list[sa.Column[int]]:
    return [sa.Column(n, kind, primary_key=True, autoincrement=False) for n in names]


BITS = sa.Table(
    "test_bits",
    sa.MetaData(),
    *key("row"),
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
    *key("number", kind=sa.BigInteger),
    sa.Column("first", sa.Double),
    sa.Column("never", sa.Double),
    sa.Column("count", sa.Integer, nullable=False),
)
BY_KEY = sa.select(GRID).order_by(*GRID.primary_key)
INTEGERS_OF_TWO = sa.Table(
    "test_integers",
    sa.MetaData(),
    *key("one", "two"),
    sa.Column("small", sa.Integer),
    sa.Column("large", sa.BigInteger),
    sa.Column("number", sa.Double),
)
#: As the values of a file's tables: a header, a column, a row and an element.
CELLS = sa.Table(
    "test_cells",
    sa.MetaData(),
    *key("header", "column", "row", "element"),
    sa.Column("value", sa.Double),
)
#: All of it is read, and has the rows from the last to the first.
LATER = (c.desc() for c in CELLS.c["row", "element", "value"])
sa.Index("backwards", *CELLS.c["header", "column"], *LATER)


@pytest.fixture
def connection(engine):
    with engine.begin() as connection:
        yield connection


def store(connection, table, columns):
    """Create a table, and give it rows, the last one first."""
    table.create(connection)
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    connection.execute(sa.insert(table), rows[::-1])


@pytest.fixture
def grid(connection):
    """Store rows of three texts: one without values, with all kinds, and alone."""
    columns = {
        "name": [""] * 8 + ["beta"] * 8 + ["\U0001d6fc"],
        "number": [*sorted(BIG), *sorted(BIG), 5],
        "first": [None] * 8 + DOUBLES + [0.1],
        "never": [None] * 17,
        "count": [0] * 8 + INTEGERS + [2],
    }
    store(connection, GRID, columns)
    return columns


def same_bits(table, found, expected):
    """Compare columns and their types, doubles as bytes with NaN for NULL."""
    assert list(found) == list(expected)
    for name, values in expected.items():
        column = table.c[name]
        if isinstance(column.type, sa.Double):
            assert found[name].dtype == np.float64
            assert found[name].tobytes() == np.array(values, dtype=np.float64).tobytes(), name
            continue
        assert list(map(repr, found[name].tolist())) == list(map(repr, values)), name
        if isinstance(column.type, sa.Integer) and not column.nullable:
            assert found[name].dtype == np.int64


def joined(parts):
    """Join the columns of parts."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def test_every_bit_comes_back_by_a_key_of_two_columns(connection, grid):
    same_bits(GRID, fetch(connection, BY_KEY), grid)


@on_sqlite  # MariaDB has none
def test_infinities_that_somebody_stored_in_sqlite_come_back(connection, grid):
    connection.exec_driver_sql("UPDATE test_grid SET first = -9e999 WHERE name = ''")
    infinite = [-np.inf] * 8 + grid["first"][8:]
    same_bits(GRID, fetch(connection, BY_KEY), grid | {"first": infinite})


@on_sqlite  # a connection to MariaDB reads one result at a time
def test_two_queries_are_read_side_by_side(connection, grid):
    whole = pieces(connection, BY_KEY, 4)
    first = next(whole)
    numbers = fetch(connection, BY_KEY.with_only_columns(*GRID.primary_key, GRID.c.count))
    assert numbers["count"].tolist() == grid["count"]
    found = [first, *whole]
    assert [len(piece["name"]) for piece in found] == [4, 4, 4, 4, 1]
    same_bits(GRID, joined(found), grid)


def test_rows_are_sorted_whatever_index_is_read(connection, grid):
    columns = ", ".join(f"{name} DESC" for name in ("first", "never", "count", "number"))
    connection.exec_driver_sql(f"CREATE INDEX all_of_it ON test_grid (name, {columns})")
    same_bits(GRID, fetch(connection, BY_KEY), grid)


@on_sqlite  # MariaDB's columns hold numbers alone
@pytest.mark.usefixtures("grid")
def test_what_is_not_a_number_is_refused_in_one_line(connection):
    connection.exec_driver_sql("UPDATE test_grid SET first = 'two' WHERE name = 'beta'")
    with pytest.raises(DatabaseError, match=r"^test_grid holds something else than a number"):
        fetch(connection, BY_KEY)


def test_every_bit_comes_back(connection):
    values = (range(8), DOUBLES, INTEGERS, BIG, MAYBE, TEXTS)
    columns = dict(zip(BITS.c.keys(), values, strict=True))
    store(connection, BITS, columns)
    for names in (list(columns), ["row", "double", "number"], ["double", "number", "big"]):
        select = sa.select(*(BITS.c[name] for name in names)).order_by(BITS.c.row)
        same_bits(BITS, fetch(connection, select), {name: columns[name] for name in names})
        none = fetch(connection, select.where(BITS.c.row < 0))
        assert {name: len(empty) for name, empty in none.items()} == dict.fromkeys(names, 0)
        assert none["double"].dtype == np.float64


def test_pieces_have_the_rows_that_are_asked_for(connection):
    rows = list(range(4_500))
    columns = {"row": rows, "double": [i / 7 for i in rows]}
    store(connection, BITS, {**columns, "number": rows, "big": rows})
    select = sa.select(BITS.c.row, BITS.c.double).order_by(BITS.c.row)
    parts = list(pieces(connection, select, 2_000))
    assert [len(part["row"]) for part in parts] == [2_000, 2_000, 500]
    for found in (joined(parts), fetch(connection, select)):
        same_bits(BITS, found, columns)


@pytest.mark.parametrize("missing", [(), (0,), (3, 7), range(8)])
def test_integers_that_may_be_null_come_back(connection, missing):
    columns = {
        "one": [1, 1, 1, 2, 2, 2, 2, 3],
        "two": [0, 1, 2, 0, 1, 2, 3, -5],
        "small": [None if i in missing else value for i, value in enumerate(INTEGERS)],
        "large": [None if i in missing else value for i, value in enumerate(BIG)],
        "number": [0.5] * 8,
    }
    table = INTEGERS_OF_TWO
    store(connection, table, columns)
    same_bits(table, fetch(connection, sa.select(table).order_by(*table.primary_key)), columns)


def test_groups_come_one_by_one(connection, grid):
    groups = list(read_groups(connection, BY_KEY))
    assert [owner for owner, _ in groups] == [("",), ("beta",), ("\U0001d6fc",)]
    names = np.array(grid["name"], dtype=object)
    same_bits(GRID, {"name": names, **joined([own for _, own in groups])}, grid)


@pytest.mark.parametrize("backend", ["mariadb"])  # SQLite joins up to 1 GB
@pytest.mark.parametrize("most", [128, 300])
def test_rows_that_the_server_does_not_join_come_one_by_one(connection, grid, most):
    # A row has 61 bytes, and the groups have 8 rows, 8 and 1.
    connection.exec_driver_sql(f"SET SESSION group_concat_max_len = {most}")
    same_bits(GRID, fetch(connection, BY_KEY), grid)
    # Of the first group half is left.
    found = list(pieces(connection, BY_KEY.where((GRID.c.name != "") | (GRID.c.number > 1)), 2))
    numbers = [n for n in sorted(BIG) if n > 1]
    assert joined(found)["number"].tolist() == [*numbers, *sorted(BIG), 5]
    groups = list(read_groups(connection, BY_KEY))
    assert [owner for owner, _ in groups] == [("",), ("beta",), ("\U0001d6fc",)]
    assert [len(own["count"]) for _, own in groups] == [8, 8, 1]


def test_cells_are_sorted_by_all_of_their_key(connection):
    places = [(1, 2, 5, 0), (1, 2, 5, 1), (1, 2, 6, 0), (1, 3, 0, 7), (2, 1, 0, 0), (2, 1, 4, -1)]
    rows = [(*place, number / 3) for number, place in enumerate(places)]
    columns = dict(zip(CELLS.c.keys(), zip(*rows, strict=True), strict=True))
    store(connection, CELLS, columns)
    same_bits(CELLS, fetch(connection, sa.select(CELLS).order_by(*CELLS.primary_key)), columns)
