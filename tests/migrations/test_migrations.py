"""The schema on both engines: up, down, offline, half done, commented and named."""

import io
import os
import re
import sqlite3
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from fits_factory import Tree
from own_processes import start
from warehouse import aomuse, definitions, execute, query, scalar

from aomuse import schema
from aomuse.ledger import run_lock
from aomuse.models import Base
from aomuse.query.refresh import all_views
from scripts.mariadb_server import find_program

TABLES = set(Base.metadata.tables)


def names(engine: sa.Engine) -> set[str]:
    inspector = sa.inspect(engine)
    return {*inspector.get_table_names(), *inspector.get_view_names()}


def test_up_down_up(empty):
    schema.upgrade(empty)
    first = definitions(empty)
    assert {*Base.metadata.tables, "v_exposure", "v_psf", "v_sgs_data"} <= names(empty)
    assert schema.current_revision(empty) == schema.head_revision()
    schema.downgrade(empty, "base")
    assert names(empty) == {"alembic_version"}
    assert schema.current_revision(empty) is None
    schema.upgrade(empty)
    assert definitions(empty) == first


def test_upgrading_again_does_nothing(engine):
    before = definitions(engine)
    schema.upgrade(engine)
    assert definitions(engine) == before


def test_down_with_data_in_it(engine, db_url, tmp_path):
    tree = Tree(tmp_path / "night")
    tree.add(1)
    assert aomuse(db_url, "load", tree.root).code == 0
    schema.downgrade(engine, "base")
    assert names(engine) == {"alembic_version"}


def offline(url: str, *arguments: str, down: bool = False) -> str:
    """Give the SQL that alembic prints in place of running it."""
    config = schema.alembic_config()
    config.output_buffer = io.StringIO()
    before = os.environ.get("AOMUSE_DATABASE_URL")
    os.environ["AOMUSE_DATABASE_URL"] = url
    try:
        run = command.downgrade if down else command.upgrade
        run(config, *arguments, sql=True)
    finally:
        os.environ.pop("AOMUSE_DATABASE_URL")
        if before is not None:
            os.environ["AOMUSE_DATABASE_URL"] = before
    return config.output_buffer.getvalue()


