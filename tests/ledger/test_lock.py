"""The lock: one for each database by whatever name, gone with its holder, and not for readers."""

import os
import stat
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa
from backends import on_mariadb
from own_processes import start
from warehouse import fail, scalar, succeed

from aomuse.db import create_engine
from aomuse.errors import BusyError, ConfigurationError, UnfinishedError
from aomuse.exchange.outcome import Listener
from aomuse.ledger import run_lock, run_transaction, running


def take(engine: sa.Engine) -> None:
    """Take the lock at once, and give it back."""
    with run_lock(engine, wait_s=0):
        pass


@pytest.fixture
def file(tmp_path, sqlite_template):
    """Give a database in a file."""
    path = tmp_path / "one" / "aomuse.db"
    path.parent.mkdir()
    path.write_bytes(sqlite_template.read_bytes())
    return path


@pytest.mark.parametrize(
    "name",
    [
        *("link.db", "folder/aomuse.db", "hard.db", "{here}/one/aomuse.db"),
        "file:{here}/one/aomuse.db?mode=rw&uri=true",
    ],
)
def test_a_file_of_sqlite_has_one_lock_by_all_its_names(file, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    Path("link.db").symlink_to(file)
    Path("folder").symlink_to("one")
    Path("hard.db").hardlink_to(file)
    one = create_engine("sqlite:///one/aomuse.db")
    other = create_engine(f"sqlite:///{name.format(here=tmp_path)}")
    for first, second in ((one, other), (other, one)):
        with run_lock(first), pytest.raises(BusyError):
            take(second)
    take(other)


@pytest.mark.usefixtures("processes")
def test_a_hard_link_in_another_process(file, tmp_path):
    (tmp_path / "hard.db").hardlink_to(file)
    with run_lock(create_engine(f"sqlite:///{file}")):
        process = start(f"sqlite:///{tmp_path}/hard.db", "metrics")
        assert process.stderr.readline().startswith("waiting for another command")
    process.succeed()


def test_two_files_have_two_locks(file, tmp_path):
    other = tmp_path / "aomuse.db"
    other.write_bytes(file.read_bytes())
    for one, two in ((f"/{file}", f"/{other}"), ("", "")):
        with run_lock(create_engine(f"sqlite://{one}")):
            take(create_engine(f"sqlite://{two}"))


@pytest.mark.parametrize(
    "make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to(path.parent / "elsewhere")]
)
def test_a_lock_that_is_not_a_file(file, make):
    lock = file.with_name("aomuse.db.lock")
    make(lock)
    line = fail(f"sqlite:///{file}", "migrate")
    assert line == f"aomuse: {lock} is not a regular file: remove it, then try again"
    assert not (file.parent / "elsewhere").exists()


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o660, 0o664])
def test_who_may_not_write_the_database_may_not_hold_its_lock(file, mode):
    file.chmod(mode)
    with run_lock(create_engine(f"sqlite:///{file}")):
        lock = file.with_name("aomuse.db.lock").stat()
    assert stat.S_IMODE(lock.st_mode) == (0o660 if mode & 0o020 else 0o600)


#: Has the kernel refuse flock() with ENOLCK, as file systems without locks do.
NO_LOCKS = """
import ctypes, errno, struct
FLOCK = {"x86_64": 73, "aarch64": 32}[__import__("platform").machine()]
steps = [(0x20, 0, 0, 0), (0x15, 0, 1, FLOCK), (0x06, 0, 0, 0x50000 | errno.ENOLCK),
         (0x06, 0, 0, 0x7FFF0000)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code)))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, program, 0, 0) == 0, ctypes.get_errno()
"""


@pytest.mark.usefixtures("processes")
def test_a_file_system_without_locks(file):
    assert start(f"sqlite:///{file}", "migrate", before=NO_LOCKS).ends_with(2) == (
        f"aomuse: {file}.lock cannot be locked (No locks available): put the database on a file "
        "system with locks (flock), such as a local disk\n"
    )


@pytest.fixture
def reader_of(administrator):
    """Give a function that connects an account which may only read a database."""
    administrator.exec_driver_sql("CREATE USER analyst@localhost IDENTIFIED BY 'tau0'")
    with ExitStack() as connections:

        def reader_of(engine: sa.Engine) -> sa.Connection:
            grant = f"GRANT SELECT ON {engine.url.database}.* TO analyst@localhost"
            administrator.exec_driver_sql(grant)
            url = engine.url.set(username="analyst", password="tau0")
            account = sa.create_engine(url, poolclass=sa.NullPool)
            return connections.enter_context(account.connect())

        yield reader_of
    administrator.exec_driver_sql("DROP USER analyst@localhost")


