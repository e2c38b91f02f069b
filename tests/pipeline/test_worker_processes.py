"""Several processes load what one would have loaded."""

import signal

import pytest
from fits_factory import Tree

from aomuse import stages
from aomuse.workers.processes import _Crew

pytestmark = pytest.mark.usefixtures("processes")


@pytest.fixture(autouse=True)
def _workers_for_small_trees(monkeypatch):
    monkeypatch.setattr(stages, "WORTH_WORKERS_BYTES", -1)


def test_workers_load_the_same(db, tree, whole):
    files = [tree.add(number) for number in (1, 2, 3)]
    bad = tree.add(4)
    bad.psf.write_bytes(b"")
    line = db.fail("load", "--workers", 2, tree.root)
    assert line == f"error: {bad.psf}: the file is empty: copy or download it again"
    assert {f.number: db.exposure(f.archive_id) for f in files} == whole
    assert db.open_issues() == [("empty", str(bad.psf))]
    tree.restore(bad)
    again = db.load("--workers", 2, tree.root)
    assert "1 completed, 0 replaced, 3 unchanged" in again.out
    assert "4 replaced" in db.run("load", "--workers", 2, "--reload", tree.root).out
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


def test_a_worker_that_is_killed_takes_nothing_with_it(db, tree, whole, monkeypatch):
    """As the kernel ends one that takes too much memory."""
    files = [tree.add(number) for number in (1, 2, 3)]
    gather, killed = _Crew.gather, []

    def gather_and_kill(crew: _Crew, count: int) -> None:
        gather(crew, count)
        killed.append(crew.workers[0].process)
        killed[0].kill()

    monkeypatch.setattr(_Crew, "gather", gather_and_kill)
    db.load("--workers", 2, tree.root)
    assert [process.exitcode for process in killed] == [-signal.SIGKILL]
    assert {f.number: db.exposure(f.archive_id) for f in files} == whole
