"""Where blobs come from: what is recognised, that it is never written, and what goes wrong."""

import hashlib
import json
import signal
import sqlite3
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import sqlalchemy.orm
from backends import on_sqlite, one_on_mariadb
from old_databases import database_2020
from own_processes import Gate, start
from warehouse import aomuse, contents, execute, exposure_by_id, query, scalar, succeed

from aomuse.connections.kept_values import kept_references
from aomuse.legacy.source import open_source

SECRET = "s3cr3t-pa55"


def small(number: int) -> dict[str, Any]:
    """Give the columns of an exposure of a few layers."""
    params = {"fwhm": [1.5, 2.5], "beta": [2.5, number + 0.5], "wavelength": [475.0, 476.25]}
    return {
        "insmode": "WFM-AO-N",
        "analysisfile": f"X_{number}.prm.fits",
        "rawfile": f"MUSE.2018-08-12T23:{number:02d}:30.000.fits.fz",
        "data": json.dumps({"PRIMARY": {"RA": 1.5, "ESO OBS TARG NAME": "M 54"}}),
        "psfparams": json.dumps(params),
        "sources": json.dumps({"PM_1": {"snr": [1.5, float(number)]}}),
    }


def states(path: Path) -> dict[str, str]:
    """Give name and checksum of every file beside a database."""
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in path.parent.iterdir()
    }


@one_on_mariadb("journal", ["delete", "wal"])
def test_a_file_is_not_touched(journal, old_2020, db_url, engine):
    old_2020.add("M 54", **small(1))
    path = Path(str(sa.make_url(old_2020.url).database))
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA journal_mode = {journal}")
    connection.close()
    path.chmod(0o444)
    before = states(path)
    succeed(db_url, "import-blobs", old_2020.url)
    assert states(path) == before
    assert scalar(engine, "SELECT COUNT(*) FROM exposure") == 1


@on_sqlite
def test_what_another_process_has_just_written_counts(old_2020, db_url, engine):
    old_2020.add("M 54", **small(1))
    path = str(sa.make_url(old_2020.url).database)
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA journal_mode = wal")
    writer.execute("UPDATE exposure SET insmode = 'NFM-AO-N'")
    writer.commit()
    assert Path(f"{path}-wal").exists()
    assert aomuse(db_url, "import-blobs", old_2020.url).code == 0
    writer.close()
    assert scalar(engine, "SELECT instrument_mode FROM exposure") == "NFM-AO-N"


@pytest.mark.parametrize("engine_of_source", ["sqlite_url", "mariadb_admin"])
def test_nothing_can_be_written_through_it(engine_of_source, request):
    old = database_2020(request.getfixturevalue(engine_of_source)())
    old.add("M 54", **small(1))
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
def test_a_url_of_mysql_and_another_name_of_the_host(mariadb_admin, db_url, engine):
    url = sa.make_url(mariadb_admin())
    database_2020(url.render_as_string(hide_password=False)).add("M 54", **small(1))
    for driver, host in (("mysql", "127.0.0.1"), ("mysql+pymysql", "127.1")):
        other = url.set(drivername=driver, host=host).render_as_string(hide_password=False)
        done = succeed(db_url, "import-blobs", other)
    assert "1 unchanged" in done.out
    place = query(engine, "SELECT path FROM source_file WHERE role = 'row'")
    assert place == [(f"import:mariadb://127.0.0.1:{url.port}/{url.database}#exposure/1",)]


@on_sqlite
def test_another_database_does_not_take_the_place_of_an_import(sqlite_url, db_url, engine):
    first, second = database_2020(sqlite_url()), database_2020(sqlite_url())
    first.add("M 54", **small(1))
    second.add("M 54", **small(2))
    second.add("M 54", **small(1) | {"analysisfile": "Y.prm.fits"})
    assert aomuse(db_url, "import-blobs", first.url).code == 0
    before = exposure_by_id(engine, 1)
    done = aomuse(db_url, "import-blobs", second.url)
    assert done.code == 1
    assert "1 loaded" in done.out
    assert len(done.errors) == 1
    assert "was added from import:sqlite:" in done.err
    assert exposure_by_id(engine, 1) == before
    execute(engine, "DELETE FROM exposure WHERE id = 1")
    assert aomuse(db_url, "import-blobs", second.url).code == 0
    files = query(engine, "SELECT prm_file FROM psf_fit ORDER BY prm_file")
    assert files == [("X_2.prm.fits",), ("Y.prm.fits",)]


