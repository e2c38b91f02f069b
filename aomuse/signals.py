"""Ctrl-C, TERM and HUP: a command ends in order, and a run finishes the exposure in hand."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType

#: What asks a command to end.
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_Handler = Callable[[int, FrameType | None], None]


class Ended(KeyboardInterrupt):
    """A signal has ended the command, as Ctrl-C does.

    Parameters
    ----------
    number : int
        The signal.
    """

    def __init__(self, number: int = signal.SIGINT) -> None:
        super().__init__(number)
        self.number = signal.Signals(number)


class Stop(Event):
    """Set by the first signal, which it keeps."""

    number = signal.SIGINT


@contextmanager
def handled(handle: _Handler) -> Iterator[None]:
    """Let a function handle the signals; outside the main thread they are left alone.

    One that is ignored, as HUP is under nohup, stays so.
    """
    before = {}
    try:
        for number in ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, handle)
    except ValueError:
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end(number: int, _frame: FrameType | None = None) -> None:
    """End what runs by an exception, so that it clears up."""
    raise Ended(number)


@contextmanager
def finish_on_interrupt() -> Iterator[Stop]:
    """Turn the first signal into an event, so that the exposure in hand is finished.

    A second one interrupts at once.
    """
    stop = Stop()

    def handle(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            end(number, frame)
        stop.number = signal.Signals(number)
        stop.set()

    with handled(handle):
        yield stop
