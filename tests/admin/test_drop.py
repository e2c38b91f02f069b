"""Drop removes what aomuse made, asks first, and leaves the rest."""

import pytest
import sqlalchemy as sa
from loaded import Loaded, tree_of
from warehouse import succeed

from aomuse.admin import drop
from aomuse.db import create_engine

#: Tables and views of somebody else.
OTHERS = (
    "CREATE TABLE mine (id INTEGER PRIMARY KEY)",
    "INSERT INTO mine VALUES (7)",
    "CREATE VIEW v_mine AS SELECT id FROM mine",
)
VERSION = "CREATE TABLE alembic_version (version_num VARCHAR(32))"
THEIRS = "INSERT INTO alembic_version VALUES ('theirs')"


def names(engine: sa.Engine) -> set[str]:
    inspector = sa.inspect(engine)
    return {*inspector.get_table_names(), *inspector.get_view_names()}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tree_of(tmp_path_factory.mktemp("night"), 1).root


@pytest.fixture
def night(db, root, load_once):
    """Give a night that is loaded, beside what others made."""
    load_once(root)
    db.execute(*OTHERS)
    return root


def test_the_tables_and_views_of_others_are_left(db, night):
    db.load(night, "--reload")
    db.succeed("migrate")
    assert db.query("SELECT id FROM v_mine") == [(7,)]
    done = db.succeed("drop", "--yes")
    assert "(1 exposure)" in done.out
    assert done.out.endswith("dropped; tables and views of others that were left: 2\n")
    assert names(db.engine) == {"mine", "v_mine"}
    assert db.query("SELECT id FROM v_mine") == [(7,)]
    assert db.succeed("drop", "--yes").out.endswith("there is nothing of aomuse\n")
    # What was dropped can be made again.
    db.succeed("migrate")
    db.load(night)


@pytest.mark.usefixtures("night")
def test_without_an_answer_nothing_is_dropped(db):
    before = names(db.engine), db.contents()
    line = db.fail("drop", code=2)
    assert line == "aomuse: drop asks first, and nobody can answer here: add --yes"
    assert (names(db.engine), db.contents()) == before


class StoppedError(Exception):
    """The drop was cut off."""


@pytest.mark.parametrize("count", [0, 1, 5, 12, 30])
def test_a_drop_that_was_cut_off_can_be_finished(count, db, night):
    before = names(db.engine)
    left = count

    def stop(*arguments: object) -> None:
        nonlocal left
        if str(arguments[2]).lstrip().startswith("DROP"):
            left -= 1
            if left < 0:
                raise StoppedError

    cut_off = create_engine(db.url)
    sa.event.listen(cut_off, "before_cursor_execute", stop)
    with pytest.raises(StoppedError):
        drop(cut_off)
    cut_off.dispose()
    if db.engine.dialect.name == "sqlite":
        # All of it is rolled back.
        assert names(db.engine) == before
    elif count:
        for command in (["status"], ["migrate"], ["load", night]):
            assert "run aomuse drop again" in db.fail(*command, code=2)
    db.succeed("drop", "--yes")
    assert names(db.engine) == {"mine", "v_mine"}


@pytest.fixture
def foreign(empty_url):
    """Give a database that aomuse did not make."""
    engine = sa.create_engine(empty_url)
    yield Loaded(engine, empty_url)
    engine.dispose()


#: What AOMUSE 2020 has under names that aomuse uses too.
SEED = (
    "CREATE TABLE target (id INTEGER PRIMARY KEY, targetname VARCHAR(255) NOT NULL)",
    "CREATE TABLE exposure (id INTEGER PRIMARY KEY, insmode VARCHAR(255), data TEXT,"
    " target INTEGER, FOREIGN KEY (target) REFERENCES target (id))",
    "INSERT INTO target VALUES (1, 'M 54')",
    "INSERT INTO exposure VALUES (1, 'WFM-AO-N', '{}', 1)",
)


def test_the_version_of_another_program_is_left(foreign):
    foreign.execute(VERSION, THEIRS)
    foreign.succeed("drop", "--yes")
    assert names(foreign.engine) == {"alembic_version"}


@pytest.mark.parametrize("versions", [[], [VERSION], [VERSION, THEIRS]])
def test_a_database_of_aomuse_2020_is_left(foreign, versions):
    """Also where somebody has tried a migration on it, or another program has revisions there."""
    foreign.execute(*SEED, *versions)
    before = names(foreign.engine)
    if not versions:
        line = foreign.fail("migrate", code=2)
        assert "did not make (exposure, target)" in line
        assert "aomuse import-blobs" in line
        assert names(foreign.engine) == before
    foreign.succeed("drop", "--yes")
    assert names(foreign.engine) >= before - {"alembic_version"}
    assert foreign.scalar("SELECT targetname FROM target") == "M 54"
    assert foreign.scalar("SELECT insmode FROM exposure") == "WFM-AO-N"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "CREATE TABLE mine (exposure_id INTEGER, FOREIGN KEY (exposure_id)"
            " REFERENCES exposure (id))",
            "the table mine refers to exposure",
        ),
        ("UPDATE alembic_version SET version_num = '9999'", "install the newer aomuse"),
    ],
    ids=["others built on a table", "a newer version"],
)
def test_what_cannot_be_dropped_is_named_before_anything_is_dropped(db, statement, said):
    db.execute(statement)
    before = names(db.engine), db.contents()
    assert said in db.fail("drop", "--yes", code=2)
    assert (names(db.engine), db.contents()) == before


def test_a_wrong_name_makes_no_database(tmp_path):
    done = succeed(f"sqlite:///{tmp_path / 'typo.db'}", "drop", "--yes")
    assert done.out.endswith("there is nothing of aomuse\n")
    assert list(tmp_path.iterdir()) == []
