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
from own_processes import Process, slow, start, wait_until
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


def load(url: str, root: Path, pause_s: float = 0.0) -> Process:
    return start(url, "load", "--workers", 1, root, before=slow(pause_s))


def wait_for_exposures(engine: sa.Engine, count: int) -> None:
    wait_until(lambda: scalar(engine, "SELECT COUNT(*) FROM exposure") >= count)


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


@pytest.mark.parametrize("seed", range(2))
def test_a_loader_that_is_killed(db, seed, tree, clean):
    chance = random.Random(seed)
    loader = load(db.url, tree.root, 0.001)
    wait_for_exposures(db.engine, chance.randint(0, EXPOSURES - 2))
    time.sleep(chance.uniform(0.0, 0.2))
    loader.send_signal(signal.SIGKILL)
    loader.communicate()
    assert loader.returncode == -signal.SIGKILL
    held = assert_whole_exposures_only(db.engine, clean)
    assert held < EXPOSURES, "it was killed too late to prove anything"

    done = db.load(tree.root)
    assert f"{EXPOSURES - held} loaded" in done.out
    assert assert_whole_exposures_only(db.engine, clean) == EXPOSURES
    outcomes = [row["outcome"] for row in db.rows("load_run")]
    assert outcomes in (["killed", "complete"], ["complete"])
    if held:
        assert outcomes == ["killed", "complete"]
        assert db.rows("load_run")[0]["finished_utc"] is None


def test_two_loaders_at_once(db, tree, clean):
    loaders = [load(db.url, tree.root, 0.0005) for _ in range(2)]
    ends = [loader.communicate(timeout=60) for loader in loaders]
    assert [loader.returncode for loader in loaders] == [0, 0], ends
    assert assert_whole_exposures_only(db.engine, clean) == EXPOSURES
    assert db.count("source_file") == 4 * EXPOSURES
    runs = db.rows("load_run")
    assert [row["outcome"] for row in runs] == ["complete", "complete"]
    assert sum(row["exposures_loaded"] for row in runs) == EXPOSURES
    said = "".join(err for _, err in ends)
    if db.engine.dialect.name == "sqlite":
        assert 0 in [row["exposures_loaded"] for row in runs]
        assert said.count("waiting for") <= 1
    else:
        assert said == ""


def test_ctrl_c(db, tree, clean):
    loader = load(db.url, tree.root, 0.002)
    wait_for_exposures(db.engine, 1)
    loader.send_signal(signal.SIGINT)
    out, err = loader.communicate(timeout=30)
    assert loader.returncode == 130, err
    assert "Traceback" not in out + err
    assert "load again to go on" in err
    held = assert_whole_exposures_only(db.engine, clean)
    assert 1 <= held < EXPOSURES
    assert [row["outcome"] for row in db.rows("load_run")] == ["interrupted"]

    db.load(tree.root)
    assert assert_whole_exposures_only(db.engine, clean) == EXPOSURES


def test_a_reader_that_has_seen_enough(db, tree):
    """``aomuse load … | head -1`` ends without a traceback, and nothing is torn."""
    loader = load(db.url, tree.root)
    loader.stdout.close()
    err = loader.stderr.read()
    loader.wait(timeout=30)
    assert "Traceback" not in err
    assert db.scalar("SELECT COUNT(*) FROM load_run WHERE outcome = 'running'") == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name)
def test_other_signals_end_a_run_as_ctrl_c_does(db, tree, clean, number):
    loader = load(db.url, tree.root, 0.002)
    wait_for_exposures(db.engine, 1)
    loader.send_signal(number)
    out, err = loader.communicate(timeout=30)
    assert loader.returncode == 128 + number, err
    assert "Traceback" not in out + err
    assert err.endswith(f"aomuse: interrupted by {number.name}\n")
    assert 1 <= assert_whole_exposures_only(db.engine, clean) < EXPOSURES
    assert [row["outcome"] for row in db.rows("load_run")] == ["interrupted"]
    assert db.rows("load_run")[0]["finished_utc"] is not None


def test_a_signal_that_is_ignored_stays_so(db, tree, clean):
    """As HUP is under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        loader = load(db.url, tree.root, 0.001)
    finally:
        signal.signal(signal.SIGHUP, before)
    wait_for_exposures(db.engine, 1)
    loader.send_signal(signal.SIGHUP)
    out, err = loader.communicate(timeout=60)
    assert (loader.returncode, err) == (0, ""), out
    assert assert_whole_exposures_only(db.engine, clean) == EXPOSURES


def test_a_group_of_processes_that_is_ended(db, tree, clean):
    """As a service is stopped: the workers and the server that forks them get the signal too."""
    always_workers = "from aomuse import stages; stages.WORTH_WORKERS_BYTES = -1\n"
    loader = start(
        db.url,
        *("load", "--workers", 2, tree.root),
        before=slow(0.002) + always_workers,
        new_session=True,
    )
    wait_for_exposures(db.engine, 1)
    os.killpg(loader.pid, signal.SIGTERM)
    out, err = loader.communicate(timeout=60)
    assert loader.returncode == 128 + signal.SIGTERM, err
    assert "Traceback" not in out + err
    assert_whole_exposures_only(db.engine, clean)
    assert [row["outcome"] for row in db.rows("load_run")] == ["interrupted"]
    assert db.open_issues() == []
    db.load(tree.root)
    assert assert_whole_exposures_only(db.engine, clean) == EXPOSURES
