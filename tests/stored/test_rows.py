"""Rows become arrays with every bit, whatever protocol they come by."""

import numpy as np
import sqlalchemy as sa

from aomuse.stored.rows import fetch, pieces

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
