"""Ctrl-C, TERM and HUP: a command ends in order, and a run finishes the exposure in hand."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from types import FrameType

#: What asks a command to end.
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: Name of the thread that waits for them beside a statement; it holds no locks meanwhile.
OWN_THREAD = "aomuse-signals"

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


@dataclass
class _Tally:
    """How many signals came, as far as a thread counts them, and how many were handled.

    The same signal, come twice before Python handles it, is handled once.
    """

    come: int = 0
    handled: int = 0


_TALLY = _Tally()


class Stop(Event):
    """Set by the first signal, which it keeps."""

    number = signal.SIGINT

    def __init__(self) -> None:
        super().__init__()
        self._before = _TALLY.come

    def is_over(self) -> bool:
        """Tell whether a second signal has come, or comes now."""
        return self.is_set() or _TALLY.come > self._before + 1


#: Runs that finish their exposure, the innermost last.
_STOPS: list[Stop] = []


def count_anew() -> None:
    """Forget what came before a command; where no thread counts, signals are handled too."""
    _TALLY.come = _TALLY.handled = 0


def has_come() -> bool:
    """Count a signal before Python handles it, and tell whether it ends the command."""
    _TALLY.come += 1
    return not _STOPS or _STOPS[-1].is_over()


def is_waiting() -> bool:
    """Tell whether a signal has come that Python has not handled yet."""
    return _TALLY.come > _TALLY.handled


@contextmanager
def handled(handle: _Handler) -> Iterator[None]:
    """Let a function handle the signals; outside the main thread they are left alone.

    One that is ignored, as HUP is under nohup, stays so.
    """

    def counted(number: int, frame: FrameType | None) -> None:
        _TALLY.handled = max(_TALLY.handled + 1, _TALLY.come)
        handle(number, frame)

    before = {}
    try:
        for number in ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, counted)
    except ValueError:
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


#: What signals have raised since a command began; a database may report an error of its own.
RAISED: list[Ended] = []


def end(number: int, _frame: FrameType | None = None) -> None:
    """End what runs by an exception, so that it clears up."""
    RAISED.append(Ended(number))
    raise RAISED[-1]


@contextmanager
def finish_on_interrupt() -> Iterator[Stop]:
    """Turn the first signal into an event, so that the exposure in hand is finished.

    A second one interrupts at once.
    """
    stop = Stop()

    def handle(number: int, frame: FrameType | None) -> None:
        is_over = stop.is_over()
        stop.number = signal.Signals(number)
        stop.set()
        if is_over:
            end(number, frame)

    with handled(handle):
        _STOPS.append(stop)
        try:
            yield stop
        finally:
            _STOPS.remove(stop)
