"""A Superset of the check's own: in one folder, on 127.0.0.1, ended by its process id."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

ADMIN = "admin"

# Superset imports MySQLdb for MariaDB, whichever driver the URI names (docs/bi.md). All charts are
# drawn at once, and not when somebody scrolls to them. Pages go over http, on loopback.
_CONFIGURATION = """\
import pymysql

pymysql.install_as_MySQLdb()
SECRET_KEY = {secret!r}
SQLALCHEMY_DATABASE_URI = "sqlite:///" + {database!r}
FEATURE_FLAGS = {{"DASHBOARD_VIRTUALIZATION": False}}
TALISMAN_ENABLED = False
CONTENT_SECURITY_POLICY_WARNING = False
"""


class SupersetError(Exception):
    """Superset did not do what it was asked; the message has the end of its log."""


class Superset:
    """A Superset.

    Parameters
    ----------
    program : pathlib.Path
        The command ``superset``.
    folder : pathlib.Path
        Its configuration, database and log; made when missing.
    """

    def __init__(self, program: Path, folder: Path) -> None:
        self.program, self.folder = program, folder
        self.log = folder / "superset.log"
        self.password = secrets.token_urlsafe(12)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def prepare(self, bundle: Path) -> None:
        """Make its database and its administrator, and import a dashboard.

        Parameters
        ----------
        bundle : pathlib.Path
            The ZIP file.
        """
        self.folder.mkdir(parents=True)
        self.log.touch(mode=0o600)
        configuration = self.folder / "superset_config.py"
        configuration.touch(mode=0o600)
        configuration.write_text(
            _CONFIGURATION.format(
                secret=secrets.token_hex(32), database=str(self.folder / "superset.db")
            )
        )
        names = ("--firstname", "Ad", "--lastname", "Min", "--email", "admin@localhost")
        self._run("db", "upgrade")
        self._run(
            *("fab", "create-admin", "--username", ADMIN, "--password", self.password), *names
        )
        self._run("init")
        self._run("import-dashboards", "--path", str(bundle), "--username", ADMIN)

    def start(self, timeout: float = 120.0) -> None:
        """Start the server, and wait until it answers.

        Parameters
        ----------
        timeout : float
            Seconds to wait.

        Raises
        ------
        SupersetError
            If it does not answer.
        """
        command: list[str | Path] = [
            *("setpriv", "--pdeathsig", "TERM"),  # ends with its parent, whatever becomes of that
            *(self.program, "run", "--host", "127.0.0.1", "--port", str(self.port)),
            "--with-threads",
        ]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and self._process.poll() is None:
            with (
                contextlib.suppress(urllib.error.URLError, ConnectionError),
                urllib.request.urlopen(f"{self.url}/health", timeout=5),  # noqa: S310
            ):
                return
            time.sleep(0.2)
        raise SupersetError(f"Superset does not answer; the end of {self.log}:\n{self._tail()}")

    def stop(self) -> None:
        """End the server, if it runs, and no other process."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _run(self, *arguments: str) -> None:
        with self.log.open("ab") as log:
            done = subprocess.run(
                [self.program, *arguments],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                check=False,
            )
        if done.returncode:
            what = " ".join(arguments[:2])
            raise SupersetError(f"superset {what} failed; the end of {self.log}:\n{self._tail()}")

    def _environment(self) -> dict[str, str]:
        return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {
            "SUPERSET_CONFIG_PATH": str(self.folder / "superset_config.py"),
            "SUPERSET_HOME": str(self.folder / "home"),
            "FLASK_APP": "superset.app:create_app()",
            "SCARF_ANALYTICS": "false",
        }

    def _tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
