"""A reader reads every view over TLS, and writes nothing."""

import pytest
import sqlalchemy as sa
from loaded import tree_of
from warehouse import aomuse, execute, fail, succeed

from aomuse.db import create_engine

USER, PASSWORD = "o'reader_1", "p'w\"%s \\x"
HERE = ("--host", "127.0.0.1")


@pytest.fixture
def backend():
    """SQLite has no accounts."""
    return "mariadb"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tree_of(tmp_path_factory.mktemp("night"), 1).root


@pytest.fixture
def url(db_url, root, load_once):
    load_once(root)
    yield db_url
    with create_engine(db_url).begin() as connection:
        for user in (USER, "plain", "limited"):
            quoted = user.replace("'", "''")
            for host in ("127.0.0.1", "%"):
                connection.exec_driver_sql(f"DROP USER IF EXISTS '{quoted}'@'{host}'")


@pytest.fixture(autouse=True)
def _password(monkeypatch):
    monkeypatch.setenv("AOMUSE_READER_PASSWORD", PASSWORD)


def url_of(url: str, user: str, password: str = PASSWORD) -> sa.URL:
    return sa.make_url(url).set(username=user, password=password, host="127.0.0.1")


def reader(url: str, user: str, password: str = PASSWORD, **query: str) -> sa.Engine:
    theirs = url_of(url, user, password).set(query=query)
    return sa.create_engine(theirs, poolclass=sa.NullPool)


def test_a_reader_reads_everything_and_writes_nothing(url):
    done = succeed(url, "grant-reader", USER, *HERE)
    assert PASSWORD not in done.text
    engine = reader(url, USER, ssl="true")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW STATUS LIKE 'Ssl_cipher'").one()[1]
        views = sa.inspect(connection).get_view_names()
        assert len(views) > 10
        for view in views:
            connection.exec_driver_sql(f"SELECT * FROM {view} LIMIT 1").all()
            assert connection.exec_driver_sql(f"SHOW CREATE VIEW {view}").one()
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM source_sample").scalar()
    for statement in (
        "INSERT INTO target (name) VALUES ('x')",
        "UPDATE target SET name = 'x'",
        "DELETE FROM target",
        "CREATE TABLE x (id INT)",
        "DROP TABLE target",
        "DROP VIEW v_exposure",
        "CREATE VIEW x AS SELECT 1",
        "SELECT * FROM mysql.user",
    ):
        with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError, match="denied"):
            connection.exec_driver_sql(statement)


def test_without_tls_a_reader_is_refused_unless_told_otherwise(url):
    succeed(url, "grant-reader", USER, *HERE)
    with pytest.raises(sa.exc.DBAPIError):
        reader(url, USER).connect()
    # An account that exists is left as it is.
    fail(url, "grant-reader", USER, *HERE, "--no-tls")
    with pytest.raises(sa.exc.DBAPIError):
        reader(url, USER).connect()
    # From anywhere, as no host is given.
    succeed(url, "grant-reader", "plain", "--no-tls")
    with reader(url, "plain").connect() as connection:
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM v_exposure").scalar() == 1


def test_a_reader_is_limited(url):
    limits = ("--connections", 1, "--statement-time", 0.2)
    succeed(url, "grant-reader", "limited", *HERE, *limits)
    engine = reader(url, "limited", ssl="true")
    with engine.connect() as connection:
        with pytest.raises(sa.exc.DBAPIError, match="max_user_connections"):
            engine.connect()
        with pytest.raises(sa.exc.DBAPIError, match="max_statement_time"):
            connection.exec_driver_sql(
                "SELECT COUNT(*) FROM header_card a, header_card b, header_card c, header_card d"
            ).all()


def test_an_account_that_may_not_grant_gets_the_sql(url):
    succeed(url, "grant-reader", "plain", *HERE, "--no-tls")
    poor = url_of(url, "plain").render_as_string(hide_password=False)
    done = aomuse(poor, "grant-reader", "limited")
    assert done.code == 2
    assert done.err.startswith("aomuse: this account may not create others")
    assert done.out == aomuse(poor, "grant-reader", "limited", "--print").out


def test_the_sql_for_an_administrator_works(url, monkeypatch):
    monkeypatch.delenv("AOMUSE_READER_PASSWORD")
    done = succeed(url, "grant-reader", USER, *HERE, "--print")
    statements = done.out.replace("BY 'PASSWORD'", "BY 'other'").replace(";\n", "\n").splitlines()
    execute(create_engine(url), *statements)
    with reader(url, USER, "other", ssl="true").connect() as connection:
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM v_exposure").scalar() == 1


def test_an_account_without_a_name_is_refused(url):
    for more in ((), ("--print",)):
        done = aomuse(url, "grant-reader", "", *HERE, *more)
        assert (done.code, done.text) == (2, "aomuse: the account has no name: give one\n")


def test_sqlite_has_no_accounts(sqlite_template):
    fail(f"sqlite:///{sqlite_template}", "grant-reader", "analyst")


def test_without_a_password_nothing_is_created(url, monkeypatch):
    monkeypatch.delenv("AOMUSE_READER_PASSWORD")
    line = fail(url, "grant-reader", "plain", *HERE)
    assert line == "aomuse: nobody can type a password here: set AOMUSE_READER_PASSWORD"
