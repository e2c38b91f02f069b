"""Several loaders at once: they share one database, and each exposure is loaded once and whole."""

import os
import random
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from fits_factory import Tree, archive_id
from loaded import Loaded, tree_of
from own_processes import Gate, Process, start, wait_until

from aomuse import pipeline
from aomuse.db import create_engine
from aomuse.errors import BusyError
from aomuse.exchange.outcome import Listener, Summary
from aomuse.ledger import NamedLocks, run_lock, running
from aomuse.simulate import simulate

pytestmark = pytest.mark.usefixtures("processes")

EXPOSURES = 6


@pytest.fixture
def backend():
    """Only a server has several writers."""
    return "mariadb"


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return tree_of(tmp_path_factory.mktemp("loaders") / "night", EXPOSURES)


@pytest.fixture(scope="module")
def layouts(tree, tmp_path_factory):
    """Give three roots of the same exposures: one root thrice, with two each, with pieces."""
    folder = tmp_path_factory.mktemp("layouts")
    thirds, pieces = ([Tree(folder / f"{name}_{n}") for n in "123"] for name in ("third", "piece"))
    for number in range(1, EXPOSURES + 1):
        thirds[number % 3].add(number)
        pieces[0].add(number, without=["raw", "prm", "psf"])
        pieces[1].add(number, without=["reduced", "prm", "psf"])
        pieces[2].add(number, without=["reduced", "raw"])
    trees = {"tree": [tree] * 3, "thirds": thirds, "pieces": pieces}
    return {name: [each.root for each in three] for name, three in trees.items()}


def load(url: str, root: Path, gate: Gate | None = None) -> Process:
    return start(url, "load", "--workers", 1, root, before=gate.code if gate else "")


def assert_loaded(summary: Summary, outcome: str = "loaded", count: int = EXPOSURES) -> None:
    assert (summary.counts[outcome], summary.failed) == (count, 0)


def assert_well(*loaders: Process) -> None:
    """Wait until loaders have ended, with nothing to say."""
    for loader in loaders:
        _, err = loader.communicate()
        assert (loader.returncode, err) == (0, "")


def assert_whole(db: Loaded, clean: dict[str, object]) -> None:
    assert db.exposures() == clean
    assert db.count("exposure") == EXPOSURES
    assert db.count("source_file") == 4 * EXPOSURES
    assert db.open_issues() == []
    assert db.scalar("SELECT COUNT(*) FROM load_issue WHERE code = 'not_stored'") == 0


@pytest.mark.parametrize("layout", ["tree", "thirds", "pieces"])
@pytest.mark.parametrize("seed", [0, 1])
def test_three_loaders_of_which_one_is_killed(db, clean, layout, seed, layouts, tmp_path):
    chance = random.Random(seed)
    roots = layouts[layout]
    gate = Gate(tmp_path / "gate", number=chance.randint(1, 2), later=chance.randint(0, 25))
    place = chance.randrange(3)
    killed = load(db.url, roots[place], gate)
    gate.wait(killed)
    others = [load(db.url, root) for root in (*roots[:place], *roots[place + 1 :])]
    count = chance.randint(1, EXPOSURES - 1)
    wait_until(lambda: db.count("exposure") >= count, killed)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    assert_well(*others)
    if layout == "tree":
        assert db.exposures() == clean
    db.load(*dict.fromkeys(roots))
    assert_whole(db, clean)
    outcomes = sorted(row["outcome"] for row in db.rows("load_run"))
    assert outcomes == ["complete"] * 3 + ["killed"]
    assert f"{EXPOSURES} unchanged" in db.load(*dict.fromkeys(roots)).out


def test_pieces_of_exposures_that_three_loaders_have(db, clean, layouts, tmp_path):
    """Whoever ends last joins what was stored apart."""
    gate = Gate(tmp_path / "gate", number=1)
    loaders = [load(db.url, root, gate) for root in layouts["pieces"]]
    gate.wait(*loaders, count=3)
    gate.open()
    assert_well(*loaders)
    assert_whole(db, clean)
    assert [row["outcome"] for row in db.rows("load_run")] == ["complete"] * 3


class Interrupted(Listener):
    """Runs something once the roots have been searched, before anything is read."""

    def __init__(self, function):
        self.on_found = lambda _discovery: function()


@pytest.mark.parametrize("reload", [False, True])
def test_what_another_loader_has_stored_meanwhile_is_unchanged(db, tree, clean, reload):
    if reload:
        db.load(tree.root)
    before = []

    def other():
        summary = pipeline.load(create_engine(db.url), [tree.root], reload=reload)
        assert_loaded(summary, "replaced" if reload else "loaded")
        before.append([row["content_version"] for row in db.rows("exposure")])

    summary = pipeline.load(db.engine, [tree.root], reload=reload, listener=Interrupted(other))
    assert_loaded(summary, "unchanged")
    assert [row["content_version"] for row in db.rows("exposure")] == before[0]
    assert_whole(db, clean)
    assert [row["outcome"] for row in db.rows("load_run")][-2:] == ["complete"] * 2


def test_what_another_loader_has_stored_in_part_is_completed(db, tree, clean, tmp_path):
    cubes = Tree(tmp_path / "cubes")
    for number in range(1, EXPOSURES + 1):
        cubes.add(number, without=["raw", "prm", "psf"])
    other = Interrupted(lambda: pipeline.load(create_engine(db.url), [cubes.root]))
    summary = pipeline.load(db.engine, [tree.root], listener=other)
    # The cube below the other root has the same name: the one loaded last counts.
    assert_loaded(summary, "completed")
    assert_whole(db, clean)


