"""What the worker processes of the tests run; they import it by name."""

import contextlib
import gc
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from aomuse.workers.processes import Withdrawn


def start_doubling() -> Callable[[int], int]:
    return lambda number: 2 * number


def start_counting() -> Callable[[int], tuple[bool, int]]:
    """Tell whether the collector works, and how many objects it leaves alone."""
    return lambda _: (gc.isenabled(), gc.get_freeze_count())


def start_telling() -> Callable[[int], tuple[int, str]]:
    """Tell who started the worker, and what TERM does to it."""
    gc.collect()
    term = "default" if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL else "handled"
    return lambda _: (os.getppid(), term)


def start_seeing() -> Callable[[str], bool]:
    """Tell whether a module is imported already."""
    return lambda name: name in sys.modules


def start_process() -> Callable[[int], int]:
    return lambda _: os.getpid()


def is_one_of_the_first(count: int, folder: str) -> bool:
    """Tell so many who ask that they are, in whatever process."""
    for number in range(count):
        with contextlib.suppress(FileExistsError):
            (Path(folder) / str(number)).touch(exist_ok=False)
            return True
    return False


def start_fatal(folder: str, deaths: int) -> Callable[[int], int]:
    """Die of task 3 as many times as asked, then do it."""

    def work(number: int) -> int:
        if number == 3 and is_one_of_the_first(deaths, folder):
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    return work


def start_slow() -> Callable[[int], int]:
    def work(number: int) -> int:
        time.sleep(0.2)
        return number

    return work


def start_failing(folder: str, failures: int) -> Callable[[int], int]:
    """Fail to start as often as asked."""
    if is_one_of_the_first(failures, folder):
        raise ValueError("no\nroom")
    return start_slow()


def start_withdrawing(folder: str) -> Callable[[int], int | Withdrawn]:
    """Let the first worker that has task 3 withdraw."""

    def work(number: int) -> int | Withdrawn:
        withdraws = number == 3 and is_one_of_the_first(1, folder)
        return Withdrawn("enough") if withdraws else number

    return work
