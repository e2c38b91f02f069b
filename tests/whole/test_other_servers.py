"""Servers with other settings, and without TLS: the same rows, or one line that says why not."""

import pytest
import sqlalchemy as sa
from fits_factory import Tree
from mariadb_pool import UNSAFE_BUT_FAST
from warehouse import TABLES, aomuse, contents, fill_every_table, query

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


def set_global(server: Server, statement: str) -> None:
    with sa.create_engine(server.admin_url, poolclass=sa.NullPool).connect() as connection:
        # read_only cannot be set within a transaction, and a commit would begin the next one
        connection.exec_driver_sql("SET SESSION completion_type = 0")
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql(f"SET GLOBAL {statement}")


def storage(engine: sa.Engine) -> list[tuple[str, ...]]:
    """Give engine, options and collation of all tables."""
    return query(
        engine,
        "SELECT DISTINCT engine, create_options, table_collation FROM information_schema.tables "
        "WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'",
    )


def test_the_same_rows_come_in_and_out(other_url, mariadb_admin, tmp_path):
    tree = Tree(tmp_path / "night")
    for number in (1, 2):
        tree.add(number)
    stored = {}
    for name, url in (("usual", mariadb_admin()), ("other", other_url)):
        for command in (["migrate"], ["load", tree.root], ["verify", tree.root], ["metrics"]):
            done = aomuse(url, *command)
            assert (done.code, done.err) == (0, ""), (name, command)
        engine = create_engine(url)
        if name == "other":
            assert storage(engine) == [("InnoDB", "row_format=DYNAMIC", "utf8mb4_nopad_bin")]
        fill_every_table(engine)
        stored[name] = contents(engine)
        file = tmp_path / f"{name}.backup"
        for command in (["backup", file], ["drop", "--yes"], ["restore", file], ["status"]):
            done = aomuse(url, *command)
            assert (done.code, done.err) == (0, ""), (name, command)
        assert contents(engine) == stored[name]
        if name == "other":
            assert storage(engine) == [("InnoDB", "row_format=DYNAMIC", "utf8mb4_nopad_bin")]
        engine.dispose()
    changed = {
        table for table in TABLES if stored["usual"].get(table) != stored["other"].get(table)
    }
    assert changed == {"load_run"} & changed


def test_a_server_that_cuts_what_it_returns(other_url, other_server, tmp_path):
    """aomuse asks for all rows; mariadb-dump cannot, so there is no backup."""
    tree = Tree(tmp_path / "night")
    tree.add(1)
    set_global(other_server, "sql_select_limit = 1")
    try:
        for command in (["migrate"], ["load", tree.root], ["verify", tree.root]):
            done = aomuse(other_url, *command)
            assert (done.code, done.err) == (0, ""), command
        done = aomuse(other_url, "backup", tmp_path / "muse.backup")
    finally:
        set_global(other_server, "sql_select_limit = DEFAULT")
    assert (done.code, len(done.errors)) == (2, 1)
    assert "sql_select_limit" in done.err
    assert not (tmp_path / "muse.backup").exists()


#: Each of the options for TLS, and none that the connector knows nothing of.
ENCRYPTING = (
    *("ssl=true", "ssl_ca=/nothing.pem", "ssl_cert=/nothing.pem&ssl_key=/nothing.pem"),
    *("tls_version=TLSv1.3", "ssl_crl=/nothing.pem", "ssl_cipher=AES128-SHA"),
)


def test_a_server_without_tls_is_refused(other_url, tmp_path, monkeypatch):
    monkeypatch.setenv("AOMUSE_READER_PASSWORD", "tau0")
    for option in ENCRYPTING:
        url = f"{other_url}?{option}"
        for each, *command in (
            (url, "status"),
            (url, "migrate"),
            (url, "load", tmp_path),
            (url, "backup", tmp_path / "muse.backup"),
            (url, "grant-reader", "reader", "--host", "localhost", "--no-tls"),
        ):
            done = aomuse(each, *command)
            assert (done.code, done.text) == (2, NOT_ENCRYPTED), (option, command)
    assert list(tmp_path.iterdir()) == []


def test_an_import_from_a_server_without_tls_is_refused(db_url, backend, other_server):
    assert backend
    done = aomuse(db_url, "import-blobs", f"{other_server.url}?ssl=true")
    assert (done.code, done.text) == (2, NOT_ENCRYPTED)


def test_the_client_program_looks_for_itself(other_server, tmp_path):
    """It has a connection of its own, which somebody between could make a plain one."""
    file = tmp_path / "muse.sql"
    file.write_text("CREATE TABLE never (id INT);\n")
    for option in ENCRYPTING:
        said = mariadb_dump.run(file, database_url(f"{other_server.url}?{option}"))
        assert "the connection is not encrypted" in str(said), option


def test_the_same_options_encrypt_where_the_server_can(mariadb_admin, mariadb_server, tmp_path):
    url = mariadb_admin()
    assert aomuse(url, "migrate").code == 0
    certificate = mariadb_server.directory / "tls-cert.pem"
    for number, option in enumerate(
        (
            "ssl=true",
            f"ssl_ca={certificate}",
            f"ssl_verify_cert=true&ssl_ca={certificate}",
            "tls_version=TLSv1.2",
        )
    ):
        file = tmp_path / f"{number}.backup"
        new = mariadb_admin()
        for each, *command in (
            (url, "status"),
            (url, "backup", file),
            (new, "restore", file),
        ):
            done = aomuse(f"{each}?{option}", *command)
            assert (done.code, done.err) == (0, ""), (option, command)


def test_the_doctor_names_what_a_session_cannot_change(other_server, other_url):
    assert aomuse(other_url, "migrate").code == 0
    done = aomuse(other_url, "doctor")
    assert (done.code, done.err) == (0, ""), done.out
    (session,) = (line for line in done.out.splitlines() if "session" in line)
    assert session.startswith("ok    session     strict, UTC, utf8mb4; sql_mode of others is ")
    assert "ANSI_QUOTES" in session
    for setting, normal in (("sql_select_limit = 10", "DEFAULT"), ("read_only = 1", "0")):
        name = setting.split(" = ", maxsplit=1)[0]
        set_global(other_server, setting)
        try:
            done = aomuse(other_url, "doctor")
        finally:
            set_global(other_server, f"{name} = {normal}")
        assert done.code == 1
        assert f"mend  settings    {name}" in done.out
