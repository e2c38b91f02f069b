"""Drop removes what aomuse made, asks first, and leaves the rest."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from fits_factory import Tree
from warehouse import aomuse, contents, query

OTHERS = (
    "CREATE TABLE mine (id INTEGER PRIMARY KEY)",
    "INSERT INTO mine VALUES (7)",
    "CREATE VIEW v_mine AS SELECT id FROM mine",
)


def names(engine: sa.Engine) -> set[str]:
    inspector = sa.inspect(engine)
    return {*inspector.get_table_names(), *inspector.get_view_names()}


def load_night(engine: sa.Engine, url: str, folder: Path) -> None:
    tree = Tree(folder / "night")
    tree.add(1)
    assert aomuse(url, "load", tree.root).code == 0
    with engine.begin() as connection:
        for statement in OTHERS:
            connection.exec_driver_sql(statement)


def test_drop_leaves_the_tables_and_views_of_others(
    engine: sa.Engine, db_url: str, tmp_path: Path
) -> None:
    load_night(engine, db_url, tmp_path)
    done = aomuse(db_url, "drop", "--yes")
    assert (done.code, done.err) == (0, "")
    assert "(1 exposures)" in done.out
    assert done.out.endswith("dropped; 2 tables and views of others were left\n")
    assert names(engine) == {"mine", "v_mine"}
    assert query(engine, "SELECT id FROM v_mine") == [(7,)]
    again = aomuse(db_url, "drop", "--yes")
    assert (again.code, again.out.endswith("there is nothing of aomuse\n")) == (0, True)
    # What was dropped can be made again.
    assert aomuse(db_url, "migrate").code == 0
    assert aomuse(db_url, "load", tmp_path / "night").code == 0


def test_without_an_answer_nothing_is_dropped(
    engine: sa.Engine, db_url: str, tmp_path: Path
) -> None:
    load_night(engine, db_url, tmp_path)
    before = names(engine), contents(engine)
    done = aomuse(db_url, "drop")
    assert (done.code, done.err) == (
        2,
        "aomuse: drop asks first, and nobody can answer here: add --yes\n",
    )
    assert (names(engine), contents(engine)) == before


def test_views_of_the_users_survive_loads_and_migrations(
    engine: sa.Engine, db_url: str, tmp_path: Path
) -> None:
    load_night(engine, db_url, tmp_path)
    assert aomuse(db_url, "load", tmp_path / "night", "--reload").code == 0
    assert aomuse(db_url, "migrate").code == 0
    assert query(engine, "SELECT id FROM v_mine") == [(7,)]


def test_the_version_of_another_program_is_left(empty_url: str) -> None:
    engine = sa.create_engine(empty_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('theirs')")
    assert aomuse(empty_url, "drop", "--yes").code == 0
    assert names(engine) == {"alembic_version"}
    engine.dispose()


def test_a_drop_that_was_cut_off_can_be_finished(engine: sa.Engine, db_url: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE alembic_version")
        connection.exec_driver_sql("DROP TABLE table_value")
    assert aomuse(db_url, "drop", "--yes").code == 0
    assert names(engine) == set()
