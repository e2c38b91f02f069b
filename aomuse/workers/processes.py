"""Worker processes: tasks out, results in as they come, and a worker that dies is replaced."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from threading import Event
from typing import Any

from aomuse.errors import AomuseError, DatabaseError
from aomuse.signals import ENDING, OWN_THREAD
from aomuse.workers.collector import for_new_objects_alone

#: A task is tried once more when its worker died.
_TRIES = 2
#: Pauses before a worker is started again: a fork server that was killed can still be dying.
_PAUSES_S = (0.0, 0.05, 0.2, 1.0)
#: What is imported once for a load, so that no worker has to.
PRELOADED = ("aomuse.workers.preloaded",)
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Died:
    """The result of a task whose workers died."""

    process_id: int
    exit_code: int | None

    def __str__(self) -> str:
        if self.exit_code is not None and self.exit_code < 0:
            name = signal.Signals(-self.exit_code).name
            return f"worker process {self.process_id} was ended by {name}"
        return f"worker process {self.process_id} ended with exit code {self.exit_code}"


@dataclass(frozen=True)
class Withdrawn:
    """The result of a worker that cannot go on: its task is for the others, or for the caller."""

    reason: str


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    task: Any = None
    tries: int = 0


def default_workers() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def get_ready(modules: Sequence[str] = PRELOADED, *, fork: bool = True) -> None:
    """Start a fork server if one is needed; it imports while this process does something else."""
    if _context(modules, fork=fork).get_start_method() == "forkserver":
        forkserver.ensure_running()


def _context(modules: Sequence[str], *, fork: bool) -> Any:
    """Return what starts workers that have modules imported: this process, or a fork server.

    A fork of this process saves the second that imports take. Where other threads may hold locks,
    which nobody would release in the fork, a fork server is taken: it has no threads.
    """
    if fork and _can_fork():
        for module in modules:
            import_module(module)
        return multiprocessing.get_context("fork")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(modules))
    return context


def _can_fork() -> bool:
    """Tell whether this process has no threads but this one and the one that waits for signals."""
    others = [each for each in threading.enumerate() if each is not threading.current_thread()]
    return sys.platform == "linux" and all(each.name == OWN_THREAD for each in others)


def run_tasks(
    tasks: Iterable[Any],
    start: Callable[..., Callable[[Any], Any]],
    arguments: tuple[Any, ...],
    count: int,
    stop: Event,
    on_fewer: Callable[[str], None] = lambda _: None,
    modules: Sequence[str] = PRELOADED,
    *,
    fork: bool = True,
) -> Iterator[tuple[Any, Any]]:
    """Run tasks on worker processes, which have modules imported, and are forks if they may be.

    A worker that dies is replaced; one that cannot start or go on is not, and `on_fewer` hears of
    the first one why. Once there are none, the result of all other tasks is `Withdrawn`. The result
    of a task that raises a DatabaseError is that error.
    """
    waiting = deque((task, 1) for task in tasks)
    crew = _Crew(start, arguments, waiting, stop, on_fewer, _context(modules, fork=fork))
    try:
        crew.gather(count)
        while busy := [worker for worker in crew.workers if worker.task is not None]:
            ready = wait([worker.pipe for worker in busy])
            for worker in [w for w in busy if w.pipe in ready]:
                yield from crew.receive(worker)
    finally:
        for worker in crew.workers:
            worker.pipe.close()
        for worker in crew.workers:
            worker.process.join()


@dataclass
class _Crew:
    """The workers, and the tasks that wait for one, with how often each was tried."""

    start: Callable[..., Callable[[Any], Any]]
    arguments: tuple[Any, ...]
    waiting: deque[tuple[Any, int]]
    stop: Event
    on_fewer: Callable[[str], None]
    context: Any
    workers: list[_Worker] = field(default_factory=list)
    are_fewer: bool = False

    def gather(self, count: int) -> None:
        """Start workers, and give each a task."""
        for _ in range(min(count, len(self.waiting))):
            self._begin()
        for worker in self.workers:
            self._hand_out(worker)

    def receive(self, worker: _Worker) -> Iterator[tuple[Any, Any]]:
        """Yield a task that is done with its result; a worker that died yields a task at most."""
        task, tries = worker.task, worker.tries
        try:
            result = worker.pipe.recv()
        except (EOFError, OSError):
            self._remove(worker)
            if self.stop.is_set():
                # The signal was for all processes; the next run does the task.
                return
            result = Died(worker.process.pid or 0, worker.process.exitcode)
            worker = self._begin()
            if tries < _TRIES:
                self.waiting.append((task, tries + 1))
                self._hand_out(worker)
                return
        if isinstance(result, Withdrawn):
            self._remove(worker)
            if not self.are_fewer:
                self.are_fewer = True
                self.on_fewer(result.reason)
            self.waiting.appendleft((task, tries))
            for other in self.workers:
                if other.task is None:
                    self._hand_out(other)
            while self.waiting and not self.workers and not self.stop.is_set():
                yield self.waiting.popleft()[0], result
            return
        # The next task goes out before the caller spends time on this result.
        self._hand_out(worker)
        yield task, result

    def _begin(self) -> _Worker:
        """Start a worker; a fork server that was killed is started again."""
        for pause in _PAUSES_S:
            time.sleep(pause)
            own_end, worker_end = self.context.Pipe()
            # A pipe ends when all copies of its other end are closed: a fork closes those it has.
            is_fork = self.context.get_start_method() == "fork"
            copies = (own_end, *(worker.pipe for worker in self.workers)) if is_fork else ()
            process = self.context.Process(target=_work, args=(worker_end, copies), daemon=True)
            try:
                with _blocked(ENDING), warnings.catch_warnings():
                    # Python warns of any thread, also of those that numpy's library looks after.
                    warnings.simplefilter("ignore", DeprecationWarning)
                    process.start()
                own_end.send((self.start, self.arguments))
            except (EOFError, OSError):
                own_end.close()
            else:
                self.workers.append(_Worker(process, own_end))
                return self.workers[-1]
            finally:
                worker_end.close()
        raise AomuseError(
            "no worker process could be started (the process that starts them was killed, perhaps "
            "for lack of memory): run again, or with --workers 1; only complete exposures were "
            "saved"
        )

    def _hand_out(self, worker: _Worker) -> None:
        if not self.waiting or self.stop.is_set():
            worker.task = None
            return
        worker.task, worker.tries = self.waiting.popleft()
        with contextlib.suppress(BrokenPipeError):
            # Waiting for the result shows that the worker has gone.
            worker.pipe.send(worker.task)

    def _remove(self, worker: _Worker) -> None:
        worker.pipe.close()
        worker.process.join()
        self.workers.remove(worker)


def _work(pipe: Connection, copies: Sequence[Connection]) -> None:
    """Run in a worker: turn tasks into results until the pipe closes.

    A fork leaves alone what it has of its parent's, such as connections: nothing here is freed, and
    what nobody refers to is not collected.
    """
    for_new_objects_alone()
    for copy in copies:
        copy.close()
    # Ctrl-C and the end of a terminal reach the whole group, and TERM may: the exposure in hand is
    # to be finished.
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    _die_with_parent()
    try:
        start, arguments = pipe.recv()
        try:
            function = start(*arguments)
        except Exception as error:  # noqa: BLE001 - the process that hands out the tasks reports it
            kind = "" if isinstance(error, AomuseError) else f"{type(error).__name__}: "
            pipe.send(Withdrawn(f"{kind}{' '.join(str(error).split())}"))
            return
        while True:
            task = pipe.recv()
            with _blocked([signal.SIGTERM]):
                try:
                    pipe.send(function(task))
                except DatabaseError as error:
                    pipe.send(error)
    except (EOFError, ConnectionError):
        return


@contextlib.contextmanager
def _blocked(numbers: Iterable[int]) -> Iterator[None]:
    """Let signals wait for a while."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _die_with_parent() -> None:
    """Let the kernel end this worker with the loader, so that the run lock ends with it."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
