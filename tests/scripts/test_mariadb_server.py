"""The private MariaDB server: its life in a directory of any length, and what it is set to."""

import stat
import subprocess

import pytest
import sqlalchemy as sa
from mariadb_pool import UNSAFE_BUT_FAST
from warehouse import execute, query

from scripts import mariadb_server
from scripts.mariadb_server import LONGEST_SOCKET_PATH, SQL_MODE, Server, ServerError, main

pytestmark = pytest.mark.usefixtures("processes")


@pytest.fixture
def own(server_folder):
    """Give a server in a directory too deep for a socket, which is not there yet."""
    server = Server(server_folder / "a name with spaces" / ("long" * 30) / "server")
    yield server
    server.stop()


def connect(url: str | sa.URL) -> sa.Engine:
    return sa.create_engine(url, poolclass=sa.NullPool)


def test_life_in_a_directory_too_deep_for_a_socket(own, capsys):
    assert len(str(own.directory)) > LONGEST_SOCKET_PATH
    at = ["--directory", str(own.directory)]
    assert main([*at, "status"]) == 3
    assert own.start(end_with_parent=True)
    pid, url = own.pid(), own.url
    assert not own.start()
    assert own.pid() == pid
    assert stat.S_IMODE(own.url_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(own.directory.stat().st_mode) == 0o700
    assert list(own.directory.glob("*.sql")) == []
    execute(connect(own.admin_url), "CREATE TABLE aomuse.kept (id INTEGER)")
    capsys.readouterr()
    for command in ("status", "url", "start"):
        assert main([*at, command]) == 0
    printed = capsys.readouterr().out
    assert f"process {pid}, 127.0.0.1:{own.port}" in printed
    assert str(sa.make_url(url).password) not in printed
    socket = own.socket
    assert main([*at, "stop"]) == 0
    assert own.pid() is None
    assert not socket.parent.exists()
    assert not own.stop()
    own.start(end_with_parent=True)
    assert own.url == url
    assert query(connect(url), "SHOW TABLES") == [("kept",)]


def test_the_export_line_works_in_a_shell(tmp_path):
    server = Server(tmp_path / "it's a name")
    server.directory.mkdir()
    server.url_file.write_text("mariadb+mariadbconnector://u:p@127.0.0.1:1/aomuse\n")
    script = mariadb_server.export_line(server) + '; printf %s "$AOMUSE_DATABASE_URL"'
    assert subprocess.check_output(["sh", "-c", script], text=True) == server.url


def test_a_foreign_process_in_the_pid_file_is_left_alone(tmp_path, mariadb_server):
    server = Server(tmp_path)
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        for pid in (sleeper.pid, mariadb_server.pid()):
            server.pid_file.write_text(f"{pid}\n")
            assert server.pid() is None
            assert not server.stop()
        assert sleeper.poll() is None
        sleeper.kill()
    assert mariadb_server.pid() is not None


def test_a_server_that_fails_shows_the_end_of_its_log(own):
    with pytest.raises(ServerError, match="no-such-option"):
        own.start(options=["--no-such-option"])
    assert own.pid() is None


def test_without_a_server_the_packages_are_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(mariadb_server, "find_program", lambda name: None)
    assert main(["--directory", str(tmp_path / "server"), "start"]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "apt-get install mariadb-server libmariadb-dev" in error
    assert not (tmp_path / "server").exists()


def test_the_server_is_strict_speaks_utf8mb4_and_tls(mariadb_server):
    engine = sa.create_engine(mariadb_server.url, connect_args={"ssl": True})
    values = "SELECT @@sql_mode, @@character_set_database, @@bind_address, database()"
    assert query(engine, values) == [(SQL_MODE, "utf8mb4", "127.0.0.1", "aomuse")]
    ((_, cipher),) = query(engine, "SHOW SESSION STATUS LIKE 'Ssl_cipher'")
    assert cipher.startswith("TLS")
    engine.dispose()


def test_the_account_hands_out_readers(mariadb_admin):
    url = sa.make_url(mariadb_admin())
    owner, reader = connect(url), connect(url.set(username="reader", password="r"))
    execute(
        owner,
        "CREATE TABLE t (id INTEGER)",
        "CREATE USER reader@localhost IDENTIFIED BY 'r'",
        f"GRANT SELECT, SHOW VIEW ON {url.database}.* TO reader@localhost",
    )
    assert query(reader, "SELECT * FROM t") == []
    with pytest.raises(sa.exc.DBAPIError, match="denied"):
        execute(reader, "INSERT INTO t VALUES (1)")
    execute(owner, "DROP USER reader@localhost")


def test_servers_keep_their_temporary_tables_apart(own, mariadb_server):
    """A server that starts deletes the ones it finds, which crashed others at random."""
    mine = mariadb_server.temporary / "#sql-temptable-1-1-1.MAI"
    mine.touch()
    assert query(connect(mariadb_server.url), "SELECT @@tmpdir") == [(str(mine.parent),)]
    own.start(options=UNSAFE_BUT_FAST, end_with_parent=True)
    assert own.temporary != mine.parent
    assert mine.exists()
    mine.unlink()
