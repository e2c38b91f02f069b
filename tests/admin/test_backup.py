"""Backup and restore: every table comes back, and nothing half done passes for whole."""

import errno
import os
import shutil
import signal
from typing import Any

import pytest
import sqlalchemy as sa
from mariadb_pool import account
from own_processes import Gate, start, wait_until
from warehouse import TABLES, aomuse, contents, fail, fill_every_table, query, scalar, succeed

from aomuse import schema
from aomuse.admin import mariadb_dump
from aomuse.db import create_engine
from aomuse.schema import RESTORING


@pytest.fixture
def url(mariadb_admin, at_head):
    """A database on MariaDB at the newest schema."""
    return at_head(mariadb_admin())


@pytest.fixture
def night(db, tree):
    tree.add(1)
    tree.add(2)
    db.load(tree.root)
    return tree.root


def table_names(url: str) -> set[str]:
    return set(sa.inspect(create_engine(url)).get_table_names())


def everything(url: str) -> dict[str, list[Any]]:
    return contents(create_engine(url), but=())


@pytest.mark.usefixtures("night")
def test_every_table_comes_back(db, file, new_database):
    """Also those that no test night fills, with values that a careless dump would change."""
    fill_every_table(db.engine)
    before = db.contents(but=())
    assert [name for name, found in before.items() if not found] == []
    new = new_database()
    succeed(db.url, "backup", file)
    succeed(new, "restore", file)
    assert everything(new) == before


def views(engine: sa.Engine) -> dict[str, int]:
    """Give how many rows each view has."""
    names = sa.inspect(engine).get_view_names()
    return {name: scalar(engine, f"SELECT COUNT(*) FROM {name}") for name in names}


def test_a_restored_database_goes_on_as_the_old_one(db, night, file, new_database):
    db.succeed("backup", file)
    assert file.stat().st_mode & 0o077 == 0
    assert list(file.parent.iterdir()) == [file]
    before = file.read_bytes(), db.contents(but=())
    # A file is not replaced, and neither is a database that is not empty.
    db.fail("backup", file, code=2)
    refused = db.run("restore", file)
    assert refused.code == 2
    assert refused.err.startswith("aomuse: the database is not empty (it has ")
    assert (file.read_bytes(), db.contents(but=())) == before
    new = new_database()
    succeed(new, "restore", file)
    assert everything(new) == db.contents(but=())
    assert views(create_engine(new)) == views(db.engine) != {}
    assert "2 unchanged" in succeed(new, "load", night).out
    succeed(new, "verify", night)


def test_what_is_no_backup_is_refused(db_url, backend, file, new_database, mariadb_admin, tmp_path):
    succeed(db_url, "backup", file)
    cut, text, missing = (file.with_name(f"{name}.backup") for name in ("cut", "text", "missing"))
    cut.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    text.write_text("SELECT 1;\n")
    for other in (cut, text, missing):
        new = new_database()
        assert other.name in fail(new, "restore", other)
        assert table_names(new) == set()
    # A backup of the other engine is none here.
    fail(
        f"sqlite:///{tmp_path}/new.db" if backend == "mariadb" else mariadb_admin(), "restore", file
    )


def test_a_restore_that_fails_leaves_nothing(mariadb_admin, file, url):
    succeed(url, "backup", file)
    lines = file.read_text().splitlines(keepends=True)
    lines.insert(-1, "INSERT INTO no_such_table VALUES (1);\n")
    file.write_text("".join(lines))
    new = mariadb_admin()
    done = aomuse(new, "restore", file)
    assert done.code == 2
    assert "no_such_table" in done.err
    assert done.err.endswith("the database is empty again\n")
    assert table_names(new) == set()


def test_an_empty_database_has_nothing_to_back_up(empty_url, file):
    fail(empty_url, "backup", file)
    assert list(file.parent.iterdir()) == []