def assert_named(reader: sa.Connection, refused: pytest.ExceptionInfo[BusyError], before: str = ""):
    number = reader.scalar(sa.text("SELECT CONNECTION_ID()"))
    assert str(refused.value).startswith(f"{before}connection {number} (analyst@localhost:")


@on_mariadb
def test_a_reader_cannot_hold_the_lock(engine, db_url, reader_of):
    take(engine)
    reader = reader_of(engine)
    (name,) = reader.scalars(sa.text("SELECT lock_name FROM run_lock"))
    for lock in (name, f"aomuse:{engine.url.database}"):
        assert reader.scalar(sa.text("SELECT GET_LOCK(:name, 0)"), {"name": lock}) == 1
    with run_lock(engine, wait_s=0):
        # Nor is it the reader's when its holder has gone.
        (name,) = reader.scalars(sa.text("SELECT lock_name FROM run_lock WHERE id = 1"))
    succeed(db_url, "metrics")


@on_mariadb
def test_who_locks_its_row_is_named(engine, reader_of):
    take(engine)
    reader = reader_of(engine)
    reader.execute(sa.text("SELECT * FROM run_lock FOR UPDATE"))
    with pytest.raises(BusyError, match="in a transaction for") as refused:
        take(engine)
    assert_named(reader, refused)


@on_mariadb
def test_who_holds_the_lock_of_an_empty_database_is_named(empty_url, reader_of):
    engine = create_engine(empty_url)
    reader = reader_of(engine)
    with run_lock(engine):
        name = f"aomuse:{reader.scalar(sa.text('SELECT SHA2(DATABASE(), 256)'))[:16]}"
        assert reader.scalar(sa.text("SELECT IS_USED_LOCK(:name)"), {"name": name})
    reader.scalar(sa.text("SELECT GET_LOCK(:name, 1)"), {"name": name})
    with pytest.raises(BusyError) as refused:
        take(engine)
    assert_named(reader, refused, before="another command, ")
    engine.dispose()


def test_names_that_differ_in_capitals_are_two_databases(mariadb_server, administrator):
    names = ("aomuse_capitals", "aomuse_Capitals")
    for name in names:
        administrator.exec_driver_sql(f"CREATE DATABASE {name}")
    url = sa.make_url(mariadb_server.url)
    one, other = (create_engine(url.set(database=name)) for name in names)
    with run_lock(one, wait_s=0):
        take(other)
    for name in names:
        administrator.exec_driver_sql(f"DROP DATABASE {name}")


def holder_of(engine: sa.Engine) -> int:
    return scalar(engine, "SELECT connection_id FROM run_lock WHERE id = 1")


@on_mariadb
def test_a_lock_that_was_lost_is_taken_again(engine, administrator):
    with run_lock(engine, wait_s=0) as held:
        first = holder_of(engine)
        held.keep()
        assert holder_of(engine) == first
        administrator.exec_driver_sql(f"KILL CONNECTION {first}")
        held.keep()
        assert holder_of(engine) != first
        with pytest.raises(BusyError):
            take(engine)
        # As is left where the server was away when the lock was to be taken again.
        held.lock.release()
        held.keep()
        with pytest.raises(BusyError):
            take(engine)
    take(engine)


@on_mariadb
def test_a_run_whose_place_was_taken_writes_no_more(db, administrator):
    def lose_the_lock() -> None:
        with running(db.engine, Listener()) as run:
            run.start("load")
            with run_transaction(db.engine, run.id):
                pass
            administrator.exec_driver_sql(f"KILL CONNECTION {holder_of(db.engine)}")
            with running(db.engine, Listener()) as other:
                other.start("load")
            run.lock.keep(run.id)
            with run_transaction(db.engine, run.id):
                raise AssertionError("it may not write")

    with pytest.raises(UnfinishedError, match=r"^run 1 lost its connection.*: run again; only"):
        lose_the_lock()
    assert db.outcomes() == ["killed", "complete"]


def test_a_folder_that_may_not_be_written(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'missing' / 'aomuse.db'}")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        take(engine)
