"""Worker processes: tasks out, results in as they come, and a worker that dies is replaced."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from threading import Event
from types import FrameType
from typing import Any

#: A task is tried once more when its worker died.
_TRIES = 2
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


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    task: Any = None
    tries: int = 0


def default_workers() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_tasks(
    tasks: Iterable[Any],
    start: Callable[..., Callable[[Any], Any]],
    arguments: tuple[Any, ...],
    count: int,
    stop: Event,
) -> Iterator[tuple[Any, Any]]:
    """Run tasks on worker processes."""
    # A fork server has the modules loaded and no threads, connections or locks of this process.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["aomuse.pipeline"])
    waiting = deque((task, 1) for task in tasks)
    workers = [_begin(context, start, arguments) for _ in range(min(count, len(waiting)))]
    try:
        for worker in workers:
            _hand_out(worker, waiting, stop)
        while busy := [worker for worker in workers if worker.task is not None]:
            ready = wait([worker.pipe for worker in busy])
            for worker in [w for w in busy if w.pipe in ready]:
                task, tries = worker.task, worker.tries
                try:
                    result = worker.pipe.recv()
                except (EOFError, OSError):
                    worker.process.join()
                    result = Died(worker.process.pid or 0, worker.process.exitcode)
                    workers.remove(worker)
                    worker = _begin(context, start, arguments)  # noqa: PLW2901
                    workers.append(worker)
                    if tries < _TRIES and not stop.is_set():
                        waiting.append((task, tries + 1))
                        _hand_out(worker, waiting, stop)
                        continue
                worker.task = None
                # The next task goes out before the caller spends time on this result.
                _hand_out(worker, waiting, stop)
                yield task, result
    finally:
        for worker in workers:
            worker.pipe.close()
        for worker in workers:
            worker.process.join()


def _begin(context: BaseContext, start: Callable[..., Any], arguments: tuple[Any, ...]) -> _Worker:
    own_end, worker_end = context.Pipe()
    process = context.Process(target=_work, args=(worker_end,), daemon=True)  # type: ignore[attr-defined]
    process.start()
    worker_end.close()
    own_end.send((start, arguments))
    return _Worker(process, own_end)


def _hand_out(worker: _Worker, waiting: deque[tuple[Any, int]], stop: Event) -> None:
    if not waiting or stop.is_set():
        worker.task = None
        return
    worker.task, worker.tries = waiting.popleft()
    with contextlib.suppress(BrokenPipeError):
        # Waiting for the result shows that the worker has gone.
        worker.pipe.send(worker.task)


def _work(pipe: Connection) -> None:
    """Run in a worker: turn tasks into results until the pipe closes."""
    # Ctrl-C reaches the whole group; the exposure in hand is to be finished.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with_parent()
    try:
        start, arguments = pipe.recv()
        function = start(*arguments)
        while True:
            pipe.send(function(pipe.recv()))
    except (EOFError, BrokenPipeError):
        return


def _die_with_parent() -> None:
    """Let the kernel end this worker with the loader, so that the run lock ends with it."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


@contextlib.contextmanager
def finish_on_interrupt() -> Iterator[Event]:
    """Turn the first Ctrl-C into an event, so that the exposure in hand is finished.

    A second Ctrl-C interrupts at once. Outside the main thread signals are left alone.
    """
    stop = Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    try:
        before = signal.signal(signal.SIGINT, handle)
    except ValueError:
        yield stop
        return
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
