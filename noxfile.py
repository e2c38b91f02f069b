"""Versions and drivers that aomuse allows, each in an environment of its own: `make matrix`.

One of them: ``make matrix MATRIX_ARGS="-s 'tests-3.12(oldest)' -- -k normalize"``: pytest gets
what follows ``--``. A Python that is neither here nor brought by uv is skipped, and nox says so.
"""

from __future__ import annotations

from pathlib import Path

import nox

nox.options.default_venv_backend = "uv"
nox.options.error_on_missing_interpreters = False

#: Extras of which the oldest versions are tried too. psfr and lake are left out: mpdaf has no wheel
#: for each Python, and the tests need a DuckDB that is newer than the oldest allowed. The tests of
#: the pages are left out too: they need the extra docs.
EXTRAS = [part for extra in ("report", "mariadb") for part in ("--extra", extra)]
LEFT_OUT = [part for room in ("predict", "lake", "docs") for part in ("--ignore", f"tests/{room}")]
#: How rows go by each driver, in the words of aomuse status.
WAYS = {
    "mariadb": "Connector/Python 2",
    "mariadb-source": "Connector/Python 1.1",
    "pymysql": "rows go by the driver's executemany",
}
#: What touches a driver. `make test` runs it with the connector 1.1, and all other tests too.
OF_DRIVERS = ["connections", "libmariadb", "cli/test_signals.py", "whole/test_mariadb_drivers.py"]


@nox.session(python=["3.11", "3.12", "3.13", "3.14"])
@nox.parametrize("bounds", ["newest", "oldest"], ids=["newest", "oldest"])
def tests(session: nox.Session, bounds: str) -> None:
    """Run the fast tests with the newest or the oldest versions that pyproject.toml allows.

    The oldest version is the lowest that has a wheel for this Python.
    """
    lowest = ["--resolution", "lowest-direct"] if bounds == "oldest" else []
    needed = ["--requirement", "pyproject.toml", *EXTRAS]
    session.install("--only-binary", ":all:", *lowest, *needed)
    versions = session.run("uv", "pip", "freeze", "--quiet", external=True, silent=True)
    chosen = Path(session.create_tmp(), "chosen.txt")
    chosen.write_text(str(versions), encoding="utf-8")
    session.install(*needed, "--extra", "dev", "--constraint", str(chosen))
    session.install("--no-deps", "--editable", ".")
    options = session.posargs or ["--numprocesses", "logical", "--dist", "worksteal"]
    session.run("python", "-m", "pytest", "-m", "fast", *LEFT_OUT, *options)


@nox.session(python="3.11")
@nox.parametrize("extra", list(WAYS), ids=list(WAYS))
def drivers(session: nox.Session, extra: str) -> None:
    """Load and verify on a private MariaDB server with one driver installed.

    Only the connector 1.1 may use a compiler and Connector/C. Where the connector's wheel is, the
    tests that touch a driver run too.
    """
    nothing = {"CC": "/bin/false", "MARIADB_CONFIG": "/bin/false"}
    session.install(f".[{extra}]", env={} if extra == "mariadb-source" else nothing)
    session.run("python", "-m", "scripts.try_driver", WAYS[extra])
    if extra == "mariadb":
        session.install("--editable", f".[{extra},dev]")
        session.run("python", "-m", "pytest", *(f"tests/{room}" for room in OF_DRIVERS))
