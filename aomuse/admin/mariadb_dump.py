"""Backup and restore of MariaDB, by its own programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from sqlalchemy import URL, Engine, text
from sqlalchemy.exc import DBAPIError

from aomuse.admin.drop import drop
from aomuse.connections.server_session import as_script
from aomuse.connections.urls import asks_for_tls, checks_certificate, option
from aomuse.errors import ConfigurationError
from aomuse.schema import RESTORING

_BEGIN = "-- aomuse backup of a MariaDB database, schema revision "
DUMP = "mariadb-dump"
_NO_LIMIT = 2**64 - 1
#: Last line of mariadb-dump, and of the backup.
_DUMPED, _END = b"-- Dump completed", b"-- aomuse backup complete\n"

# The first statements say that the tables are only coming, the last one says that they are there:
# whoever cuts off a restore between them, the revision tells.
_FIRST = """\
CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
INSERT INTO alembic_version VALUES ('%s');
COMMIT;
"""
_LAST = "UPDATE alembic_version SET version_num = '%s';\nCOMMIT;\n"

#: Options of the URL that the client programs have too, by their name there. An older program, or
#: another one, may do without those that begin with "loose"; none of them is about encryption.
_OPTIONS = {
    "unix_socket": "socket",
    "connect_timeout": "loose-connect-timeout",
    "compress": "loose-compress",
    "init_command": "loose-init-command",
    "plugin_dir": "plugin-dir",
    "ssl_ca": "ssl-ca",
    "ssl_capath": "ssl-capath",
    "ssl_cert": "ssl-cert",
    "ssl_key": "ssl-key",
    "ssl_cipher": "ssl-cipher",
    "ssl_crl": "ssl-crl",
    "ssl_crlpath": "ssl-crlpath",
    "tls_version": "tls-version",
    "tls_fp": "ssl-fp",
    "tls_fp_list": "ssl-fplist",
}


def backup(engine: Engine, tables: Sequence[str], revision: str, file: Path) -> None:
    """Dump tables as they are at one moment."""
    _refuse_limit(engine)
    program = _program(DUMP, "mysqldump")
    with file.open("wb") as stream:
        stream.write(f"{_BEGIN}{revision}\n{_FIRST % RESTORING}".encode())
        options = (
            *("--single-transaction", "--quick"),
            # A loader's account has no right to lock tables, and needs none.
            *("--skip-lock-tables", "--skip-add-locks", "--no-tablespaces"),
            *("--hex-blob", "--skip-triggers"),
        )
        with _running(program, engine.url, options, tables, stdout=subprocess.PIPE) as (
            process,
            said,
        ):
            assert process.stdout is not None
            # Through this process: when it is killed, the program comes to its end. Whatever there
            # is at a time: a signal would wait for a full block.
            for block in iter(partial(os.read, process.stdout.fileno(), 1 << 20), b""):
                stream.write(block)
            stream.flush()
            if not process.wait() and _ends_with(file, _DUMPED):
                stream.write((_LAST % revision).encode() + _END)
                return
            why = said()
    raise ConfigurationError(f"the backup failed ({why}): nothing was kept of it")


def _refuse_limit(engine: Engine) -> None:
    """Refuse a server that cuts what the program, which has no say in its session, reads."""
    with engine.connect() as connection:
        limit = connection.scalar(text("SELECT @@GLOBAL.sql_select_limit"))
    if limit != _NO_LIMIT:
        raise ConfigurationError(
            f"the server's sql_select_limit is {limit}, which would cut what {DUMP} reads: let its "
            "administrator SET GLOBAL sql_select_limit = DEFAULT for the time of the backup"
        )


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
    """Run SQL by MariaDB's client program; return what it says if it fails."""
    program = _program("mariadb", "mysql")
    with _running(program, url, ("--batch",), (), stdin=subprocess.PIPE) as (process, said):
        assert process.stdin is not None
        # Through a pipe: when this process is killed, the client comes to its end, and does not
        # go on behind the back of whoever drops what is there. A client that has failed reads no
        # further, and says why.
        with suppress(BrokenPipeError), process.stdin as pipe, file.open("rb") as stream:
            pipe.write(as_script(url).encode())
            shutil.copyfileobj(stream, pipe, 1 << 20)
        return said() if process.wait() else None


@contextmanager
def _running(
    program: str,
    url: URL,
    options: Sequence[str],
    tables: Sequence[str],
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[], str]]]:
    """Yield a client program at work, and what returns its last words."""
    with _option_file(url) as descriptor, tempfile.TemporaryFile() as errors:

        def last_words() -> str:
            errors.seek(0)
            lines = errors.read().decode("utf-8", "replace").splitlines()
            lines = [
                line for line in lines if line.strip() and "unknown variable 'loose-" not in line
            ]
            return " ".join(lines[-1].split())[:500] if lines else "no reason was given"

        process = subprocess.Popen(  # noqa: S603 - our own arguments, no shell
            [
                *(program, f"--defaults-file=/dev/fd/{descriptor}", *options),
                *("--default-character-set=utf8mb4", "--", str(url.database), *tables),
            ],
            pass_fds=(descriptor,),
            stdin=stdin,
            stdout=stdout,
            stderr=errors,
        )
        with process:
            yield process, last_words


def _program(*names: str) -> str:
    for name in names:
        found = shutil.which(name)
        if found:
            return found
    raise ConfigurationError(
        f"the program {names[0]} is not installed: on Debian apt-get install mariadb-client"
    )


@contextmanager
def _option_file(url: URL) -> Iterator[int]:
    """Yield the descriptor of an option file, which has the password.

    On the command line it would be for all to see, and a file would outlive a process that is
    killed: the file is a pipe.
    """
    lines = {
        "host": url.host,
        "port": str(url.port) if url.port else None,
        "user": url.username,
        "password": url.password,
        **{theirs: option(url, ours) for ours, theirs in _OPTIONS.items()},
    }
    written = ["[client]"]
    written += [f"{name}={_quoted(value)}" for name, value in lines.items() if value is not None]
    if asks_for_tls(url):
        written.append("ssl")
    verify = checks_certificate(url)
    # Newer clients verify unless an option says not to, as aomuse does not either.
    written.append("ssl-verify-server-cert" if verify else "loose-skip-ssl-verify-server-cert")
    reading, writing = os.pipe()
    try:
        with os.fdopen(writing, "w", encoding="utf-8") as stream:
            # Shorter than what a pipe holds without a reader.
            stream.write("\n".join(written) + "\n")
        yield reading
    finally:
        os.close(reading)


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
