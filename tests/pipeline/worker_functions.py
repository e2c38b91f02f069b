"""What the worker processes of the tests run; they import it by name."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path


def start_doubling() -> Callable[[int], int]:
    return lambda number: 2 * number


def start_fatal(folder: str, deaths: int) -> Callable[[int], int]:
    """Die of task 3 as many times as asked, then do it."""

    def work(number: int) -> int:
        if number == 3:
            died = len(list(Path(folder).iterdir()))
            if died < deaths:
                (Path(folder) / str(died)).touch()
                os.kill(os.getpid(), signal.SIGKILL)
        return number

    return work


def start_slow() -> Callable[[int], int]:
    def work(number: int) -> int:
        time.sleep(0.2)
        return number

    return work
