"""Servers with other settings, and without TLS: the same rows, or one line that says why not."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from mariadb_pool import UNSAFE_BUT_FAST
from warehouse import aomuse, contents, fail, fill_every_table, query, succeed

from aomuse.admin import mariadb_dump
from aomuse.connections.urls import database_url
from aomuse.db import create_engine
from scripts.mariadb_server import Server

#: What only a start of the server can set.
OPTIONS = (
    "--skip-ssl",
    # Ignores what character set a client asks for.
    "--skip-character-set-client-handshake",
    *("--character-set-server=latin1", "--collation-server=latin1_swedish_ci"),
    *("--default-storage-engine=MyISAM", "--innodb-default-row-format=compact"),
    *("--lower-case-table-names=1", "--default-time-zone=-03:00"),
)
SETTINGS: dict[str, object] = {
    "sql_mode": "'ANSI,PAD_CHAR_TO_FULL_LENGTH,NO_BACKSLASH_ESCAPES,NO_UNSIGNED_SUBTRACTION'",
    "sql_safe_updates": 1,
    "sql_auto_is_null": 1,
    "sql_if_exists": 1,
    "sql_quote_show_create": 0,
    "autocommit": 0,
    "completion_type": "'CHAIN'",
    "tx_read_only": 1,
    "tx_isolation": "'SERIALIZABLE'",
    "explicit_defaults_for_timestamp": 0,
    "group_concat_max_len": 4,
    "max_sort_length": 64,
    "div_precision_increment": 0,
    "foreign_key_checks": 0,
    "unique_checks": 0,
    "check_constraint_checks": 0,
    "innodb_strict_mode": 0,
    "alter_algorithm": "'INSTANT'",
    "max_statement_time": 0.001,
}
NOT_ENCRYPTED = (
    "aomuse: the connection is not encrypted, although the database URL asks for it: the server "
    "has no TLS; let its administrator switch it on, or remove the URL's options for TLS\n"
)


@pytest.fixture(scope="module")
def other_server(database_folder):
    server = Server(database_folder / "other")
    server.start(options=(*UNSAFE_BUT_FAST, *OPTIONS), end_with_parent=True)
    with sa.create_engine(server.admin_url, poolclass=sa.NullPool).connect() as connection:
        for name, value in SETTINGS.items():
            connection.exec_driver_sql(f"SET GLOBAL {name} = {value}")
    yield server
    server.stop()


@pytest.fixture
def other_url(other_server):
    yield other_server.url
    assert aomuse(other_server.url, "drop", "--yes").code == 0


@contextmanager
def setting(server: Server, name: str, value: int, normal: str = "DEFAULT") -> Iterator[None]:
    """Let all new sessions have a setting meanwhile."""
    with sa.create_engine(server.admin_url, poolclass=sa.NullPool).connect() as connection:
        # read_only cannot be set within a transaction, and a commit would begin the next one
        connection.exec_driver_sql("SET SESSION completion_type = 0")
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql(f"SET GLOBAL {name} = {value}")
        try:
            yield
        finally:
            connection.exec_driver_sql(f"SET GLOBAL {name} = {normal}")


#: Engine, options and collation of all tables.
STORAGE = (
    "SELECT DISTINCT engine, create_options, table_collation FROM information_schema.tables "
    "WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'"
)


def test_the_same_rows_come_in_and_out(other_url, mariadb_admin, tree, tmp_path):
    tree.add(1)
    tree.add(2)
    stored = []
    for number, url in enumerate((mariadb_admin(), other_url)):
        for command in (["migrate"], ["load", tree.root], ["verify", tree.root], ["metrics"]):
            succeed(url, *command)
        engine = create_engine(url)
        fill_every_table(engine)
        stored.append(contents(engine))
        made = query(engine, STORAGE)
        file = tmp_path / f"{number}.backup"
        for command in (["backup", file], ["drop", "--yes"], ["restore", file], ["status"]):
            succeed(url, *command)
        assert contents(engine) == stored[number]
        assert query(engine, STORAGE) == made
        engine.dispose()
    assert made == [("InnoDB", "row_format=DYNAMIC", "utf8mb4_nopad_bin")]
    assert stored[0] == stored[1]


def test_a_server_that_cuts_what_it_returns(other_url, other_server, tree, tmp_path):
    """aomuse asks for all rows; mariadb-dump cannot, so there is no backup."""
    tree.add(1)
    with setting(other_server, "sql_select_limit", 1):
        for command in (["migrate"], ["load", tree.root], ["verify", tree.root]):
            succeed(other_url, *command)
        assert "sql_select_limit" in fail(other_url, "backup", tmp_path / "muse.backup")
    assert not (tmp_path / "muse.backup").exists()


#: Each of the options for TLS, and none that the connector knows nothing of.
ENCRYPTING = (
    *("ssl=true", "ssl_ca=/nothing.pem", "ssl_cert=/nothing.pem&ssl_key=/nothing.pem"),
    *("tls_version=TLSv1.3", "ssl_crl=/nothing.pem", "ssl_cipher=AES128-SHA"),
)


def test_a_server_without_tls_is_refused(other_url, tmp_path, monkeypatch):
    """The client program looks for itself: it has a connection of its own."""
    monkeypatch.setenv("AOMUSE_READER_PASSWORD", "tau0")
    dump = tmp_path / "muse.sql"
    dump.write_text("CREATE TABLE never (id INT);\n")
    for option in ENCRYPTING:
        said = mariadb_dump.run(dump, database_url(f"{other_url}?{option}"))
        assert "the connection is not encrypted" in str(said), option
        for command in (
            ["status"],
            ["migrate"],
            ["load", tmp_path],
            ["backup", tmp_path / "muse.backup"],
            ["grant-reader", "reader", "--host", "localhost", "--no-tls"],
        ):
            done = aomuse(f"{other_url}?{option}", *command)
            assert (done.code, done.text) == (2, NOT_ENCRYPTED), (option, command)
    assert list(tmp_path.iterdir()) == [dump]


def test_an_import_from_a_server_without_tls_is_refused(db_url, other_server):
    done = aomuse(db_url, "import-blobs", f"{other_server.url}?ssl=true")
    assert (done.code, done.text) == (2, NOT_ENCRYPTED)


def test_the_same_options_encrypt_where_the_server_can(
    mariadb_admin, at_head, mariadb_server, tmp_path
):
    url, new = at_head(mariadb_admin()), mariadb_admin()
    authority = f"ssl_ca={mariadb_server.directory / 'tls-cert.pem'}"
    options = ("ssl=true", authority, f"ssl_verify_cert=true&{authority}", "tls_version=TLSv1.2")
    for number, option in enumerate(options):
        file = tmp_path / f"{number}.backup"
        succeed(f"{url}?{option}", "status")
        succeed(f"{url}?{option}", "backup", file)
        succeed(f"{new}?{option}", "restore", file)
        succeed(f"{new}?{option}", "drop", "--yes")


def test_the_doctor_names_what_a_session_cannot_change(other_server, other_url):
    succeed(other_url, "migrate")
    done = succeed(other_url, "doctor")
    (session,) = (line for line in done.out.splitlines() if "session" in line)
    assert session.startswith("ok    session     strict, UTC, utf8mb4; sql_mode of others is ")
    assert "ANSI_QUOTES" in session
    for name, value, normal in (("sql_select_limit", 10, "DEFAULT"), ("read_only", 1, "0")):
        with setting(other_server, name, value, normal):
            done = aomuse(other_url, "doctor")
        assert done.code == 1
        assert f"mend  settings    {name}" in done.out
