"""The folders are the way of the data: a room imports from the rooms above it, never below."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "aomuse"
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}

#: Rooms from the ground up; those on one line do not know each other.
LAYERS = (
    ("config", "errors", "paths", "whole_file", "signals", "suggest", "muse", "libmariadb"),
    ("connections", "exchange"),
    ("fits", "models"),
    ("db",),
    ("blocking",),
    ("schema", "retries", "stored", "discover", "read", "normalize"),
    ("ledger",),
    ("metrics",),
    ("query", "load"),
    ("workers",),
    ("stages",),
    ("pipeline",),
    ("legacy",),
    ("change",),
    ("database",),
    ("admin", "doctor", "export", "lake", "predict", "report", "simulate"),
    ("verify",),
    ("cli",),
)
FLOOR = {room: floor for floor, rooms in enumerate(LAYERS) for room in rooms}
#: Rooms on one line of which one serves the other.
NEIGHBOURS = {("verify", "discover")}
#: Names that explain nothing.
VAGUE = {
    "accessors", "beside", "doubles", "facts", "found", "given", "helpers", "keeping", "misc",
    "parts", "utils", "ways",
}  # fmt: skip
#: Modules of more than 300 lines, and how many they may have.
LONG = {
    "aomuse.database": 430,  # every method with all sections of its docstring
    "aomuse.read.night_log": 350,  # one grammar
}
#: Imports inside a function, each with its reason.
LATE = {
    "aomuse": "PEP 562: the public names are imported at first use",
    "aomuse.cli.export": "the extra `lake` may be absent",
    "aomuse.cli.verify": "the extra `lake` may be absent",
    "aomuse.discover.identity": "astropy only for a card that is not plain",
    "aomuse.lake.frames": "the extra `lake` may be absent",
    "aomuse.load.writer_choice": "looks for MariaDB's client library, which SQLite does not need",
    "aomuse.pipeline": "what reads and stores only when there is something new",
    "aomuse.read.exposure": "astropy only when a file is read",
    "aomuse.report.writing": "the extra `report` may be absent",
}


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else module


@cache
def parsed(path: Path) -> ast.Module:
    """Give the tree of a module."""
    text = path.read_text()
    try:
        return ast.parse(text)
    except SystemError:  # another thread was parsing (CPython 106905)
        return ast.parse(text)


def below(nodes: Iterable[ast.AST]) -> set[ast.AST]:
    return {inner for node in nodes for inner in ast.walk(node)}


def imports(
    path: Path, *, inside_functions: bool = True, only_for_types: bool = False
) -> Iterator[str]:
    """Give the modules of aomuse, and others, that a module imports when it runs, or for types."""
    tree = parsed(path)
    for_types = below(
        statement
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for statement in node.body
    )
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    late = below(node for node in ast.walk(tree) if isinstance(node, functions))
    for node in ast.walk(tree):
        if (node in for_types) != only_for_types or (node in late and not inside_functions):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module or ""


@cache
def arrows() -> dict[str, set[str]]:
    """Give the modules of aomuse that each imports."""
    return {
        name: {m for m in imports(path) if room_of(m) in FLOOR and m.startswith("aomuse.")}
        for name, path in MODULES.items()
    }


def modules_of(*rooms: str) -> Iterator[tuple[str, Path]]:
    return ((name, path) for name, path in MODULES.items() if room_of(name) in rooms)


def test_every_room_has_its_floor():
    assert {room_of(name) for name in MODULES} - {"aomuse"} == FLOOR.keys()


@pytest.mark.parametrize("room", FLOOR)
def test_no_arrow_goes_up(room):
    up = {
        f"{name} imports {other}"
        for name, path in modules_of(room)
        for other in arrows()[name] | set(imports(path, only_for_types=True)) & MODULES.keys()
        if room_of(other) != room
        and FLOOR[room_of(other)] >= FLOOR[room]
        and (room, room_of(other)) not in NEIGHBOURS
    }
    assert up == set()


def test_no_modules_import_each_other_in_a_circle():
    left = {name: set(others) for name, others in arrows().items()}
    while free := {name for name, others in left.items() if not others & left.keys() - {name}}:
        left = {name: others - free for name, others in left.items() if name not in free}
    assert sorted(left) == []


def test_two_modules_join_the_stages():
    rooms = {name: {room_of(other) for other in arrows()[name]} for name in MODULES}
    joined = {name for name in MODULES if {"read", "normalize", "load"} <= rooms[name]}
    assert joined == {"aomuse.stages"}
    imports_late = ast.walk(parsed(MODULES["aomuse.pipeline"]))
    assert "aomuse.stages" in {n.module for n in imports_late if isinstance(n, ast.ImportFrom)}
    assert "discover" in rooms["aomuse.pipeline"]


def test_imports_inside_functions_have_a_reason():
    late = {
        (name, other)
        for name, path in MODULES.items()
        if room_of(name) != "cli"  # a command imports what it needs when it runs
        for other in set(imports(path)) - set(imports(path, inside_functions=False))
        if other.startswith("aomuse")
    }
    assert {name for name, _ in late} <= LATE.keys(), late


@pytest.mark.parametrize(
    ("rooms", "unknown"),
    [
        (("discover", "read", "normalize"), {"sqlalchemy", "alembic", "mariadb", "sqlite3"}),
        (("normalize",), {"astropy", "os", "pathlib", "io"}),
        (("load", "models", "ledger"), {"astropy"}),
    ],
)
def test_only_load_knows_the_database_and_what_reads_the_files(rooms, unknown):
    for name, path in modules_of(*rooms):
        assert not {module.split(".")[0] for module in imports(path)} & unknown, name


def test_modules_are_a_few_screens_and_named_after_what_they_hold():
    lines = {name: path.read_text().count("\n") for name, path in MODULES.items()}
    assert {name for name, count in lines.items() if count > LONG.get(name, 300)} == set()
    assert {name for name in MODULES if set(name.split(".")) & VAGUE} == set()


@pytest.mark.usefixtures("processes")
def test_importing_everything_connects_to_nothing_and_writes_nothing(tmp_path):
    script = f"""
import socket, sqlite3
def refuse(*_, **__):
    raise SystemExit("something connected at import")
import importlib
importlib.import_module("astropy.io.fits")
importlib.import_module("sqlalchemy")
sqlite3.connect = socket.socket.connect = refuse
for name in {list(MODULES)!r}:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        assert not (error.name or "").startswith("aomuse"), error
"""
    url = "mariadb://x:y@127.0.0.1:1/z"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(PACKAGE.parent), "AOMUSE_DATABASE_URL": url, "HOME": str(tmp_path)},
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    assert not list(tmp_path.glob("*.db"))
