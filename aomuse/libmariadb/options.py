"""Connection options, by the names that MariaDB's connector for Python has for them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from ctypes import byref, c_char_p, c_uint
from typing import Any

from aomuse.libmariadb.constants import CLIENT_FOUND_ROWS, Option
from aomuse.libmariadb.exceptions import NotSupportedError, ProgrammingError
from aomuse.libmariadb.library import Library

_NUMBERS = {
    "local_infile": Option.LOCAL_INFILE,
    "connect_timeout": Option.CONNECT_TIMEOUT,
    "read_timeout": Option.READ_TIMEOUT,
    "write_timeout": Option.WRITE_TIMEOUT,
}

_TEXTS = {
    "init_command": Option.INIT_COMMAND,
    "plugin_dir": Option.PLUGIN_DIR,
    "default_file": Option.READ_DEFAULT_FILE,
    "default_group": Option.READ_DEFAULT_GROUP,
    "ssl_crl": Option.SSL_CRL,
    "ssl_crlpath": Option.SSL_CRLPATH,
    "tls_version": Option.TLS_VERSION,
    "tls_fp": Option.SSL_FP,
    "tls_fp_list": Option.SSL_FP_LIST,
}

#: In the order of `mysql_ssl_set`.
_SSL = ("ssl_key", "ssl_cert", "ssl_ca", "ssl_capath", "ssl_cipher")

#: Each of these makes the connection a TLS one.
_WANT_SSL = ("ssl", *_SSL, "tls_version", "tls_fp", "tls_fp_list")

_ALIASES = {"username": "user", "db": "database", "passwd": "password"}

_OWN = ("host", "user", "password", "database", "port", "unix_socket", "client_flag")

_KNOWN = {
    *_NUMBERS,
    *_TEXTS,
    *_WANT_SSL,
    *_OWN,
    "compress",
    "ssl_verify_cert",
    "charset",
}


def connect(library: Library, handle: int, options: Mapping[str, Any]) -> bool:
    """Set the options on a handle and connect it.

    Parameters
    ----------
    library : Library
        The library.
    handle : int
        Address that `mysql_init` gave.
    options : mapping
        Options of the connector for Python; ``charset`` may only be utf8mb4.

    Returns
    -------
    bool
        False if it failed; the handle holds the error then.

    Raises
    ------
    ProgrammingError
        If an option is not known.
    NotSupportedError
        If the character set is not utf8mb4.
    """
    given = {_ALIASES.get(name, name): value for name, value in options.items()}
    unknown = sorted(given.keys() - _KNOWN)
    if unknown:
        raise ProgrammingError(f"unknown connection option: {', '.join(unknown)}")
    if given.get("charset", "utf8mb4") != "utf8mb4":
        raise NotSupportedError(f"character set {given['charset']}: only utf8mb4 holds all texts")
    c = library.c
    texts = {Option.SET_CHARSET_NAME: b"utf8mb4"}
    texts |= {option: os.fsencode(given[name]) for name, option in _TEXTS.items() if name in given}
    numbers = {option: int(given[name]) for name, option in _NUMBERS.items() if name in given}
    # Newer versions of the library verify the certificate unless they are told not to.
    numbers[Option.SSL_VERIFY_SERVER_CERT] = int(given.get("ssl_verify_cert", False))
    if given.get("compress"):
        numbers[Option.COMPRESS] = 1
    for option, number in numbers.items():
        if c.mysql_options(handle, option, byref(c_uint(number))):
            return False
    for option, text in texts.items():
        if c.mysql_options(handle, option, c_char_p(text)):
            return False
    if any(given.get(name) for name in _WANT_SSL):
        c.mysql_ssl_set(handle, *(_bytes(given.get(name)) for name in _SSL))
    connected = c.mysql_real_connect(
        handle,
        *(_bytes(given.get(name)) for name in ("host", "user", "password", "database")),
        int(given.get("port") or 0),
        _bytes(given.get("unix_socket")),
        int(given.get("client_flag", 0)) | CLIENT_FOUND_ROWS,
    )
    return connected is not None


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else os.fsencode(text)
