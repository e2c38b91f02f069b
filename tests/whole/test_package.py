"""What is published: the wheel alone, with its declared dependencies and nothing else, works."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from packaging.requirements import Requirement
from packaging.version import Version

pytestmark = pytest.mark.usefixtures("processes")

REPOSITORY = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the source archive from a copy of the repository, and the wheel from the archive."""
    folder = tmp_path_factory.mktemp("build")
    copy, out = folder / "copy", folder / "out"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, copy)
    for name in ("aomuse", "migrations"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / name, copy / name, ignore=ignored)
    # without the network where the build system's requirements are installed already
    here = ["--no-isolation"] if all(map(is_installed, PROJECT["build-system"]["requires"])) else []
    run([sys.executable, "-m", "build", *here, "--outdir", str(out), str(copy)], folder)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def fresh(wheel, tmp_path_factory):
    """Install the wheel into an environment of its dependencies alone, and give its programs."""
    home = tmp_path_factory.mktemp("fresh")
    venv.create(home, with_pip=False, symlinks=True)
    programs = home / "bin"
    paths = sysconfig.get_paths("venv", {"base": str(home), "platbase": str(home)})
    for name in dependencies("aomuse"):
        link(name, Path(paths["purelib"]))
    pip = [sys.executable, "-m", "pip", "--python", str(programs / "python")]
    run([*pip, "install", "--quiet", "--no-index", "--no-deps", str(wheel)], home)
    return programs


def is_installed(requirement: str) -> bool:
    wanted = Requirement(requirement)
    try:
        return Version(version(wanted.name)) in wanted.specifier
    except PackageNotFoundError:
        return False


def dependencies(*names: str) -> set[str]:
    """Give the distributions that some need, and those that these need, without extras."""
    found: set[str] = set()
    left = [*names]
    while left:
        for wanted in map(Requirement, distribution(left.pop()).requires or []):
            needed = wanted.marker is None or wanted.marker.evaluate({"extra": ""})
            if needed and wanted.name.lower() not in found:
                found.add(wanted.name.lower())
                left.append(wanted.name)
    return found


def link(name: str, folder: Path) -> None:
    """Put an installed distribution into another environment."""
    installed = distribution(name)
    for top in {file.parts[0] for file in installed.files or []} - {"..", "__pycache__"}:
        if not (folder / top).exists():
            (folder / top).symlink_to(Path(str(installed.locate_file(top))).resolve())


