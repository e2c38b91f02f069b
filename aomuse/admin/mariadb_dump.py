"""Backup and restore of MariaDB, by its own programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Engine

from aomuse.admin.drop import drop
from aomuse.errors import ConfigurationError

_BEGIN = "-- aomuse backup of a MariaDB database, schema revision "
_END = b"-- Dump completed"

#: Options of the URL that the client programs have too, by their name there.
_OPTIONS = {
    "unix_socket": "socket",
    "connect_timeout": "connect-timeout",
    "ssl_ca": "ssl-ca",
    "ssl_capath": "ssl-capath",
    "ssl_cert": "ssl-cert",
    "ssl_key": "ssl-key",
    "ssl_cipher": "ssl-cipher",
    "ssl_crl": "ssl-crl",
    "ssl_crlpath": "ssl-crlpath",
    "tls_version": "tls-version",
}
_TRUE = {"1", "true", "yes", "on"}


def backup(url: URL, tables: Sequence[str], revision: str, file: Path) -> None:
    """Dump tables as they are at one moment.

    Parameters
    ----------
    url : sqlalchemy.URL
        The database.
    tables : sequence of str
        The tables, in the order in which they are restored.
    revision : str
        Revision of the schema.
    file : pathlib.Path
        Where to.

    Raises
    ------
    ConfigurationError
        If mariadb-dump is missing or fails.
    """
    program = _program("mariadb-dump", "mysqldump")
    with _option_file(url) as options, file.open("wb") as stream:
        stream.write(f"{_BEGIN}{revision}\n".encode())
        stream.flush()
        done = subprocess.run(  # noqa: S603 - our own arguments, no shell
            [
                *(program, f"--defaults-file={options}", "--single-transaction", "--quick"),
                *("--hex-blob", "--skip-lock-tables", "--no-tablespaces", "--skip-triggers"),
                *("--default-character-set=utf8mb4", str(url.database), *tables),
            ],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.PIPE,
            check=False,
        )
    if done.returncode or not _is_whole(file):
        raise ConfigurationError(
            f"the backup failed ({_said(done.stderr)}): nothing was kept of it"
        )


def restore(file: Path, engine: Engine) -> None:
    """Run a dump on an empty database; what a failed one made is removed again.

    Parameters
    ----------
    file : pathlib.Path
        The dump.
    engine : sqlalchemy.Engine
        An empty database.

    Raises
    ------
    ConfigurationError
        If the file is no whole dump, or the client program is missing or fails.
    """
    with file.open("rb") as stream:
        is_ours = stream.read(len(_BEGIN)) == _BEGIN.encode()
    if not is_ours:
        raise ConfigurationError(
            f"{file} is no backup of a MariaDB database: give a file that aomuse backup wrote "
            "from one"
        )
    if not _is_whole(file):
        raise ConfigurationError(f"{file} is cut short: take another backup")
    program = _program("mariadb", "mysql")
    with _option_file(engine.url) as options, file.open("rb") as stream:
        done = subprocess.run(  # noqa: S603 - our own arguments, no shell
            [
                *(program, f"--defaults-file={options}", "--batch"),
                *("--default-character-set=utf8mb4", str(engine.url.database)),
            ],
            stdin=stream,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
    if done.returncode:
        drop(engine)
        raise ConfigurationError(
            f"restoring failed ({_said(done.stderr)}): the database is empty again"
        )


def _program(*names: str) -> str:
    for name in names:
        found = shutil.which(name)
        if found:
            return found
    raise ConfigurationError(
        f"the program {names[0]} is not installed: on Debian apt-get install mariadb-client"
    )


@contextmanager
def _option_file(url: URL) -> Iterator[str]:
    """Yield the name of an option file; a password on the command line is for all to see."""
    query = {name: str(value) for name, value in url.query.items()}
    lines = {
        "host": url.host,
        "port": str(url.port) if url.port else None,
        "user": url.username,
        "password": url.password,
        **{theirs: query.get(ours) for ours, theirs in _OPTIONS.items()},
    }
    text = ["[client]"]
    text += [f"{name}={_quoted(value)}" for name, value in lines.items() if value is not None]
    if query.get("ssl", "").lower() in _TRUE:
        text.append("ssl")
    verify = query.get("ssl_verify_cert", "").lower() in _TRUE
    # Newer clients verify unless they are told not to, as aomuse does not either.
    text.append("ssl-verify-server-cert" if verify else "loose-skip-ssl-verify-server-cert")
    handle, name = tempfile.mkstemp(prefix="aomuse-", suffix=".cnf")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write("\n".join(text) + "\n")
        yield name
    finally:
        Path(name).unlink(missing_ok=True)


def _quoted(value: str) -> str:
    """Return a value for an option file."""
    for character, escape in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t")):
        value = value.replace(character, escape)
    return f'"{value}"'


def _is_whole(file: Path) -> bool:
    """Return whether a dump ends as mariadb-dump ends it."""
    with file.open("rb") as stream:
        stream.seek(max(0, file.stat().st_size - 200))
        return _END in stream.read()


def _said(output: bytes) -> str:
    lines = [line for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    return " ".join(lines[-1].split())[:500] if lines else "no reason was given"