def run_script(url: str, script: str) -> None:
    """Run SQL as a database administrator does: through the engine's own client."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        connection = sqlite3.connect(parsed.database or "")
        connection.executescript(script)
        connection.close()
        return
    client = find_program("mariadb")
    assert client is not None, "the client stands beside the server"
    done = subprocess.run(
        [
            str(client),
            "--no-defaults",
            f"--host={parsed.host}",
            f"--port={parsed.port}",
            f"--user={parsed.username}",
            "--protocol=tcp",
            "--default-character-set=utf8mb4",
            "--skip-ssl",
            parsed.database or "",
        ],
        input=script,
        text=True,
        capture_output=True,
        check=False,
        env=os.environ | {"MYSQL_PWD": parsed.password or ""},
    )
    assert done.returncode == 0, done.stderr


def test_offline_sql_makes_the_same_schema(empty_url, empty, engine):
    script = offline(empty_url, "head")
    password = sa.make_url(empty_url).password
    assert password is None or password not in script
    run_script(empty_url, script)
    assert definitions(empty) == definitions(engine)
    assert schema.current_revision(empty) == schema.head_revision()
    windows = "SELECT * FROM wavelength_window ORDER BY id"
    assert query(empty, windows) == query(engine, windows)
    run_script(empty_url, offline(empty_url, f"{schema.head_revision()}:base", down=True))
    assert names(empty) <= {"alembic_version"}  # which older versions of Alembic drop here


class StoppedError(Exception):
    """The migration was cut off."""


@pytest.mark.parametrize("count", [1, 2, 9, 30, 60])
def test_a_migration_that_was_cut_off_can_be_run_again(count, empty, empty_url, engine):
    """On MariaDB every statement of DDL is committed by itself."""
    left = count

    def stop(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        nonlocal left
        if re.match(r"\s*(CREATE|INSERT|DELETE|ALTER|UPDATE)", statement, re.IGNORECASE):
            left -= 1
            if left < 0:
                raise StoppedError(statement)

    sa.event.listen(empty, "before_cursor_execute", stop)
    with pytest.raises(StoppedError):
        schema.upgrade(empty)
    sa.event.remove(empty, "before_cursor_execute", stop)
    assert aomuse(empty_url, "migrate").code == 0
    assert definitions(empty) == definitions(engine)


def test_every_table_and_column_has_a_comment(engine):
    for table in Base.metadata.tables.values():
        assert table.comment, table.name
        for column in table.columns:
            assert column.comment, column
            assert len(column.comment) <= 1024
    if engine.dialect.name == "sqlite":
        return
    bare = query(
        engine,
        "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
        " AND table_type = 'BASE TABLE' AND table_comment = ''"
        " UNION SELECT CONCAT(c.table_name, '.', c.column_name) FROM information_schema.columns c"
        " JOIN information_schema.tables t USING (table_schema, table_name)"
        " WHERE c.table_schema = DATABASE() AND t.table_type = 'BASE TABLE'"
        " AND c.column_comment = ''",
    )
    assert {name for (name,) in bare} <= {"alembic_version", "alembic_version.version_num"}


def test_every_column_of_a_view_has_a_comment(engine):
    with engine.connect() as connection:
        for view in all_views(connection):
            assert view.comment, view.name
            assert [c.name for c in view.columns if not c.comment] == [], view.name


def test_every_constraint_has_a_name(engine):
    inspector = sa.inspect(engine)
    for name, table in Base.metadata.tables.items():
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


def test_views_have_the_columns_that_are_declared(engine):
    inspector = sa.inspect(engine)
    with engine.connect() as connection:
        declared = {view.name: [c.name for c in view.columns] for view in all_views(connection)}
    assert set(declared) == set(inspector.get_view_names())
    for name, columns in declared.items():
        assert [c["name"] for c in inspector.get_columns(name)] == columns, name


def test_mariadb_stores_what_the_files_hold(engine):
    """Names by bytes, DOUBLE, microseconds; InnoDB throughout."""
    if engine.dialect.name == "sqlite":
        assert scalar(engine, "PRAGMA foreign_keys") == 1
        return
    text = query(
        engine,
        "SELECT DISTINCT c.collation_name FROM information_schema.columns c"
        " JOIN information_schema.tables t USING (table_schema, table_name)"
        " WHERE c.table_schema = DATABASE() AND t.table_type = 'BASE TABLE'"
        " AND c.table_name <> 'alembic_version' AND c.collation_name IS NOT NULL",
    )
    assert text == [("utf8mb4_nopad_bin",)]
    kinds = query(
        engine,
        "SELECT DISTINCT c.column_type FROM information_schema.columns c"
        " JOIN information_schema.tables t USING (table_schema, table_name)"
        " WHERE c.table_schema = DATABASE() AND t.table_type = 'BASE TABLE'",
    )
    found = {str(kind) for (kind,) in kinds}
    assert "double" in found
    assert not [k for k in found if k.startswith(("float", "enum", "decimal", "json"))]
    assert [k for k in found if k.startswith("datetime")] == ["datetime(6)"]
    assert not [k for k in found if "unsigned" in k]
    engines = query(
        engine,
        "SELECT DISTINCT engine FROM information_schema.tables"
        " WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'",
    )
    assert engines == [("InnoDB",)]
    definers = query(
        engine,
        "SELECT DISTINCT security_type FROM information_schema.views"
        " WHERE table_schema = DATABASE()",
    )
    assert definers == [("INVOKER",)]


# A schema that is not at head


def test_without_a_schema_nothing_is_loaded(empty_url, tmp_path):
    tree = Tree(tmp_path / "night")
    tree.add(1)
    for arguments in (["load", tree.root], ["load", "--dry-run", tree.root], ["status"]):
        done = aomuse(empty_url, *arguments)
        assert done.code == 2
        assert len(done.errors) == 1
        assert "aomuse migrate" in done.err
    assert aomuse(empty_url, "migrate").code == 0
    assert aomuse(empty_url, "load", tree.root).code == 0


def test_an_older_schema_is_refused(engine, db_url, tmp_path, monkeypatch):
    tree = Tree(tmp_path / "night")
    tree.add(1)
    current = schema.head_revision()
    monkeypatch.setattr(schema, "head_revision", lambda: "9999")
    done = aomuse(db_url, "load", tree.root)
    assert done.code == 2
    assert current in done.err
    assert "aomuse migrate" in done.err
    assert scalar(engine, "SELECT COUNT(*) FROM load_run") == 0


def test_a_newer_schema_is_refused(engine, db_url, tmp_path):
    tree = Tree(tmp_path / "night")
    tree.add(1)
    execute(engine, "UPDATE alembic_version SET version_num = '9999'")
    for arguments in (["load", tree.root], ["status"], ["migrate"]):
        done = aomuse(db_url, *arguments)
        assert done.code == 2, arguments
        assert len(done.errors) == 1, done.text
        assert "9999" in done.err
    assert "install the newer aomuse" in aomuse(db_url, "load", tree.root).err
    assert scalar(engine, "SELECT COUNT(*) FROM load_run") == 0


def test_migrate_tells_what_it_did(empty_url, new_database):
    first = aomuse(empty_url, "migrate")
    again = aomuse(empty_url, "migrate")
    head = schema.head_revision()
    assert (first.code, first.err) == (0, "")
    assert f"from nothing to revision {head}" in first.out
    assert f"already at revision {head}" in again.out


@pytest.mark.usefixtures("processes")
def test_a_migration_waits_for_whoever_writes(empty_url, empty):
    """Such as a restore, whose tables it would otherwise take for its own."""
    with run_lock(empty), ThreadPoolExecutor(1) as others:
        process = start(empty_url, "migrate")
        said = others.submit(process.stderr.readline).result(60)
        # A server says which connection that is.
        assert re.fullmatch(r"waiting for another command,.* which holds the database\n", said)
        assert not TABLES & names(empty)
    out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert f"to revision {schema.head_revision()}" in out
    assert names(empty) >= TABLES
