"""A sample of the torture with fixed seeds, and that its checkers find what is wrong."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from aomuse.simulate import simulate
from scripts.torture.databases import Database, MariaDb, Sqlite
from scripts.torture.faults import Saboteur
from scripts.torture.fuzz import Fuzzer, compare
from scripts.torture.ground import Ground, run_well
from scripts.torture.invariants import broken, counts_by_files, digests, orphans, row_counts
from scripts.torture.kills import Killer
from scripts.torture.tally import Tally

pytestmark = pytest.mark.usefixtures("processes")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("torture") / "night"
    simulate(root, exposures=1, sources=2, layers=12)
    return root


def ground_of(database: Database, root: Path) -> Ground:
    """Load a night undisturbed into an empty warehouse: what a trial compares with."""
    loading = run_well(database, "load", root).seconds
    seconds = {"load": loading, "load --reload": loading}
    return Ground(root, root, digests(database), {}, seconds, exported={}, predicted={})


@pytest.fixture(scope="module")
def loaded(root, tmp_path_factory, sqlite_template):
    """Load the night into a file, which is then copied."""
    database = Sqlite(shutil.copy(sqlite_template, tmp_path_factory.mktemp("loaded")))
    return database.file, ground_of(database, root)


@pytest.fixture
def sqlite(loaded, tmp_path):
    """Give a copy of the loaded file, and what was loaded."""
    file, ground = loaded
    return Sqlite(shutil.copy(file, tmp_path / "aomuse.db")), ground


def change(database: Sqlite, statement: str) -> int:
    """Change rows, and give how many; SQLite checks no reference by itself."""
    with closing(sqlite3.connect(database.file)) as connection, connection:
        return connection.execute(statement).rowcount


def test_sqlite_is_killed(sqlite, tmp_path):
    tally = Tally(60)
    Killer(*sqlite, tmp_path, tally).trial("load", 3)
    assert (tally.trials.total(), tally.problems) == (1, {})


def test_mariadb_is_killed_and_loses_connections(mariadb_server, at_head, root, tmp_path):
    tally, database = Tally(60), MariaDb(mariadb_server, "aomuse_torture")
    at_head(database.url)
    ground = ground_of(database, root)
    Killer(database, ground, tmp_path, tally).trial("load --reload", 1)
    Saboteur(mariadb_server, (), database, ground, tally).trial("KILL CONNECTION", 2)
    with database.ask("") as ask:
        ask(f"DROP DATABASE {database.name}")
    assert (tally.trials.total(), tally.problems) == (2, {})
    assert "| all | | 2 |" in tally.table()


def test_the_checker_finds_what_is_wrong(sqlite, root):
    database, wanted = sqlite[0], sqlite[1].wanted
    counts, rows = counts_by_files(root), row_counts(wanted)
    assert {n: {t: rows[n][t] for t in c} for n, c in counts.items()} == counts
    assert broken(database, wanted, whole=True) == []
    harms = {
        "DELETE FROM source_sample WHERE rowid = (SELECT MIN(rowid) FROM source_sample)": "has",
        "UPDATE psf_parameter SET value = value + 1e-9 WHERE layer = 3": "with other values",
        "DELETE FROM source WHERE pampelmuse_id = (SELECT MIN(pampelmuse_id) FROM source)": "point",
        "UPDATE exposure SET archive_id = 'MUSE.other' WHERE id > 0": "should not be there",
        "DELETE FROM exposure WHERE id = 1": "is missing",
    }
    for statement, said in harms.items():
        assert change(database, statement) > 0
        assert any(said in problem for problem in broken(database, wanted, whole=True)), statement
    assert orphans(database)


def test_damaged_files_are_compared_with_astropy(root, tmp_path, sqlite_template):
    tally = Tally(60)
    fuzzer = Fuzzer(root, sqlite_template, tmp_path / "fuzz", tally)
    for role, seed in (("psf", 1), ("prm", 2)):
        fuzzer.trial(role, seed)
    assert (tally.trials.total(), tally.problems) == (2, {})


HARMS = {
    "psf": "UPDATE source_sample SET snr = snr + 1 WHERE layer = 2",
    "prm": "UPDATE psf_parameter SET value = NULL WHERE layer = 2",
    "raw": "DELETE FROM sparta_atm WHERE lgs = 2",
    "reduced": "DELETE FROM header_card WHERE position = 9",
}


def test_a_wrong_value_is_found_beside_astropy(sqlite):
    database = sqlite[0]
    with database.ask() as ask:
        paths = dict(ask("SELECT role, path FROM source_file ORDER BY id DESC"))
    change(database, "DELETE FROM load_issue")
    for role, harm in HARMS.items():
        assert compare(role, Path(paths[role]), database.file, set()) == []
        change(database, harm)
        assert compare(role, Path(paths[role]), database.file, set()), role
