"""The databases that conftest.py hands to every other test."""

import pytest
import sqlalchemy as sa
from fits_factory import Tree, edit, guiding
from warehouse import definitions, execute, query

from aomuse.db import create_engine
from aomuse.schema import upgrade


def contents(engine: sa.Engine) -> dict[str, list[tuple[object, ...]]]:
    """Give the rows of each table."""
    tables = sa.inspect(engine).get_table_names()
    return {table: query(engine, f"SELECT * FROM {table}") for table in tables}


def test_a_copy_equals_what_the_migrations_make(engine, empty_url):
    migrated = create_engine(empty_url)
    upgrade(migrated)
    assert len(definitions(engine)) > 10
    assert definitions(engine) == definitions(migrated)
    # A dump that is read into another database makes no view anew.
    assert contents(engine) == contents(migrated)
    migrated.dispose()


#: What a test may do; where it has made a table, the next one has another database.
MAKES_A_TABLE = ("DROP VIEW v_exposure", "CREATE TABLE left_behind (id INTEGER)")
CHANGES_ROWS_AND_VIEWS = (
    "INSERT INTO target (name) VALUES ('M 54')",
    "DELETE FROM target",
    "INSERT INTO target (name) VALUES ('NGC 3201')",
    "DELETE FROM wavelength_window",
    "DROP VIEW v_exposure",
    "CREATE VIEW v_exposure AS SELECT 1 AS one",
    "CREATE VIEW v_more AS SELECT one FROM v_exposure",
)


@pytest.mark.parametrize("turn", [1, 2])
@pytest.mark.parametrize("done", [MAKES_A_TABLE, CHANGES_ROWS_AND_VIEWS])
def test_what_a_test_does_is_undone(engine, backend, done, turn):
    """Rows, numbers that the database gives, tables and views."""
    before, held = definitions(engine), contents(engine)
    assert not {"left_behind", "v_more"} & before.keys()
    assert held["load_run"] == held["target"] == []
    assert held["wavelength_window"]
    execute(engine, *done)
    if done == CHANGES_ROWS_AND_VIEWS:
        assert query(engine, "SELECT id FROM target") == [(2 if backend == "mariadb" else 1,)]
    assert definitions(engine) != before


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """Give a tree for which a load makes a view of its own."""
    tree = Tree(tmp_path_factory.mktemp("night"))
    edit(tree.add(1).raw, lambda hdus: hdus.append(guiding("ODD_DATA")))
    return tree.root


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_a_tree_is_there_whatever_was_done_to_its_rows(engine, night, load_once, turn):
    load_once(night)
    before = contents(engine)
    assert len(before["exposure"]) == len(before["load_run"]) == 1
    assert "v_odd_data" in definitions(engine)
    if turn == 2:  # the first changes nothing, so the second may get what it had
        execute(engine, "DELETE FROM exposure")


def test_no_view_of_a_tree_is_left(engine):
    assert "v_odd_data" not in definitions(engine)


@pytest.fixture
def left_open():
    """Give a list for connections that are closed only after the databases of a test are gone.

    Left to the garbage collector they would fail at a moment of its choice, in another test.
    """
    connections: list[sa.Connection] = []
    yield connections
    for connection in connections:
        connection.invalidate()
        connection.close()


def test_an_open_transaction_does_not_hold_up_the_end(left_open, mariadb_admin):
    """The database is dropped after this test; it would wait for the lock for a day."""
    left_open.append(create_engine(mariadb_admin()).connect())
    for statement in ("CREATE TABLE t (id INTEGER)", "INSERT INTO t VALUES (1)"):
        left_open[0].exec_driver_sql(statement)
