"""Tasks carried out on many machines, by the workers of a scheduler of dask.distributed.

This process keeps the run: it plans, hands out and counts. A worker does its task by the same
function as a local one, with the database's URL from its own environment. If this process is
killed, the next run closes its run, and with that keeps what a worker still has in flight from
being committed.
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
from threading import Event
from typing import Any
from uuid import uuid4

from distributed import Client
from sqlalchemy import Engine

from aomuse.errors import ConfigurationError, DatabaseError, UnfinishedError
from aomuse.exchange.outcome import Listener
from aomuse.workers.cluster_worker import (
    Call,
    Installation,
    carry_out_on_worker,
    installation,
    newest_run,
)
from aomuse.workers.crew import CarryOut, Lost, Needs, Work
from aomuse.workers.processes import Withdrawn

#: Tasks that a worker has at a time: it begins the next one without waiting for this process.
_AHEAD = 2
CONNECT_S = 15
_POLL_S = 0.05
#: Seconds without a worker after which a command says that it waits for one, and then gives up.
_SAY_S, _GIVE_UP_S = 5.0, 120.0
_ASK_S = 0.5


class Cluster:
    """The workers of a scheduler, all of them fit for the work of a command."""

    def __init__(
        self, client: Any, address: str, engine: Engine, listener: Listener, needs: Needs
    ) -> None:
        self._client = client
        self._engine = engine
        self._here = installation(needs, engine)
        self._command = uuid4().hex
        self.needs = needs
        self.address = address
        self.listener = listener

    def check(self) -> None:
        """Refuse workers with other versions or another database, or that do not see the files."""
        workers = self.workers()
        deadline = time.monotonic() + CONNECT_S
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
        found = self._client.run(installation, self.needs, on_error="return")
        for name, there in sorted(found.items()):
            fails = not isinstance(there, Installation)
            wrong = f"it fails ({there})" if fails else there.unlike(self._here)
            if wrong:
                raise ConfigurationError(f"the worker {name} cannot be used: {wrong}")

    def carry_out(self, tasks: Sequence[Any], work: Work, stop: Event) -> Iterator[tuple[Any, Any]]:
        """Yield tasks with what comes of them, in the order in which they end."""
        call = Call(self._command, self.needs, self._here, newest_run(self._engine), work)
        crew = _Crew(self)
        waiting, flying = deque(tasks), dict[Any, Any]()
        while flying or (waiting and not stop.is_set()):
            count = crew.count()
            while waiting and len(flying) < _AHEAD * count and not stop.is_set():
                task = waiting.popleft()
                future = self._client.submit(carry_out_on_worker, call, task, pure=False)
                flying[future] = task
            done = [future for future in flying if future.done()]
            for future in done:
                task = flying.pop(future)
                result = self._result(future)
                if isinstance(result, Withdrawn):
                    raise UnfinishedError(f"{result.reason}; {self.needs.kept}")
                if isinstance(result, DatabaseError):
                    raise result
                yield task, result
            if not done:
                time.sleep(_POLL_S)

    def _result(self, future: Any) -> Any:
        if future.status == "finished":
            try:
                return future.result(CONNECT_S)
            except (OSError, CancelledError) as error:
                raise self._lost() from error
        if future.status == "error":
            raised = future.exception(CONNECT_S)
            why = " ".join(f"{type(raised).__name__}: {raised}".split())[:500]
            return Lost(f"a worker failed ({why})")
        raise self._lost()

    def _lost(self) -> UnfinishedError:
        return UnfinishedError(
            f"the scheduler {self.address} has gone: start it again and run again; "
            f"{self.needs.kept}"
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
    """How many workers a cluster has, asked now and then."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._count = 0
        self._asked = -_ASK_S
        self._alone_since = time.monotonic()
        self._is_said = False

    def count(self) -> int:
        """Return the number of workers; the work is given up if there are none for long."""
        now = time.monotonic()
        if now < self._asked + _ASK_S:
            return self._count
        self._asked, self._count = now, len(self._cluster.workers())
        where = f"the scheduler {self._cluster.address} has no workers"
        if self._count:
            self._alone_since, self._is_said = now, False
        elif now > self._alone_since + _GIVE_UP_S:
            kept = self._cluster.needs.kept
            raise UnfinishedError(f"{where} any more: start some and run again; {kept}")
        elif now > self._alone_since + _SAY_S and not self._is_said:
            self._is_said = True
            self._cluster.listener.on_notice(f"{where}: waiting for one")
        return self._count


@contextmanager
def cluster(address: str, engine: Engine, listener: Listener, needs: Needs) -> Iterator[CarryOut]:
    """Connect to a scheduler, and let its workers carry out the tasks of a command."""
    if engine.dialect.name == "sqlite":
        raise ConfigurationError(
            "SQLite is for one machine, also where a network drive has the file: a scheduler "
            "requires a database on MariaDB"
        )
    for logger in ("distributed", "distributed.client"):
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    connect: Any = partial(Client, timeout=CONNECT_S, set_as_default=False)
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
        workers = Cluster(client, address, engine, listener, needs)
        workers.check()
        yield workers.carry_out
    finally:
        client.close(timeout=CONNECT_S)
