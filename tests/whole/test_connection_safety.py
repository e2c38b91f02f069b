"""A database that goes away, waits, or is full: nothing is lost, and one line tells what to do."""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from fits_factory import prm, psf, write
from loaded import tree_of
from mariadb_pool import UNSAFE_BUT_FAST
from own_processes import start
from warehouse import aomuse, execute

from aomuse import db, pipeline, stages
from aomuse.db import create_engine
from aomuse.errors import DatabaseError
from aomuse.exchange.frames import Rows
from aomuse.load import WriterChoice, choose_writer
from aomuse.schema import upgrade
from aomuse.stored.writer import BulkWriter
from aomuse.verify import verify
from scripts.mariadb_server import Server

EXPOSURES = 3
LAYERS = 1500


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """Give what fills a small disk."""
    tree = tree_of(tmp_path_factory.mktemp("night"), EXPOSURES)
    for path in (tree.root / "analysis").iterdir():
        write(path, (prm if path.match("*.prm.fits") else psf)(layers=LAYERS))
    return tree.root


@pytest.fixture(scope="module")
def small_night(tmp_path_factory):
    """Give what takes less time, for tests that fill no disk."""
    return tree_of(tmp_path_factory.mktemp("small"), EXPOSURES).root


@pytest.fixture(autouse=True)
def _short_delays(monkeypatch):
    monkeypatch.setattr(db, "RETRY_DELAYS_S", (0.1, 0.5, 1.0))


@pytest.fixture
def backend():
    """Let the fixtures of databases make one on MariaDB."""
    return "mariadb"


@pytest.fixture
def own_server(server_folder):
    server = Server(server_folder)
    server.start(options=UNSAFE_BUT_FAST, end_with_parent=True)
    yield server
    server.stop()


@pytest.fixture
def sabotage(monkeypatch):
    """Give a function that lets something happen in the middle of the second exposure."""

    def arrange(happens: Callable[[sa.Connection], None]) -> None:
        seen = []

        class Saboteur:
            def __init__(self, connection: sa.Connection, writer: BulkWriter) -> None:
                self._connection, self._writer = connection, writer

            def write(self, table: str, rows: Rows) -> int:
                if table == "source_sample":
                    seen.append(table)
                    if len(seen) == 2:
                        happens(self._connection)
                return self._writer.write(table, rows)

        def sabotaged(engine: sa.Engine) -> WriterChoice:
            way = choose_writer(engine)
            return WriterChoice(way.engine, lambda c: Saboteur(c, way.make_writer(c)))

        monkeypatch.setattr(stages, "choose_writer", sabotaged)

    return arrange


def at_newest_schema(url: str) -> sa.Engine:
    engine = create_engine(url)
    upgrade(engine)
    return engine


def assert_whole(engine: sa.Engine, night: Path) -> None:
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT COUNT(*) FROM exposure")) == EXPOSURES
    assert not any(result.differences for result in verify(engine, [night]))


def test_killed_connection_is_replaced(db_url, small_night, sabotage):
    engine = create_engine(db_url)
    killed = []

    def kill(connection: sa.Connection) -> None:
        number = connection.scalar(sa.text("SELECT CONNECTION_ID()"))
        with create_engine(db_url).connect() as other:
            other.exec_driver_sql(f"KILL CONNECTION {number}")
        killed.append(number)

    sabotage(kill)
    summary = pipeline.load(engine, [small_night])
    assert killed
    assert (summary.counts["loaded"], summary.failed) == (EXPOSURES, 0)
    assert_whole(engine, small_night)


def kill_others(url: str) -> None:
    """Kill all connections to a database, as an administrator does."""
    with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
        others = connection.scalars(
            sa.text(
                "SELECT id FROM information_schema.processlist "
                "WHERE db = DATABASE() AND id <> CONNECTION_ID()"
            )
        ).all()
        for number in others:
            with contextlib.suppress(sa.exc.DBAPIError):  # it has ended by itself
                connection.exec_driver_sql(f"KILL CONNECTION {number}")


