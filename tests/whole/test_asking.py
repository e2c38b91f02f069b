"""Asking does not write: SQLite files that may only be read, and those that may be written."""

import ctypes
import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from backends import on_sqlite
from loaded import tree_of
from warehouse import aomuse

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
    """Give a file with an exposure, in a folder of its own."""
    database = tmp_path / "database" / "aomuse.db"
    database.parent.mkdir()
    load_once(night)
    first = sa.make_url(db_url).database
    with closing(sqlite3.connect(first)) as source, closing(sqlite3.connect(database)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = WAL")
    return database


def urls(file: Path) -> list[str]:
    return [f"sqlite:///{file}", f"sqlite:///file:{file}?mode=ro&uri=true"]


def read_everything(url: str, out: Path) -> None:
    for command in (
        ["status"],
        ["status", "--issues"],
        ["verify"],
        ["export", "seed-json", out],
        ["report", out / "report.html"],
    ):
        done = aomuse(url, *command)
        assert (done.code, done.err) == (0, ""), (command, done.text)
    db = connect(url)
    assert len(db.exposures()) == 1
    assert sum(len(part) for part in db.sources(chunk_rows=3)) == 10
    db.engine.dispose()


@pytest.mark.parametrize("which", [0, 1])
def test_a_folder_that_may_not_be_written(loaded, night, tmp_path, which):
    url = urls(loaded)[which]
    read_everything(url, tmp_path / "first")  # what is imported only when it is needed
    out = tmp_path / "out"
    for left in loaded.parent.glob("*-*"):
        left.unlink()
    before = {path.name: path.read_bytes() for path in loaded.parent.iterdir()}
    with without_rights(loaded.parent):
        read_everything(url, out)
        refused = aomuse(url, "load", night)
    assert (refused.code, len(refused.errors)) == (2, 1)
    assert "cannot be written" in refused.err
    assert {path.name: path.read_bytes() for path in loaded.parent.iterdir()} == before


def test_beside_a_loader_of_another_account(loaded):
    """Its journal says what is new, and readers see it."""
    with closing(sqlite3.connect(loaded)) as writer:
        writer.execute("UPDATE exposure SET instrument_mode = 'NFM-AO-N'")
        writer.commit()
        with without_rights(loaded.parent):
            db = connect(f"sqlite:///{loaded}")
            assert list(db.exposures()["instrument_mode"]) == ["NFM-AO-N"]
            db.engine.dispose()


def test_a_file_that_is_written_while_it_is_read(loaded):
    with without_rights(loaded.parent):
        db = connect(f"sqlite:///{loaded}")
        parts = db.sources(chunk_rows=3)
        next(parts)
    with closing(sqlite3.connect(loaded)) as writer:
        writer.execute("UPDATE exposure SET instrument_mode = 'NFM-AO-N'")
        writer.commit()
    with without_rights(loaded.parent):
        with pytest.raises(DatabaseError, match=r"aomuse.db was written while it was read: ask a"):
            list(parts)
        assert list(db.exposures()["instrument_mode"]) == ["NFM-AO-N"]
        db.engine.dispose()


def test_a_journal_mode_is_left_as_it_is(loaded, night, tmp_path):
    """Such as that of a backup, which is one file."""
    with closing(sqlite3.connect(loaded)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    before = loaded.read_bytes()
    read_everything(f"sqlite:///{loaded}", tmp_path / "out")
    assert loaded.read_bytes() == before
    assert [path.name for path in loaded.parent.iterdir() if "-" in path.name] == []
    # Who writes sees to it that others can read meanwhile.
    assert aomuse(f"sqlite:///{loaded}", "load", night).code == 0
    assert loaded.read_bytes()[18] == 2


def test_verify_in_python(loaded):
    with without_rights(loaded.parent):
        engine = connect(f"sqlite:///{loaded}").engine
        assert not any(result.differences for result in verify(engine))
        with pytest.raises(sa.exc.OperationalError, match="readonly"), engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM exposure"))
        engine.dispose()
