"""A reader that idles in a transaction keeps nobody waiting for long, and is named."""

import re

import pytest
import sqlalchemy as sa
from fits_factory import Tree, prm, write

from aomuse.admin import drop
from aomuse.db import create_engine
from aomuse.errors import BusyError
from aomuse.query import refresh

HAS_VIEWS = "SELECT COUNT(*) FROM information_schema.views WHERE table_schema = DATABASE()"


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


def test_views_that_are_as_they_should_be_are_left_alone(db, tmp_path, idle, statements):
    tree = Tree(tmp_path / "night")
    tree.add(1)
    db.load(tree.root)
    statements.clear()
    idle("v_exposure")
    idle("v_psf")
    for command in (["migrate"], ["load", tree.root], ["metrics", "--recompute"]):
        done = db.run(*command)
        assert (done.code, done.err) == (0, ""), command
    tree.add(2)
    db.load(tree.root)
    assert statements == []


@pytest.mark.parametrize(
    "change",
    ["DROP VIEW v_night", "CREATE VIEW v_night_2 AS SELECT 1 AS one", "DELETE FROM view_state"],
)
def test_a_view_that_is_not_as_it_should_be_is_created(db, change, statements):
    if change.startswith("CREATE"):
        db.execute("DROP VIEW v_night", change.replace("v_night_2", "v_night"))
    else:
        db.execute(change)
    statements.clear()
    assert db.run("migrate").code == 0
    assert "instrument_mode" in {c["name"] for c in sa.inspect(db.engine).get_columns("v_night")}
    statements.clear()
    assert db.run("migrate").code == 0
    assert statements == []


@pytest.fixture
def new_parameter(tmp_path):
    """Give a night whose analysis has a parameter that v_psf does not show yet."""
    tree = Tree(tmp_path / "night")
    files = tree.add(1)
    write(files.prm, prm(parameters=("beta", "fwhm", "e", "theta", "wings")))
    return tree.root


def test_a_load_that_changes_a_view_beside_an_idle_reader(db, new_parameter, idle, monkeypatch):
    monkeypatch.setattr(refresh, "TRIES", 2)
    number = idle("v_psf")
    done = db.run("load", new_parameter)
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
        refused = db.run("migrate")
        assert refused.code == 2
        assert refused.err.startswith("aomuse: the view v_psf cannot be replaced: connection")
        with db.engine.connect() as connection:
            connection.exec_driver_sql(f"KILL CONNECTION {number}")
        db.load(new_parameter)
    assert "wings" in {column["name"] for column in sa.inspect(db.engine).get_columns("v_psf")}


def impatient(url: str) -> sa.Engine:
    engine = create_engine(url)
    if engine.dialect.name != "sqlite":

        @sa.event.listens_for(engine, "connect")
        def _wait_little(connection: object, _: object) -> None:
            connection.cursor().execute("SET SESSION lock_wait_timeout = 1")  # type: ignore[attr-defined]

    return engine


@pytest.mark.parametrize("backend", ["mariadb"])
def test_a_drop_beside_an_idle_reader(db, db_url, idle):
    number = idle("exposure")
    engine = impatient(db_url)
    with pytest.raises(
        BusyError, match=rf"^not everything is dropped: connection {number} \(aomuse@"
    ):
        drop(engine)
    with db.engine.connect() as connection:
        connection.exec_driver_sql(f"KILL CONNECTION {number}")
    drop(engine)
    assert sa.inspect(engine).get_table_names() == []
    assert db.scalar(HAS_VIEWS) == 0
    engine.dispose()
