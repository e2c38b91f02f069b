"""A warehouse under test with its commands, and the fixtures of it that all folders have."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import warehouse
from fits_factory import Tree

from aomuse.db import create_engine


@dataclass(frozen=True)
class Loaded:
    """A database under test: the functions of ``warehouse``, bound to it."""

    engine: sa.Engine
    url: str

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

    def query(self, statement: str, **values: object) -> list[tuple[Any, ...]]:
        return warehouse.query(self.engine, statement, **values)

    def scalar(self, statement: str, **values: object) -> Any:
        return warehouse.scalar(self.engine, statement, **values)

    def count(self, table: str) -> int:
        return self.scalar(f"SELECT COUNT(*) FROM {table}")

    def execute(self, *statements: str) -> None:
        warehouse.execute(self.engine, *statements)

    def rows(self, table: str) -> list[dict[str, Any]]:
        return warehouse.rows(self.engine, table)

    def contents(self, **options: Any) -> dict[str, list[Any]]:
        return warehouse.contents(self.engine, **options)

    def exposure(self, archive_id: str) -> dict[str, list[tuple[Any, ...]]]:
        return warehouse.exposure(self.engine, archive_id)

    def exposures(self) -> dict[str, dict[str, list[tuple[Any, ...]]]]:
        return warehouse.exposures(self.engine)

    def exposure_id(self, archive_id: str) -> int | None:
        return warehouse.exposure_id(self.engine, archive_id)

    def open_issues(self, severity: str = "error") -> list[tuple[str, str]]:
        return warehouse.open_issues(self.engine, severity)

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


def rows_of_one_load(tree: Tree, database: Path, template: Path) -> dict[str, Any]:
    """Load a tree in one go into a new SQLite file, and give the rows of each exposure."""
    database.write_bytes(template.read_bytes())
    assert warehouse.aomuse(f"sqlite:///{database}", "load", tree.root).code == 0
    engine = create_engine(f"sqlite:///{database}")
    return warehouse.exposures(engine)


def tree_of(folder: Path, exposures: int) -> Tree:
    """Write a tree of complete exposures, numbered from 1."""
    tree = Tree(folder)
    for number in range(1, exposures + 1):
        tree.add(number)
    return tree
