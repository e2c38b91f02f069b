"""The lock: one for each database by whatever name, gone with its holder, and not for readers."""

import os
import stat
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from own_processes import start
from warehouse import aomuse

from aomuse.db import create_engine
from aomuse.errors import BusyError, ConfigurationError, UnfinishedError
from aomuse.exchange.outcome import Listener
from aomuse.ledger import run_lock, run_transaction, running


@pytest.fixture
def file(tmp_path, sqlite_template):
    """Give a database in a file."""
    path = tmp_path / "one" / "aomuse.db"
    path.parent.mkdir()
    path.write_bytes(sqlite_template.read_bytes())
    return path


def symlink(file: Path) -> str:
    other = file.parent.parent / "link.db"
    other.symlink_to(file)
    return f"sqlite:///{other}"


def folder_link(file: Path) -> str:
    other = file.parent.parent / "folder"
    other.symlink_to(file.parent)
    return f"sqlite:///{other / file.name}"


def hard_link(file: Path) -> str:
    other = file.parent.parent / "hard.db"
    other.hardlink_to(file)
    return f"sqlite:///{other}"


def uri(file: Path) -> str:
    return f"sqlite:///file:{file}?mode=rw&uri=true"


def relative(file: Path) -> str:
    return f"sqlite:///{os.path.relpath(file)}"


NAMES = [symlink, folder_link, hard_link, uri, relative]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_sqlite_has_one_lock_by_all_its_names(file, name):
    one, other = create_engine(f"sqlite:///{file}"), create_engine(name(file))
    for first, second in ((one, other), (other, one)):
        with run_lock(first), pytest.raises(BusyError), run_lock(second, wait_s=0):
            pass
    with run_lock(other):
        pass


@pytest.mark.usefixtures("processes")
def test_a_hard_link_in_another_process(file):
    url = hard_link(file)
    with run_lock(create_engine(f"sqlite:///{file}")):
        process = start(url, "metrics")
        assert process.stderr.readline().startswith("waiting for another command")
    _, err = process.communicate()
    assert (process.returncode, err) == (0, "")


def test_two_files_have_two_locks(file, tmp_path):
    other = tmp_path / "aomuse.db"
    other.write_bytes(file.read_bytes())
    with (
        run_lock(create_engine(f"sqlite:///{file}")),
        run_lock(create_engine(f"sqlite:///{other}")),
    ):
        pass
    with run_lock(create_engine("sqlite://")), run_lock(create_engine("sqlite://")):
        pass


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


def make_link(path: Path) -> None:
    path.symlink_to(path.parent / "elsewhere")


@pytest.mark.parametrize("make", [make_fifo, Path.mkdir, make_link])
def test_a_lock_that_is_not_a_file(file, make):
    lock = file.with_name("aomuse.db.lock")
    make(lock)
    done = aomuse(f"sqlite:///{file}", "migrate")
    assert (done.code, done.err) == (
        2,
        f"aomuse: {lock} is not a regular file: remove it, then try again\n",
    )
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
    process = start(f"sqlite:///{file}", "migrate", before=NO_LOCKS)
    _, err = process.communicate()
    assert process.returncode == 2
    assert err == (
        f"aomuse: {file}.lock cannot be locked (No locks available): put the database on a file "
        "system with locks (flock), such as a local disk\n"
    )


@pytest.fixture
def server_engine(mariadb_admin):
    """Give the engine of a database on MariaDB without a schema."""
    engine = create_engine(mariadb_admin())
    yield engine
    engine.dispose()


@pytest.fixture
def reader(mariadb_server, engine):
    """Give a connection of an account that may only read."""
    with reading_account(mariadb_server, engine) as connection:
        yield connection


@contextmanager
def reading_account(server, engine):
    control = sa.create_engine(server.admin_url, isolation_level="AUTOCOMMIT")
    with control.connect() as connection:
        connection.exec_driver_sql("CREATE OR REPLACE USER analyst@localhost IDENTIFIED BY 'tau0'")
        connection.exec_driver_sql(f"GRANT SELECT ON {engine.url.database}.* TO analyst@localhost")
    account = sa.create_engine(engine.url.set(username="analyst", password="tau0"))
    with account.connect() as connection:
        yield connection
    account.dispose()
    with control.connect() as connection:
        connection.exec_driver_sql("DROP USER analyst@localhost")
    control.dispose()


def number_of(connection: sa.Connection) -> int:
    return connection.scalar(sa.text("SELECT CONNECTION_ID()"))


on_mariadb = pytest.mark.parametrize("backend", ["mariadb"], indirect=False)


