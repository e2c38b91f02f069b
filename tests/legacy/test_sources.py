"""Where blobs come from: what is recognised, that it is never written, and what goes wrong."""

import signal
import sqlite3
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import pytest
import sqlalchemy as sa
from backends import on_sqlite, one_on_mariadb
from old_databases import OldDatabase, database_2020
from old_databases import row_2020 as row
from own_processes import Gate, start
from sqlalchemy.orm import Session
from warehouse import aomuse, exposure_by_id

from aomuse.connections.kept_values import kept_references
from aomuse.legacy.source import open_source
from aomuse.models import Exposure, PsfFit

SECRET = "s3cr3t-pa55"


@pytest.fixture
def old(old_2020):
    """Give a database of one exposure."""
    old_2020.add("M 54", **row("X", 1))
    return old_2020


def path_of(old: OldDatabase) -> Path:
    return Path(str(sa.make_url(old.url).database))


def states(path: Path) -> dict[str, bytes]:
    """Give name and content of every file beside a database."""
    return {file.name: file.read_bytes() for file in path.parent.iterdir()}


@one_on_mariadb("journal", ["delete", "wal"])
def test_a_file_is_not_touched(journal, old, db):
    path = path_of(old)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal}")
    path.chmod(0o444)
    before = states(path)
    db.imports(old)
    assert states(path) == before
    assert db.count("exposure") == 1


@on_sqlite
def test_what_another_process_has_just_written_counts(old, db):
    path = path_of(old)
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA journal_mode = wal")
        writer.execute("UPDATE exposure SET insmode = 'NFM-AO-N'")
        writer.commit()
        assert path.with_name(f"{path.name}-wal").exists()
        db.imports(old)
    assert db.scalar("SELECT instrument_mode FROM exposure") == "NFM-AO-N"


@pytest.mark.parametrize("engine_of_source", ["sqlite_url", "mariadb_admin"])
def test_nothing_can_be_written_through_it(engine_of_source, request):
    old = database_2020(request.getfixturevalue(engine_of_source)())
    old.add("M 54", **row("X", 1))
    before = old.rows()
    with open_source(old.url) as source:
        connection = source._connection
        for statement in ("DELETE FROM exposure", "UPDATE target SET targetname = 'x'"):
            with pytest.raises(sa.exc.DBAPIError, match=r"(?i)read.?only"):
                connection.exec_driver_sql(statement)
            connection.rollback()
    assert old.rows() == before


def test_what_is_read_of_it_is_freed(mariadb_admin):
    with open_source(database_2020(mariadb_admin()).url) as source:
        kept = kept_references(source._connection)
    assert kept == (version("mariadb") == "2.0.0rc2")


@on_sqlite
def test_a_url_of_mysql_and_another_name_of_the_host(mariadb_admin, db):
    url = sa.make_url(mariadb_admin())
    database_2020(url.render_as_string(hide_password=False)).add("M 54", **row("X", 1))
    for driver, host in (("mysql", "127.0.0.1"), ("mysql+pymysql", "127.1")):
        other = url.set(drivername=driver, host=host).render_as_string(hide_password=False)
        done = db.succeed("import-blobs", other)
    assert "1 unchanged" in done.out
    place = db.query("SELECT path FROM source_file WHERE role = 'row'")
    assert place == [(f"import:mariadb://127.0.0.1:{url.port}/{url.database}#exposure/1",)]


@on_sqlite
def test_another_database_does_not_take_the_place_of_an_import(old, sqlite_url, db):
    second = database_2020(sqlite_url())
    second.add("M 54", **row("X", 2))
    second.add("M 54", **row("X", 1, analysisfile="Y.prm.fits"))
    db.imports(old)
    before = exposure_by_id(db.engine, 1)
    done = db.run("import-blobs", second.url)
    assert (done.code, len(done.errors)) == (1, 1)
    assert "1 loaded" in done.out
    assert "was added from import:sqlite:" in done.err
    assert exposure_by_id(db.engine, 1) == before
    db.execute("DELETE FROM exposure WHERE id = 1")
    db.imports(second)
    files = db.query("SELECT prm_file FROM psf_fit ORDER BY prm_file")
    assert files == [("X_2.prm.fits",), ("Y.prm.fits",)]


