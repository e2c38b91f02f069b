"""Backup and restore: every table comes back, and nothing half done passes for whole."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from fits_factory import Tree
from warehouse import aomuse, contents, query

from aomuse.db import create_engine


@pytest.fixture
def night(engine: sa.Engine, db_url: str, tmp_path: Path) -> Tree:
    tree = Tree(tmp_path / "night")
    for number in (1, 2):
        tree.add(number)
    assert aomuse(db_url, "load", tree.root).code == 0
    return tree


def test_every_table_comes_back(
    engine: sa.Engine,
    db_url: str,
    night: Tree,
    tmp_path: Path,
    new_database: Callable[[], str],
) -> None:
    file = tmp_path / "muse.backup"
    done = aomuse(db_url, "backup", file)
    assert (done.code, done.err) == (0, "")
    assert file.stat().st_mode & 0o077 == 0
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
    new = new_database()
    back = aomuse(new, "restore", file)
    assert (back.code, back.err) == (0, "")
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


def test_a_database_that_is_not_empty_is_refused(
    engine: sa.Engine, db_url: str, night: Tree, tmp_path: Path
) -> None:
    file = tmp_path / "muse.backup"
    assert aomuse(db_url, "backup", file).code == 0
    before = contents(engine)
    done = aomuse(db_url, "restore", file)
    assert done.code == 2
    assert done.err.startswith("aomuse: the database is not empty (it has ")
    assert contents(engine) == before


def test_a_file_is_not_replaced(db_url: str, tmp_path: Path) -> None:
    file = tmp_path / "muse.backup"
    file.write_text("precious")
    done = aomuse(db_url, "backup", file)
    assert (done.code, len(done.errors)) == (2, 1)
    assert file.read_text() == "precious"


def test_what_is_no_backup_is_refused(
    db_url: str, tmp_path: Path, new_database: Callable[[], str]
) -> None:
    whole = tmp_path / "muse.backup"
    assert aomuse(db_url, "backup", whole).code == 0
    cut = tmp_path / "cut.backup"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    text = tmp_path / "text.backup"
    text.write_text("SELECT 1;\n")
    for file in (cut, text, tmp_path / "missing.backup"):
        new = new_database()
        done = aomuse(new, "restore", file)
        assert (done.code, len(done.errors)) == (2, 1), done.text
        assert file.name in done.err
        engine = create_engine(new)
        assert sa.inspect(engine).get_table_names() == []
        engine.dispose()


def test_a_restore_that_fails_leaves_nothing(
    mariadb_admin: Callable[[], str], tmp_path: Path
) -> None:
    url = mariadb_admin()
    assert aomuse(url, "migrate").code == 0
    file = tmp_path / "muse.backup"
    assert aomuse(url, "backup", file).code == 0
    lines = file.read_text().splitlines(keepends=True)
    lines.insert(-1, "INSERT INTO no_such_table VALUES (1);\n")
    file.write_text("".join(lines))
    new = mariadb_admin()
    done = aomuse(new, "restore", file)
    assert done.code == 2
    assert "no_such_table" in done.err
    assert done.err.endswith("the database is empty again\n")
    engine = create_engine(new)
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()


def test_an_empty_database_has_nothing_to_back_up(empty_url: str, tmp_path: Path) -> None:
    done = aomuse(empty_url, "backup", tmp_path / "muse.backup")
    assert (done.code, len(done.errors)) == (2, 1)
    assert list(tmp_path.iterdir()) == []


def test_a_backup_of_the_other_engine_is_refused(
    db_url: str, backend: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    file = tmp_path / "muse.backup"
    assert aomuse(db_url, "backup", file).code == 0
    if backend == "mariadb":
        other = f"sqlite:///{tmp_path / 'other.db'}"
    else:
        other = request.getfixturevalue("mariadb_admin")()
    done = aomuse(other, "restore", file)
    assert (done.code, len(done.errors)) == (2, 1)


def test_the_password_is_on_no_command_line(
    mariadb_admin: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = mariadb_admin()
    assert aomuse(url, "migrate").code == 0
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
