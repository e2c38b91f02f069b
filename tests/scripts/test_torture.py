"""A sample of the torture with fixed seeds, and that its checkers find what is wrong."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from aomuse.simulate import simulate
from scripts.torture.databases import Database, MariaDb, Sqlite
from scripts.torture.faults import Saboteur
from scripts.torture.fuzz import Fuzzer, compare
from scripts.torture.ground import Ground, run_well
from scripts.torture.invariants import (
    broken,
    counts_by_files,
    differences,
    digests,
    orphans,
    row_counts,
)
from scripts.torture.kills import Killer
from scripts.torture.tally import Tally

pytestmark = pytest.mark.usefixtures("processes")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("torture") / "night"
    simulate(root, exposures=1, sources=2, layers=12)
    return root


def ground_of(database: Database, root: Path) -> Ground:
    """Load a night undisturbed: what a trial compares with."""
    run_well(database, "migrate")
    seconds = run_well(database, "load", root).seconds
    return Ground(
        root=root,
        old=root,
        wanted=digests(database),
        imported={},
        seconds={"load": seconds, "load --reload": seconds},
        exported={},
        predicted={},
    )


@pytest.fixture(scope="module")
def loaded(root, tmp_path_factory):
    """Load the night into a file, which is then copied."""
    database = Sqlite(tmp_path_factory.mktemp("loaded") / "aomuse.db")
    return database, ground_of(database, root)


@pytest.fixture
def ground(loaded):
    return loaded[1]


@pytest.fixture
def sqlite(loaded, tmp_path):
    """Give a copy of the loaded file."""
    return Sqlite(shutil.copy(loaded[0].file, tmp_path / "aomuse.db"))


@pytest.fixture
def mariadb(mariadb_server):
    database = MariaDb(mariadb_server, "aomuse_torture")
    yield database
    with database.ask("") as ask:
        ask(f"DROP DATABASE {database.name}")


def test_sqlite_is_killed(sqlite, ground, tmp_path):
    tally = Tally(60)
    Killer(sqlite, ground, tmp_path, tally).trial("load", 3)
    assert (tally.trials.total(), tally.problems) == (1, {})


def test_mariadb_is_killed_and_loses_connections(mariadb, mariadb_server, root, tmp_path):
    tally = Tally(60)
    ground = ground_of(mariadb, root)
    Killer(mariadb, ground, tmp_path, tally).trial("load --reload", 1)
    Saboteur(mariadb_server, (), mariadb, ground, tally).trial("KILL CONNECTION", 2)
    assert (tally.trials.total(), tally.problems) == (2, {})
    assert "| all | | 2 |" in tally.table()


def test_the_checker_finds_what_is_wrong(sqlite, ground, root):
    wanted = ground.wanted
    counts = counts_by_files(root)
    rows = row_counts(wanted)
    assert {n: {t: rows[n][t] for t in c} for n, c in counts.items()} == counts
    assert broken(sqlite, wanted, whole=True) == []
    harms = {
        "DELETE FROM source_sample WHERE rowid = (SELECT MIN(rowid) FROM source_sample)": "has",
        "UPDATE psf_parameter SET value = value + 1e-9 WHERE layer = 3": "with other values",
        "DELETE FROM source WHERE pampelmuse_id = (SELECT MIN(pampelmuse_id) FROM source)": "point",
        "UPDATE exposure SET archive_id = 'MUSE.other' WHERE id > 0": "should not be there",
        "DELETE FROM exposure WHERE id = 1": "is missing",
    }
    for statement, said in harms.items():
        with sqlite3.connect(sqlite.file) as connection:
            connection.execute("PRAGMA foreign_keys = OFF")
            assert connection.execute(statement).rowcount > 0
        connection.close()
        assert any(said in problem for problem in broken(sqlite, wanted, whole=True)), statement
    assert orphans(sqlite)
    assert differences(wanted, wanted, whole=True) == []


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
    with sqlite3.connect(sqlite.file) as connection:
        paths = dict(connection.execute("SELECT role, path FROM source_file ORDER BY id DESC"))
    connection.close()
    for role, harm in HARMS.items():
        with sqlite3.connect(sqlite.file) as connection:
            connection.execute("DELETE FROM load_issue")
            assert compare(role, Path(paths[role]), sqlite.file, set()) == []
            connection.execute(harm)
        connection.close()
        assert compare(role, Path(paths[role]), sqlite.file, set()), role
