"""Databases for the tests: SQLite files, and databases on a MariaDB server of the session's own.

A test that asks for `engine` or `db_url` runs twice, on SQLite and on MariaDB, each time with a
database of its own at the newest schema, which `load_once` fills with a tree that several tests
share. `empty_url` and `new_database` give databases without a schema, `mariadb_admin` databases on
MariaDB only.
"""

import gc
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import compiled_statements
import hypothesis
import mariadb_pool
import pytest
import sqlalchemy as sa
from loaded import clean, db, tree, whole  # noqa: F401, the fixtures of all folders
from mariadb_pool import MariadbPool, Pooled, Template, end_connections, numbers, url_of
from warehouse import succeed

from aomuse import connect
from aomuse.db import create_engine
from aomuse.query.refresh import refresh
from aomuse.schema import upgrade
from aomuse.workers.collector import for_new_objects_alone
from scripts.mariadb_server import Server, ServerError, find_program

# A slow machine is not a failure, and CI tries the same examples every time. More examples, and
# others each time: pytest --hypothesis-profile torture.
hypothesis.settings.register_profile(
    "aomuse", deadline=None, derandomize=bool(os.environ.get("CI")), database=None
)
hypothesis.settings.register_profile("torture", deadline=None, database=None, max_examples=2000)
hypothesis.settings.load_profile("aomuse")
compiled_statements.share()
gc.disable()  # until all is imported

REPOSITORY = Path(__file__).resolve().parent.parent

# Under `make test` the makes that the tests run would say that they are makes of a make.
for _variable in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
    os.environ.pop(_variable, None)

# What tests write lies in memory where a machine offers this much of it and programs may start
# there: containers often have 64 MB.
MEMORY = Path("/dev/shm")
ENOUGH_MEMORY = 4 << 30
IN_MEMORY = (
    MEMORY.is_dir()
    and shutil.disk_usage(MEMORY).free > ENOUGH_MEMORY
    and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
)
if IN_MEMORY:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))  # where tmp_path lies

TEMPLATE = "aomuse_template"


#: What takes long: a server, a browser, processes, trees that are loaded over and over.
SLOW_FIXTURES = {
    *("mariadb_server", "own_server", "other_server", "other_url", "browser", "processes"),
    *("whole", "light", "slow"),
}


def pytest_configure() -> None:
    """Let signals end what the tests start, also in the background or under nohup."""
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_IGN:
            default = number == signal.SIGINT
            signal.signal(number, signal.default_int_handler if default else signal.SIG_DFL)


def pytest_collection_finish() -> None:
    """Let collections of garbage pass over the million objects of imports, and be few."""
    gc.collect()
    for_new_objects_alone()
    gc.set_threshold(100_000, 50, 1000)
    gc.enable()


def pytest_sessionfinish() -> None:
    """Let the last collection pass over what the tests have made, too."""
    gc.freeze()


@pytest.fixture(scope="module")
def collected():
    """Let the collections that a module asks for pass over what other tests have left."""
    gc.collect()
    gc.freeze()