@pytest.mark.parametrize(
    "during", ["known_file", "source_file", "UPDATE load_run", "INSERT INTO load_run", "load_issue"]
)
def test_a_connection_that_is_killed_before_the_first_exposure(
    db_url, small_night, during, load_once
):
    load_once(small_night)
    engine = create_engine(db_url)
    killed = []

    @sa.event.listens_for(engine, "before_cursor_execute")
    def _kill(_: sa.Connection, __: object, statement: str, *___: object) -> None:
        if during in statement and not killed:
            killed.append(statement)
            kill_others(db_url)

    summary = pipeline.load(engine, [small_night])
    assert killed
    assert (summary.counts["unchanged"], summary.failed) == (EXPOSURES, 0)
    assert_whole(engine, small_night)


def test_connections_that_are_too_many_for_a_while(
    mariadb_server, db_url, small_night, monkeypatch
):
    """An account that may have two: the run's lock and one to load by."""
    admin = sa.create_engine(mariadb_server.admin_url, isolation_level="AUTOCOMMIT")
    parsed = sa.make_url(db_url)
    theirs = parsed.set(username="few", password="tau0").render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.exec_driver_sql(
            "CREATE USER few IDENTIFIED BY 'tau0' WITH MAX_USER_CONNECTIONS 3"
        )
        connection.exec_driver_sql(f"GRANT ALL ON {parsed.database}.* TO few")
        try:
            occupied = [sa.create_engine(theirs, poolclass=sa.NullPool).connect() for _ in range(3)]
            done = aomuse(theirs, "status")
            assert (done.code, len(done.errors)) == (2, 1)
            assert "max_user_connections" in done.err

            def free_and_sleep(seconds: float) -> None:
                for each in occupied:
                    each.close()
                time.sleep(seconds)

            monkeypatch.setattr(db, "time", SimpleNamespace(sleep=free_and_sleep))
            monkeypatch.setattr(db, "RETRY_DELAYS_S", (0.1, 0.5, 5.0, 20.0))
            done = aomuse(theirs, "load", small_night)
            assert (done.code, done.err) == (0, "")
            assert all(each.closed for each in occupied)
        finally:
            connection.exec_driver_sql("DROP USER few")
    admin.dispose()
    assert_whole(create_engine(db_url), small_night)


def test_fewer_workers_where_an_account_has_few_connections(
    mariadb_server, db_url, small_night, monkeypatch
):
    monkeypatch.setattr(stages, "WORTH_WORKERS_BYTES", -1)
    admin = sa.create_engine(mariadb_server.admin_url, isolation_level="AUTOCOMMIT")
    parsed = sa.make_url(db_url)
    theirs = parsed.set(username="few", password="tau0").render_as_string(hide_password=False)
    with admin.connect() as connection:
        for allowed in (3, 4):
            connection.exec_driver_sql(
                f"CREATE USER few IDENTIFIED BY 'tau0' WITH MAX_USER_CONNECTIONS {allowed}"
            )
            connection.exec_driver_sql(f"GRANT ALL ON {parsed.database}.* TO few")
            try:
                done = aomuse(theirs, "load", "--reload", "--workers", 3, small_night)
            finally:
                connection.exec_driver_sql("DROP USER few")
            assert done.code == 0, done.text
            (line,) = done.errors
            assert "max_user_connections" in line
            assert line.endswith(": going on with fewer workers")
    admin.dispose()
    assert_whole(create_engine(db_url), small_night)


def test_server_that_restarts(own_server, small_night, sabotage):
    engine = at_newest_schema(own_server.url)

    def restart(_: sa.Connection) -> None:
        own_server.stop()
        own_server.start(options=UNSAFE_BUT_FAST, end_with_parent=True)

    sabotage(restart)
    summary = pipeline.load(engine, [small_night])
    assert (summary.counts["loaded"], summary.failed) == (EXPOSURES, 0)
    assert_whole(engine, small_night)


def test_server_that_stays_away(own_server, small_night, sabotage):
    engine = at_newest_schema(own_server.url)
    sabotage(lambda _: own_server.stop() and None)
    with pytest.raises(DatabaseError, match=r"only complete exposures were saved"):
        pipeline.load(engine, [small_night])
    own_server.start(options=UNSAFE_BUT_FAST, end_with_parent=True)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT COUNT(*) FROM exposure")) == 1
    summary = pipeline.load(engine, [small_night])
    assert (summary.counts["loaded"], summary.counts["unchanged"]) == (EXPOSURES - 1, 1)
    assert_whole(engine, small_night)