@on_sqlite
def test_an_exposure_of_a_session_is_left(old_2020, db_url, engine):
    from aomuse.models import Exposure, PsfFit

    old_2020.add("M 54", **small(1))
    name = small(1)["rawfile"].removesuffix(".fits.fz")
    with sa.orm.Session(engine) as session:
        session.add(Exposure(archive_id=name, psf_fits=[PsfFit(name="mine", model="x")]))
        session.commit()
    before = exposure_by_id(engine, 1)
    done = aomuse(db_url, "import-blobs", old_2020.url)
    assert done.code == 1
    assert "by hand" in done.err
    assert exposure_by_id(engine, 1) == before


def not_aomuse(path: Path, *statements: str) -> str:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return f"sqlite:///{path}"


def refused_sources(folder: Path) -> dict[str, str]:
    """Give sources that are none, and what the line says."""
    (folder / "text.db").write_text("this is no database" * 100)
    (folder / "folder.db").mkdir()
    exposure = "CREATE TABLE exposure (id INTEGER PRIMARY KEY, name TEXT, data TEXT)"
    return {
        f"sqlite:///{folder}/missing.db": "there is no file",
        f"sqlite:///{folder}/folder.db": "there is no file",
        f"sqlite:///{folder}/text.db": "not a database",
        not_aomuse(folder / "empty.db", "CREATE TABLE x (id INTEGER)"): "is not an AOMUSE database",
        not_aomuse(folder / "other.db", exposure): "is not an AOMUSE database",
        f"mariadb://u:{SECRET}@127.0.0.1:1/old": "cannot be opened",
        f"mysql://u:{SECRET}@127.0.0.1:1/": "names no database",
        f"postgresql://u:{SECRET}@127.0.0.1/old": "works with sqlite",
        f"u:{SECRET}@127.0.0.1/old": "cannot be parsed",
    }


@on_sqlite
def test_a_source_that_is_none_is_refused_in_one_line(db_url, engine, tmp_path):
    before = contents(engine, but=())
    for url, why in refused_sources(tmp_path).items():
        done = aomuse(db_url, "import-blobs", url)
        assert (done.code, done.out) == (2, ""), url
        assert len(done.errors) == 1, done.err
        assert why in done.err
        assert SECRET not in done.text
    assert contents(engine, but=()) == before


def test_the_warehouse_itself_is_no_source(db_url):
    done = aomuse(db_url, "import-blobs", db_url)
    assert done.code == 2
    assert "is not an AOMUSE database" in done.err


def test_a_wrong_password_is_not_shown(mariadb_admin, db_url):
    url = sa.make_url(mariadb_admin()).set(password=SECRET)
    done = aomuse(db_url, "import-blobs", url.render_as_string(hide_password=False))
    assert done.code == 2
    assert len(done.errors) == 1
    assert SECRET not in done.text


def test_without_a_schema_nothing_is_imported(empty_url, old_2020):
    old_2020.add("M 54", **small(1))
    done = aomuse(empty_url, "import-blobs", old_2020.url)
    assert done.code == 2
    assert "aomuse migrate" in done.err


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize(
    ("backend", "sign"),
    [("sqlite", signal.SIGINT), ("mariadb", signal.SIGKILL)],
    indirect=["backend"],
)
def test_an_import_that_was_ended_goes_on(sign, old_2020, db_url, engine, tmp_path):
    count = 5
    for number in range(1, count + 1):
        old_2020.add("M 54", **small(number))
    gate = Gate(tmp_path / "gate", number=3, later=10)
    process = start(db_url, "import-blobs", old_2020.url, before=gate.code)
    gate.wait(process)
    process.send_signal(sign)
    gate.open()
    _, err = process.communicate()
    assert "Traceback" not in err
    found = scalar(engine, "SELECT COUNT(*) FROM exposure")
    assert found == (2 if sign == signal.SIGKILL else 3)
    whole = "SELECT COUNT(*) FROM source_sample GROUP BY psf_fit_id"
    assert query(engine, whole) == [(2,)] * found
    rows = scalar(engine, "SELECT COUNT(*) FROM imported_document WHERE document = 'row'")
    assert rows == found

    done = succeed(db_url, "import-blobs", old_2020.url)
    assert f"{count - found} loaded, 0 completed, 0 replaced, {found} unchanged" in done.out
    assert query(engine, whole) == [(2,)] * count
    outcomes = query(engine, "SELECT outcome FROM load_run ORDER BY id")
    assert outcomes[-1] == ("complete",)
    assert outcomes[0] == ("killed" if sign == signal.SIGKILL else "interrupted",)
