"""The schema on both engines: up, down, offline, half done, commented and named."""

import io
import os
import re
import sqlite3
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from alembic import command
from own_processes import start
from warehouse import TABLES, definitions, query, scalar, succeed

from aomuse import schema
from aomuse.ledger import run_lock
from aomuse.query.refresh import all_views
from scripts.mariadb_server import find_program


def names(engine: sa.Engine) -> set[str]:
    inspector = sa.inspect(engine)
    return {*inspector.get_table_names(), *inspector.get_view_names()}


def test_up_down_up(empty):
    schema.upgrade(empty)
    first = definitions(empty)
    assert {*TABLES, "v_exposure", "v_psf", "v_sgs_data"} <= names(empty)
    assert schema.current_revision(empty) == schema.head_revision()
    schema.downgrade(empty, "base")
    assert names(empty) == {"alembic_version"}
    assert schema.current_revision(empty) is None
    for _ in ("upgrade", "do nothing"):
        schema.upgrade(empty)
        assert definitions(empty) == first


@pytest.fixture
def offline(empty_url, monkeypatch):
    """Give a function that gives the SQL that alembic prints in place of running it."""
    monkeypatch.setenv("AOMUSE_DATABASE_URL", empty_url)

    def offline(run, revisions: str) -> str:
        config = schema.alembic_config()
        config.output_buffer = io.StringIO()
        run(config, revisions, sql=True)
        return config.output_buffer.getvalue()

    return offline


