"""The URL of a database: what may stand in it, and what a mistake in it means."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from urllib.parse import parse_qsl, unquote

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from aomuse.config import DATABASE_URL_VARIABLE, DEFAULT_DATABASE_URL, MARIADB_DRIVER
from aomuse.connections.drivers import CONNECTOR, PYMYSQL, installed_driver, is_pymysql
from aomuse.errors import ConfigurationError
from aomuse.suggest import unknown

_FLAGS = {
    **dict.fromkeys(("1", "true", "yes", "on", "t", "y"), "true"),
    **dict.fromkeys(("0", "false", "no", "off", "f", "n"), "false"),
}
_WORKS_WITH = f"aomuse works with sqlite, {MARIADB_DRIVER} and mariadb+{PYMYSQL}"
_TLS_VERSIONS = ("TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3")
_LARGEST_PORT = 65535
#: SQLAlchemy before 2.1 leaves %XX in the name of a file or database as it is.
_KEEPS_ESCAPES = make_url("sqlite:///%41").database != "A"

#: What an option of a URL may be: returns how it is written, None if it is not one.
_Kind = Callable[[str], str | None]


def _text(value: str) -> str | None:
    return value


def _flag(value: str) -> str | None:
    return _FLAGS.get(value.lower())


def _whole(value: str) -> str | None:
    return str(int(value)) if re.fullmatch(r"[0-9]{1,9}", value) else None


def _seconds(value: str) -> str | None:
    return value if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value) else None


def _tls_version(value: str) -> str | None:
    known = {version.lower(): version for version in _TLS_VERSIONS}
    found = [known.get(each.strip().lower()) for each in value.split(",")]
    return ",".join(version for version in found if version) if all(found) else None


def _utf8mb4(value: str) -> str | None:
    return value if value == "utf8mb4" else None


#: What to write for each kind.
_WRITE: dict[_Kind, str] = {
    _flag: "write true or false",
    _whole: "write a whole number",
    _seconds: "write a number of seconds",
    _utf8mb4: "write utf8mb4, as which aomuse stores texts",
    _tls_version: f"write {' or '.join(_TLS_VERSIONS)}",
}

_MARIADB_OPTIONS: dict[str, _Kind] = {
    "unix_socket": _text,
    "connect_timeout": _whole,
    "read_timeout": _whole,
    "write_timeout": _whole,
    "compress": _flag,
    "init_command": _text,
    "plugin_dir": _text,
    "ssl": _flag,
    "ssl_verify_cert": _flag,
    "ssl_ca": _text,
    "ssl_capath": _text,
    "ssl_cert": _text,
    "ssl_key": _text,
    "ssl_cipher": _text,
    "ssl_crl": _text,
    "ssl_crlpath": _text,
    "tls_version": _tls_version,
    "tls_fp": _text,
    "tls_fp_list": _text,
}
#: What PyMySQL cannot do, and what it is given beside that elsewhere.
_NOT_OF_PYMYSQL = {"compress", "plugin_dir", "tls_fp", "tls_fp_list"}
_PYMYSQL_OPTIONS = _MARIADB_OPTIONS | {"ssl_check_hostname": _flag, "charset": _utf8mb4}
#: What the driver takes as options too, and what it is in a URL.
_ELSEWHERE = {
    "user": "username",
    "username": "username",
    "password": "password",
    "passwd": "password",
    "host": "host",
    "port": "port",
    "database": "database",
    "db": "database",
}
_SQLITE_OPTIONS: dict[str, _Kind] = {"timeout": _seconds, "uri": _flag}
#: Options of a file: URL, of SQLite's own.
_FILE_OPTIONS: dict[str, _Kind] = {
    "mode": _text,
    "cache": _text,
    "immutable": _flag,
    "nolock": _flag,
    "psow": _flag,
    "vfs": _text,
}


def database_url(url: str | URL | None = None) -> URL:
    """Return the URL of the database to use.

    Parameters
    ----------
    url : str or sqlalchemy.URL, optional
        A URL; without it the environment variable ``AOMUSE_DATABASE_URL`` counts, and without
        that the SQLite file ``aomuse.db`` in the working directory.

    Returns
    -------
    sqlalchemy.URL
        A URL for SQLite, or for MariaDB through MariaDB's own connector or PyMySQL: the one that
        it names, else the one that is installed, the connector first.

    Raises
    ------
    ConfigurationError
        If the URL cannot be parsed, names another engine or has an option that is not known.
    """
    given = url or os.environ.get(DATABASE_URL_VARIABLE) or DEFAULT_DATABASE_URL
    try:
        parsed = make_url(given)
        backend = parsed.get_backend_name()
        parsed.get_dialect()
    except NoSuchModuleError:
        raise ConfigurationError(
            f"the database URL is for {_named(parsed.drivername)}: {_WORKS_WITH}"
        ) from None
    except (ArgumentError, ValueError):
        # The text of the error repeats the URL, and with it the password.
        raise ConfigurationError(
            "the database URL cannot be parsed: write sqlite:///FILE or "
            f"{MARIADB_DRIVER}://USER:PASSWORD@HOST:3306/DATABASE "
            "(special characters in the password as %XX)"
        ) from None
    if isinstance(given, str):
        _refuse_blank_options(given)
        if _KEEPS_ESCAPES and parsed.database:
            parsed = parsed.set(database=unquote(parsed.database))
    if "\0" in parsed.render_as_string(hide_password=False).replace("%00", "\0"):
        raise ConfigurationError("the database URL has a NUL character (%00): remove it")
    if parsed.drivername in {"sqlite", "sqlite+pysqlite"}:
        return _sqlite(parsed)
    if backend in {"mariadb", "mysql"} and _driver(parsed) in {None, CONNECTOR, PYMYSQL}:
        return _mariadb(parsed)
    raise ConfigurationError(f"the database URL is for {_named(parsed.drivername)}: {_WORKS_WITH}")


def shown_url(url: URL) -> str:
    """Return a URL for people's eyes: without password, and without options that may hold one.

    Parameters
    ----------
    url : sqlalchemy.URL
        The URL.

    Returns
    -------
    str
        Its text.
    """
    return url.set(query={}).render_as_string(hide_password=True)


def option(url: URL, name: str) -> str | None:
    """Return an option of a URL that `database_url` returned, None without it."""
    value = url.query.get(name)
    return value if isinstance(value, str) else None


def asks_for_tls(url: URL) -> bool:
    """Return whether a URL that `database_url` returned has an option for an encrypted connection.

    The driver takes all of them for wishes: a server without TLS gets a plain connection.
    """
    asked = {name for name, value in url.query.items() if value != "false"}
    return any(name.startswith(("ssl", "tls_")) for name in asked)


def checks_certificate(url: URL) -> bool:
    """Return whether a URL that `database_url` returned asks to check the server's certificate.

    Whoever gives PyMySQL an authority wants that, as everywhere with PyMySQL.
    """
    asked = option(url, "ssl_verify_cert")
    by = ("ssl_ca", "ssl_capath", "ssl_crl", "ssl_crlpath")
    implied = asked is None and is_pymysql(url) and any(option(url, name) for name in by)
    return asked == "true" or implied


def _driver(url: URL) -> str | None:
    """Return the driver that a URL names, if it names one."""
    return url.drivername.partition("+")[2] or None


def _sqlite(url: URL) -> URL:
    if url.host or url.port or url.username or url.password:
        raise ConfigurationError(
            "the database URL has a host or user before the file: SQLite has none; write "
            "sqlite:///FILE, or sqlite:////FILE for a path from the root (three or four slashes)"
        )
    is_uri = _flag(str(url.query.get("uri", ""))) == "true"
    options = _checked(url, _SQLITE_OPTIONS | (_FILE_OPTIONS if is_uri else {}))
    return url.set(query=options)


def _mariadb(url: URL) -> URL:
    moved = {name: url.query[name] for name in _ELSEWHERE if name in url.query}
    url = url.difference_update_query(moved)
    for name, value in moved.items():
        if not isinstance(value, str):
            raise _twice(name)
        place = _ELSEWHERE[name]
        if place == "port" and _whole(value) is None:
            raise ConfigurationError(f"the database URL's port is not a number: {_named(value)}")
        url = url.set(**{place: int(value) if place == "port" else value})  # type: ignore[arg-type]
    if url.port is not None and not 0 < url.port <= _LARGEST_PORT:
        raise ConfigurationError(
            f"the database URL's port is {url.port}: write one from 1 to {_LARGEST_PORT}"
        )
    if not url.database:
        raise ConfigurationError("the database URL names no database: add /DATABASE at its end")
    driver = _driver(url) or installed_driver()
    known = _PYMYSQL_OPTIONS if driver == PYMYSQL else _MARIADB_OPTIONS
    options = _checked(url, known)
    if driver == PYMYSQL and (cannot := _NOT_OF_PYMYSQL & options.keys()):
        raise ConfigurationError(
            f"the database URL has the option {min(cannot)}, which PyMySQL cannot follow: remove "
            f"it, or use MariaDB's connector ({MARIADB_DRIVER}://)"
        )
    options.pop("charset", None)  # all sessions have it
    url = url.set(drivername=f"mariadb+{driver}", query=options)
    # Some options say how to encrypt, and the driver takes them for no reason to do so.
    return url.update_query_dict({"ssl": "true"}) if asks_for_tls(url) else url


def _refuse_blank_options(text: str) -> None:
    """Refuse options without a value, which SQLAlchemy drops: ``?ssl`` would not encrypt."""
    _, _, query = text.rpartition("@")[2].partition("?")
    for name, value in parse_qsl(query, keep_blank_values=True):
        if not value:
            raise ConfigurationError(
                f"the database URL has the option {_named(name)} without a value: add one, as in "
                "?ssl=true"
            )


def _checked(url: URL, known: dict[str, _Kind]) -> dict[str, str]:
    """Return the options of a URL, each written in one way; an unknown or wrong one is an error."""
    options: dict[str, str] = {}
    for name, value in url.query.items():
        if name not in known:
            raise ConfigurationError(
                unknown(
                    "the database URL has an option that is not known,",
                    _named(name),
                    known,
                    "docs/mariadb.md lists those that are",
                )
            )
        if not isinstance(value, str):
            raise _twice(name)
        written = known[name](value)
        if written is None:
            raise ConfigurationError(
                f"the database URL says {name}={_named(value)}: {_WRITE[known[name]]}"
            )
        options[name] = written
    return options


def _twice(name: str) -> ConfigurationError:
    return ConfigurationError(f"the database URL has the option {name} twice: leave one of them")


def _named(text: str) -> str:
    """Return a piece of a URL, without what would upset a terminal or fill it."""
    return text[:40].encode("unicode_escape").decode("ascii")
