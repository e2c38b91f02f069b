#!/usr/bin/env python3
"""A private, throw-away MariaDB server that lives in one directory.

``make mariadb``, the tests and CI start their servers through this module. It needs nothing but
the standard library and Debian's ``mariadb-server``, runs as root and as an ordinary user, listens
on 127.0.0.1 only and touches no other server of the machine. Linux: a process is told from others
by ``/proc``.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pwd
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote, urlsplit

DEFAULT_DIRECTORY = Path(__file__).resolve().parent.parent / ".mariadb"
SQL_MODE = (
    "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION"
)
# sockaddr_un.sun_path holds 108 bytes with its closing NUL
LONGEST_SOCKET_PATH = 107
# where servers are installed outside an ordinary user's PATH (Debian: /usr/sbin, Fedora: libexec)
SERVER_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/usr/local/bin")
# below those that systems give to whoever asks for any, which may be taken while a server starts
PORTS = range(10_000, 32_768)

# The account has what the owner of a database has, and may hand out reading accounts. What needs
# more (FILE, other databases) goes by `Server.admin_url`.
ACCOUNT_SQL = """\
CREATE DATABASE IF NOT EXISTS aomuse;
CREATE OR REPLACE USER aomuse@localhost IDENTIFIED BY '{password}';
GRANT ALL PRIVILEGES ON `aomuse%`.* TO aomuse@localhost WITH GRANT OPTION;
GRANT CREATE USER, PROCESS, RELOAD ON *.* TO aomuse@localhost;
"""


class ServerError(Exception):
    """The server cannot be started or stopped; the message says why and what helps."""


class Server:
    """The server of one directory.

    Parameters
    ----------
    directory : Path
        Holds everything the server owns: data, log, certificate, password. Made when missing.
    """

    def __init__(self, directory: Path = DEFAULT_DIRECTORY) -> None:
        self.directory = directory.resolve()
        self.datadir = self.directory / "data"
        self.log = self.directory / "error.log"
        self.pid_file = self.directory / "pid"
        self.url_file = self.directory / "url"
        self.certificate = self.directory / "tls-cert.pem"
        self.temporary = self.directory / "tmp"
        self._socket_note = self.directory / "socket-path"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """SQLAlchemy URL of the ``aomuse`` account and database, password included."""
        return self.url_file.read_text().strip()

    @property
    def port(self) -> int:
        """TCP port on 127.0.0.1."""
        port = urlsplit(self.url).port
        if port is None:
            raise ServerError(f"{self.url_file} holds no URL with a port")
        return port

    @property
    def socket(self) -> Path:
        """Unix socket, by which the operating-system user that started the server is its admin."""
        return Path(self._socket_note.read_text())

    @property
    def admin_url(self) -> str:
        """SQLAlchemy URL of the all-powerful account; the socket knows the user, no password."""
        return f"mariadb+mariadbconnector://{_user_name()}@/?unix_socket={quote(str(self.socket))}"

    def pid(self) -> int | None:
        """Process id of the running server of this directory.

        Returns
        -------
        int or None
            None where nothing runs, and where the pid file names a process that is not a server
            on this data directory: process ids are reused.
        """
        try:
            pid = int(self.pid_file.read_text())
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        return pid if os.fsencode(f"--datadir={self.datadir}") in arguments else None

    def start(
        self,
        *,
        buffer_pool: str = "128M",
        options: Sequence[str] = (),
        end_with_parent: bool = False,
        timeout: float = 60.0,
    ) -> bool:
        """Start the server and wait until it answers; its data directory is made the first time.

        Parameters
        ----------
        buffer_pool : str
            ``innodb_buffer_pool_size``, such as ``4G``.
        options : sequence of str
            Further options of mariadbd, such as ``--max-allowed-packet=64M``.
        end_with_parent : bool
            Whether the server shuts down when the calling process ends, by whatever signal.
        timeout : float
            Seconds to wait.

        Returns
        -------
        bool
            False where it ran already; nothing is changed then.

        Raises
        ------
        ServerError
            No server is installed, or it does not come up; with the end of its log.
        """
        if self.pid() is not None:
            return False
        mariadbd = _server_program("mariadbd")
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._create_datadir()
        self._create_certificate()
        self._choose_port()
        self._choose_socket()
        setup = self.directory / "setup.sql"
        password = urlsplit(self.url).password
        _write_private(setup, ACCOUNT_SQL.format(password=password))
        # setpriv (util-linux) becomes mariadbd, with the same process id
        bound = ["setpriv", "--pdeathsig", "TERM"] if end_with_parent else []
        command = [
            *bound,
            mariadbd,
            "--no-defaults",
            *_user_option(),
            f"--datadir={self.datadir}",
            f"--socket={self.socket}",
            f"--pid-file={self.pid_file}",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            "--skip-networking=0",
            f"--init-file={setup}",
            f"--sql-mode={SQL_MODE}",
            "--character-set-server=utf8mb4",
            # Debian's default, which takes M54, m54 and "M54 " for one: tests must meet it
            "--collation-server=utf8mb4_general_ci",
            f"--innodb-buffer-pool-size={buffer_pool}",
            # survives the death of the server, not of the machine: enough for throw-away data
            "--innodb-flush-log-at-trx-commit=2",
            *self._tls_options(),
            *options,
        ]
        with self.log.open("ab") as log:
            # a session of its own, so that Ctrl-C in the terminal does not reach it
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment(),
                start_new_session=True,
            )
        try:
            self._wait_until_ready(process, timeout)
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            setup.unlink()
        self._process = process
        return True

    def stop(self, *, timeout: float = 60.0) -> bool:
        """Stop the server of this directory, and no other process, and wait for its end.

        Parameters
        ----------
        timeout : float
            Seconds to wait for an orderly shutdown; then the process is killed, which costs
            throw-away data nothing.

        Returns
        -------
        bool
            False where it was not running.
        """
        pid = self.pid()
        if pid is None:
            return False
        for request, patience in ((signal.SIGTERM, timeout), (signal.SIGKILL, 10.0)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, request)
            deadline = time.monotonic() + patience
            while self._alive(pid) and time.monotonic() < deadline:
                time.sleep(0.02)
            if not self._alive(pid):
                break
        else:
            raise ServerError(f"process {pid} does not end; its log is {self.log}")
        if self.socket.parent != self.directory:
            self.socket.unlink(missing_ok=True)
            self.socket.parent.rmdir()
        self._socket_note.unlink()
        self.pid_file.unlink(missing_ok=True)
        return True

    def _alive(self, pid: int) -> bool:
        if self._process is not None and self._process.pid == pid:
            return self._process.poll() is None  # also takes leave of our own child
        return self.pid() == pid

    def _environment(self) -> dict[str, str]:
        # a server that starts, also that of mariadb-install-db, deletes the temporary tables it
        # finds, and in a shared /tmp those of other servers, which may crash then
        self.temporary.mkdir(mode=0o700, exist_ok=True)
        return os.environ | {"TMPDIR": str(self.temporary)}

    def _create_datadir(self) -> None:
        if self.datadir.exists():
            return
        install = _server_program("mariadb-install-db")
        # made beside and renamed, so that an interrupted installation is not taken for a whole one
        unfinished = self.directory / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        result = subprocess.run(
            [
                install,
                "--no-defaults",
                *_user_option(),
                f"--datadir=./{unfinished.name}",  # the program splits a path at its spaces
                "--skip-test-db",
                "--auth-root-authentication-method=socket",
                f"--auth-root-socket-user={_user_name()}",
            ],
            cwd=self.directory,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if result.returncode:
            raise ServerError(f"{install} failed:\n{_last_lines(result.stdout + result.stderr)}")
        unfinished.rename(self.datadir)

    def _create_certificate(self) -> None:
        openssl = shutil.which("openssl")
        if self.certificate.exists() or openssl is None:
            return
        unfinished = self.directory / "tls-cert.unfinished"
        key = self.directory / "tls-key.pem"
        result = subprocess.run(
            [
                *(openssl, "req", "-x509", "-nodes", "-days", "3650"),
                *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
                *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
                *("-keyout", key, "-out", unfinished),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if result.returncode:
            raise ServerError(f"openssl made no certificate:\n{_last_lines(result.stderr)}")
        unfinished.rename(self.certificate)

    def _tls_options(self) -> list[str]:
        if not self.certificate.exists():
            return []
        key = self.directory / "tls-key.pem"
        return [f"--ssl-cert={self.certificate}", f"--ssl-key={key}"]

    def _choose_port(self) -> None:
        """Keep port and password of the last start where the port is still free."""
        password = secrets.token_hex(16)
        if self.url_file.exists():
            if _is_free(self.port):
                return
            password = urlsplit(self.url).password or password
        port = secrets.choice(PORTS)
        while not _is_free(port):
            port = secrets.choice(PORTS)
        url = f"mariadb+mariadbconnector://aomuse:{password}@127.0.0.1:{port}/aomuse"
        _write_private(self.url_file, url + "\n")

    def _choose_socket(self) -> None:
        path = self.directory / "socket"
        if len(os.fsencode(path)) > LONGEST_SOCKET_PATH:
            path = Path(tempfile.mkdtemp(prefix="aomuse-", dir="/tmp")) / "socket"
        self._socket_note.write_text(str(path))

    def _wait_until_ready(self, process: subprocess.Popen[bytes], timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while not _greets(self.socket):
            if process.poll() is not None:
                what = f"ended with status {process.returncode}"
            elif time.monotonic() > deadline:
                what = f"did not answer within {timeout:g} s"
            else:
                time.sleep(0.05)
                continue
            tail = _last_lines(self.log.read_text(errors="replace"))
            raise ServerError(f"the MariaDB server {what}; the end of {self.log}:\n{tail}")


def find_program(name: str) -> str | None:
    """Find a program in PATH and where servers are installed.

    Parameters
    ----------
    name : str
        Such as ``mariadbd``.

    Returns
    -------
    str or None
        Its path, or None where it is not installed.
    """
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *SERVER_FOLDERS])
    return shutil.which(name, path=path)


def _server_program(name: str) -> str:
    program = find_program(name)
    if program is None:
        raise ServerError(
            f"{name} is missing; install a MariaDB server"
            " (Debian: apt-get install mariadb-server libmariadb-dev)"
        )
    return program


def _user_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container run under a bare number: it has no admin by socket
        return "root"


def _user_option() -> list[str]:
    # mariadbd runs as root only when told to; an ordinary user must not name itself
    return ["--user=root"] if os.geteuid() == 0 else []


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(text)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _greets(path: Path) -> bool:
    """Whether a server sends its greeting, protocol 10: it has run the init file then."""
    with socket.socket(socket.AF_UNIX) as client, contextlib.suppress(OSError):
        client.settimeout(1.0)
        client.connect(str(path))
        return client.recv(5)[4:] == b"\x0a"
    return False


def _last_lines(text: str, count: int = 15) -> str:
    return "\n".join(text.splitlines()[-count:])


def export_line(server: Server) -> str:
    """Give the shell line that points aomuse at the server; it names the password's file only.

    Parameters
    ----------
    server : Server
        A server that was started at least once.

    Returns
    -------
    str
        ``export AOMUSE_DATABASE_URL="$(cat …/url)"``.
    """
    return f'export AOMUSE_DATABASE_URL="$(cat {shlex.quote(str(server.url_file))})"'


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line without the program's name.

    Returns
    -------
    int
        Exit code: 0 done, 1 failed, 3 `status` or `url` of a server that is not running.
    """
    parser = argparse.ArgumentParser(description="A private, throw-away MariaDB server.")
    parser.add_argument("--directory", type=Path, default=DEFAULT_DIRECTORY, help="its home")
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("start", help="start it, unless it runs")
    start.add_argument("--buffer-pool", default="128M", help="InnoDB buffer pool (128M)")
    start.add_argument(
        "--option",
        action="append",
        default=[],
        help="an option of mariadbd, as in --option=--max-allowed-packet=64M; may be repeated",
    )
    commands.add_parser("stop", help="stop it and wait for its end")
    commands.add_parser("status", help="say whether it runs, and where")
    commands.add_parser("url", help="print the shell line that points aomuse at it")
    asked = parser.parse_args(arguments)
    server = Server(asked.directory)
    try:
        if asked.command == "start":
            server.start(buffer_pool=asked.buffer_pool, options=asked.option)
        elif asked.command == "stop":
            stopped = server.stop()
            print(f"MariaDB in {server.directory}: {'stopped' if stopped else 'was not running'}")
            return 0
    except (ServerError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    pid = server.pid()
    if pid is None:
        print(f"MariaDB in {server.directory}: not running")
        return 3
    if asked.command == "url":
        print(export_line(server))
    else:
        print(f"MariaDB in {server.directory}: process {pid}, 127.0.0.1:{server.port}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