def run_script(url: str, script: str) -> None:
    """Run SQL as a database administrator does: through the engine's own client."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        connection = sqlite3.connect(parsed.database)
        connection.executescript(script)
        connection.close()
        return
    server = (f"--host={parsed.host}", f"--port={parsed.port}", f"--user={parsed.username}")
    options = ("--protocol=tcp", "--default-character-set=utf8mb4", "--skip-ssl")
    done = subprocess.run(
        [find_program("mariadb"), "--no-defaults", *server, *options, parsed.database],
        input=script,
        text=True,
        capture_output=True,
        check=False,
        env=os.environ | {"MYSQL_PWD": parsed.password},
    )
    assert done.returncode == 0, done.stderr


def test_offline_sql_makes_the_same_schema(empty_url, empty, engine, offline):
    script = offline(command.upgrade, "head")
    password = sa.make_url(empty_url).password
    assert password is None or password not in script
    run_script(empty_url, script)
    assert definitions(empty) == definitions(engine)
    assert schema.current_revision(empty) == schema.head_revision()
    windows = "SELECT * FROM wavelength_window ORDER BY id"
    assert query(empty, windows) == query(engine, windows)
    run_script(empty_url, offline(command.downgrade, f"{schema.head_revision()}:base"))
    assert names(empty) <= {"alembic_version"}  # which older versions of Alembic drop here


@pytest.mark.parametrize("count", [1, 2, 9, 30, 60])
def test_a_migration_that_was_cut_off_can_be_run_again(count, empty, empty_url, engine):
    """On MariaDB every statement of DDL is committed by itself."""
    left = count

    def stop(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        nonlocal left
        if re.match(r"\s*(CREATE|INSERT|DELETE|ALTER|UPDATE)", statement, re.IGNORECASE):
            left -= 1
            if left < 0:
                raise InterruptedError(statement)

    sa.event.listen(empty, "before_cursor_execute", stop)
    with pytest.raises(InterruptedError):
        schema.upgrade(empty)
    sa.event.remove(empty, "before_cursor_execute", stop)
    succeed(empty_url, "migrate")
    assert definitions(empty) == definitions(engine)


#: The columns of tables, not of views.
COLUMNS = (
    "information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)"
    " WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'"
)


def test_every_table_and_column_has_a_comment(engine, backend):
    for table in TABLES.values():
        assert table.comment, table.name
        for column in table.columns:
            assert column.comment, column
            assert len(column.comment) <= 1024
    if backend == "mariadb":
        bare = f"SELECT table_name FROM {COLUMNS} AND '' IN (table_comment, column_comment)"
        assert set(query(engine, bare)) <= {("alembic_version",)}


def test_every_constraint_has_a_name(engine):
    inspector = sa.inspect(engine)
    for name, table in TABLES.items():
        declared = {c.name for c in table.constraints} | {i.name for i in table.indexes}
        assert None not in declared, name
        found = {c["name"] for c in inspector.get_foreign_keys(name)}
        found |= {c["name"] for c in inspector.get_unique_constraints(name)}
        found |= {c["name"] for c in inspector.get_indexes(name)}
        primary = inspector.get_pk_constraint(name)["name"]
        assert primary == (f"pk_{name}" if engine.dialect.name == "sqlite" else primary)
        assert None not in found, name
        assert found <= declared, name
        assert {str(c) for c in declared if str(c).startswith(("fk_", "uq_", "ix_"))} <= found


def test_names_need_no_quotes(engine):
    inspector = sa.inspect(engine)
    for name in names(engine):
        columns = [column["name"] for column in inspector.get_columns(name)]
        assert query(engine, f"SELECT {', '.join(columns)} FROM {name} WHERE 1 = 0") == []
        aliased = ", ".join(f"x.{column}" for column in columns)
        assert query(engine, f"SELECT {aliased} FROM {name} x WHERE 1 = 0") == []
        assert len(name) <= 64
        assert max(map(len, columns)) <= 64


def test_views_have_the_columns_that_are_declared_each_with_a_comment(engine):
    inspector = sa.inspect(engine)
    with engine.connect() as connection:
        views = {view.name: view for view in all_views(connection)}
    assert set(views) == set(inspector.get_view_names())
    for name, view in views.items():
        assert view.comment, name
        assert [c.name for c in view.columns if not c.comment] == [], name
        declared = [c.name for c in view.columns]
        assert [c["name"] for c in inspector.get_columns(name)] == declared, name


def test_mariadb_stores_what_the_files_hold(engine, backend):
    """Names by bytes, DOUBLE, microseconds; InnoDB throughout."""
    if backend == "sqlite":
        assert scalar(engine, "PRAGMA foreign_keys") == 1
        return

    def distinct(value: str, source: str = COLUMNS) -> set[str]:
        return {found for (found,) in query(engine, f"SELECT DISTINCT {value} FROM {source}")}

    named = f"{COLUMNS} AND table_name <> 'alembic_version' AND collation_name IS NOT NULL"
    assert distinct("collation_name", named) == {"utf8mb4_nopad_bin"}
    kinds = distinct("column_type")
    assert "double" in kinds
    assert not [k for k in kinds if k.startswith(("float", "enum", "decimal", "json"))]
    assert [k for k in kinds if k.startswith("datetime")] == ["datetime(6)"]
    assert not [k for k in kinds if "unsigned" in k]
    assert distinct("engine") == {"InnoDB"}
    views = "information_schema.views WHERE table_schema = DATABASE()"
    assert distinct("security_type", views) == {"INVOKER"}


def test_an_older_schema_is_refused(db, tree, monkeypatch):
    tree.add(1)
    current = schema.head_revision()
    monkeypatch.setattr(schema, "head_revision", lambda: "9999")
    line = db.fail("load", tree.root, code=2)
    assert current in line
    assert "aomuse migrate" in line
    assert db.count("load_run") == 0


def test_a_newer_schema_is_refused(db, tree):
    tree.add(1)
    db.execute("UPDATE alembic_version SET version_num = '9999'")
    for arguments in (["load", tree.root], ["status"], ["migrate"]):
        line = db.fail(*arguments, code=2)
        assert "9999" in line
        assert "install the newer aomuse" in line
    assert db.count("load_run") == 0


def test_migrate_tells_what_it_did(empty_url):
    head = schema.head_revision()
    assert f"from nothing to revision {head}" in succeed(empty_url, "migrate").out
    assert f"already at revision {head}" in succeed(empty_url, "migrate").out


@pytest.mark.usefixtures("processes")
def test_a_migration_waits_for_whoever_writes(empty_url, empty):
    """Such as a restore, whose tables it would otherwise take for its own."""
    with run_lock(empty), ThreadPoolExecutor(1) as others:
        process = start(empty_url, "migrate")
        said = others.submit(process.stderr.readline).result(60)
        # A server says which connection that is.
        assert re.fullmatch(r"waiting for another command,.* which holds the database\n", said)
        assert not TABLES.keys() & names(empty)
    assert f"to revision {schema.head_revision()}" in process.succeed()
    assert names(empty) >= TABLES.keys()