def test_both_analyses_of_a_cube_that_another_loader_stores_meanwhile(db, tmp_path):
    night = tmp_path / "night"
    simulate(night, exposures=3, sources=2, layers=6)
    other = Interrupted(lambda: pipeline.load(create_engine(db.url), [night / "single"]))
    summary = pipeline.load(db.engine, [night / "analysis"], listener=other)
    assert_loaded(summary, "completed", 3)
    models = (
        "SELECT f.model FROM psf_fit f JOIN exposure e ON e.id = f.exposure_id"
        " WHERE e.instrument_mode = 'NFM-AO-N' ORDER BY f.model"
    )
    assert db.query(models) == [("maoppy",), ("moffat",)]
    assert db.count("exposure") == 3


@contextmanager
def having(url: str, *names: str):
    """Hold the locks of exposures, as another loader does."""
    engine = create_engine(url, pool_use_lifo=True)
    with NamedLocks(engine.connect).held(names) as holder:
        assert holder is None
        yield
    engine.dispose()


def test_an_exposure_that_another_loader_has_comes_last(db, tree, clean):
    order = []

    class Order(Listener):
        def on_result(self, result):
            order.append(result.label)
            if len(order) == EXPOSURES - 2:
                free.close()

    with ExitStack() as free:
        free.enter_context(having(db.url, archive_id(2), archive_id(4)))
        summary = pipeline.load(db.engine, [tree.root], listener=Order())
    assert_loaded(summary)
    assert order == [archive_id(n) for n in (1, 3, 5, 6, 2, 4)]
    assert_whole(db, clean)


def test_an_exposure_that_is_never_free(db, tree, monkeypatch):
    monkeypatch.setattr(pipeline, "WAIT_S", 0.5)
    monkeypatch.setattr(pipeline, "TURN_S", 0.2)
    with having(db.url, archive_id(3)):
        line = db.fail("load", tree.root)
    assert line.startswith("aomuse: connection ")
    assert f"has held {archive_id(3)} for 0.5 s" in line
    assert db.count("exposure") == EXPOSURES - 1
    assert db.open_issues() == []
    assert "1 loaded" in db.load(tree.root).out


def test_locks_that_are_lost_with_their_connection(db, tree, clean):
    """Another loader may have taken the exposure: it is looked at again."""
    killed = []

    def kill(connection, _cursor, statement, *_):
        if not killed and "INSERT INTO psf_fit" in statement:
            killed.append(True)
            ((number,),) = db.query("SELECT connection_id FROM run_lock WHERE id > 1")
            db.execute(f"KILL CONNECTION {number}")

    event = (sa.Engine, "before_cursor_execute", kill)
    try:
        killer = Interrupted(lambda: sa.event.listen(*event))
        summary = pipeline.load(db.engine, [tree.root], listener=killer)
    finally:
        sa.event.remove(*event)
    assert killed
    assert_loaded(summary)
    assert_whole(db, clean)


def test_loads_share_and_others_wait_and_say_for_whom(db):
    def take(*, shared: bool = False) -> None:
        with run_lock(db.engine, wait_s=0, shared=shared):
            pass

    with (
        running(db.engine, Listener(), shared=True) as one,
        running(db.engine, Listener(), shared=True) as other,
    ):
        one.start("load", "/one")
        other.start("load", "/other")
        assert [row["outcome"] for row in db.rows("load_run")] == ["running", "running"]
        with pytest.raises(BusyError) as refused:
            take()
        take(shared=True)
    said = str(refused.value)
    process = f"process {os.getpid()} on"
    assert said.startswith(f"run {one.id} (load, {process}")
    assert f" and run {other.id} (load, {process}" in said
    assert said.endswith(" hold the database: wait until it is free, then try again")
    with run_lock(db.engine, wait_s=0):
        for shared in (True, False):
            with pytest.raises(BusyError):
                take(shared=shared)
    take(shared=True)


def test_a_run_that_is_dead_is_closed_and_one_that_lives_is_not(db):
    def outcomes() -> list[str]:
        return [row["outcome"] for row in sorted(db.rows("load_run"), key=lambda row: row["id"])]

    alive, dead, third = (running(db.engine, Listener(), shared=True) for _ in range(3))
    with alive as first:
        first.start("load")
        with dead as second:
            second.start("load")
            lock = "SELECT connection_id FROM run_lock WHERE load_run_id = :n"
            db.execute(f"KILL CONNECTION {db.scalar(lock, n=second.id)}")
            with third as last:
                last.start("load")
                assert outcomes() == ["running", "killed", "running"]
    assert outcomes() == ["complete", "killed", "complete"]


def test_dictionaries_that_many_fill_at_once(db, tmp_path):
    """The same new keywords, targets, layouts and metrics, from eight loaders at a time."""
    trees = [Tree(tmp_path / str(number)) for number in range(8)]
    for number, each in enumerate(trees, 1):
        each.add(number)
    with ThreadPoolExecutor(len(trees)) as pool:
        loads = [pool.submit(pipeline.load, create_engine(db.url), [each.root]) for each in trees]
        for load in loads:
            assert_loaded(load.result(120), count=1)
    for table, columns in (
        ("keyword", "name, comment"),
        ("table_layout", "fingerprint"),
        ("known_file", "path"),
        ("source_file", "path"),
    ):
        assert not db.query(f"SELECT 1 FROM {table} GROUP BY {columns} HAVING COUNT(*) > 1")
    assert db.open_issues() == []
