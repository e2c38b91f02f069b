"""Backup and restore of MariaDB, by its own programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import URL, Engine
from sqlalchemy.exc import DBAPIError

from aomuse.admin.drop import drop
from aomuse.errors import ConfigurationError
from aomuse.schema import RESTORING

_BEGIN = "-- aomuse backup of a MariaDB database, schema revision "
#: Last line of mariadb-dump, and of the backup.
_DUMPED, _END = b"-- Dump completed", b"-- aomuse backup complete\n"

# The first statements say that the tables are only coming, the last one says that they are there:
# whoever cuts off a restore between them, the revision tells.
_FIRST = """\
CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO alembic_version VALUES ('%s');
COMMIT;
"""
_LAST = "UPDATE alembic_version SET version_num = '%s';\nCOMMIT;\n"

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
    """Dump tables as they are at one moment."""
    program = _program("mariadb-dump", "mysqldump")
    with _option_file(url) as options, file.open("wb") as stream:
        stream.write(f"{_BEGIN}{revision}\n{_FIRST % RESTORING}".encode())
        stream.flush()
        done = subprocess.run(  # noqa: S603 - our own arguments, no shell
            [
                *(program, f"--defaults-file={options}", "--single-transaction", "--quick"),
                # A loader's account has no right to lock tables, and needs none.
                *("--skip-lock-tables", "--skip-add-locks", "--no-tablespaces"),
                *("--hex-blob", "--skip-triggers"),
                *("--default-character-set=utf8mb4", str(url.database), *tables),
            ],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.PIPE,
            check=False,
        )
        if not done.returncode and _ends_with(file, _DUMPED):
            stream.seek(0, os.SEEK_END)
            stream.write((_LAST % revision).encode() + _END)
            return
    raise ConfigurationError(f"the backup failed ({_said(done.stderr)}): nothing was kept of it")


def backup_revision(file: Path) -> str:
    """Return the revision of the schema in a dump."""
    with file.open("rb") as stream:
        first = stream.read(len(_BEGIN) + 40).split(b"\n")[0].decode("utf-8", "replace")
    if not first.startswith(_BEGIN):
        raise ConfigurationError(
            f"{file} is no backup of a MariaDB database: give a file that aomuse backup wrote "
            "from one"
        )
    if not _ends_with(file, _END):
        raise ConfigurationError(f"{file} is cut short: take another backup")
    return first.removeprefix(_BEGIN)


def restore(file: Path, engine: Engine) -> None:
    """Run a dump on an empty database; what a failed one made is removed again."""
    try:
        said = run(file, engine.url)
    except BaseException:
        drop(engine)
        raise
    if said is None:
        return
    try:
        drop(engine)
    except DBAPIError:
        then = "run aomuse drop, then restore again"
    else:
        then = "the database is empty again"
    raise ConfigurationError(f"restoring failed ({said}): {then}")


def run(file: Path, url: URL) -> str | None:
    """Run SQL by MariaDB's client program."""
    program = _program("mariadb", "mysql")
    with _option_file(url) as options, tempfile.TemporaryFile() as errors:
        # Through a pipe: when this process is killed, the client comes to its end, and does not
        # go on behind the back of whoever drops what is there.
        process = subprocess.Popen(  # noqa: S603 - our own arguments, no shell
            [
                *(program, f"--defaults-file={options}", "--batch"),
                *("--default-character-set=utf8mb4", str(url.database)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        with process:
            assert process.stdin is not None
            # A client that has failed reads no further, and says why.
            with suppress(BrokenPipeError), process.stdin as pipe, file.open("rb") as stream:
                shutil.copyfileobj(stream, pipe, 1 << 20)
        errors.seek(0)
        return _said(errors.read()) if process.returncode else None


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
    # Newer clients verify unless an option says not to, as aomuse does not either.
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


def _ends_with(file: Path, line: bytes) -> bool:
    """Return whether the last lines of a file have that line."""
    with file.open("rb") as stream:
        stream.seek(max(0, file.stat().st_size - 200))
        return line in stream.read()


def _said(output: bytes) -> str:
    lines = [line for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    return " ".join(lines[-1].split())[:500] if lines else "no reason was given"
