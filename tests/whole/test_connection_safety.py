"""A database that goes away, waits, or is full: nothing is lost, and one line tells what to do."""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from fits_factory import prm, psf, write
from loaded import tree_of
from mariadb_pool import UNSAFE_BUT_FAST, account
from own_processes import start
from warehouse import execute, fail, query, scalar, succeed

from aomuse import db, pipeline, stages
from aomuse.db import create_engine
from aomuse.errors import DatabaseError
from aomuse.exchange.frames import Rows
from aomuse.load import WriterChoice, choose_writer
from aomuse.schema import upgrade
from aomuse.verify import verify
from scripts.mariadb_server import Server

EXPOSURES = 3
LAYERS = 1500
EXPOSURE_COUNT = "SELECT COUNT(*) FROM exposure"


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
    """Give a server that a test starts and stops."""
    server = Server(server_folder)
    yield server
    server.stop()


def start_server(server: Server, *options: str) -> sa.Engine:
    """Start it, and migrate its database if that is new."""
    server.start(options=(*UNSAFE_BUT_FAST, *options), end_with_parent=True)
    engine = create_engine(server.url)
    upgrade(engine)
    return engine


@pytest.fixture
def sabotage(monkeypatch):
    """Give a function that lets something happen in the middle of the second exposure."""

    def arrange(happens: Callable[[sa.Connection], None]) -> None:
        seen = []

        def sabotaged(engine: sa.Engine) -> WriterChoice:
            way = choose_writer(engine)

            def make_writer(connection: sa.Connection) -> SimpleNamespace:
                writer = way.make_writer(connection)

                def write(table: str, rows: Rows) -> int:
                    seen.extend([table] if table == "source_sample" else [])
                    if table == "source_sample" and len(seen) == 2:
                        happens(connection)
                    return writer.write(table, rows)

                return SimpleNamespace(write=write)

            return WriterChoice(way.engine, make_writer)

        monkeypatch.setattr(stages, "choose_writer", sabotaged)

    return arrange


def assert_loads(
    engine: sa.Engine, night: Path, outcome: str = "loaded", count: int = EXPOSURES, **more: Any
) -> None:
    """Load, after which all exposures are there as they are in the files."""
    summary = pipeline.load(engine, [night], **more)
    assert (summary.counts[outcome], summary.failed) == (count, 0)
    assert scalar(engine, EXPOSURE_COUNT) == EXPOSURES
    assert not any(result.differences for result in verify(engine, [night]))


def kill_others(url: str) -> None:
    """Kill all connections to a database, as an administrator does."""
    others = (
        "SELECT id FROM information_schema.processlist "
        "WHERE db = DATABASE() AND id <> CONNECTION_ID()"
    )
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        for number in connection.scalars(sa.text(others)).all():
            with contextlib.suppress(sa.exc.DBAPIError):  # it has ended by itself
                connection.exec_driver_sql(f"KILL CONNECTION {number}")


def test_a_killed_connection_is_replaced(db_url, small_night, sabotage):
    killed = []

    def kill(connection: sa.Connection) -> None:
        killed.append(connection)
        kill_others(db_url)

    sabotage(kill)
    assert_loads(create_engine(db_url), small_night)
    assert killed


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

    assert_loads(engine, small_night, "unchanged")
    assert killed


def test_connections_that_are_too_many_for_a_while(
    mariadb_server, db_url, small_night, monkeypatch
):
    """An account that may have two: the run's lock and one to load by."""
    with account(mariadb_server, db_url, limits="WITH MAX_USER_CONNECTIONS 3") as (theirs,):
        occupied = [sa.create_engine(theirs, poolclass=sa.NullPool).connect() for _ in range(3)]
        assert "max_user_connections" in fail(theirs, "status")

        def free_and_sleep(seconds: float) -> None:
            for each in occupied:
                each.close()
            time.sleep(seconds)

        monkeypatch.setattr(db, "time", SimpleNamespace(sleep=free_and_sleep))
        monkeypatch.setattr(db, "RETRY_DELAYS_S", (0.1, 0.5, 5.0, 20.0))
        succeed(theirs, "load", small_night)
        assert all(each.closed for each in occupied)
    assert_loads(create_engine(db_url), small_night, "unchanged")


def test_fewer_workers_where_an_account_has_few_connections(
    mariadb_server, db_url, small_night, monkeypatch
):
    monkeypatch.setattr(stages, "WORTH_WORKERS_BYTES", -1)
    for allowed in (3, 4):
        limits = f"WITH MAX_USER_CONNECTIONS {allowed}"
        with account(mariadb_server, db_url, limits=limits) as (theirs,):
            line = fail(theirs, "load", "--reload", "--workers", 3, small_night, code=0)
        assert "max_user_connections" in line
        assert line.endswith(": going on with fewer workers")
    assert_loads(create_engine(db_url), small_night, "unchanged")


