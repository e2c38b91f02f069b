"""PyMySQL, connected to a server as MariaDB's own connector would be by the same URL."""

from __future__ import annotations

import ssl
from functools import cache
from importlib import import_module
from typing import Any

from sqlalchemy import URL, Engine, event

from aomuse.connections.server_session import NAMES
from aomuse.connections.urls import asks_for_tls, checks_certificate, option
from aomuse.errors import ConfigurationError

_TLS_VERSIONS = {
    "TLSv1.0": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}


def connect_as_aomuse_does(engine: Engine) -> None:
    """Let an engine for PyMySQL connect by the options that `aomuse.connections.urls` knows.

    SQLAlchemy would pass on some of them only, the password in Latin-1.
    """
    dialect: Any = engine.dialect
    connect, arguments = dialect.connect, cache(_arguments)

    def connect_by_url(*_: Any, client_flag: int = 0, **__: Any) -> Any:
        try:
            return connect(client_flag=client_flag, **arguments(engine.url))
        except RuntimeError as error:  # a package for the account's kind of password is missing
            raise ConfigurationError(
                f"PyMySQL cannot log in: {error}; pip install 'pymysql[rsa,ed25519]'"
            ) from error

    dialect.connect = connect_by_url
    dialect.supports_server_side_cursors, dialect._sscursor = True, _quiet_cursor()

    def connected(connection: Any, _record: Any) -> None:
        # SQLAlchemy has said SET NAMES without a collation, which then is the server's.
        with connection.cursor() as cursor:
            cursor.execute(NAMES)

    event.listen(engine, "connect", connected)


def _quiet_cursor() -> Any:
    """Return a class of cursors that do not wait for rows on a connection that is closed."""
    plain: Any = import_module("pymysql.cursors").SSCursor

    class QuietCursor(plain):  # type: ignore[misc]
        connection: Any
        _result: Any

        def close(self) -> None:
            is_lost = self.connection is not None and not self.connection.open
            if is_lost and self._result is not None:
                self._result.unbuffered_active = False
            super().close()

        # PyMySQL would print a traceback from here.
        __del__ = close

    return QuietCursor


def _arguments(url: URL) -> dict[str, Any]:
    given: dict[str, Any] = {
        "host": url.host,
        "port": url.port or 0,
        "user": url.username,
        # As bytes: PyMySQL would encode it in Latin-1.
        "password": (url.password or "").encode(),
        "database": url.database,
        "charset": "utf8mb4",
        **{name: option(url, name) for name in ("unix_socket", "init_command")},
    }
    for name in ("connect_timeout", "read_timeout", "write_timeout"):
        seconds = int(option(url, name) or 0)
        if seconds:
            given[name] = seconds
    if asks_for_tls(url):
        given["ssl"] = _tls(url)
    elif option(url, "ssl") == "false":
        given["ssl_disabled"] = True
    return given


def _tls(url: URL) -> ssl.SSLContext:
    """Return how the connection is encrypted, and the server's certificate checked."""
    try:
        context = ssl.create_default_context(
            cafile=option(url, "ssl_ca"), capath=option(url, "ssl_capath")
        )
        # Certificates that a server makes for itself lack what Python 3.13 looks for.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if checks_certificate(url):
            context.check_hostname = option(url, "ssl_check_hostname") != "false"
        else:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        revoked = option(url, "ssl_crl"), option(url, "ssl_crlpath")
        if any(revoked):
            context.load_verify_locations(*revoked)
            context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
        certificate = option(url, "ssl_cert")
        if certificate is not None:
            context.load_cert_chain(certificate, option(url, "ssl_key"))
        ciphers = option(url, "ssl_cipher")
        if ciphers is not None:
            context.set_ciphers(ciphers)
        versions = option(url, "tls_version")
        if versions is not None:
            asked = [_TLS_VERSIONS[version] for version in versions.split(",")]
            context.minimum_version, context.maximum_version = min(asked), max(asked)
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"the database URL's options for TLS cannot be followed ({error}): check its ssl_ca, "
            "ssl_cert, ssl_key, ssl_crl and ssl_cipher"
        ) from error
    return context