@on_mariadb
def test_a_reader_cannot_hold_the_lock(engine, db_url, reader):
    with run_lock(engine):
        pass
    (name,) = reader.scalars(sa.text("SELECT lock_name FROM run_lock"))
    for lock in (name, f"aomuse:{engine.url.database}"):
        assert reader.scalar(sa.text("SELECT GET_LOCK(:name, 0)"), {"name": lock}) == 1
    with run_lock(engine, wait_s=0):
        # Nor is it the reader's when its holder has gone.
        (name,) = reader.scalars(sa.text("SELECT lock_name FROM run_lock WHERE id = 1"))
    assert aomuse(db_url, "metrics").code == 0


@on_mariadb
def test_who_locks_its_row_is_named(engine, reader):
    with run_lock(engine):
        pass
    reader.execute(sa.text("SELECT * FROM run_lock FOR UPDATE"))
    with pytest.raises(BusyError) as refused, run_lock(engine, wait_s=0):
        pass
    assert str(refused.value).startswith(f"connection {number_of(reader)} (analyst@localhost:")
    assert "in a transaction for" in str(refused.value)


def test_who_holds_the_lock_of_an_empty_database_is_named(server_engine, mariadb_server):
    with reading_account(mariadb_server, server_engine) as reader:
        with run_lock(server_engine):
            names = "SELECT SHA2(DATABASE(), 256)"
            name = f"aomuse:{reader.scalar(sa.text(names))[:16]}"
            holder = reader.scalar(sa.text("SELECT IS_USED_LOCK(:name)"), {"name": name})
            assert holder
        reader.scalar(sa.text("SELECT GET_LOCK(:name, 1)"), {"name": name})
        with pytest.raises(BusyError) as refused, run_lock(server_engine, wait_s=0):
            pass
        expected = f"another command, connection {number_of(reader)} (analyst@localhost:"
        assert str(refused.value).startswith(expected)


def test_names_that_differ_in_capitals_are_two_databases(mariadb_server):
    control = sa.create_engine(mariadb_server.admin_url, isolation_level="AUTOCOMMIT")
    names = ("aomuse_capitals", "aomuse_Capitals")
    with control.connect() as connection:
        for name in names:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        url = sa.make_url(mariadb_server.url)
        one, other = (create_engine(url.set(database=name)) for name in names)
        with run_lock(one, wait_s=0), run_lock(other, wait_s=0):
            pass
        for name in names:
            connection.exec_driver_sql(f"DROP DATABASE {name}")
    control.dispose()


def holder_of(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(sa.text("SELECT connection_id FROM run_lock WHERE id = 1"))


def kill(engine: sa.Engine, number: int) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql(f"KILL CONNECTION {number}")


@on_mariadb
def test_a_lock_that_was_lost_is_taken_again(engine):
    with run_lock(engine, wait_s=0) as held:
        first = holder_of(engine)
        held.keep()
        assert holder_of(engine) == first
        kill(engine, first)
        held.keep()
        assert holder_of(engine) != first
        with pytest.raises(BusyError), run_lock(engine, wait_s=0):
            pass
    with run_lock(engine, wait_s=0):
        pass


@on_mariadb
def test_a_lock_that_was_lost_with_its_server_is_taken_again(engine):
    with run_lock(engine, wait_s=0) as held:
        # As is left where the server was away when the lock was to be taken again.
        held.lock.release()
        held.keep()
        with pytest.raises(BusyError), run_lock(engine, wait_s=0):
            pass


@on_mariadb
def test_a_run_whose_place_was_taken_writes_no_more(engine):
    with pytest.raises(UnfinishedError, match=r"^run 1 lost its connection.*: run again; only"):
        lose_the_lock(engine)
    with engine.connect() as connection:
        outcomes = connection.scalars(sa.text("SELECT outcome FROM load_run ORDER BY id")).all()
    assert outcomes == ["killed", "complete"]


def lose_the_lock(engine: sa.Engine) -> None:
    with running(engine, Listener()) as run:
        run.start("load")
        with run_transaction(engine, run.id):
            pass
        kill(engine, holder_of(engine))
        with running(engine, Listener()) as other:
            other.start("load")
        run.lock.keep(run.id)
        with run_transaction(engine, run.id):
            raise AssertionError("it may not write")


def test_a_folder_that_may_not_be_written(tmp_path):
    with (
        pytest.raises(ConfigurationError, match="cannot be written"),
        run_lock(create_engine(f"sqlite:///{tmp_path / 'missing' / 'aomuse.db'}")),
    ):
        pass
