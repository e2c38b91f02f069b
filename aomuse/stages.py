"""Exposures through the stages read, normalize and load, in this process or in workers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aomuse.exchange.files import ExposureFiles
from aomuse.exchange.frames import NormalizedExposure
from aomuse.exchange.outcome import Result
from aomuse.ledger import NamedLocks, Run, Task
from aomuse.load import NotNow, UnitOfWork, choose_writer
from aomuse.normalize import normalize
from aomuse.read import read_exposure
from aomuse.workers.crew import CarryOut, processes
from aomuse.workers.processes import get_ready
from aomuse.workers.tasks import in_workers, load_task

#: Worker processes take about a second to start: less than this is loaded without them.
WORTH_WORKERS_BYTES = 40_000_000


class Stages:
    """Carries out the tasks of a run, on worker processes if that is worth it."""

    def __init__(
        self, run: Run, locks: NamedLocks, workers: CarryOut | int, tasks: Sequence[Task]
    ) -> None:
        """Take workers, or as many processes as are given, for tasks such as these."""
        self._run = run
        self._workers = workers
        if self._are_worth_processes(tasks):
            get_ready()
        self._way = choose_writer(run.engine)
        if self._way.notice:
            run.listener.on_notice(self._way.notice)
        self._unit = UnitOfWork(self._way, run.id, locks)
        self._unit.end_killed_runs()

    def carry_out(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, Result | NotNow]]:
        """Yield tasks with what comes of them."""
        run, workers = self._run, self._workers
        if isinstance(workers, int):
            if not self._are_worth_processes(tasks):
                for task in tasks:
                    if run.stop.is_set():
                        return
                    yield task, load_task(self._unit, task, _content)
                return
            # SQLite's writer, this process, is one of them.
            count = workers - (run.engine.dialect.name == "sqlite")
            workers = processes(run.engine, run.listener, count)
        yield from in_workers(self._way, self._unit, run, tasks, _content, workers)

    def end(self) -> None:
        """Bring to an end what killed workers began on other servers."""
        self._unit.end_killed_runs()

    def _are_worth_processes(self, tasks: Sequence[Task]) -> bool:
        size = sum(file.size for task in tasks for file in task.files.files)
        several = isinstance(self._workers, int) and self._workers > 1 and len(tasks) > 1
        return several and size > WORTH_WORKERS_BYTES


def _content(files: ExposureFiles) -> NormalizedExposure:
    """Take an exposure through the stages before the last."""
    return normalize(read_exposure(files))
