"""A night with odd values, as files and as AOMUSE 2020 had it, and old databases to fill."""

import json
from collections import namedtuple
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from fits_factory import Tree
from loaded import Loaded
from old_databases import OldDatabase, database_2020, database_2023, make_odd
from warehouse import Finished, aomuse, succeed

#: A tree of three exposures, the database that it was loaded into, and its documents.
Night = namedtuple("Night", ["root", "files", "url", "documents"])


@dataclass(frozen=True)
class Warehouse(Loaded):
    """A warehouse that old databases are imported into."""

    folder: Path

    def imports(self, old: OldDatabase, *said: str, options: Sequence[str] = ()) -> Finished:
        """Import without an error, and find in the output what is to be said there."""
        done = self.succeed("import-blobs", *options, old.url)
        assert [text for text in said if text not in done.out] == [], done.out
        return done

    def export(self) -> list[dict[str, Any]]:
        """Give all documents."""
        return exported_documents(self.url, Path(mkdtemp(dir=self.folder)))

    def codes(self, severity: str = "error") -> list[str]:
        """Give the codes of the open issues."""
        return [code for code, _ in self.open_issues(severity)]

    @contextmanager
    def unchanged(self, *but: str) -> Iterator[None]:
        """Expect the same rows afterwards, apart from those of runs and of other tables."""
        before = self.contents(but=("load_run", *but))
        yield
        assert self.contents(but=("load_run", *but)) == before


@pytest.fixture
def db(engine, db_url, tmp_path):
    return Warehouse(engine, db_url, tmp_path)


@pytest.fixture(scope="package")
def night(sqlite_template, tmp_path_factory):
    """Give the night, loaded and exported."""
    folder = tmp_path_factory.mktemp("night")
    made = Tree(folder / "tree")
    files = [made.add(number) for number in (1, 2, 3)]
    make_odd(files)
    database = folder / "aomuse.db"
    database.write_bytes(sqlite_template.read_bytes())
    url = f"sqlite:///{database}"
    assert aomuse(url, "load", made.root).code == 0
    return Night(made.root, files, url, exported_documents(url, folder / "out"))


def exported_documents(url: str, folder: Path) -> list[dict[str, Any]]:
    succeed(url, "export", "seed-json", folder)
    return [json.loads(path.read_text()) for path in sorted(folder.rglob("*.json"))]


@pytest.fixture
def documents(night):
    """Give the documents of the night, to change at will."""
    return json.loads(json.dumps(night.documents))


@pytest.fixture
def sqlite_url(server_folder):
    """Give a function that makes an empty SQLite database for a source and returns its URL."""
    return lambda: f"sqlite:///{mkdtemp(dir=server_folder)}/old.db"


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
