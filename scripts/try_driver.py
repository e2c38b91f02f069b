"""Use a private MariaDB server by the driver that is installed here: migrate, load, verify, status.

``python -m scripts.try_driver WORDS``, which `make matrix` runs in an environment for each driver;
``WORDS`` are what `aomuse status` must say of the driver.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from sqlalchemy import make_url

from aomuse.config import DATABASE_URL_VARIABLE
from scripts.mariadb_server import Server


def run(url: str, *arguments: str) -> str:
    """Run aomuse, and return what it printed; what it complains about is shown."""
    program = Path(sys.executable).with_name("aomuse")
    return subprocess.run(
        [program, *arguments],
        env=os.environ | {DATABASE_URL_VARIABLE: url},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


def main() -> int:
    """Return the exit code: 0 if the driver is the one expected and stores what the files hold."""
    words = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        server, night = Server(Path(folder, "mariadb")), str(Path(folder, "night"))
        server.start(end_with_parent=True)
        try:
            # a URL without a driver takes the one that is installed
            url = make_url(server.url).set(drivername="mariadb").render_as_string(
                hide_password=False
            )  # fmt: skip
            run(url, "migrate")
            run(url, "simulate", night, "--exposures", "2", "--sources", "2", "--layers", "200")
            run(url, "load", "--no-progress", night)
            verified = run(url, "verify", night)
            status = run(url, "status")
        finally:
            server.stop()
    driver = next(line for line in status.splitlines() if line.startswith("driver"))
    print(driver)
    print(verified.splitlines()[-1])
    return 0 if words in driver and "0 files with differences" in verified else 1


if __name__ == "__main__":
    sys.exit(main())
