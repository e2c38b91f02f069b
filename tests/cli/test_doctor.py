"""aomuse doctor: a line for each thing, which says what to mend; exit code 1 if there is any."""

import pytest
import sqlalchemy as sa
from backends import on_mariadb, on_sqlite
from warehouse import TABLES, Finished, aomuse, definitions, fail

from aomuse.doctor import installation, server, sqlite

ALWAYS = {"Python", "aomuse", "packages", "extras", "driver"}
OF_MARIADB = {
    *("server", "encryption", "memory", "session", "settings", "speed", "privileges", "bulk rows"),
}


def findings(done: Finished) -> dict[str, tuple[str, str]]:
    """Give what was found by its name: ok or mend, and the text."""
    assert done.err == ""
    found = {line[6:18].strip(): (line[:6].strip(), line[18:]) for line in done.out.splitlines()}
    assert {kind for kind, _ in found.values()} <= {"ok", "mend"}
    assert done.code == (1 if any(kind == "mend" for kind, _ in found.values()) else 0)
    return found


def mended(done: Finished) -> dict[str, str]:
    return {about: text for about, (kind, text) in findings(done).items() if kind == "mend"}


def test_nothing_is_wrong_and_nothing_changes(db, backend):
    def held() -> tuple[object, ...]:
        tables = (*TABLES, "alembic_version")
        return definitions(db.engine), {name: db.count(name) for name in tables}

    before = held()
    done = db.succeed("doctor")
    assert mended(done) == {}
    own = {"file", "free space"} if backend == "sqlite" else OF_MARIADB
    assert findings(done).keys() == ALWAYS | own | {"database", "schema", "views"}
    assert held() == before


@on_mariadb
def test_settings_that_make_loads_slow(db_url, administrator):
    name = "@@GLOBAL.innodb_adaptive_hash_index"
    before = administrator.exec_driver_sql(f"SELECT {name}").scalar_one()
    try:
        administrator.exec_driver_sql(f"SET {name} = 0")
        kind, text = findings(aomuse(db_url, "doctor"))["speed"]
        assert kind == "ok"
        assert "innodb_adaptive_hash_index is off and innodb_log_file_size is 96 MB" in text
        administrator.exec_driver_sql(f"SET {name} = 1")
        _, text = findings(aomuse(db_url, "doctor"))["speed"]
        assert text.startswith("innodb_log_file_size is 96 MB: ")
    finally:
        administrator.exec_driver_sql(f"SET {name} = {before}")


def test_a_schema_that_is_behind(db):
    db.execute("UPDATE alembic_version SET version_num = '0019'")
    found = mended(db.run("doctor"))
    assert found.keys() == {"schema"}
    assert "revision 0019" in found["schema"]
    assert "run aomuse migrate" in found["schema"]


def test_a_database_without_a_schema(empty_url, backend):
    done = aomuse(empty_url, "doctor")
    what = "file" if backend == "sqlite" else "schema"
    assert "run aomuse migrate" in mended(done)[what]


def test_views_that_are_missing_or_changed(db):
    db.execute(
        "DROP VIEW v_exposure", "DROP VIEW v_file_hdu", "CREATE VIEW v_file_hdu AS SELECT 1 AS x"
    )
    said = mended(db.run("doctor"))["views"]
    assert "v_exposure" in said
    assert "v_file_hdu" in said
    assert db.run("migrate").code == 0
    assert mended(db.run("doctor")) == {}


@pytest.fixture
def halfway(administrator):
    """Make an account that may do nothing yet."""
    administrator.exec_driver_sql("CREATE USER halfway IDENTIFIED BY 'tau0=5ms'")
    yield
    administrator.exec_driver_sql("DROP USER halfway")


@pytest.mark.usefixtures("halfway")
@on_mariadb
def test_an_account_without_a_privilege(db_url, administrator):
    url = sa.make_url(db_url)
    escaped = url.database.replace("_", "\\_")
    theirs = url.set(username="halfway", password="tau0=5ms").render_as_string(hide_password=False)
    few = ", ".join(p for p in server.PRIVILEGES if p not in {"CREATE VIEW", "DROP"})

    def doctor(statement: str) -> Finished:
        administrator.exec_driver_sql(statement)
        done = aomuse(theirs, "doctor")
        assert "tau0=5ms" not in done.text
        return done

    lacking = mended(doctor(f"GRANT {few} ON `{escaped}`.* TO halfway"))["privileges"]
    assert "lacks DROP, CREATE VIEW" in lacking
    assert f"ON {url.database}.*" in lacking
    assert mended(doctor("GRANT CREATE VIEW, DROP ON `aomuse\\_tes%%`.* TO halfway")) == {}
    nothing = mended(doctor("REVOKE ALL PRIVILEGES, GRANT OPTION FROM halfway"))
    assert "takes no such account" in nothing["database"]
    done = doctor(f"GRANT SELECT, SHOW VIEW ON `{escaped}`.* TO halfway")
    assert mended(done) == {}
    assert "may read, and not load" in findings(done)["privileges"][1]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mariadb+nonsense://u:secret@h/d", "is for mariadb+nonsense"),
        ("mariadb://u:secret@h/d?ssl=perhaps", "write true or false"),
        ("mariadb+mariadbconnector://u:secret@127.0.0.1:1/d", "does not answer"),
        ("mariadb+pymysql://u:secret@127.0.0.1:1/d", "does not answer"),
    ],
)
def test_a_url_that_is_wrong_or_a_server_that_is_away(url, said):
    done = aomuse(url, "doctor")
    assert said in mended(done)["database"]
    assert "secret" not in done.text
    if said == "does not answer":
        assert findings(done).keys() == ALWAYS | {"database"}


def test_without_any_database_nothing_is_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "run aomuse migrate" in mended(aomuse(None, "doctor"))["file"]
    missing = tmp_path / "absent" / "muse.db"
    assert "there is no folder" in mended(aomuse(f"sqlite:///{missing}", "doctor"))["file"]
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_a_database(tmp_path):
    file = tmp_path / "muse.db"
    file.write_text("SIMPLE  =                    T" * 100)
    for command in ("status", "migrate"):
        assert "not a database" in fail(f"sqlite:///{file}", command)
    assert "not a database" in " ".join(mended(aomuse(f"sqlite:///{file}", "doctor")).values())
    assert file.read_text() == "SIMPLE  =                    T" * 100


@on_sqlite
def test_a_disk_that_is_nearly_full(db_url, monkeypatch):
    monkeypatch.setattr(sqlite, "ENOUGH_BYTES", 1 << 62)
    assert "make room" in mended(aomuse(db_url, "doctor"))["free space"]


def test_packages_that_are_too_old(monkeypatch):
    monkeypatch.setattr(installation, "version", lambda name: "1.9" if name == "alembic" else "99")
    done = aomuse("sqlite://", "doctor")
    assert mended(done)["alembic"] == "1.9: run pip install 'alembic>=1.16'"
    assert "pandas 99" in findings(done)["packages"][1]