def test_a_server_that_stays_away_and_one_that_restarts(own_server, small_night, sabotage):
    engine = start_server(own_server)
    sabotage(lambda _: own_server.stop())
    with pytest.raises(DatabaseError, match=r"only complete exposures were saved"):
        pipeline.load(engine, [small_night])
    start_server(own_server)
    assert scalar(engine, EXPOSURE_COUNT) == 1

    def restart(_: sa.Connection) -> None:
        own_server.stop()
        start_server(own_server)

    sabotage(restart)
    assert_loads(engine, small_night, count=EXPOSURES - 1)


@pytest.fixture
def short_waits(mariadb_server):
    """Let the server wait a second for rows."""
    admin = sa.create_engine(mariadb_server.admin_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql("SET GLOBAL innodb_lock_wait_timeout = 1")
        yield
        connection.exec_driver_sql("SET GLOBAL innodb_lock_wait_timeout = DEFAULT")
    admin.dispose()


@pytest.fixture
def holder(engine, small_night, load_once):
    """Give a connection that holds all exposures."""
    load_once(small_night)
    with engine.connect() as holder:
        holder.execute(sa.text("SELECT * FROM exposure FOR UPDATE"))
        yield holder


@pytest.mark.usefixtures("short_waits")
def test_lock_wait_is_tried_again(db_url, small_night, holder):
    loading = create_engine(db_url)
    sa.event.listen(loading, "handle_error", lambda _: holder.close())
    assert_loads(loading, small_night, "replaced", reload=True)
    assert holder.closed


@pytest.mark.usefixtures("short_waits")
def test_whoever_holds_rows_is_named(db_url, small_night, holder, monkeypatch):
    monkeypatch.setattr(db, "RETRY_DELAYS_S", (0.1,))
    number = holder.scalar(sa.text("SELECT CONNECTION_ID()"))
    # Nothing of it was written, but the run was, and others of its exposures may have been.
    line = fail(db_url, "load", "--reload", small_night, code=1)
    assert f"still failing after 1 retries, connection {number} (aomuse@localhost:" in line


def test_full_disk_on_sqlite(tmp_path, night, at_head):
    url = at_head(f"sqlite:///{tmp_path / 'small.db'}")
    engine = create_engine(url)
    pages = scalar(engine, "SELECT page_count FROM pragma_page_count")

    @sa.event.listens_for(engine, "connect")
    def _limit(connection: object, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages + 350}")  # type: ignore[attr-defined]

    engine.dispose()
    with pytest.raises(DatabaseError, match=r"full: make room and run again"):
        pipeline.load(engine, [night])
    roomy = create_engine(url)
    stored = scalar(roomy, EXPOSURE_COUNT)
    assert stored < EXPOSURES
    assert_loads(roomy, night, count=EXPOSURES - stored)


def test_sqlite_file_at_its_quota(tmp_path, small_night, at_head):
    """A quota and a limit of the file's size are no FULL to SQLite, but a write that fails."""
    url = at_head(f"sqlite:///{tmp_path / 'small.db'}")
    size = (tmp_path / "small.db").stat().st_size + 200_000
    limit = f"from resource import *; setrlimit(RLIMIT_FSIZE, ({size}, {size}))\n"
    process = start(url, "load", small_night, before=limit)
    _, err = process.communicate()
    (line,) = err.splitlines()
    assert (process.returncode, "make room and run again" in line) == (1, True), err
    assert pipeline.load(create_engine(url), [small_night]).failed == 0
    assert_loads(create_engine(url), small_night, "unchanged")


def load_until_it_fails(engine: sa.Engine, night: Path) -> None:
    for _ in range(40):
        pipeline.load(engine, [night], reload=True)
        execute(
            engine,
            "UPDATE exposure SET archive_id = NULL",
            "UPDATE source_file SET path = '', name = ''",
        )


def test_full_disk_on_mariadb(own_server, night):
    limit = "--innodb-data-file-path=ibdata1:12M:autoextend:max:26M"
    engine = start_server(own_server, "--innodb-file-per-table=0", limit)
    with pytest.raises(DatabaseError, match=r"make room and run again"):
        load_until_it_fails(engine, night)
    whole = query(engine, "SELECT COUNT(*) FROM source GROUP BY psf_fit_id")
    assert set(whole) <= {(2,)}
