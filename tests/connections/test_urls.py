"""Mistakes in a URL: one line that says what to write, and exit code 2."""

from urllib.parse import quote

import pytest
import sqlalchemy as sa
from fits_factory import Tree
from warehouse import aomuse, succeed

from aomuse.connections.urls import asks_for_tls, database_url

SERVER = "mariadb+mariadbconnector://muse:tau0%3D5ms@127.0.0.1:1"

MISTAKES = {
    f"{SERVER}/muse?foo=1": "'foo'",
    f"{SERVER}/muse?ssl_verify=true": "did you mean ssl_verify_cert or",
    f"{SERVER}/muse?ssl=required": "ssl=required: write true or false",
    f"{SERVER}/muse?ssl": "the option ssl without a value",
    f"{SERVER}/muse?ssl=": "the option ssl without a value",
    f"{SERVER}/muse?ssl=true&ssl=false": "the option ssl twice",
    f"{SERVER}/muse?tls_version=SSLv3": "write TLSv1.0 or",
    f"{SERVER}/muse?connect_timeout=abc": "connect_timeout=abc: write a whole number",
    f"{SERVER}/muse?connect_timeout=-1": "write a whole number",
    f"{SERVER}/muse?connect_timeout=1e3": "write a whole number",
    f"{SERVER}/muse?default_file=/etc/my.cnf": "'default_file'",
    f"{SERVER}/muse?port=abc": "port is not a number: abc",
    f"{SERVER}/mu%00se": "NUL",
    f"{SERVER}/muse?ssl_ca=%00": "NUL",
    f"{SERVER}/": "names no database",
    SERVER: "names no database",
    "mariadb://muse:tau0%00@127.0.0.1/muse": "NUL",
    "mariadb://muse@127.0.0.1:abc/muse": "cannot be parsed",
    "mariadb://muse@127.0.0.1:0/muse": "write one from 1 to 65535",
    "mariadb://muse@127.0.0.1:99999/muse": "write one from 1 to 65535",
    "mariadb+nonsense://muse@127.0.0.1/muse": "is for mariadb+nonsense",
    "sqlite+nonsense:///muse.db": "is for sqlite+nonsense",
    "sqlite+aiosqlite:///muse.db": "is for sqlite+aiosqlite",
    "postgresql://muse@127.0.0.1/muse": "is for postgresql",
    "nonsense://muse": "is for nonsense",
    "nonsense": "cannot be parsed",
    "://": "cannot be parsed",
    "sqlite://host/muse.db": "has a host",
    "sqlite://data/2018/muse.db": "has a host",
    "sqlite://muse@/muse.db": "has a host or user",
    "sqlite:///muse.db?foo=1": "'foo'",
    "sqlite:///muse.db?mode=ro": "'mode'",
    "sqlite:///muse.db?timeout=abc": "timeout=abc: write a number of seconds",
    "sqlite:///mu%00se.db?timeout=%00": "NUL",
    "sqlite:///mu\0se.db": "NUL",
    "sqlite:///file:muse.db?uri=perhaps": "uri=perhaps: write true or false",
}


@pytest.mark.parametrize(("url", "said"), MISTAKES.items(), ids=range(len(MISTAKES)))
def test_a_mistake_is_one_line(url, said):
    for command in (["status"], ["load", "/"], ["backup", "/nowhere/muse.backup"]):
        done = aomuse(url, *command)
        assert (done.code, done.out, len(done.errors)) == (2, "", 1), done.text
        assert said in done.err
        assert "tau0" not in done.err


def test_a_wrong_option_of_the_environment_is_one_line(monkeypatch):
    monkeypatch.setenv("AOMUSE_DATABASE_URL", f"{SERVER}/muse?ssl=required")
    done = aomuse(None, "status")
    assert (done.code, len(done.errors)) == (2, 1)


@pytest.mark.parametrize(
    ("query", "parts"),
    [
        ("user=other", {"username": "other"}),
        ("username=other", {"username": "other"}),
        ("password=secret", {"password": "secret"}),
        ("passwd=secret", {"password": "secret"}),
        ("host=db.example.org&port=3307", {"host": "db.example.org", "port": 3307}),
        ("database=-muse", {"database": "-muse"}),
        ("db=muse_2", {"database": "muse_2"}),
    ],
)
def test_parts_that_are_given_as_options(query, parts):
    """The driver takes them; so do all that read the URL, such as mariadb-dump's options."""
    url = database_url(f"{SERVER}/muse?{query}&connect_timeout=5")
    assert {name: getattr(url, name) for name in parts} == parts
    assert dict(url.query) == {"connect_timeout": "5"}


WITHOUT_TLS = ("", "connect_timeout=5", "ssl=false", "ssl_verify_cert=0")
WITH_TLS = (
    *("ssl=true", "ssl=1", "ssl=yes", "ssl=on", "ssl=TRUE", "ssl_verify_cert=true"),
    *("ssl_ca=/ca.pem", "ssl_cert=/cert.pem&ssl_key=/key.pem", "ssl_crl=/crl.pem"),
    *("ssl_cipher=AES128-SHA", "tls_version=TLSv1.2,TLSv1.3", "tls_fp=AA"),
    "ssl=false&ssl_ca=/ca.pem",
)


@pytest.mark.parametrize("query", [*WITHOUT_TLS, *WITH_TLS])
def test_every_option_for_tls_asks_for_it(query):
    asks = query in WITH_TLS
    url = database_url(f"{SERVER}/muse?{query}")
    assert asks_for_tls(url) is asks
    # The driver encrypts for this one, and not for each of the others.
    assert (url.query.get("ssl") == "true") is asks


def test_a_url_that_is_right_is_taken_as_it_is():
    for text in (
        "sqlite:///muse.db",
        "sqlite:////data/muse.db?timeout=5",
        "sqlite:///file:muse.db?mode=ro&uri=true",
        f"{SERVER}/muse?unix_socket=/run/mysqld/mysqld.sock",
    ):
        assert database_url(text) == sa.make_url(text)


def test_a_file_of_any_name(tmp_path):
    file = tmp_path / "night 1 #2?%41+.db"
    tree = Tree(tmp_path / "night")
    tree.add(1, without=["prm", "psf"])
    for command in (["migrate"], ["load", tree.root], ["verify"]):
        done = succeed(f"sqlite:///{quote(str(file))}", *command)
    assert "0 files with differences" in done.out
    assert list(tmp_path.glob("*.db")) == [file]
