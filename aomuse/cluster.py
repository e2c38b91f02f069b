"""Exposures loaded on many machines: tasks for the workers of a scheduler of dask.distributed.

This process keeps the run: it discovers, plans, hands out and counts. A worker takes an exposure
from file to commit by the same function as a local one, with the database's URL from its own
environment. If this process is killed, the next run closes its run, and with that keeps what is
still in flight from being committed.
"""

from __future__ import annotations

import logging
import time
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from functools import partial
from typing import Any

from distributed import Client

from aomuse.cluster_worker import Call, Installation, installation, load_on_worker, run_of
from aomuse.errors import ConfigurationError, DatabaseError, UnfinishedError
from aomuse.exchange.outcome import Result
from aomuse.ledger import Run
from aomuse.load import NotNow, UnitOfWork, WriterChoice
from aomuse.tasks import CarryOut, Make, Task
from aomuse.workers import Withdrawn

#: Tasks that a worker has at a time: it begins the next one without waiting for this process.
_AHEAD = 2
_CONNECT_S = 15
_POLL_S = 0.05
#: Seconds without a worker after which a load says that it waits for one, and then gives up.
_SAY_S, _GIVE_UP_S = 5.0, 120.0
_ASK_S = 0.5
_SAVED = "only complete exposures were saved"


class Cluster:
    """The workers of a scheduler, all of them fit to load into one database."""

    def __init__(self, client: Any, address: str) -> None:
        self._client = client
        self.address = address

    def check(self, run: Run, roots: Sequence[str]) -> None:
        """Refuse workers with other versions or another database, or that do not see the files."""
        workers = self.workers()
        deadline = time.monotonic() + _CONNECT_S
        while not workers and time.monotonic() < deadline:
            time.sleep(_POLL_S)
            workers = self.workers()
        if not workers:
            raise ConfigurationError(
                f"the scheduler {self.address} has no workers: start some with "
                f"dask worker {self.address} --nworkers N --nthreads 1"
            )
        many = [name for name, threads in workers.items() if threads != 1]
        if many:
            raise ConfigurationError(
                f"the worker {many[0]} has {workers[many[0]]} threads: start workers with "
                "--nthreads 1, and more of them"
            )
        here = installation(tuple(roots), run.engine)
        found = self._client.run(installation, tuple(roots), on_error="return")
        for name, there in sorted(found.items()):
            wrong = there.unlike(here) if isinstance(there, Installation) else f"it fails ({there})"
            if wrong:
                raise ConfigurationError(f"the worker {name} cannot load: {wrong}")

    def carry_out(
        self, way: WriterChoice, unit: UnitOfWork, run: Run, tasks: list[Task], make: Make
    ) -> Iterator[tuple[Task, Result | NotNow]]:
        """Yield tasks with what comes of them, in the order in which they end."""
        key = run_of(way.engine, run.id)
        assert key is not None
        call = Call(key, way.notice is None, make)
        waiting, flying = deque(tasks), dict[Any, Task]()
        crew = _Crew(self)
        while flying or (waiting and not run.stop.is_set()):
            count = crew.count(run)
            while waiting and len(flying) < _AHEAD * count and not run.stop.is_set():
                task = waiting.popleft()
                future = self._client.submit(load_on_worker, call, task, pure=False)
                flying[future] = task
            done = [future for future in flying if future.done()]
            for future in done:
                task = flying.pop(future)
                result = self._result(unit, task, future)
                if isinstance(result, Withdrawn):
                    raise UnfinishedError(f"{result.reason}: {_SAVED}")
                if isinstance(result, DatabaseError):
                    raise result
                yield task, result
            if not done:
                time.sleep(_POLL_S)

    def _result(self, unit: UnitOfWork, task: Task, future: Any) -> Any:
        if future.status == "finished":
            try:
                return future.result(_CONNECT_S)
            except (OSError, CancelledError) as error:
                raise self._lost() from error
        if future.status == "error":
            raised = future.exception(_CONNECT_S)
            why = " ".join(f"{type(raised).__name__}: {raised}".split())[:500]
            return unit.fail(task.files, task.plan, f"a worker failed ({why})")
        raise self._lost()

    def _lost(self) -> UnfinishedError:
        return UnfinishedError(
            f"the scheduler {self.address} has gone: start it again and run again; {_SAVED}"
        )

    def workers(self) -> dict[str, int]:
        """Return the threads of each worker."""
        try:
            if self._client.status == "running":
                threads: dict[str, int] = self._client.nthreads()
                return threads
        except (OSError, CancelledError) as error:
            raise self._lost() from error
        raise self._lost()


class _Crew:
    """How many workers there are, asked now and then."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._count = 0
        self._asked = -_ASK_S
        self._alone_since = time.monotonic()
        self._is_said = False

    def count(self, run: Run) -> int:
        """Return the number of workers; the run is given up if there are none for long."""
        now = time.monotonic()
        if now < self._asked + _ASK_S:
            return self._count
        self._asked, self._count = now, len(self._cluster.workers())
        where = f"the scheduler {self._cluster.address} has no workers"
        if self._count:
            self._alone_since, self._is_said = now, False
        elif now > self._alone_since + _GIVE_UP_S:
            raise UnfinishedError(f"{where} any more: start some and run again; {_SAVED}")
        elif now > self._alone_since + _SAY_S and not self._is_said:
            self._is_said = True
            run.listener.on_notice(f"{where}: waiting for one")
        return self._count


@contextmanager
def cluster(address: str, run: Run, roots: Sequence[str]) -> Iterator[CarryOut]:
    """Connect to a scheduler, and let its workers carry out the tasks of a run."""
    if run.engine.dialect.name == "sqlite":
        raise ConfigurationError(
            "SQLite has one writer, on one machine: a scheduler requires a database on MariaDB"
        )
    for logger in ("distributed", "distributed.client"):
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    connect: Any = partial(Client, timeout=_CONNECT_S, set_as_default=False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # versions are compared, and refused in one line
            client = connect(address)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        said = " ".join(str(error.__cause__ or error).split())
        raise ConfigurationError(
            f"no scheduler answers at {address} ({said}): start one with dask scheduler, and write "
            "its address as tcp://HOST:8786 or tls://HOST:8786"
        ) from error
    try:
        workers = Cluster(client, address)
        workers.check(run, roots)
        yield workers.carry_out
    finally:
        client.close(timeout=_CONNECT_S)
