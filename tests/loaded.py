"""A warehouse under test with its commands, and the fixtures of it that all folders have."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import warehouse
from fits_factory import Tree
from warehouse import rows_of_one_load


@dataclass(frozen=True)
class Loaded:
    """A database under test; what is not here is a function of ``warehouse``, for its engine."""

    engine: sa.Engine
    url: str

    def __getattr__(self, name: str) -> Any:
        return partial(getattr(warehouse, name), self.engine)

    def run(self, *arguments: object) -> warehouse.Finished:
        """Run a command."""
        return warehouse.aomuse(self.url, *arguments)

    def succeed(self, *arguments: object) -> warehouse.Finished:
        """Run a command without an error."""
        return warehouse.succeed(self.url, *arguments)

    def load(self, *arguments: object) -> warehouse.Finished:
        """Load without an error."""
        return self.succeed("load", *arguments)

    def fail(self, *arguments: object, code: int = 1) -> str:
        """Run a command that ends with one error, and give its line."""
        return warehouse.fail(self.url, *arguments, code=code)

    def count(self, table: str) -> int:
        return self.scalar(f"SELECT COUNT(*) FROM {table}")

    def outcomes(self, command: str = "load") -> list[str]:
        """Give how each run of a command has ended."""
        return [row["outcome"] for row in self.rows("load_run") if row["command"] == command]

    def loaded_paths(self) -> set[str]:
        """Give the paths of the files that were read without an error."""
        return {row["path"] for row in self.rows("source_file") if row["outcome"] == "loaded"}


@pytest.fixture
def db(engine, db_url):
    return Loaded(engine, db_url)


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path / "night")


@pytest.fixture(scope="session")
def whole(tmp_path_factory, sqlite_template):
    """Rows of the first three exposures, by number."""
    return warehouse.load_whole(tmp_path_factory.mktemp("whole"), sqlite_template)


@pytest.fixture(scope="module")
def clean(tree, tmp_path_factory, sqlite_template):
    """Rows of each exposure of a module's own tree, after one load."""
    return rows_of_one_load(tree, tmp_path_factory.mktemp("clean") / "aomuse.db", sqlite_template)


def tree_of(folder: Path, exposures: int) -> Tree:
    """Write a tree of complete exposures, numbered from 1."""
    tree = Tree(folder)
    for number in range(1, exposures + 1):
        tree.add(number)
    return tree
