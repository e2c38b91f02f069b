"""The layout of the package is its diagram: stages that do not know each other."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "aomuse"
STAGES = ("discover", "read", "normalize", "load")
MODULES = sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Give the dotted names that a module imports, at its top or anywhere else."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def stages_of(path: Path) -> set[str]:
    return {
        stage
        for stage in STAGES
        if any(n == f"aomuse.{stage}" or n.startswith(f"aomuse.{stage}.") for n in imports(path))
    }


def stage_modules(stage: str) -> list[Path]:
    found = [p for p in MODULES if p.relative_to(PACKAGE).parts[0] in (stage, f"{stage}.py")]
    assert found
    return found


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_does_not_import_another(stage: str) -> None:
    known = {
        str(path.relative_to(PACKAGE)): stages_of(path) - {stage} for path in stage_modules(stage)
    }
    assert {path: others for path, others in known.items() if others} == {}


def test_only_the_pipeline_knows_all_stages() -> None:
    assert [p.name for p in MODULES if stages_of(p) == set(STAGES)] == ["pipeline.py"]


@pytest.mark.parametrize("stage", ["discover", "read", "normalize"])
def test_only_load_knows_the_database(stage: str) -> None:
    database = {"sqlalchemy", "alembic", "mariadb", "sqlite3", "aomuse.db", "aomuse.models"}
    for path in stage_modules(stage):
        roots = {name.split(".")[0] for name in imports(path)} | imports(path)
        assert not roots & database, path


def test_normalize_knows_no_files() -> None:
    for path in stage_modules("normalize"):
        assert not imports(path) & {"astropy", "astropy.io", "os", "pathlib", "io"}, path


def test_load_knows_no_fits() -> None:
    for path in stage_modules("load"):
        assert not any(name.startswith("astropy") for name in imports(path)), path


def test_the_stages_do_not_import_the_pipeline_or_the_command_line() -> None:
    for stage in STAGES:
        for path in stage_modules(stage):
            above = {n for n in imports(path) if n.startswith(("aomuse.cli", "aomuse.pipeline"))}
            assert above == set(), path


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_is_a_few_screens(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


def test_importing_everything_connects_to_nothing_and_writes_nothing(tmp_path: Path) -> None:
    names = [
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in MODULES
    ]
    script = f"""
import socket, sqlite3
def refuse(*_, **__):
    raise SystemExit("something connected at import")
import importlib
importlib.import_module("astropy.io.fits")
importlib.import_module("sqlalchemy")
sqlite3.connect = socket.socket.connect = refuse
for name in {names!r}:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        assert not (error.name or "").startswith("aomuse"), error
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={
            "PYTHONPATH": str(PACKAGE.parent),
            "AOMUSE_DATABASE_URL": "mariadb://x:y@127.0.0.1:1/z",
            "HOME": str(tmp_path),
        },
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout + done.stderr == ""
    assert not list(tmp_path.glob("*.db"))