#: Tests that share set-up of several seconds: imports, nights, the script of reports. They come
#: first, so that one worker runs them all: the others take tests from the end of its list.
FIRST = (
    *("tests/workers/cluster/", "tests/predict/", "tests/report/", "tests/docs/", "tests/lake/"),
    *("tests/whole/test_asking.py", "tests/whole/test_one_moment.py"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of `make test-fast`, by their fixtures, and bring some to the front."""
    items.sort(key=lambda item: not item.nodeid.startswith(FIRST))
    for item in items:
        parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
        of_mariadb = any(str(value).startswith(("mariadb", "mysql")) for value in parameters)
        if not of_mariadb and not SLOW_FIXTURES.intersection(item.fixturenames):
            item.add_marker(pytest.mark.fast)


@pytest.fixture
def processes():
    """Tell that a test starts processes."""


@pytest.fixture
def slow():
    """Tell that a test takes long in another way, such as by loading every kind of tree."""


@pytest.fixture(autouse=True)
def _no_database_from_outside(monkeypatch):
    """Keep the tests off the database that the developer's shell points at."""
    monkeypatch.delenv("AOMUSE_DATABASE_URL", raising=False)


@pytest.fixture(scope="session")
def database_folder(tmp_path_factory):
    """Give a folder for databases, in memory if there is room; it goes after the session."""
    for left in MEMORY.glob("aomuse-tests-*"):  # by a session that was killed
        if not Path("/proc", left.name.split("-")[2]).exists():
            shutil.rmtree(left, ignore_errors=True)
    if IN_MEMORY:
        folder = Path(mkdtemp(prefix=f"aomuse-tests-{os.getpid()}-", dir=MEMORY))
    else:
        folder = tmp_path_factory.mktemp("databases")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def server_folder(database_folder):
    """Give a folder for a server of a test's own, where its files take no time."""
    with TemporaryDirectory(prefix="server-", dir=database_folder) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def mariadb_server(database_folder):
    """Start a MariaDB server for the session; without one the tests fail, they do not skip."""
    if find_program("mariadbd") is None:
        pytest.fail(
            "mariadbd is missing, and these tests need a MariaDB server"
            " (Debian: apt-get install mariadb-server libmariadb-dev)",
            pytrace=False,
        )
    options = (mariadb_pool.COUNTING, *mariadb_pool.UNSAFE_BUT_FAST)
    server = Server(database_folder / "mariadb")
    try:
        server.start(options=options, end_with_parent=True)
    except ServerError as error:
        pytest.fail(str(error), pytrace=False)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def _control(mariadb_server):
    """Connect to the server beside the databases under test."""
    engine = sa.create_engine(mariadb_server.admin_url, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


@pytest.fixture
def administrator(_control):
    """Give a connection of the server's administrator, which commits each statement."""
    with _control.connect() as connection:
        yield connection


@pytest.fixture
def mariadb_admin(mariadb_server, administrator):
    """Give a function that makes an empty database and returns its URL; all go after the test."""
    names = []

    def create_database() -> str:
        names.append(f"aomuse_test_{next(numbers)}")
        administrator.exec_driver_sql(f"CREATE DATABASE {names[-1]}")
        return url_of(mariadb_server, names[-1])

    yield create_database
    for name in names:
        end_connections(administrator, name)
        administrator.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")


@pytest.fixture(scope="session")
def mariadb_template(mariadb_server, _control):
    """Migrate one database, of which others are copies.

    Running the migrations for every test would cost several times as much.
    """
    with _control.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {TEMPLATE}")
    url = url_of(mariadb_server, TEMPLATE)
    _with_engine(url, upgrade)
    with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
        return Template.read(TEMPLATE, connection)


@pytest.fixture(scope="session")
def _pool(mariadb_server, _control, mariadb_template):
    return MariadbPool(mariadb_server, _control, mariadb_template)


@pytest.fixture
def _pooled(_pool, request):
    """Give a database of the pool, as it was left where `load_once` decides what it holds."""
    pooled = _pool.take(to_be_loaded="load_once" in request.fixturenames)
    yield pooled
    _pool.give_back(pooled)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    """Migrate one file, which is then copied."""
    path = tmp_path_factory.mktemp("template") / "aomuse.db"
    _with_engine(f"sqlite:///{path}", upgrade)
    return path


@pytest.fixture(params=["sqlite", "mariadb"])
def backend(request):
    """Name the kind of database; the fixtures of the other kind are not even set up."""
    return str(request.param)


@pytest.fixture
def new_database(backend, request, database_folder):
    """Give a function that makes an empty database of the kind under test and returns its URL."""
    if backend == "mariadb":
        yield request.getfixturevalue("mariadb_admin")
        return
    with ExitStack() as folders:

        def create_file() -> str:
            folder = folders.enter_context(TemporaryDirectory(dir=database_folder))
            return f"sqlite:///{folder}/aomuse.db"

        yield create_file


@pytest.fixture
def empty_url(new_database):
    """Give the URL, password included, of a database without a schema."""
    return new_database()


@pytest.fixture
def at_head(request):
    """Give a function that gives an empty database the newest schema, without the migrations."""

    def at_head(url: str) -> str:
        if url.startswith("sqlite"):
            shutil.copyfile(request.getfixturevalue("sqlite_template"), sa.make_url(url).database)
            return url
        with sa.create_engine(url, poolclass=sa.NullPool).begin() as connection:
            request.getfixturevalue("mariadb_template").make(connection)
        return url

    return at_head


@pytest.fixture
def db_url(backend, request):
    """Give the URL, password included, of a database at the newest schema."""
    if backend == "mariadb":
        return request.getfixturevalue("_pooled").url
    at_head, new = (request.getfixturevalue(name) for name in ("at_head", "new_database"))
    return at_head(new())


@pytest.fixture
def engine(db_url):
    """Give the engine of a database at the newest schema."""
    engine = connect(db_url).engine
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def _loaded():
    """Remember which file of SQLite holds a tree."""
    return {}


@pytest.fixture
def load_once(backend, db_url, _loaded, request, tmp_path_factory):
    """Give a function that loads a tree into the database under test, which is empty.

    The first test that asks for a tree loads it; the others get a copy of what that load stored,
    or on MariaDB the same database as long as no test has changed it. Tests that share a tree do
    not change its files.
    """

    def load_sqlite(root: Path) -> None:
        database = str(sa.make_url(db_url).database)
        if root in _loaded:
            _copy_sqlite(_loaded[root], database)
            return
        succeed(db_url, "load", root)
        _loaded[root] = str(tmp_path_factory.mktemp("loaded") / "aomuse.db")
        _copy_sqlite(database, _loaded[root])

    def load_mariadb(root: Path) -> None:
        pool: MariadbPool = request.getfixturevalue("_pool")
        pooled: Pooled = request.getfixturevalue("_pooled")
        if not pool.fill(pooled, root, lambda: _with_engine(db_url, refresh)):
            succeed(db_url, "load", root)
            pool.keep(pooled, root)

    return load_sqlite if backend == "sqlite" else load_mariadb


@pytest.fixture(scope="session")
def shared_data():
    """Give the folder of real observatory files, which stands beside the repository in CI."""
    path = REPOSITORY.parent / "shared" / "data"
    if not path.is_dir():
        pytest.skip(f"no real observatory files here: {path} is missing")
    return path


def _copy_sqlite(source: str, target: str) -> None:
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


def _with_engine(url: str, work: Callable[[sa.Engine], object]) -> None:
    engine = create_engine(url)
    work(engine)
    engine.dispose()


@pytest.fixture(scope="session")
def full_night(tmp_path_factory):
    """Simulate a night in all modes with all wavelengths, and give its files."""
    from aomuse.simulate import simulate

    return simulate(tmp_path_factory.mktemp("full"), sources=1)
