"""Worker processes: every task done once, whoever dies."""

import json
import multiprocessing
import os
import signal
from pathlib import Path
from threading import Event

import pytest
import sqlalchemy as sa
import worker_functions

from aomuse import pipeline
from aomuse.exchange.outcome import Listener, Result
from aomuse.legacy import export as seed_export
from aomuse.simulate import simulate
from aomuse.verify import verify
from aomuse.workers import Died, finish_on_interrupt, run_tasks

pytestmark = pytest.mark.usefixtures("processes")


def test_all_tasks_are_done():
    done = dict(run_tasks(range(20), worker_functions.start_doubling, (), 3, Event()))
    assert done == {number: 2 * number for number in range(20)}


def test_no_tasks():
    assert list(run_tasks([], worker_functions.start_doubling, (), 3, Event())) == []


def test_task_is_retried_when_its_worker_dies(tmp_path):
    arguments = (str(tmp_path), 1)
    done = dict(run_tasks(range(6), worker_functions.start_fatal, arguments, 2, Event()))
    assert done == {number: number for number in range(6)}


def test_second_death_is_told(tmp_path):
    arguments = (str(tmp_path), 2)
    done = dict(run_tasks(range(6), worker_functions.start_fatal, arguments, 2, Event()))
    died = done.pop(3)
    assert isinstance(died, Died)
    assert "was ended by SIGKILL" in str(died)
    assert done == {number: number for number in (0, 1, 2, 4, 5)}


def test_stop_lets_those_in_flight_end():
    stop, done = Event(), []
    for task, result in run_tasks(range(50), worker_functions.start_slow, (), 2, stop):
        assert task == result
        done.append(task)
        stop.set()
    assert 2 <= len(done) <= 4
    assert not multiprocessing.active_children()


def test_first_interrupt_is_an_event():
    with finish_on_interrupt() as stop:
        assert not stop.is_set()
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.is_set()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    root = tmp_path_factory.mktemp("night")
    simulate(root, exposures=5, sources=2, layers=6)
    return root


def _documents(engine: sa.Engine, folder: Path) -> dict[str, object]:
    paths = list(seed_export.export(engine, folder))
    return {path.name: json.loads(path.read_text()) for path in paths}


def _same(one: object, other: object) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


@pytest.fixture
def always_workers(monkeypatch):
    monkeypatch.setattr(pipeline, "WORTH_WORKERS_BYTES", 0)


@pytest.mark.usefixtures("always_workers")
def test_workers_load_what_one_process_loads(engine, night, tmp_path):
    alone = pipeline.load(engine, [night], workers=1)
    expected = _documents(engine, tmp_path / "one")
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM exposure"))
    together = pipeline.load(engine, [night], workers=3)
    assert (together.counts["loaded"], together.failed) == (5, 0)
    assert together.row_count == alone.row_count
    assert _same(_documents(engine, tmp_path / "three"), expected)


@pytest.mark.usefixtures("always_workers")
def test_killed_worker_loses_nothing(engine, night):
    class Killer(Listener):
        killed = False

        def on_result(self, result: Result) -> None:
            children = multiprocessing.active_children()
            if children and not self.killed and children[0].pid:
                self.killed = True
                os.kill(children[0].pid, signal.SIGKILL)

    killer = Killer()
    summary = pipeline.load(engine, [night], workers=2, listener=killer)
    assert killer.killed
    assert (summary.counts["loaded"], summary.failed) == (5, 0)
    assert not any(result.differences for result in verify(engine, [night]))