@pytest.fixture
def short_waits(mariadb_server):
    """Let the server wait a second for rows."""
    admin = sa.create_engine(mariadb_server.admin_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql("SET GLOBAL innodb_lock_wait_timeout = 1")
        yield
        connection.exec_driver_sql("SET GLOBAL innodb_lock_wait_timeout = DEFAULT")
    admin.dispose()


@pytest.mark.usefixtures("short_waits")
def test_lock_wait_is_tried_again(db_url, engine, small_night, load_once):
    load_once(small_night)
    holder = engine.connect()
    holder.execute(sa.text("SELECT * FROM exposure FOR UPDATE"))
    loading = create_engine(db_url)
    sa.event.listen(loading, "handle_error", lambda _: holder.close())
    summary = pipeline.load(loading, [small_night], reload=True)
    assert holder.closed
    assert (summary.counts["replaced"], summary.failed) == (EXPOSURES, 0)
    assert_whole(engine, small_night)


@pytest.mark.usefixtures("short_waits")
def test_whoever_holds_rows_is_named(db_url, engine, small_night, load_once, monkeypatch):
    monkeypatch.setattr(db, "RETRY_DELAYS_S", (0.1,))
    load_once(small_night)
    with engine.connect() as holder:
        holder.execute(sa.text("SELECT * FROM exposure FOR UPDATE"))
        number = holder.scalar(sa.text("SELECT CONNECTION_ID()"))
        done = aomuse(db_url, "load", "--reload", small_night)
    # Nothing of it was written, but the run was, and others of its exposures may have been.
    assert done.code == 1
    assert f"still failing after 1 retries, connection {number} (aomuse@localhost:" in done.err
    assert len(done.errors) == 1


def test_full_disk_on_sqlite(tmp_path, night, at_head):
    url = at_head(f"sqlite:///{tmp_path / 'small.db'}")
    engine = create_engine(url)
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    @sa.event.listens_for(engine, "connect")
    def _limit(connection: object, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages + 350}")  # type: ignore[attr-defined]

    engine.dispose()
    with pytest.raises(DatabaseError, match=r"full: make room and run again"):
        pipeline.load(engine, [night])
    roomy = create_engine(url)
    with roomy.connect() as connection:
        stored = connection.scalar(sa.text("SELECT COUNT(*) FROM exposure"))
    assert stored < EXPOSURES
    summary = pipeline.load(roomy, [night])
    assert summary.counts["loaded"] == EXPOSURES - stored
    assert_whole(roomy, night)


def test_sqlite_file_at_its_quota(tmp_path, small_night, at_head):
    """A quota and a limit of the file's size are no FULL to SQLite, but a write that fails."""
    url = at_head(f"sqlite:///{tmp_path / 'small.db'}")
    size = (tmp_path / "small.db").stat().st_size + 200_000
    limit = f"from resource import *; setrlimit(RLIMIT_FSIZE, ({size}, {size}))\n"
    process = start(url, "load", small_night, before=limit)
    _, err = process.communicate()
    (line,) = err.splitlines()
    assert (process.returncode, "make room and run again" in line) == (1, True), err
    assert pipeline.load(create_engine(url), [small_night]).counts["failed"] == 0
    assert_whole(create_engine(url), small_night)


def load_until_it_fails(engine: sa.Engine, night: Path) -> None:
    for _ in range(40):
        pipeline.load(engine, [night], reload=True)
        execute(
            engine,
            "UPDATE exposure SET archive_id = NULL",
            "UPDATE source_file SET path = '', name = ''",
        )


def test_full_disk_on_mariadb(server_folder, night):
    server = Server(server_folder)
    limit = ("--innodb-file-per-table=0", "--innodb-data-file-path=ibdata1:12M:autoextend:max:26M")
    server.start(options=(*UNSAFE_BUT_FAST, *limit), end_with_parent=True)
    try:
        engine = at_newest_schema(server.url)
        with pytest.raises(DatabaseError, match=r"make room and run again"):
            load_until_it_fails(engine, night)
        with engine.connect() as connection:
            whole = connection.execute(
                sa.text("SELECT COUNT(*) FROM source GROUP BY psf_fit_id")
            ).scalars()
            assert set(whole) <= {2}
    finally:
        server.stop()