def end_of(
    command: list[Any], folder: Path, path: Path | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run a program, with nothing but its own folder in the environment if one is given."""
    environment = {"PATH": str(path), "HOME": str(folder)} if path else os.environ | more
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def run(command: list[Any], folder: Path, *place: Path, **more: Any) -> str:
    done = end_of(command, folder, *place, **more)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def test_the_wheel_holds_the_package_and_the_revisions(wheel):
    """A package that is missing here is missing in [tool.setuptools] of pyproject.toml."""
    sources = {
        *(path.relative_to(REPOSITORY) for path in (REPOSITORY / "aomuse").rglob("*.py")),
        *("aomuse" / p.relative_to(REPOSITORY) for p in (REPOSITORY / "migrations").rglob("*.py")),
        Path("aomuse/migrations/script.py.mako"),
        Path("aomuse/py.typed"),
        *(Path("aomuse/report") / name for name in ("page.css", "page.html.j2", "page.js")),
        *(p.relative_to(REPOSITORY) for p in (REPOSITORY / "aomuse/simulate/templates").iterdir()),
    }
    with zipfile.ZipFile(wheel) as archive:
        names = {Path(name) for name in archive.namelist()}
    packed = {name for name in names if ".dist-info" not in name.parts[0]}
    assert packed == sources


#: Runs commands in one process: each imports for a second.
ONE_AFTER_THE_OTHER = """
import sys
from aomuse.cli import main
url, *commands = sys.argv[1:]
for command in commands:
    sys.argv[1:] = ["--db", url, *command.split()]
    try:
        main()
    except SystemExit as end:
        if end.code:
            raise
"""


def one_after_the_other(programs: Path, folder: Path, url: str, *commands: str, **more: Any) -> str:
    return run([programs / "python", "-c", ONE_AFTER_THE_OTHER, url, *commands], folder, **more)


def test_the_installed_wheel_loads_a_night(fresh, tmp_path):
    where = run([fresh / "python", "-c", "import aomuse; print(aomuse.__file__)"], tmp_path)
    assert Path(where.strip()).is_relative_to(fresh.parent)
    # What the tests install beside aomuse must not be what makes it work.
    names = ("pytest", "mariadb", "numpydoc", "setuptools", "pip", "altair")
    code = f"from importlib.util import find_spec; print(*filter(find_spec, {names}))"
    assert run([fresh / "python", "-c", code], tmp_path, fresh) == "\n"
    shown = run([fresh / "aomuse", "--version"], tmp_path, fresh)
    assert shown.strip().endswith(PROJECT["project"]["version"])
    simulated = "simulate night --exposures 1 --sources 2 --layers 8"
    commands = ("migrate", simulated, "load night", "status", "verify night")
    out = one_after_the_other(fresh, tmp_path, "sqlite:///aomuse.db", *commands, path=fresh)
    for said in ("from nothing to revision", "1 loaded", "1 found, 1 loaded",
                 "0 files with differences"):  # fmt: skip
        assert said in out
    assert {path.name for path in tmp_path.iterdir()} >= {"aomuse.db", "night"}


@pytest.mark.parametrize(
    ("extra", "why", "command"),
    [
        ("mariadb", "", "--db mariadb+mariadbconnector://u:secret@127.0.0.1:1/x status"),
        ("report", "aomuse: jinja2 is not installed: pip install", "report out.html"),
    ],
)
def test_without_an_extra_one_line_says_what_to_install(extra, why, command, fresh, tmp_path):
    done = end_of([fresh / "aomuse", *command.split()], tmp_path, fresh)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith(why)
    assert f"pip install 'aomuse[{extra}]'" in done.stderr
    assert "secret" not in done.stderr + done.stdout
    assert list(tmp_path.iterdir()) == []


#: Connector 2 has its C library in a package of its own, connector 1.1 compiles against Debian's.
CONNECTOR = ["mariadb", *(["mariadb-binary"] if is_installed("mariadb>=2.0.0rc1") else [])]
LINUX = {"sys_platform": "linux", "implementation_name": "cpython", "python_version": "3.13"}


@pytest.mark.parametrize(
    ("machine", "wanted"),
    [
        (LINUX | {"platform_machine": "x86_64"}, {"mariadb", "pymysql"}),
        (LINUX | {"platform_machine": "aarch64"}, {"mariadb", "pymysql"}),
        (LINUX | {"platform_machine": "armv7l"}, {"pymysql"}),
        (LINUX | {"platform_machine": "x86_64", "python_version": "3.15"}, {"pymysql"}),
        (LINUX | {"platform_machine": "x86_64", "implementation_name": "pypy"}, {"pymysql"}),
        (LINUX | {"sys_platform": "darwin", "platform_machine": "arm64"}, {"mariadb", "pymysql"}),
        (LINUX | {"sys_platform": "darwin", "platform_machine": "x86_64"}, {"pymysql"}),
    ],
)
def test_the_extra_mariadb_compiles_nowhere(machine, wanted):
    """The C library of connector 2 comes as a wheel or not at all; there PyMySQL is the driver."""
    extra = map(Requirement, PROJECT["project"]["optional-dependencies"]["mariadb"])
    here = [need for need in extra if need.marker is None or need.marker.evaluate(machine)]
    assert {need.name for need in here} == wanted
    assert all(need.extras == {"binary"} for need in here if need.name == "mariadb")


@pytest.mark.parametrize(
    ("packages", "said"),
    [
        (CONNECTOR, "MariaDB Connector/Python .*; rows go as binary arrays by Connector/C .*"),
        (["pymysql"], "PyMySQL .*; rows go by the driver's executemany"),
    ],
    ids=["connector", "pymysql"],
)
def test_with_one_driver_alone(packages, said, fresh, mariadb_admin, at_head, tree, tmp_path):
    """A URL without a driver takes the one there is; `make matrix` installs each by its extra."""
    driver = tmp_path / "driver"
    driver.mkdir()
    for name in dependencies(*packages).union(packages):
        link(name, driver)
    tree.add(1)
    url = mariadb_admin()
    if packages == CONNECTOR:  # by which the tests of the revisions migrate
        at_head(url)
    shown = sa.make_url(url).set(drivername="mariadb").render_as_string(hide_password=False)
    commands = ("migrate", "load --workers 1 night", "verify night", "status")
    out = one_after_the_other(fresh, tmp_path, shown, *commands, PYTHONPATH=str(driver))
    assert "0 files with differences" in out
    assert re.search(f"^driver +{said}$", out, re.M)
