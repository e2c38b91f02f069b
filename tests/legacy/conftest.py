"""A night with odd values, as files and as AOMUSE 2020 had it, and old databases to fill."""

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from fits_factory import Files, Tree, edit
from old_databases import database_2020, database_2023
from warehouse import aomuse, succeed


@dataclass(frozen=True)
class Night:
    """A tree of three exposures, the database that it was loaded into, and its documents."""

    root: Path
    files: list[Files]
    url: str
    documents: list[dict[str, Any]]


def odd_header(hdus: fits.HDUList) -> None:
    header = hdus[0].header
    header["ESO OBS TARG NAME"] = "O'Brien \"7\"; -- \\ 'x"
    header["NEGZERO"] = -0.0
    header["BIG"] = 123456789012345678901234567890
    header["UNSET"] = (None, "no value")
    header["EMPTY"] = ""


def odd_source(hdus: fits.HDUList) -> None:
    hdus[1].data["flux"][:4] = [np.nan, np.inf, -np.inf, -0.0]
    hdus[1].data["xc"][:] = np.nan


def odd_parameter(hdus: fits.HDUList) -> None:
    hdus["PSFPARS"].data["polyfit"][1, :3] = [np.inf, -0.0, np.nan]


def without_guiding(hdus: fits.HDUList) -> None:
    del hdus["AG_DATA"]


@pytest.fixture(scope="package")
def night(sqlite_template, tmp_path_factory):
    """Give the night, loaded and exported."""
    folder = tmp_path_factory.mktemp("night")
    tree = Tree(folder / "tree")
    files = [tree.add(number) for number in (1, 2, 3)]
    edit(files[0].reduced, odd_header)
    edit(files[1].psf, odd_source)
    edit(files[1].raw, without_guiding)
    edit(files[2].prm, odd_parameter)
    database = folder / "aomuse.db"
    database.write_bytes(sqlite_template.read_bytes())
    url = f"sqlite:///{database}"
    assert aomuse(url, "load", tree.root).code == 0
    return Night(tree.root, files, url, exported_documents(url, folder / "out"))


def exported_documents(url: str, folder: Path) -> list[dict[str, Any]]:
    succeed(url, "export", "seed-json", folder)
    return [json.loads(path.read_text()) for path in sorted(folder.rglob("*.json"))]


@pytest.fixture
def documents(night):
    """Give the documents of the night, to change at will."""
    copy: list[dict[str, Any]] = json.loads(json.dumps(night.documents))
    return copy


@pytest.fixture
def sqlite_url(tmp_path_factory):
    """Give a function that makes an empty SQLite database for a source and returns its URL."""
    numbers = itertools.count()
    folder = tmp_path_factory.mktemp("old")
    return lambda: f"sqlite:///{folder / f'old_{next(numbers)}.db'}"


@pytest.fixture
def other_url(backend, request):
    """Give the URL of an empty database on the engine that is not under test."""
    name = "mariadb_admin" if backend == "sqlite" else "sqlite_url"
    create: Callable[[], str] = request.getfixturevalue(name)
    return create()


@pytest.fixture
def old_2020(sqlite_url):
    """Give an empty database of 2020 in SQLite."""
    return database_2020(sqlite_url())


@pytest.fixture
def old_2023(sqlite_url):
    """Give an empty database of the successors in SQLite."""
    return database_2023(sqlite_url())


@pytest.fixture
def export(db_url, engine, tmp_path):
    """Give a function that exports all documents of the warehouse."""
    numbers = itertools.count()
    return lambda: exported_documents(db_url, tmp_path / f"out{next(numbers)}")
