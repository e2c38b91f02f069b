"""Sources of each generation, on both engines."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from astropy.io import fits
from old_databases import OldDatabase, database_2020, database_2023
from warehouse import aomuse

from aomuse.simulate import simulate

EXPOSURES = 3


@pytest.fixture(scope="package")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a night in which much is odd."""
    root = tmp_path_factory.mktemp("night")
    exposures = simulate(root, exposures=EXPOSURES, sources=3, layers=17, seed=3)
    # AOMUSE 2020 had one analysis of an exposure.
    shutil.rmtree(root / "analysis" / "maoppy")
    with fits.open(exposures[0].reduced, mode="update") as hdus:
        header = hdus[0].header
        header["ESO OBS TARG NAME"] = "O'Brien \"7\"; -- \\ 'x"
        header["HISTORY"] = "one more line"
        header["NEGZERO"] = -0.0
        header["BIG"] = 123456789012345678901234567890
        header["UNSET"] = (None, "no value")
        header["EMPTY"] = ""
    with fits.open(exposures[1].psf, mode="update") as hdus:
        table = hdus[1].data
        table["flux"][:4] = [np.nan, np.inf, -np.inf, -0.0]
        table["xc"][:] = np.nan
    with fits.open(exposures[1].raw, mode="update") as hdus:
        del hdus["AG_DATA"]
    with fits.open(exposures[2].prm, mode="update") as hdus:
        hdus["PSFPARS"].data["polyfit"][1, :3] = [np.inf, -0.0, np.nan]
    return root


@pytest.fixture(scope="package")
def documents(
    tree: Path, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[dict[str, Any]]:
    """Give the night as AOMUSE 2020 had it."""
    folder = tmp_path_factory.mktemp("exported")
    database = folder / "aomuse.db"
    database.write_bytes(sqlite_template.read_bytes())
    url = f"sqlite:///{database}"
    assert aomuse(url, "load", tree).code == 0
    assert aomuse(url, "export", "seed-json", folder / "out").code == 0
    return [json.loads(path.read_text()) for path in sorted((folder / "out").glob("*.json"))]


@pytest.fixture
def sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
    """Give a function that makes an empty SQLite database for a source and returns its URL."""
    numbers = itertools.count()
    folder = tmp_path_factory.mktemp("old")
    return lambda: f"sqlite:///{folder / f'old_{next(numbers)}.db'}"


@pytest.fixture(params=["from sqlite", "from mariadb"])
def source_url(request: pytest.FixtureRequest) -> Callable[[], str]:
    """Give the same on both engines, passwords included."""
    name = "mariadb_admin" if request.param == "from mariadb" else "sqlite_url"
    create: Callable[[], str] = request.getfixturevalue(name)
    return create


@pytest.fixture
def old_2020(sqlite_url: Callable[[], str]) -> OldDatabase:
    """Give an empty database of 2020 in SQLite."""
    return database_2020(sqlite_url())


@pytest.fixture
def either_2020(source_url: Callable[[], str]) -> OldDatabase:
    """Give an empty database of 2020 on both engines."""
    return database_2020(source_url())


@pytest.fixture
def old_2023(sqlite_url: Callable[[], str]) -> OldDatabase:
    """Give an empty database of the successors in SQLite."""
    return database_2023(sqlite_url())


@pytest.fixture
def either_2023(source_url: Callable[[], str]) -> OldDatabase:
    """Give an empty database of the successors on both engines."""
    return database_2023(source_url())


@pytest.fixture
def exported(db_url: str, engine: sa.Engine, tmp_path: Path) -> Callable[[], list[dict[str, Any]]]:
    """Give a function that exports all documents of the warehouse."""
    numbers = itertools.count()

    def export() -> list[dict[str, Any]]:
        folder = tmp_path / f"out{next(numbers)}"
        done = aomuse(db_url, "export", "seed-json", folder)
        assert (done.code, done.err) == (0, "")
        return [json.loads(path.read_text()) for path in sorted(folder.rglob("*.json"))]

    return export
