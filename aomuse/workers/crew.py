"""Who carries out the tasks of a command: worker processes here, or the workers of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from threading import Event
from typing import Any

from sqlalchemy import Engine

from aomuse.errors import DatabaseError
from aomuse.exchange.outcome import Listener
from aomuse.workers.processes import PRELOADED, Died, run_tasks

#: What a command says of its work when it ends too early.
SAVED = "only complete exposures were saved"


@dataclass(frozen=True)
class Work:
    """What a worker does.

    ``start(url, *arguments)`` connects, and returns the function that turns a task into a result.
    A DatabaseError ends the command. Processes here import ``modules`` once for all.
    """

    start: Callable[..., Callable[[Any], Any]]
    arguments: tuple[Any, ...] = ()
    modules: tuple[str, ...] = PRELOADED


@dataclass(frozen=True)
class Needs:
    """What all machines must have, and what holds if the work ends too early."""

    roots: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    kept: str = SAVED


@dataclass(frozen=True)
class Lost:
    """The result of a task that workers tried in vain."""

    reason: str


#: Yields tasks with what comes of each, in the order in which they end; none is begun after a stop.
#: `Withdrawn` is what remains for this process.
CarryOut = Callable[[Sequence[Any], Work, Event], Iterator[tuple[Any, Any]]]
#: Offers workers that fit.
Crew = Callable[[Engine, Listener, Needs], AbstractContextManager[CarryOut]]


def processes(engine: Engine, listener: Listener, count: int) -> CarryOut:
    """Return what carries out tasks in worker processes of this machine."""

    def fewer(reason: str) -> None:
        listener.on_notice(f"{reason}: going on with fewer workers")

    def carry_out(tasks: Sequence[Any], work: Work, stop: Event) -> Iterator[tuple[Any, Any]]:
        arguments = (engine.url, *work.arguments)
        started = work.start, arguments
        for task, result in run_tasks(tasks, *started, count, stop, fewer, work.modules):
            if isinstance(result, DatabaseError):
                raise result
            yield task, Lost(f"{result}, twice") if isinstance(result, Died) else result

    return carry_out
