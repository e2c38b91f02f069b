"""Backup and restore: every table comes back, and nothing half done passes for whole."""

import contextlib
import errno
import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from fits_factory import Tree
from own_processes import Gate, start, wait_until
from warehouse import TABLES, aomuse, contents, fill_every_table, query, succeed

from aomuse import schema
from aomuse.admin import mariadb_dump
from aomuse.db import create_engine
from aomuse.schema import RESTORING


@pytest.fixture
def file(tmp_path):
    """Where the backup is to be."""
    return tmp_path / "muse.backup"


@pytest.fixture
def url(mariadb_admin, at_head):
    """A database on MariaDB at the newest schema."""
    return at_head(mariadb_admin())


@contextlib.contextmanager
def opened(url: str) -> Iterator[sa.Engine]:
    engine = create_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def night(engine, db_url, tmp_path):
    tree = Tree(tmp_path / "night")
    for number in (1, 2):
        tree.add(number)
    assert aomuse(db_url, "load", tree.root).code == 0
    return tree


@pytest.mark.usefixtures("night")
def test_every_table_comes_back(engine, db_url, tmp_path, new_database):
    """Also those that no test night fills, with values that a careless dump would change."""
    fill_every_table(engine)
    before = contents(engine, but=())
    assert [name for name, found in before.items() if not found] == []
    file, new = tmp_path / "muse.backup", new_database()
    assert aomuse(db_url, "backup", file).code == 0
    assert aomuse(new, "restore", file).code == 0
    with opened(new) as restored:
        assert contents(restored, but=()) == before


def test_a_restored_database_goes_on_as_the_old_one(engine, db_url, night, file, new_database):
    succeed(db_url, "backup", file)
    assert file.stat().st_mode & 0o077 == 0
    assert [p.name for p in file.parent.iterdir() if p.name.startswith(".")] == []
    new = new_database()
    succeed(new, "restore", file)
    restored = create_engine(new)
    assert contents(restored, but=()) == contents(engine, but=())
    with engine.connect() as one, restored.connect() as other:
        views = sorted(sa.inspect(one).get_view_names())
        assert sorted(sa.inspect(other).get_view_names()) == views
    for view in views:
        assert len(query(restored, f"SELECT * FROM {view}")) == len(
            query(engine, f"SELECT * FROM {view}")
        )
    again = aomuse(new, "load", night.root)
    assert (again.code, "2 unchanged" in again.out) == (0, True)
    assert aomuse(new, "verify", night.root).code == 0
    restored.dispose()


def test_a_database_that_is_not_empty_is_refused(engine, db_url, night, file):
    assert aomuse(db_url, "backup", file).code == 0
    before = contents(engine)
    done = aomuse(db_url, "restore", file)
    assert done.code == 2
    assert done.err.startswith("aomuse: the database is not empty (it has ")
    assert contents(engine) == before


def test_a_file_is_not_replaced(db_url, file):
    file.write_text("precious")
    done = aomuse(db_url, "backup", file)
    assert (done.code, len(done.errors)) == (2, 1)
    assert file.read_text() == "precious"


def test_what_is_no_backup_is_refused(db_url, tmp_path, new_database):
    whole = tmp_path / "muse.backup"
    assert aomuse(db_url, "backup", whole).code == 0
    (tmp_path / "cut.backup").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    (tmp_path / "text.backup").write_text("SELECT 1;\n")
    for file in (tmp_path / f"{name}.backup" for name in ("cut", "text", "missing")):
        new = new_database()
        done = aomuse(new, "restore", file)
        assert (done.code, len(done.errors)) == (2, 1), done.text
        assert file.name in done.err
        with opened(new) as engine:
            assert table_names(engine) == set()


def test_a_restore_that_fails_leaves_nothing(mariadb_admin, file, url):
    assert aomuse(url, "backup", file).code == 0
    lines = file.read_text().splitlines(keepends=True)
    lines.insert(-1, "INSERT INTO no_such_table VALUES (1);\n")
    file.write_text("".join(lines))
    new = mariadb_admin()
    done = aomuse(new, "restore", file)
    assert done.code == 2
    assert "no_such_table" in done.err
    assert done.err.endswith("the database is empty again\n")
    with opened(new) as engine:
        assert table_names(engine) == set()


