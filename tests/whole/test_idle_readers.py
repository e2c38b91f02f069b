"""A reader that idles in a transaction keeps nobody waiting for long, and is named."""

import re

import pytest
import sqlalchemy as sa
from fits_factory import prm, write
from loaded import Loaded

from aomuse.admin import drop
from aomuse.db import create_engine
from aomuse.errors import BusyError
from aomuse.query import refresh


@pytest.fixture
def idle(db_url):
    """Give a function that reads a view in a transaction that does not end."""
    engine = sa.create_engine(db_url)
    connection = engine.connect()

    def read(view: str) -> int:
        connection.execute(sa.text(f"SELECT COUNT(*) FROM {view}")).all()
        if engine.dialect.name == "sqlite":
            return 0
        return connection.scalar(sa.text("SELECT CONNECTION_ID()"))

    yield read
    connection.invalidate()  # a test may have killed it
    connection.close()
    engine.dispose()


@pytest.fixture
def statements():
    """Give the statements that define something."""
    found = []

    def watch(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if re.match(r"\s*(CREATE|DROP|ALTER) (?!TEMPORARY)", statement):
            found.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", watch)
    yield found
    sa.event.remove(sa.Engine, "before_cursor_execute", watch)


def test_views_that_are_as_they_should_be_are_left_alone(db, tree, idle, statements):
    tree.add(1)
    db.load(tree.root)
    statements.clear()
    idle("v_exposure")
    idle("v_psf")
    for command in (["migrate"], ["load", tree.root], ["metrics", "--recompute"]):
        db.succeed(*command)
    tree.add(2)
    db.load(tree.root)
    assert statements == []


def columns(db: Loaded, view: str) -> set[str]:
    return {column["name"] for column in sa.inspect(db.engine).get_columns(view)}


DROP = "DROP VIEW v_night"


@pytest.mark.parametrize(
    "changes",
    [[DROP], [DROP, "CREATE VIEW v_night AS SELECT 1 AS one"], ["DELETE FROM view_state"]],
)
def test_a_view_that_is_not_as_it_should_be_is_created(db, changes, statements):
    db.execute(*changes)
    db.succeed("migrate")
    assert "instrument_mode" in columns(db, "v_night")
    statements.clear()
    db.succeed("migrate")
    assert statements == []


def test_a_load_that_changes_a_view_beside_an_idle_reader(db, tree, idle, monkeypatch):
    """v_psf does not show the new parameter of the analysis yet."""
    write(tree.add(1).prm, prm(parameters=("beta", "fwhm", "e", "theta", "wings")))
    monkeypatch.setattr(refresh, "TRIES", 2)
    number = idle("v_psf")
    done = db.run("load", tree.root)
    assert done.code == 0
    if db.engine.dialect.name != "sqlite":
        assert re.search(
            r"^warning: everything is loaded, but the view v_psf cannot be replaced: "
            rf"connection {number} "
            r"\(aomuse@localhost:\d+, in a transaction for \d+ s\) is in the way; wait until it "
            r"has ended, or end it \(KILL\), then try again; the next load or aomuse migrate "
            "updates the views$",
            done.err,
        )
        refused = db.fail("migrate", code=2)
        assert refused.startswith("aomuse: the view v_psf cannot be replaced: connection")
        db.execute(f"KILL CONNECTION {number}")
        db.load(tree.root)
    assert "wings" in columns(db, "v_psf")


@pytest.mark.parametrize("backend", ["mariadb"])
def test_a_drop_beside_an_idle_reader(db, idle):
    number = idle("exposure")
    engine = create_engine(db.url)

    @sa.event.listens_for(engine, "connect")
    def _wait_little(connection: object, _: object) -> None:
        connection.cursor().execute("SET SESSION lock_wait_timeout = 1")  # type: ignore[attr-defined]

    said = rf"^not everything is dropped: connection {number} \(aomuse@"
    with pytest.raises(BusyError, match=said):
        drop(engine)
    db.execute(f"KILL CONNECTION {number}")
    drop(engine)
    assert sa.inspect(engine).get_table_names() == []
    assert sa.inspect(engine).get_view_names() == []
    engine.dispose()