@on_sqlite
def test_an_exposure_of_a_session_is_left(old, db):
    name = row("X", 1)["rawfile"].removesuffix(".fits.fz")
    with Session(db.engine) as session:
        session.add(Exposure(archive_id=name, psf_fits=[PsfFit(name="mine", model="x")]))
        session.commit()
    before = exposure_by_id(db.engine, 1)
    assert "by hand" in db.fail("import-blobs", old.url)
    assert exposure_by_id(db.engine, 1) == before


def not_aomuse(path: Path, statement: str) -> str:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
    return f"sqlite:///{path}"


def test_a_source_that_is_none_is_refused_in_one_line(db, mariadb_admin, tmp_path):
    (tmp_path / "text.db").write_text("this is no database" * 100)
    (tmp_path / "folder.db").mkdir()
    exposure = "CREATE TABLE exposure (id INTEGER PRIMARY KEY, name TEXT, data TEXT)"
    wrong_password = sa.make_url(mariadb_admin()).set(password=SECRET)
    refused = {
        f"sqlite:///{tmp_path}/missing.db": "there is no file",
        f"sqlite:///{tmp_path}/folder.db": "there is no file",
        f"sqlite:///{tmp_path}/text.db": "not a database",
        not_aomuse(tmp_path / "empty.db", "CREATE TABLE x (id INTEGER)"): "is not an AOMUSE",
        not_aomuse(tmp_path / "other.db", exposure): "is not an AOMUSE",
        db.url: "is not an AOMUSE database",
        wrong_password.render_as_string(hide_password=False): "cannot be opened",
        f"mariadb://u:{SECRET}@127.0.0.1:1/old": "cannot be opened",
        f"mysql://u:{SECRET}@127.0.0.1:1/": "names no database",
        f"postgresql://u:{SECRET}@127.0.0.1/old": "works with sqlite",
        f"u:{SECRET}@127.0.0.1/old": "cannot be parsed",
    }
    before = db.contents(but=())
    for url, why in refused.items():
        done = db.run("import-blobs", url)
        assert (done.code, done.out, len(done.errors)) == (2, "", 1), url
        assert why in done.err
        assert SECRET not in done.err
    assert db.contents(but=()) == before


def test_without_a_schema_nothing_is_imported(empty_url, old):
    done = aomuse(empty_url, "import-blobs", old.url)
    assert done.code == 2
    assert "aomuse migrate" in done.err


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize(
    ("backend", "sign"),
    [("sqlite", signal.SIGINT), ("mariadb", signal.SIGKILL)],
    indirect=["backend"],
)
def test_an_import_that_was_ended_goes_on(sign, old, db, tmp_path):
    count = 5
    for number in range(2, count + 1):
        old.add("M 54", **row("X", number))
    gate = Gate(tmp_path / "gate", number=3, later=10)
    process = start(db.url, "import-blobs", old.url, before=gate.code)
    gate.wait(process)
    process.send_signal(sign)
    gate.open()
    _, err = process.communicate()
    assert "Traceback" not in err
    found = 2 if sign == signal.SIGKILL else 3
    assert db.count("exposure") == found
    whole = "SELECT COUNT(*) FROM source_sample GROUP BY psf_fit_id"
    assert db.query(whole) == [(2,)] * found
    rows = db.scalar("SELECT COUNT(*) FROM imported_document WHERE document = 'row'")
    assert rows == found

    db.imports(old, f"{count - found} loaded, 0 completed, 0 replaced, {found} unchanged")
    assert db.query(whole) == [(2,)] * count
    outcomes = db.query("SELECT outcome FROM load_run ORDER BY id")
    ended = "killed" if sign == signal.SIGKILL else "interrupted"
    assert outcomes == [(ended,), ("complete",)]
