"""The private MariaDB server: its life in a directory of any length, and what it is set to."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from scripts import mariadb_server
from scripts.mariadb_server import LONGEST_SOCKET_PATH, SQL_MODE, Server, ServerError, main

pytestmark = pytest.mark.usefixtures("processes")


@pytest.fixture
def sleeper():
    """Run a process that is no server."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def test_life_in_a_directory_too_deep_for_a_socket(server_folder, capsys):
    directory = server_folder / "a name with spaces" / ("long" * 30) / "server"
    assert len(str(directory)) > LONGEST_SOCKET_PATH
    server = Server(directory)
    at = ["--directory", str(directory)]
    try:
        assert main([*at, "status"]) == 3
        assert server.start(end_with_parent=True)
        pid, url = server.pid(), server.url
        assert not server.start()
        assert server.pid() == pid
        assert stat.S_IMODE(server.url_file.stat().st_mode) == 0o600
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        assert sorted(path.name for path in directory.iterdir() if path.suffix == ".sql") == []
        engine = sa.create_engine(server.admin_url, poolclass=sa.NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql("CREATE TABLE aomuse.kept (id INTEGER)")
        capsys.readouterr()
        assert main([*at, "status"]) == 0
        assert main([*at, "url"]) == 0
        assert main([*at, "start"]) == 0
        printed = capsys.readouterr().out
        assert f"process {pid}, 127.0.0.1:{server.port}" in printed
        assert str(sa.make_url(url).password) not in printed
        socket = server.socket
        assert main([*at, "stop"]) == 0
        assert server.pid() is None
        assert not socket.parent.exists()
        assert not server.stop()
        server.start(end_with_parent=True)
        assert server.url == url
        with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
            assert connection.exec_driver_sql("SHOW TABLES").scalars().all() == ["kept"]
    finally:
        server.stop()


def test_the_export_line_works_in_a_shell(tmp_path):
    server = Server(tmp_path / "it's a name")
    server.directory.mkdir()
    server.url_file.write_text("mariadb+mariadbconnector://u:p@127.0.0.1:1/aomuse\n")
    script = mariadb_server.export_line(server) + '; printf %s "$AOMUSE_DATABASE_URL"'
    assert subprocess.check_output(["sh", "-c", script], text=True) == server.url


def test_a_foreign_process_in_the_pid_file_is_left_alone(tmp_path, sleeper, mariadb_server):
    server = Server(tmp_path)
    for pid in (sleeper.pid, mariadb_server.pid()):
        server.pid_file.write_text(f"{pid}\n")
        assert server.pid() is None
        assert not server.stop()
    assert sleeper.poll() is None
    assert mariadb_server.pid() is not None


def test_a_server_that_fails_shows_the_end_of_its_log(server_folder):
    server = Server(server_folder)
    with pytest.raises(ServerError, match="no-such-option"):
        server.start(options=["--no-such-option"])
    assert server.pid() is None


def test_without_a_server_the_packages_are_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(mariadb_server, "find_program", lambda name: None)
    assert main(["--directory", str(tmp_path / "server"), "start"]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "apt-get install mariadb-server libmariadb-dev" in error
    assert not (tmp_path / "server").exists()


def test_the_server_is_strict_speaks_utf8mb4_and_tls(mariadb_server):
    engine = sa.create_engine(mariadb_server.url, connect_args={"ssl": True})
    with engine.connect() as connection:
        values = "SELECT @@sql_mode, @@character_set_database, @@bind_address, database()"
        expected = (SQL_MODE, "utf8mb4", "127.0.0.1", "aomuse")
        assert connection.exec_driver_sql(values).one() == expected
        cipher = connection.exec_driver_sql("SHOW SESSION STATUS LIKE 'Ssl_cipher'").one()[1]
        assert cipher.startswith("TLS")
    engine.dispose()


def test_the_account_hands_out_readers(mariadb_admin):
    url = sa.make_url(mariadb_admin())
    owner = sa.create_engine(url, poolclass=sa.NullPool)
    with owner.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE t (id INTEGER)")
        connection.exec_driver_sql("CREATE USER reader@localhost IDENTIFIED BY 'r'")
        connection.exec_driver_sql(
            f"GRANT SELECT, SHOW VIEW ON {url.database}.* TO reader@localhost"
        )
    reader = sa.create_engine(url.set(username="reader", password="r"), poolclass=sa.NullPool)
    with reader.connect() as connection:
        assert connection.exec_driver_sql("SELECT * FROM t").all() == []
        with pytest.raises(sa.exc.DBAPIError, match="denied"):
            connection.exec_driver_sql("INSERT INTO t VALUES (1)")
    with owner.connect() as connection:
        connection.exec_driver_sql("DROP USER reader@localhost")


def test_servers_keep_their_temporary_tables_apart(server_folder, mariadb_server):
    """A server that starts deletes the ones it finds, which crashed others at random."""
    mine = mariadb_server.temporary / "#sql-temptable-1-1-1.MAI"
    mine.touch()
    with sa.create_engine(mariadb_server.url).connect() as connection:
        used = connection.exec_driver_sql("SELECT @@tmpdir").scalar()
    assert Path(used) == mine.parent
    other = Server(server_folder)
    other.start(end_with_parent=True)
    try:
        assert other.temporary != mine.parent
        assert mine.exists()
    finally:
        other.stop()
        mine.unlink()
