"""Killed, interrupted and doubled loaders: whole exposures only, and the next run goes on."""

import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from loaded import rows_of_one_load, tree_of
from own_processes import Gate, Process, start, wait_until
from warehouse import TABLES, exposure, query, rows, scalar

pytestmark = pytest.mark.usefixtures("processes")

EXPOSURES = 5


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return tree_of(tmp_path_factory.mktemp("night"), EXPOSURES)


@pytest.fixture(scope="module")
def clean(tree, tmp_path_factory, sqlite_template):
    """Give the rows of each exposure after one load."""
    return rows_of_one_load(tree, tmp_path_factory.mktemp("clean") / "aomuse.db", sqlite_template)


@pytest.fixture
def gate(tmp_path):
    """Hold a loader in the middle of its second exposure."""
    return Gate(tmp_path / "gate", later=10)


def load(url: str, root: Path, gate: Gate) -> Process:
    return start(url, "load", "--workers", 1, root, before=gate.code)


def assert_whole_exposures_only(engine: sa.Engine, clean: dict[str, Any]) -> int:
    found = [row["archive_id"] for row in rows(engine, "exposure")]
    for name in found:
        assert exposure(engine, name) == clean[name], name
    for table in ("source_file", "header", "psf_fit", "sparta_atm"):
        orphans = scalar(
            engine,
            f"SELECT COUNT(*) FROM {table} WHERE exposure_id NOT IN (SELECT id FROM exposure)",
        )
        assert orphans == 0
    for table, key, parent in (
        ("header_card", "header_id", "header"),
        ("source_sample", "psf_fit_id", "psf_fit"),
    ):
        assert key in TABLES[table].c
        assert not query(
            engine, f"SELECT * FROM {table} WHERE {key} NOT IN (SELECT id FROM {parent})"
        )
    return len(found)


@pytest.mark.parametrize("held", [0, 3])
def test_a_loader_that_is_killed(db, held, tree, clean, tmp_path):
    chance = random.Random(held)
    gate = Gate(tmp_path / "gate", number=held + 1, later=chance.randint(0, 25))
    loader = load(db.url, tree.root, gate)
    wait_until(lambda: db.count("load_run") == 1 and db.count("exposure") == held, loader)
    time.sleep(chance.uniform(0.0, 0.2))  # at any moment before the gate, or there
    loader.send_signal(signal.SIGKILL)
    loader.communicate()
    assert loader.returncode == -signal.SIGKILL
    assert assert_whole_exposures_only(db.engine, clean) == held

    done = db.load(tree.root)
    assert f"{EXPOSURES - held} loaded" in done.out
    assert assert_whole_exposures_only(db.engine, clean) == EXPOSURES
    killed, complete = db.rows("load_run")
    assert (killed["outcome"], killed["finished_utc"]) == ("killed", None)
    assert complete["outcome"] == "complete"


def test_two_loaders_at_once(db, backend, tree, clean, gate):
    loaders = [load(db.url, tree.root, gate) for _ in range(2)]
    # The other one waits for a file of SQLite.
    gate.wait(*loaders, count=1 if backend == "sqlite" else 2)
    gate.open()
    ends = [loader.communicate() for loader in loaders]
    assert [loader.returncode for loader in loaders] == [0, 0], ends
    assert assert_whole_exposures_only(db.engine, clean) == EXPOSURES
    assert db.count("source_file") == 4 * EXPOSURES
    runs = db.rows("load_run")
    assert [row["outcome"] for row in runs] == ["complete", "complete"]
    assert sum(row["exposures_loaded"] for row in runs) == EXPOSURES
    said = "".join(err for _, err in ends)
    if backend == "sqlite":
        assert 0 in [row["exposures_loaded"] for row in runs]
        assert said.count("waiting for") <= 1
    else:
        assert 0 not in [row["exposures_loaded"] for row in runs]
        assert said == ""


def test_ctrl_c(db, tree, clean, gate):
    loader = load(db.url, tree.root, gate)
    gate.wait(loader)
    loader.send_signal(signal.SIGINT)
    gate.open()
    out, err = loader.communicate()
    assert loader.returncode == 130, err
    assert "Traceback" not in out + err
    assert "load again to go on" in err
    assert assert_whole_exposures_only(db.engine, clean) == 2
    assert [row["outcome"] for row in db.rows("load_run")] == ["interrupted"]

    db.load(tree.root)
    assert assert_whole_exposures_only(db.engine, clean) == EXPOSURES


def test_a_reader_that_has_seen_enough(db, tree, gate):
    """``aomuse load … | head -1`` ends without a traceback, and nothing is torn."""
    loader = load(db.url, tree.root, gate)
    assert loader.stdout.readline().startswith("loaded ")
    loader.stdout.close()
    gate.open()
    err = loader.stderr.read()
    loader.wait()
    assert "Traceback" not in err
    assert db.scalar("SELECT COUNT(*) FROM load_run WHERE outcome = 'running'") == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name)
def test_other_signals_end_a_run_as_ctrl_c_does(db, tree, clean, gate, number):
    loader = load(db.url, tree.root, gate)
    gate.wait(loader)
    loader.send_signal(number)
    gate.open()
    out, err = loader.communicate()
    assert loader.returncode == 128 + number, err
    assert "Traceback" not in out + err
    assert err.endswith(f"aomuse: interrupted by {number.name}\n")
    assert assert_whole_exposures_only(db.engine, clean) == 2
    assert [row["outcome"] for row in db.rows("load_run")] == ["interrupted"]
    assert db.rows("load_run")[0]["finished_utc"] is not None


def test_a_signal_that_is_ignored_stays_so(db, tree, clean, gate):
    """As HUP is under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        loader = load(db.url, tree.root, gate)
    finally:
        signal.signal(signal.SIGHUP, before)
    gate.wait(loader)
    loader.send_signal(signal.SIGHUP)
    gate.open()
    out, err = loader.communicate()
    assert (loader.returncode, err) == (0, ""), out
    assert assert_whole_exposures_only(db.engine, clean) == EXPOSURES


def test_a_group_of_processes_that_is_ended(db, backend, tree, clean, gate):
    """As a service is stopped: the workers and the process that forks them get the signal too."""
    always_workers = "from aomuse import stages; stages.WORTH_WORKERS_BYTES = -1\n"
    loader = start(
        db.url,
        *("load", "--workers", 2, tree.root),
        before=gate.code + always_workers,
        new_session=True,
    )
    writers = 1 if backend == "sqlite" else 2
    gate.wait(loader, count=writers)
    os.killpg(loader.pid, signal.SIGTERM)
    gate.open()
    out, err = loader.communicate()
    assert loader.returncode == 128 + signal.SIGTERM, err
    assert "Traceback" not in out + err
    assert 2 * writers <= assert_whole_exposures_only(db.engine, clean) < EXPOSURES
    assert [row["outcome"] for row in db.rows("load_run")] == ["interrupted"]
    assert db.open_issues() == []
    db.load(tree.root)
    assert assert_whole_exposures_only(db.engine, clean) == EXPOSURES
