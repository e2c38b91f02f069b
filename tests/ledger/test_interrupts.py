"""Killed, interrupted and doubled loaders: whole exposures only, and the next run goes on."""

import os
import random
import signal
import time

import pytest
from loaded import tree_of
from own_processes import Gate, start, wait_until

pytestmark = pytest.mark.usefixtures("processes")

EXPOSURES = 5


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return tree_of(tmp_path_factory.mktemp("night"), EXPOSURES)


@pytest.fixture
def gate(tmp_path):
    """Hold a loader in the middle of its second exposure."""
    return Gate(tmp_path / "gate", later=10)


@pytest.fixture
def begin(db, tree, gate):
    """Give a function that begins to load."""

    def begin(*, workers=1, before=gate.code, **options):
        return start(db.url, "load", "--workers", workers, tree.root, before=before, **options)

    return begin


@pytest.fixture
def whole_exposures(db, clean):
    """Give a function that counts the exposures, of which each is whole and none has left more."""

    def whole_exposures() -> int:
        found = db.exposures()
        assert found.items() <= clean.items()
        parents = {
            **dict.fromkeys(("source_file", "header", "psf_fit", "sparta_atm"), "exposure"),
            "header_card": "header",
            "source_sample": "psf_fit",
        }
        for table, parent in parents.items():
            orphans = f"SELECT * FROM {table} WHERE {parent}_id NOT IN (SELECT id FROM {parent})"
            assert db.query(orphans) == []
        return len(found)

    return whole_exposures


@pytest.mark.parametrize("held", [0, 3])
def test_a_loader_that_is_killed(db, held, tree, begin, whole_exposures, tmp_path):
    chance = random.Random(held)
    gate = Gate(tmp_path / "gate", number=held + 1, later=chance.randint(0, 25))
    loader = begin(before=gate.code)
    wait_until(lambda: db.count("load_run") == 1 and db.count("exposure") == held, loader)
    time.sleep(chance.uniform(0.0, 0.2))  # at any moment before the gate, or there
    loader.kill()
    loader.ends_with(-signal.SIGKILL)
    assert whole_exposures() == held

    assert f"{EXPOSURES - held} loaded" in db.load(tree.root).out
    assert whole_exposures() == EXPOSURES
    assert db.outcomes() == ["killed", "complete"]
    assert db.rows("load_run")[0]["finished_utc"] is None


def test_two_loaders_at_once(db, backend, begin, whole_exposures, gate):
    loaders = [begin(), begin()]
    # The other one waits for a file of SQLite.
    gate.wait(*loaders, count=1 if backend == "sqlite" else 2)
    gate.open()
    said = "".join(loader.ends_with(0) for loader in loaders)
    assert whole_exposures() == EXPOSURES
    assert db.count("source_file") == 4 * EXPOSURES
    assert db.outcomes() == ["complete", "complete"]
    loaded = [row["exposures_loaded"] for row in db.rows("load_run")]
    assert sum(loaded) == EXPOSURES
    if backend == "sqlite":
        assert 0 in loaded
        assert said.count("waiting for") <= 1
    else:
        assert 0 not in loaded
        assert said == ""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_a_run_and_the_next_goes_on(db, tree, begin, whole_exposures, gate, name):
    number, loader = signal.Signals[name], begin()
    gate.wait(loader)
    loader.send_signal(number)
    gate.open()
    err = loader.ends_with(128 + number)
    assert "load again to go on" in err
    assert err.endswith(f"aomuse: interrupted{'' if name == 'SIGINT' else f' by {name}'}\n")
    assert whole_exposures() == 2
    assert db.outcomes() == ["interrupted"]
    assert db.rows("load_run")[0]["finished_utc"] is not None
    db.load(tree.root)
    assert whole_exposures() == EXPOSURES


def test_a_reader_that_has_seen_enough(db, begin, gate):
    """``aomuse load … | head -1`` ends without a traceback, and nothing is torn."""
    loader = begin()
    assert loader.stdout.readline().startswith("loaded ")
    loader.stdout.close()
    gate.open()
    assert "Traceback" not in loader.stderr.read()
    loader.wait()
    assert "running" not in db.outcomes()


def test_a_signal_that_is_ignored_stays_so(begin, whole_exposures, gate):
    """As HUP is under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        loader = begin()
    finally:
        signal.signal(signal.SIGHUP, before)
    gate.wait(loader)
    loader.send_signal(signal.SIGHUP)
    gate.open()
    loader.succeed()
    assert whole_exposures() == EXPOSURES


def test_a_group_of_processes_that_is_ended(db, backend, tree, begin, whole_exposures, gate):
    """As a service is stopped: the workers and the process that forks them get the signal too."""
    always_workers = "from aomuse import stages; stages.WORTH_WORKERS_BYTES = -1\n"
    loader = begin(workers=2, before=gate.code + always_workers, new_session=True)
    writers = 1 if backend == "sqlite" else 2
    gate.wait(loader, count=writers)
    os.killpg(loader.pid, signal.SIGTERM)
    gate.open()
    loader.ends_with(128 + signal.SIGTERM)
    assert 2 * writers <= whole_exposures() < EXPOSURES
    assert db.outcomes() == ["interrupted"]
    assert db.open_issues() == []
    db.load(tree.root)
    assert whole_exposures() == EXPOSURES
