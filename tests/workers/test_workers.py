"""Worker processes: every task done once, whoever dies."""

import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

import pytest
import worker_functions
from loaded import tree_of
from own_processes import start, wait_until

from aomuse import pipeline, stages
from aomuse.exchange.outcome import Listener, Result
from aomuse.signals import Ended, finish_on_interrupt
from aomuse.verify import verify
from aomuse.workers.processes import Died, Withdrawn, run_tasks

pytestmark = pytest.mark.usefixtures("processes")


FUNCTIONS = str(Path(worker_functions.__file__).parent)
#: Six tasks that were done.
SIX = {number: number for number in range(6)}


def run(start, *arguments, tasks=6, workers=2, tell_fewer=None):
    """Give what became of each task."""
    told = () if tell_fewer is None else (tell_fewer,)
    return dict(run_tasks(range(tasks), start, arguments, workers, Event(), *told))


@pytest.mark.parametrize("tasks", [0, 20])
def test_all_tasks_are_done(tasks):
    done = run(worker_functions.start_doubling, tasks=tasks, workers=3)
    assert done == {number: 2 * number for number in range(tasks)}


def test_a_worker_leaves_alone_what_was_imported():
    ((works, left_alone),) = run(worker_functions.start_counting, tasks=1, workers=1).values()
    assert works
    assert left_alone > 100_000


@pytest.mark.parametrize("fork", [True, False])
def test_workers_have_modules_imported(fork):
    """A fork of the command has them as a worker of a fork server does, where one is absent."""
    code = f"""if __name__ == "__main__":
    from threading import Event
    import worker_functions
    from aomuse.workers.processes import run_tasks
    modules = ("colorsys",) if {fork} else ("absent", "colorsys")
    asked = ["colorsys", "sndhdr"]
    start = worker_functions.start_seeing
    print(dict(run_tasks(asked, start, (), 1, Event(), modules=modules, fork={fork})))
"""
    done = start(None, code=code, before=f"import sys; sys.path.insert(0, {FUNCTIONS!r})\n")
    assert done.succeed() == "{'colorsys': True, 'sndhdr': False}\n"


def test_task_is_retried_when_its_worker_dies(tmp_path):
    assert run(worker_functions.start_fatal, str(tmp_path), 1) == SIX


def test_second_death_is_told(tmp_path):
    done = run(worker_functions.start_fatal, str(tmp_path), 2)
    died = done[3]
    assert isinstance(died, Died)
    assert "was ended by SIGKILL" in str(died)
    assert done == SIX | {3: died}


def test_stop_lets_those_in_flight_end():
    stop, done, others = Event(), [], set(multiprocessing.active_children())
    for task, result in run_tasks(range(50), worker_functions.start_slow, (), 2, stop):
        assert task == result
        done.append(task)
        stop.set()
    assert 2 <= len(done) <= 4
    assert set(multiprocessing.active_children()) <= others


@pytest.mark.parametrize(
    ("failures", "expected"),
    [(1, SIX), (2, dict.fromkeys(range(6), Withdrawn("ValueError: no room")))],
)
def test_workers_that_cannot_start_are_done_without(failures, expected, tmp_path, capfd):
    """Where none can the caller gets the tasks back, and standard error no traceback."""
    fewer = []
    done = run(worker_functions.start_failing, str(tmp_path), failures, tell_fewer=fewer.append)
    assert done == expected
    assert fewer == ["ValueError: no room"]
    assert capfd.readouterr() == ("", "")


def test_a_task_of_a_worker_that_withdraws_is_done_by_another(tmp_path):
    assert run(worker_functions.start_withdrawing, str(tmp_path)) == SIX


def fork_server() -> int:
    """Give the process that starts workers: their parent."""
    workers = multiprocessing.active_children()
    stat = Path(f"/proc/{workers[0].pid}/stat").read_text()
    return int(stat.rpartition(")")[2].split()[1])


def test_a_fork_server_that_is_killed_is_started_again():
    """Its workers die with it, so tasks can be lost twice, but nothing hangs or ends the rest."""
    done, end = {}, Event()
    # What a thread may hold nobody would release in a fork.
    another = Thread(target=end.wait, daemon=True)
    another.start()
    for task, result in run_tasks(range(12), worker_functions.start_slow, (), 2, Event()):
        if not done:
            os.kill(fork_server(), signal.SIGKILL)
        done[task] = result
    end.set()
    another.join()
    assert done == {number: number for number in range(12)}


_FORKING = """
import gc, os, sys
from threading import Event
import sqlalchemy as sa
import worker_functions
from loaded import tree_of
from aomuse.db import create_engine
from aomuse.signals import finish_on_interrupt
from aomuse.workers.processes import run_tasks

with create_engine(sys.argv[1]).connect() as connection, finish_on_interrupt() as stop:
    # A connection in a cycle that nobody refers to: a worker's collector would end it.
    lost = [connection.engine.raw_connection()]
    lost.append(lost)
    del lost
    done = dict(run_tasks(range(4), worker_functions.start_telling, (), 2, stop))
    gc.collect()
    print(connection.scalar(sa.text("SELECT 1")), *{*done.values()} - {(os.getpid(), "default")})
    for task, process_id in run_tasks(range(9), worker_functions.start_process, (), 2, Event()):
        print(process_id, flush=True)
        if task == 3:
            os.kill(os.getpid(), 9)
"""


def test_workers_of_a_process_without_threads_are_its_forks(db_url):
    """They leave its connections alone, take signals in their own way, and end with it."""
    place = str(Path(__file__).parent)
    run = subprocess.run(
        [sys.executable, "-c", _FORKING, db_url],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([place, *sys.path])},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert run.stderr == ""
    first, *workers = run.stdout.splitlines()
    assert (first, run.returncode) == ("1", -signal.SIGKILL)
    wait_until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_signal_is_an_event_first(number):
    with finish_on_interrupt() as stop:
        assert not stop.is_set()
        os.kill(os.getpid(), number)
        assert (stop.is_set(), stop.number) == (True, number)
        with pytest.raises(KeyboardInterrupt) as ended:
            os.kill(os.getpid(), number)
        assert (type(ended.value), ended.value.number) == (Ended, number)


def test_killed_worker_loses_nothing(engine, tmp_path, monkeypatch):
    """In the middle; `tests/pipeline` has one that is killed at the start, on both engines."""
    night = tree_of(tmp_path / "night", 5).root
    monkeypatch.setattr(stages, "WORTH_WORKERS_BYTES", 0)
    others = set(multiprocessing.active_children())

    class Killer(Listener):
        killed = False

        def on_result(self, result: Result) -> None:
            children = [c for c in multiprocessing.active_children() if c not in others]
            if children and not self.killed and children[0].pid:
                self.killed = True
                os.kill(children[0].pid, signal.SIGKILL)

    killer = Killer()
    summary = pipeline.load(engine, [night], workers=2, listener=killer)
    assert killer.killed
    assert (summary.counts["loaded"], summary.failed) == (5, 0)
    assert [d for result in verify(engine, [night]) for d in result.differences] == []
