"""Look for the system packages that pip cannot install, and install them where that is allowed.

``python -m scripts.system_packages [--install] connector|server|browser|stilts|java|spider …``:
`connector` is what compiles the Python package ``mariadb``, `server` what the tests start,
`browser` what they open the report in, `java` what runs Spark, `spider` what `make spider-check`
adds to the server. With ``--install``, root on a machine with apt-get gets what is missing;
everybody else reads in one line what to install.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path

from scripts.mariadb_server import find_program

POLICY = Path("/usr/sbin/policy-rc.d")
#: MariaDB's JDBC driver, by which TOPCAT and STILTS connect.
JDBC_DRIVER = Path("/usr/share/java/mariadb-java-client.jar")
#: MariaDB's engine Spider. Its package lets the machine's own server load it, too; private servers
#: read no settings of the machine.
SPIDER = Path("/usr/lib/mysql/plugin/ha_spider.so")


def find_browser() -> str | None:
    """Return the path of a Chromium that is installed, None where there is none."""
    return find_program("chromium") or find_program("chromium-browser")


def missing_packages(needs: Sequence[str]) -> dict[str, str]:
    """Tell what is missing.

    Parameters
    ----------
    needs : sequence of str
        ``connector``, ``server``, ``browser``, ``stilts``, ``java`` and ``spider``, one or more.

    Returns
    -------
    dict
        What was looked for, and the Debian package that brings it.
    """
    headers = Path(sysconfig.get_path("include"), "Python.h")
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    found: dict[str, list[tuple[str, str, object]]] = {
        "connector": [
            ("mariadb_config", "libmariadb-dev", find_program("mariadb_config")),
            ("a C compiler", "gcc", find_program("cc") or find_program("gcc")),
            ("Python.h", f"{python}-dev", headers.exists()),
        ],
        "server": [
            ("mariadbd", "mariadb-server", find_program("mariadbd")),
            # makes the certificate without which nothing is tested over TLS
            ("openssl", "openssl", find_program("openssl")),
        ],
        "browser": [("chromium", "chromium", find_browser())],
        "stilts": [
            ("stilts", "stilts", find_program("stilts")),
            (JDBC_DRIVER.name, "libmariadb-java", JDBC_DRIVER.exists()),
        ],
        "java": [("java", "openjdk-17-jre-headless", find_program("java"))],
        "spider": [(SPIDER.name, "mariadb-plugin-spider", SPIDER.exists())],
    }
    return {what: package for need in needs for what, package, there in found[need] if not there}


@contextlib.contextmanager
def services_stay_down() -> Iterator[None]:
    """Keep apt from starting the services it installs: the tests run a server of their own.

    Yields
    ------
    None
        While Debian's policy hook refuses. A hook of the administrator's own is left as it is.
    """
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    try:
        POLICY.chmod(0o755)
        yield
    finally:
        POLICY.unlink()


def install(packages: Sequence[str]) -> None:
    """Install Debian packages, quietly; apt's words are shown where it fails.

    Parameters
    ----------
    packages : sequence of str
        Names of Debian packages.

    Raises
    ------
    SystemExit
        With apt's exit code.
    """
    apt_get = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # SIGTERM is to take the way out that removes the policy hook
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with services_stay_down():
        for step in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
            result = subprocess.run(
                [*apt_get, *step],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                check=False,
            )
            if result.returncode:
                print(result.stdout, file=sys.stderr)
                print(f"error: apt-get {' '.join(step)} failed", file=sys.stderr)
                sys.exit(result.returncode)


def main(arguments: Sequence[str] | None = None) -> int:
    """Look, and install where asked to and able.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line without the program's name.

    Returns
    -------
    int
        Exit code: 0 nothing is missing any more, 1 something is.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--install", action="store_true", help="install what is missing, if root")
    needs = ["connector", "server", "browser", "stilts", "java", "spider"]
    parser.add_argument("needs", nargs="+", choices=needs)
    asked = parser.parse_args(arguments)
    missing = missing_packages(asked.needs)
    if missing and asked.install and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"installing {' '.join(missing.values())} (apt-get)", flush=True)
        install(list(missing.values()))
        missing = missing_packages(asked.needs)
    if missing:
        print(
            f"error: {', '.join(missing)} missing; install what brings it"
            f" (Debian: apt-get install {' '.join(missing.values())})",
            file=sys.stderr,
        )
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