def test_the_password_is_on_no_command_line(tmp_path, monkeypatch, url, file):
    # Stands before the real program in the PATH, notes its arguments, and runs it.
    noted, program = tmp_path / "arguments", tmp_path / "bin" / "mariadb-dump"
    program.parent.mkdir()
    real = shutil.which("mariadb-dump")
    program.write_text(f'#!/bin/sh\necho "$@" > {noted}\nexec {real} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    succeed(url, "backup", file)
    password = sa.make_url(url).password
    assert password
    assert password not in noted.read_text() + file.read_text()


# Cut off by a kill

OTHERS = "FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"


def test_a_restore_that_is_killed_passes_for_nothing_else(mariadb_admin, tree, tmp_path, file, url):
    tree.add(1)
    succeed(url, "load", tree.root)
    succeed(url, "backup", file)
    # It waits after the exposures, before all that belongs to them.
    slow, text = tmp_path / "slow.backup", file.read_text()
    place = text.index(";\n", text.index("INSERT INTO `exposure`")) + 2
    slow.write_text(text[:place] + "DO GET_LOCK(DATABASE(), 200);\n" + text[place:])
    new = mariadb_admin()
    engine = create_engine(new)
    with engine.connect() as holder:
        assert holder.scalar(sa.text("SELECT GET_LOCK(DATABASE(), 0)")) == 1
        process = start(new, "restore", slow)
        waiting = f"SELECT id {OTHERS} AND info LIKE 'DO GET_LOCK%'"
        wait_until(lambda: query(engine, waiting), process)
        process.kill()
        assert process.wait() == -signal.SIGKILL
        holder.scalar(sa.text("SELECT RELEASE_LOCK(DATABASE())"))
        wait_until(lambda: scalar(engine, f"SELECT COUNT(*) {OTHERS}") <= 1)
    there = table_names(new)
    assert {"alembic_version", "exposure"} <= there
    assert TABLES.keys() - there, "the client has gone on without the command that was killed"
    for command in (
        ["status"],
        ["load", tree.root],
        ["migrate"],
        ["metrics"],
        ["backup", tmp_path / "another.backup"],
    ):
        line = fail(new, *command)
        assert "aomuse drop" in line
        assert "aomuse restore" in line
    again = aomuse(new, "restore", file)
    assert (again.code, "aomuse drop" in again.err) == (2, True)
    assert table_names(new) == there
    succeed(new, "drop", "--yes")
    assert table_names(new) == set()
    succeed(new, "restore", file)
    assert everything(new) == everything(url)


@pytest.mark.usefixtures("processes")
def test_a_restore_of_sqlite_that_is_killed_leaves_an_empty_database(large, tmp_path, file):
    new = f"sqlite:///{tmp_path / 'new.db'}"
    succeed(large, "backup", file)
    gate = Gate(tmp_path / "gate")
    process = start(new, "restore", file, before=gate.in_a_copy)
    gate.wait(process)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert table_names(new) == set()
    assert "aomuse migrate" in aomuse(new, "status").err
    succeed(new, "restore", file)
    assert {"alembic_version", *TABLES} < table_names(new)


def test_a_dump_that_somebody_runs_by_hand_and_cuts_off_is_no_schema(mariadb_admin, file, url):
    succeed(url, "backup", file)
    whole = file.read_bytes()
    file.write_bytes(whole[: whole.rindex(b"UPDATE alembic_version")])
    new = mariadb_admin()
    assert mariadb_dump.run(file, sa.make_url(new)) is None
    assert {"alembic_version", *TABLES} == table_names(new)
    assert scalar(create_engine(new), "SELECT version_num FROM alembic_version") == RESTORING
    for command in ("status", "migrate"):
        assert aomuse(new, command).code == 2


# Whose backup, of what

#: Those that docs/mariadb.md gives a loader.
RIGHTS = (
    "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES, CREATE VIEW, SHOW VIEW"
)


def test_an_account_with_a_loaders_rights_backs_up_and_restores(
    mariadb_server, mariadb_admin, file, url
):
    with account(mariadb_server, url, mariadb_admin(), rights=RIGHTS) as (old, new):
        succeed(old, "backup", file)
        succeed(new, "restore", file)
        succeed(new, "status")
        succeed(new, "drop", "--yes")


def test_the_schema_of_a_newer_version_is_refused(db_url, file, new_database, monkeypatch):
    succeed(db_url, "backup", file)
    older_ones = schema.known_revisions() - {schema.head_revision()}
    with monkeypatch.context() as older:
        older.setattr(schema, "known_revisions", lambda: older_ones)
        another = file.with_name("another.backup")
        for url, *command in ((db_url, "backup", another), (new_database(), "restore", file)):
            assert "install the newer aomuse" in fail(url, *command)
    assert list(file.parent.iterdir()) == [file]


def test_a_file_system_without_links_will_do(db_url, monkeypatch, file):
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    succeed(db_url, "backup", file)
    assert list(file.parent.iterdir()) == [file]
    assert file.stat().st_size > 0


def test_a_folder_that_is_not_there_is_named(sqlite_template, tmp_path):
    missing = tmp_path / "missing"
    assert str(missing) in fail(f"sqlite:///{missing / 'new.db'}", "restore", sqlite_template)
    assert not missing.exists()