def test_an_empty_database_has_nothing_to_back_up(empty_url, tmp_path):
    done = aomuse(empty_url, "backup", tmp_path / "muse.backup")
    assert (done.code, len(done.errors)) == (2, 1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("mariadb_server")
def test_a_backup_of_the_other_engine_is_refused(db_url, backend, tmp_path, request, file):
    assert aomuse(db_url, "backup", file).code == 0
    if backend == "mariadb":
        other = f"sqlite:///{tmp_path / 'other.db'}"
    else:
        other = request.getfixturevalue("mariadb_admin")()
    done = aomuse(other, "restore", file)
    assert (done.code, len(done.errors)) == (2, 1)


def test_the_password_is_on_no_command_line(tmp_path, monkeypatch, url):
    # Stands before the real program in the PATH, notes its arguments, and runs it.
    noted, folder = tmp_path / "arguments", tmp_path / "bin"
    real = subprocess.run(
        ["which", "mariadb-dump"], capture_output=True, text=True, check=True
    ).stdout.strip()
    folder.mkdir()
    program = folder / "mariadb-dump"
    program.write_text(f'#!/bin/sh\necho "$@" > {noted}\nexec {real} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    assert aomuse(url, "backup", tmp_path / "muse.backup").code == 0
    password = sa.make_url(url).password
    assert password
    assert password not in noted.read_text()
    assert password not in (tmp_path / "muse.backup").read_text()


# Cut off by a kill


def table_names(engine: sa.Engine) -> set[str]:
    return set(sa.inspect(engine).get_table_names())


def clients(engine: sa.Engine) -> int:
    """Count the connections that others have to the database."""
    count = "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE()"
    with engine.connect() as connection:
        found = connection.scalar(sa.text(f"{count} AND id <> CONNECTION_ID()"))
        return int(found or 0)


WAITING = (
    "SELECT id FROM information_schema.processlist"
    " WHERE db = DATABASE() AND info LIKE 'DO GET_LOCK%'"
)


def test_a_restore_that_is_killed_passes_for_nothing_else(mariadb_admin, tmp_path, url):
    tree = Tree(tmp_path / "night")
    tree.add(1)
    assert aomuse(url, "load", tree.root).code == 0
    file, slow = tmp_path / "muse.backup", tmp_path / "slow.backup"
    assert aomuse(url, "backup", file).code == 0
    # It waits after the exposures, before all that belongs to them.
    text = file.read_text()
    place = text.index("INSERT INTO `exposure`")
    place = text.index(";\n", place) + 2
    slow.write_text(text[:place] + "DO GET_LOCK(DATABASE(), 200);\n" + text[place:])
    new = mariadb_admin()
    engine = create_engine(new)
    with engine.connect() as holder:
        assert holder.scalar(sa.text("SELECT GET_LOCK(DATABASE(), 0)")) == 1
        process = start(new, "restore", slow)
        wait_until(lambda: query(engine, WAITING), process)
        process.kill()
        assert process.wait() == -signal.SIGKILL
        holder.scalar(sa.text("SELECT RELEASE_LOCK(DATABASE())"))
        wait_until(lambda: clients(engine) <= 1)
    there = table_names(engine)
    assert {"alembic_version", "exposure"} <= there
    assert TABLES.keys() - there, "the client has gone on without the command that was killed"
    for command in (
        ["status"],
        ["load", tree.root],
        ["migrate"],
        ["metrics"],
        ["backup", tmp_path / "another.backup"],
    ):
        done = aomuse(new, *command)
        assert done.code == 2, command
        assert len(done.errors) == 1, done.text
        assert "aomuse drop" in done.err
        assert "aomuse restore" in done.err
    again = aomuse(new, "restore", file)
    assert (again.code, "aomuse drop" in again.err) == (2, True)
    assert table_names(engine) == there
    assert aomuse(new, "drop", "--yes").code == 0
    assert table_names(engine) == set()
    assert aomuse(new, "restore", file).code == 0
    old = create_engine(url)
    assert contents(engine, but=()) == contents(old, but=())
    engine.dispose()
    old.dispose()


@pytest.mark.usefixtures("processes")
def test_a_restore_of_sqlite_that_is_killed_leaves_an_empty_database(sqlite_template, tmp_path):
    database, file, new = (tmp_path / name for name in ("old.db", "muse.backup", "new.db"))
    database.write_bytes(sqlite_template.read_bytes())
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE large (content BLOB)")
        connection.executemany("INSERT INTO large VALUES (zeroblob(?))", [(1 << 20,)] * 4)
    assert aomuse(f"sqlite:///{database}", "backup", file).code == 0
    gate = Gate(tmp_path / "gate")
    process = start(f"sqlite:///{new}", "restore", file, before=gate.in_a_copy)
    gate.wait(process)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    engine = create_engine(f"sqlite:///{new}")
    assert table_names(engine) == set()
    assert "aomuse migrate" in aomuse(f"sqlite:///{new}", "status").err
    assert aomuse(f"sqlite:///{new}", "restore", file).code == 0
    assert {"alembic_version", *TABLES} < table_names(engine)
    engine.dispose()


def test_a_dump_that_somebody_runs_by_hand_and_cuts_off_is_no_schema(mariadb_admin, file, url):
    assert aomuse(url, "backup", file).code == 0
    whole = file.read_bytes()
    file.write_bytes(whole[: whole.rindex(b"UPDATE alembic_version")])
    new = mariadb_admin()
    assert mariadb_dump.run(file, sa.make_url(new)) is None
    engine = create_engine(new)
    assert {"alembic_version", *TABLES} == table_names(engine)
    assert query(engine, "SELECT version_num FROM alembic_version") == [(RESTORING,)]
    assert aomuse(new, "status").code == 2
    assert aomuse(new, "migrate").code == 2
    engine.dispose()


# Whose backup, of what


def test_an_account_with_a_loaders_rights_backs_up_and_restores(mariadb_admin, file, url):
    """The rights are those that docs/mariadb.md gives it."""
    new = mariadb_admin()
    rights = (
        "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES, CREATE VIEW, "
        "SHOW VIEW"
    )
    admin = create_engine(url)
    with admin.connect() as connection:
        connection.exec_driver_sql("CREATE USER poor IDENTIFIED BY 'tau0'")
        for each in (url, new):
            name = sa.make_url(each).database
            connection.exec_driver_sql(f"GRANT {rights} ON {name}.* TO poor")
    try:
        old, theirs = (
            sa.make_url(each).set(username="poor", password="tau0") for each in (url, new)
        )
        for command in (
            (old, "backup", file),
            (theirs, "restore", file),
            (theirs, "status"),
            (theirs, "drop", "--yes"),
        ):
            done = aomuse(command[0].render_as_string(hide_password=False), *command[1:])
            assert (done.code, done.err) == (0, ""), command
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql("DROP USER poor")
        admin.dispose()


def test_the_schema_of_a_newer_version_is_refused(
    engine, db_url, tmp_path, new_database,
    monkeypatch,
):  # fmt: skip
    file = tmp_path / "muse.backup"
    assert aomuse(db_url, "backup", file).code == 0
    older_ones = schema.known_revisions() - {schema.head_revision()}
    with monkeypatch.context() as older:
        older.setattr(schema, "known_revisions", lambda: older_ones)
        for url, *command in (
            (db_url, "backup", tmp_path / "another.backup"),
            (new_database(), "restore", file),
        ):
            done = aomuse(url, *command)
            assert (done.code, len(done.errors)) == (2, 1), done.text
            assert "install the newer aomuse" in done.err
    assert not (tmp_path / "another.backup").exists()


def test_a_file_system_without_links_will_do(db_url, tmp_path, monkeypatch, file):
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    assert aomuse(db_url, "backup", file).code == 0
    assert [p.name for p in tmp_path.iterdir()] == [file.name]
    assert file.stat().st_size > 0


def test_a_folder_that_is_not_there_is_named(sqlite_template, tmp_path):
    new = f"sqlite:///{tmp_path / 'missing' / 'new.db'}"
    done = aomuse(new, "restore", sqlite_template)
    assert (done.code, len(done.errors)) == (2, 1), done.text
    assert str(tmp_path / "missing") in done.err
    assert list(tmp_path.iterdir()) == []
