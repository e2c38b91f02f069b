"""Several processes load what one would have loaded."""

import multiprocessing
import threading
import time
from typing import Any

import pytest
from fits_factory import Tree

from aomuse import stages

pytestmark = pytest.mark.usefixtures("processes")

Whole = dict[int, dict[str, Any]]


@pytest.fixture(autouse=True)
def _workers_for_small_trees(monkeypatch):
    monkeypatch.setattr(stages, "WORTH_WORKERS_BYTES", -1)


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path / "night")


def test_workers_load_the_same(db, tree, whole):
    files = [tree.add(number) for number in (1, 2, 3)]
    bad = tree.add(4)
    bad.psf.write_bytes(b"")
    done = db.run("load", "--workers", 2, tree.root)
    assert done.code == 1
    assert done.errors == [f"error: {bad.psf}: the file is empty: copy or download it again"]
    assert {f.number: db.exposure(f.archive_id) for f in files} == whole
    assert db.open_issues() == [("empty", str(bad.psf))]
    tree.restore(bad)
    again = db.load("--workers", 2, tree.root)
    assert "1 completed, 0 replaced, 3 unchanged" in again.out
    reloaded = db.run("load", "--workers", 2, "--reload", tree.root)
    assert "4 replaced" in reloaded.out
    assert {f.number: db.exposure(f.archive_id) for f in files} == whole
    assert db.count("source_file") == 16


def test_exposures_that_are_found_apart_but_are_one(db, tmp_path, whole):
    """Two workers must not write one exposure at the same time."""
    cubes, rest = Tree(tmp_path / "cubes"), Tree(tmp_path / "rest")
    for number in (1, 2, 3):
        cubes.add(number, without=["raw", "prm", "psf"])
        files = rest.add(number, without=["reduced"])
    db.load(cubes.root)
    db.load("--workers", 2, rest.root)
    assert db.count("exposure") == 3
    assert db.exposure(files.archive_id) == whole[3]
    assert len({row["path"] for row in db.rows("source_file")}) == 12
    assert db.count("source_file") == 12


def test_a_worker_that_is_killed_takes_nothing_with_it(db, tree, whole):
    """As the kernel ends one that takes too much memory."""
    files = [tree.add(number) for number in (1, 2, 3)]
    others, killed = set(multiprocessing.active_children()), []

    def kill_the_first() -> None:
        deadline = time.monotonic() + 20
        while not (workers := set(multiprocessing.active_children()) - others):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        killed.append(workers.pop())
        killed[0].kill()

    killer = threading.Thread(target=kill_the_first)
    killer.start()
    done = db.run("load", "--workers", 2, tree.root)
    killer.join()
    assert killed
    assert (done.code, done.err) == (0, "")
    assert {f.number: db.exposure(f.archive_id) for f in files} == whole
