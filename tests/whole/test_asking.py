"""Asking does not write: SQLite files that may only be read, and those that may be written."""

import ctypes
import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from backends import on_sqlite
from loaded import tree_of
from warehouse import execute, fail, succeed

from aomuse import connect
from aomuse.errors import DatabaseError
from aomuse.verify import verify

pytestmark = on_sqlite

#: capset(2): version 3, and root's rights to write and to read what permissions forbid.
CAPABILITIES = 0x20080522
DAC_OVERRIDE, DAC_READ_SEARCH = 1 << 1, 1 << 2


@contextmanager
def without_rights(folder: Path):
    """Let the process write nothing into a folder, as root too."""
    libc = ctypes.CDLL(None)
    header = (ctypes.c_uint32 * 2)(CAPABILITIES, 0)
    rights = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; twice
    assert libc.capget(header, rights) == 0
    had = rights[0]
    rights[0] = had & ~(DAC_OVERRIDE | DAC_READ_SEARCH)
    folder.chmod(0o555)
    assert libc.capset(header, rights) == 0
    try:
        yield
    finally:
        rights[0] = had
        assert libc.capset(header, rights) == 0
        folder.chmod(0o755)


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    return tree_of(tmp_path_factory.mktemp("asked") / "night", 1).root


@pytest.fixture
def loaded(tmp_path, night, db_url, load_once):
    """Give a file with an exposure that nobody has open, in a folder of its own."""
    load_once(night)
    database = tmp_path / "database" / "aomuse.db"
    database.parent.mkdir()
    first = sa.make_url(db_url).database
    with closing(sqlite3.connect(first)) as source, closing(sqlite3.connect(database)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = WAL")
    return database


@pytest.fixture
def db(loaded):
    db = connect(f"sqlite:///{loaded}")
    yield db
    db.engine.dispose()


def read_everything(url: str, out: Path) -> None:
    succeed(url, "status")
    succeed(url, "status", "--issues")
    succeed(url, "verify")
    succeed(url, "export", "seed-json", out)
    succeed(url, "report", out / "report.html")
    db = connect(url)
    assert len(db.exposures()) == 1
    assert sum(len(part) for part in db.sources(chunk_rows=3)) == 10
    db.engine.dispose()


@pytest.mark.parametrize("url", ["sqlite:///{}", "sqlite:///file:{}?mode=ro&uri=true"])
def test_a_folder_that_may_not_be_written(loaded, night, tmp_path, url):
    url = url.format(loaded)
    read_everything(url, tmp_path / "first")  # what is imported only when it is needed
    for left in loaded.parent.glob("*-*"):
        left.unlink()
    before = {path.name: path.read_bytes() for path in loaded.parent.iterdir()}
    with without_rights(loaded.parent):
        read_everything(url, tmp_path / "out")
        assert "cannot be written" in fail(url, "load", night)
    assert {path.name: path.read_bytes() for path in loaded.parent.iterdir()} == before


def test_beside_a_loader_of_another_account(loaded, db):
    """Its journal says what is new, and readers see it."""
    with closing(sqlite3.connect(loaded)) as writer:
        writer.execute("UPDATE exposure SET instrument_mode = 'NFM-AO-N'")
        writer.commit()
        with without_rights(loaded.parent):
            assert list(db.exposures()["instrument_mode"]) == ["NFM-AO-N"]


def test_a_file_that_is_written_while_it_is_read(loaded, db):
    with without_rights(loaded.parent):
        parts = db.sources(chunk_rows=3)
        next(parts)
    with closing(sqlite3.connect(loaded)) as writer, writer:
        writer.execute("UPDATE exposure SET instrument_mode = 'NFM-AO-N'")
    with without_rights(loaded.parent):
        with pytest.raises(DatabaseError, match=r"aomuse.db was written while it was read: ask a"):
            list(parts)
        assert list(db.exposures()["instrument_mode"]) == ["NFM-AO-N"]


def test_a_journal_mode_is_left_as_it_is(loaded, night, tmp_path):
    """Such as that of a backup, which is one file."""
    with closing(sqlite3.connect(loaded)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    before = loaded.read_bytes()
    read_everything(f"sqlite:///{loaded}", tmp_path / "out")
    assert loaded.read_bytes() == before
    assert [path.name for path in loaded.parent.iterdir() if "-" in path.name] == []
    # Who writes sees to it that others can read meanwhile.
    succeed(f"sqlite:///{loaded}", "load", night)
    assert loaded.read_bytes()[18] == 2


def test_verify_in_python(loaded, db):
    with without_rights(loaded.parent):
        assert not any(result.differences for result in verify(db.engine))
        with pytest.raises(sa.exc.OperationalError, match="readonly"):
            execute(db.engine, "DELETE FROM exposure")
