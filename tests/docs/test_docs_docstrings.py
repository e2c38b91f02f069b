"""Docstrings follow numpydoc, by the checks that pyproject.toml names.

The public API has all sections; inside the package one line is enough.
"""

import importlib
import inspect
import pkgutil
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from numpydoc.validate import validate
from pages import REPOSITORY

import aomuse

SETTINGS = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["numpydoc_validation"]
_SECTION = re.compile(r"^\s*(Parameters|Returns|Yields|Raises)\n\s*-+$", re.M)
#: What users call from Python: these have every section.
PUBLIC = [
    *("aomuse.database.Database", "aomuse.database.connect", "aomuse.export.files.export"),
    *("aomuse.pipeline.load", "aomuse.pipeline.plan", "aomuse.predict.exposures.predict"),
    *("aomuse.query.frames.from_table", "aomuse.query.frames.to_table"),
    *("aomuse.query.votable.to_votable", "aomuse.report.writing.write_report"),
    *("aomuse.simulate.tree.simulate", "aomuse.verify.all_files.verify"),
]
MODULES = ["aomuse", *(m.name for m in pkgutil.walk_packages(aomuse.__path__, "aomuse."))]


def public(module: Any) -> Iterator[tuple[str, Any]]:
    """Give the functions, classes and methods that a module defines for others."""
    for name, thing in vars(module).items():
        if name.startswith("_") or getattr(thing, "__module__", None) != module.__name__:
            continue
        path, is_class = f"{module.__name__}.{name}", inspect.isclass(thing)
        if is_class or inspect.isfunction(thing):
            yield path, thing
        for below, member in vars(thing).items() if is_class else ():
            callable_ = inspect.isfunction(member) or isinstance(member, property | classmethod)
            if callable_ and not below.startswith("_"):
                yield f"{path}.{below}", member


def problems(path: str) -> Iterator[tuple[str, str]]:
    """Give code and message of what numpydoc finds."""
    for code, message in validate(path)["errors"]:
        if code in SETTINGS["checks"]:
            yield code, message


def test_docstrings_follow_numpydoc():
    found = []
    for module in map(importlib.import_module, MODULES):
        assert module.__doc__, f"{module.__name__} has no docstring"
        for path, thing in public(module):
            if any(re.search(pattern, path) for pattern in SETTINGS["exclude"]):
                continue
            # One line is enough where names and types say the rest; what has sections has them all.
            spared = set() if _SECTION.search(inspect.getdoc(thing) or "") else {"PR01"}
            found += [(path, *problem) for problem in problems(path) if problem[0] not in spared]
    assert found == []


@pytest.mark.parametrize("name", PUBLIC)
def test_the_public_api_has_all_sections(name):
    thing = pkgutil.resolve_name(name)
    methods = [n for n in dir(thing) if not n.startswith("_")] if inspect.isclass(thing) else []
    callables = [f"{name}.{n}" for n in methods if inspect.isroutine(getattr(thing, n))]
    assert {path: list(problems(path)) for path in callables or [name] if any(problems(path))} == {}
