"""What a backup leaves when it is killed, and of what it does not take one."""

import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from own_processes import Gate, start, wait_until
from warehouse import fail, succeed

on_each_signal = pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda number: number.name
)


def files_with(text: str, folder: Path) -> list[Path]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return [path for path in found if text in path.read_text(errors="replace")]


@on_each_signal
def test_nothing_outlives_a_backup_that_is_killed(
    mariadb_admin, at_head, tmp_path, file, monkeypatch, number
):
    """In place of mariadb-dump, a program that reads its options and writes without an end."""
    url = at_head(mariadb_admin())
    programs, temporary = (tmp_path / name for name in ("bin", "tmp"))
    for folder in (programs, temporary):
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
    process = start(url, "backup", file, new_session=True)
    wait_until(lambda: noted.exists() and noted.read_text().strip())
    wait_until(lambda: any(path.stat().st_size for path in file.parent.iterdir()))
    assert files_with(str(sa.make_url(url).password), tmp_path) == []
    process.send_signal(number)
    out, err = process.communicate()
    assert process.returncode in (128 + number, -number)
    assert "Traceback" not in out + err
    wait_until(lambda: list(file.parent.iterdir()) == [])
    assert list(temporary.iterdir()) == []
    # The program finds nobody who reads.
    wait_until(lambda: not Path("/proc", noted.read_text().strip()).exists())


@pytest.mark.usefixtures("processes")
@on_each_signal
def test_nothing_outlives_a_backup_of_sqlite(large, tmp_path, file, number):
    gate = Gate(tmp_path / "gate")
    process = start(large, "backup", file, before=gate.in_a_copy)
    gate.wait(process)
    wait_until(lambda: any(path.stat().st_size for path in file.parent.iterdir()))
    process.send_signal(number)
    process.communicate()
    assert process.returncode in (128 + number, -number)
    wait_until(lambda: list(file.parent.iterdir()) == [])


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
    page = slice((root - 1) * size, root * size)
    content[page] = content[page].replace(b"M 54", b"M 55")
    database.write_bytes(content)


def break_reference(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("INSERT INTO exposure (target_id) VALUES (4711)")


def break_page(database: Path) -> None:
    content = bytearray(database.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 4096] = b"\xff" * 4096
    database.write_bytes(content)


@pytest.fixture
def damaged(sqlite_template, tmp_path, damage):
    database = tmp_path / "damaged.db"
    database.write_bytes(sqlite_template.read_bytes())
    damage(database)
    return database


@pytest.mark.parametrize("damage", [break_index, break_reference, break_page])
def test_a_damaged_database_gets_no_backup(damaged, file):
    line = fail(f"sqlite:///{damaged}", "backup", file)
    assert "is damaged" in line or "malformed" in line
    assert list(file.parent.iterdir()) == []


@pytest.mark.parametrize("damage", [break_index, break_reference])
def test_a_damaged_backup_is_not_restored(damaged, tmp_path):
    assert "is damaged" in fail(f"sqlite:///{tmp_path / 'new.db'}", "restore", damaged)


def test_a_database_whose_name_looks_like_an_option(mariadb_server, mariadb_admin, tmp_path):
    """And a URL with options that mariadb-dump does not have."""
    names = ("mu;se 'x", "-muse", "--help")
    admin = sa.create_engine(mariadb_server.admin_url, isolation_level="AUTOCOMMIT")
    url = sa.make_url(mariadb_admin())
    options = "connect_timeout=5&read_timeout=60&compress=true&init_command=SET @muse = 1"
    bare = url.set(username=None, password=None, database=None).render_as_string()
    account = f"user={url.username}&password={url.password}"
    first = None
    with admin.connect() as connection:
        for name in names:
            connection.exec_driver_sql(f"CREATE DATABASE `{name}`")
            connection.exec_driver_sql(f"GRANT ALL ON `{name}`.* TO aomuse@localhost")
        try:
            for number, name in enumerate(names):
                this = f"{bare}?database={name.replace(';', '%3B')}&{account}&{options}"
                file = tmp_path / f"{number}.backup"
                # To migrate takes seconds; once will do.
                succeed(this, *(("restore", first) if first else ("migrate",)))
                succeed(this, "backup", file)
                succeed(this, "drop", "--yes")
                succeed(this, "restore", file)
                succeed(this, "status")
                first = first or file
            new = url.render_as_string(hide_password=False)
            succeed(f"{new}?{options}", "restore", first)
        finally:
            for name in names:
                connection.exec_driver_sql(f"DROP DATABASE `{name}`")
                connection.exec_driver_sql(f"REVOKE ALL ON `{name}`.* FROM aomuse@localhost")
    admin.dispose()
