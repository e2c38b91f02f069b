"""Drop removes what aomuse made, asks first, and leaves the rest."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from fits_factory import Tree
from warehouse import aomuse, contents, execute, query, succeed

from aomuse.admin import drop
from aomuse.db import create_engine

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


def test_drop_leaves_the_tables_and_views_of_others(engine, db_url, tmp_path):
    load_night(engine, db_url, tmp_path)
    done = succeed(db_url, "drop", "--yes")
    assert "(1 exposure)" in done.out
    assert done.out.endswith("dropped; tables and views of others that were left: 2\n")
    assert names(engine) == {"mine", "v_mine"}
    assert query(engine, "SELECT id FROM v_mine") == [(7,)]
    again = aomuse(db_url, "drop", "--yes")
    assert (again.code, again.out.endswith("there is nothing of aomuse\n")) == (0, True)
    # What was dropped can be made again.
    assert aomuse(db_url, "migrate").code == 0
    assert aomuse(db_url, "load", tmp_path / "night").code == 0


def test_without_an_answer_nothing_is_dropped(engine, db_url, tmp_path):
    load_night(engine, db_url, tmp_path)
    before = names(engine), contents(engine)
    done = aomuse(db_url, "drop")
    assert (done.code, done.err) == (
        2,
        "aomuse: drop asks first, and nobody can answer here: add --yes\n",
    )
    assert (names(engine), contents(engine)) == before


def test_views_of_the_users_survive_loads_and_migrations(engine, db_url, tmp_path):
    load_night(engine, db_url, tmp_path)
    assert aomuse(db_url, "load", tmp_path / "night", "--reload").code == 0
    assert aomuse(db_url, "migrate").code == 0
    assert query(engine, "SELECT id FROM v_mine") == [(7,)]


def test_the_version_of_another_program_is_left(empty_url):
    engine = sa.create_engine(empty_url)
    execute(
        engine,
        "CREATE TABLE alembic_version (version_num VARCHAR(32))",
        "INSERT INTO alembic_version VALUES ('theirs')",
    )
    assert aomuse(empty_url, "drop", "--yes").code == 0
    assert names(engine) == {"alembic_version"}
    engine.dispose()


class StoppedError(Exception):
    """The drop was cut off."""


@pytest.mark.parametrize("count", [0, 1, 5, 12, 30])
def test_a_drop_that_was_cut_off_can_be_finished(count, engine, db_url, tmp_path):
    load_night(engine, db_url, tmp_path)
    before = names(engine)
    left = count

    def stop(*arguments: object) -> None:
        nonlocal left
        if str(arguments[2]).lstrip().startswith("DROP"):
            left -= 1
            if left < 0:
                raise StoppedError

    with create_engine(db_url).connect() as connection:
        cut_off = connection.engine
        sa.event.listen(cut_off, "before_cursor_execute", stop)
        with pytest.raises(StoppedError):
            drop(cut_off)
    cut_off.dispose()
    if engine.dialect.name == "sqlite":
        # All of it is rolled back.
        assert names(engine) == before
    elif count:
        for command in (["status"], ["migrate"], ["load", tmp_path / "night"]):
            done = aomuse(db_url, *command)
            assert (done.code, len(done.errors)) == (2, 1), done.text
            assert "run aomuse drop again" in done.err
    assert aomuse(db_url, "drop", "--yes").code == 0
    assert names(engine) == {"mine", "v_mine"}


#: What AOMUSE 2020 has under names that aomuse uses too.
SEED = (
    "CREATE TABLE target (id INTEGER PRIMARY KEY, targetname VARCHAR(255) NOT NULL)",
    "CREATE TABLE exposure (id INTEGER PRIMARY KEY, insmode VARCHAR(255), data TEXT,"
    " target INTEGER, FOREIGN KEY (target) REFERENCES target (id))",
    "INSERT INTO target VALUES (1, 'M 54')",
    "INSERT INTO exposure VALUES (1, 'WFM-AO-N', '{}', 1)",
)


@pytest.mark.parametrize("version", [None, "theirs", ""])
def test_a_database_of_aomuse_2020_is_left(empty_url, version):
    """Also where somebody has tried a migration on it, or another program has revisions there."""
    engine = sa.create_engine(empty_url)
    with engine.begin() as connection:
        for statement in SEED:
            connection.exec_driver_sql(statement)
        if version is not None:
            connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        if version:
            connection.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{version}')")
    before = names(engine)
    if version is None:
        done = aomuse(empty_url, "migrate")
        assert (done.code, len(done.errors)) == (2, 1), done.text
        assert "did not make (exposure, target)" in done.err
        assert "aomuse import-blobs" in done.err
        assert names(engine) == before
    assert aomuse(empty_url, "drop", "--yes").code == 0
    assert names(engine) >= before - {"alembic_version"}
    assert query(engine, "SELECT targetname FROM target") == [("M 54",)]
    assert query(engine, "SELECT insmode FROM exposure") == [("WFM-AO-N",)]
    engine.dispose()


def test_what_others_built_on_a_table_is_named_before_anything_is_dropped(engine, db_url):
    execute(
        engine,
        "CREATE TABLE mine (exposure_id INTEGER, FOREIGN KEY (exposure_id) "
        "REFERENCES exposure (id))",
    )
    before = names(engine)
    done = aomuse(db_url, "drop", "--yes")
    assert (done.code, len(done.errors)) == (2, 1)
    assert "the table mine refers to exposure" in done.err
    assert names(engine) == before
    assert aomuse(db_url, "status").code == 0


def test_the_tables_of_a_newer_version_are_left(engine, db_url):
    execute(engine, "UPDATE alembic_version SET version_num = '9999'")
    before = names(engine)
    done = aomuse(db_url, "drop", "--yes")
    assert (done.code, len(done.errors)) == (2, 1)
    assert "install the newer aomuse" in done.err
    assert names(engine) == before


def test_a_wrong_name_makes_no_database(tmp_path):
    done = succeed(f"sqlite:///{tmp_path / 'typo.db'}", "drop", "--yes")
    assert done.out.endswith("there is nothing of aomuse\n")
    assert list(tmp_path.iterdir()) == []
