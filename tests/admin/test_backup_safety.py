"""What a backup leaves when it is killed, and of what it does not take one."""

import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from own_processes import Gate, start, wait_until
from warehouse import aomuse

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)


def files_with(text: str, folder: Path) -> list[Path]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return [path for path in found if text in path.read_text(errors="replace")]


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_nothing_outlives_a_backup_that_is_killed(
    mariadb_admin, at_head, tmp_path, monkeypatch, number
):
    """In place of mariadb-dump, a program that reads its options and writes without an end."""
    url = at_head(mariadb_admin())
    programs, temporary, target = (tmp_path / name for name in ("bin", "tmp", "target"))
    for folder in (programs, temporary, target):
        folder.mkdir()
    program = programs / "mariadb-dump"
    noted = tmp_path / "process"
    program.write_text(
        '#!/bin/sh\ncat "${1#--defaults-file=}" > /dev/null || exit 1\n'
        f"echo $$ > {noted}\nhead -c 3000000 /dev/zero\nwhile echo INSERT; do sleep 0.01; done\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("TMPDIR", str(temporary))
    process = start(url, "backup", target / "muse.backup", new_session=True)
    wait_until(lambda: noted.exists() and noted.read_text().strip())
    wait_until(lambda: any(path.stat().st_size for path in target.iterdir()))
    assert files_with(str(sa.make_url(url).password), tmp_path) == []
    process.send_signal(number)
    out, err = process.communicate()
    assert process.returncode in (128 + number, -number)
    assert "Traceback" not in out + err
    wait_until(lambda: list(target.iterdir()) == [])
    assert list(temporary.iterdir()) == []
    # The program finds nobody who reads.
    wait_until(lambda: not Path("/proc", noted.read_text().strip()).exists())


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_nothing_outlives_a_backup_of_sqlite(sqlite_template, tmp_path, number):
    database, target = tmp_path / "old.db", tmp_path / "target"
    database.write_bytes(sqlite_template.read_bytes())
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE large (content BLOB)")
        connection.executemany("INSERT INTO large VALUES (zeroblob(?))", [(1 << 20,)] * 4)
    target.mkdir()
    gate, file = Gate(tmp_path / "gate"), target / "muse.backup"
    process = start(f"sqlite:///{database}", "backup", file, before=gate.in_a_copy)
    gate.wait(process)
    wait_until(lambda: any(path.stat().st_size for path in target.iterdir()))
    process.send_signal(number)
    process.communicate()
    assert process.returncode in (128 + number, -number)
    wait_until(lambda: list(target.iterdir()) == [])


def break_index(database: Path) -> None:
    """Let an index say something else than its table."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("INSERT INTO target (name) VALUES ('M 54')")
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE type = 'index' AND tbl_name = 'target'"
        ).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(database.read_bytes())
    content[(root - 1) * size : root * size] = bytes(
        content[(root - 1) * size : root * size]
    ).replace(b"M 54", b"M 55")
    database.write_bytes(content)


def break_reference(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("INSERT INTO exposure (target_id) VALUES (4711)")


def break_page(database: Path) -> None:
    content = bytearray(database.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 4096] = b"\xff" * 4096
    database.write_bytes(content)


@pytest.mark.parametrize("damage", [break_index, break_reference, break_page])
def test_a_damaged_database_gets_no_backup(sqlite_template, tmp_path, damage):
    database, file = tmp_path / "old.db", tmp_path / "target" / "muse.backup"
    file.parent.mkdir()
    database.write_bytes(sqlite_template.read_bytes())
    damage(database)
    done = aomuse(f"sqlite:///{database}", "backup", file)
    assert (done.code, len(done.errors)) == (2, 1), done.text
    assert "damaged" in done.err or "malformed" in done.err
    assert list(file.parent.iterdir()) == []


@pytest.mark.parametrize("damage", [break_index, break_reference])
def test_a_damaged_backup_is_not_restored(sqlite_template, tmp_path, damage):
    file, new = tmp_path / "muse.backup", tmp_path / "new.db"
    file.write_bytes(sqlite_template.read_bytes())
    damage(file)
    done = aomuse(f"sqlite:///{new}", "restore", file)
    assert (done.code, len(done.errors)) == (2, 1), done.text
    assert "is damaged" in done.err


def test_a_database_whose_name_looks_like_an_option(mariadb_server, mariadb_admin, tmp_path):
    """And a URL with options that mariadb-dump does not have."""
    names = ("-muse", "--help", "mu;se 'x")
    admin = sa.create_engine(mariadb_server.admin_url, isolation_level="AUTOCOMMIT")
    url = sa.make_url(mariadb_admin())
    with admin.connect() as connection:
        for name in names:
            connection.exec_driver_sql(f"CREATE DATABASE `{name}`")
            connection.exec_driver_sql(f"GRANT ALL ON `{name}`.* TO aomuse@localhost")
    options = "connect_timeout=5&read_timeout=60&compress=true&init_command=SET @muse = 1"
    bare = url.set(username=None, password=None, database=None).render_as_string()
    new = url.render_as_string(hide_password=False)
    try:
        for number, name in enumerate(names):
            this = f"{bare}?database={name.replace(';', '%3B')}&user={url.username}"
            this += f"&password={url.password}&{options}"
            file = tmp_path / f"{number}.backup"
            for each, *command in (
                (this, "migrate"),
                (this, "backup", file),
                (this, "drop", "--yes"),
                (this, "restore", file),
                (this, "status"),
            ):
                done = aomuse(each, *command)
                assert (done.code, done.err) == (0, ""), (name, command)
        assert aomuse(f"{new}?{options}", "restore", tmp_path / "0.backup").code == 0
    finally:
        with admin.connect() as connection:
            for name in names:
                connection.exec_driver_sql(f"DROP DATABASE `{name}`")
                connection.exec_driver_sql(f"REVOKE ALL ON `{name}`.* FROM aomuse@localhost")
        admin.dispose()
