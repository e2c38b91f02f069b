"""A real scheduler of dask.distributed with two workers on loopback, and commands that use them."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

WORKERS = 2
#: Lets a worker pause before every statement.
SLOW = """
import os, time
import sqlalchemy as sa
pause_s = float(os.environ.get("TEST_PAUSE_S", "0.002"))
sa.event.listen(sa.Engine, "before_cursor_execute", lambda *_: time.sleep(pause_s))
"""


@dataclass
class Dask:
    """A scheduler and its workers."""

    address: str
    scheduler: subprocess.Popen[str]
    workers: list[subprocess.Popen[str]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def dask(
    folder: Path,
    environment: dict[str, str],
    *options: str,
    protocol: str = "tcp",
    threads: int = 1,
) -> Iterator[Dask]:
    """Start a scheduler and two workers, as an administrator does."""
    port = free_port()
    address = f"{protocol}://127.0.0.1:{port}"
    (folder / "slow.py").write_text(SLOW)
    environment = os.environ | {"PYTHONPATH": str(folder)} | environment
    common = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    with ExitStack() as started:

        def start(*command: str) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                command,
                env=environment,
                cwd=folder,
                text=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            started.callback(end, process)
            return process

        scheduler = start(
            *(*common, "--host", "127.0.0.1", "--port", str(port), "--no-dashboard", "--no-show"),
            *(*options, "--protocol", protocol),
        )
        wait_until(lambda: answers(port))
        workers = [
            start(
                *(sys.executable, "-m", "distributed.cli.dask_worker", address),
                *("--nthreads", str(threads), "--preload", "slow", "--no-dashboard"),
                *("--host", "127.0.0.1", *options),
            )
            for _ in range(WORKERS)
        ]
        yield Dask(address, scheduler, workers)


def end(process: subprocess.Popen[str]) -> None:
    """End a process with its nanny's children."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def kill_worker(crew: Dask) -> None:
    """Kill what a nanny has started."""
    killed = children_of(crew.workers[0])
    assert killed
    for number in killed:
        os.kill(number, signal.SIGKILL)


def children_of(process: subprocess.Popen[str]) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == process.pid and int(stat.parent.name) != process.pid:
            found.append(int(stat.parent.name))
    return found


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def start_command(
    url: str, *arguments: object, out: int | IO[str] = subprocess.PIPE, **environment: str
) -> subprocess.Popen[str]:
    """Start aomuse in a process of its own."""
    main = "from aomuse.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", main, *map(str, arguments)],
        env=os.environ | {"AOMUSE_DATABASE_URL": url} | environment,
        text=True,
        stdout=out,
        stderr=subprocess.PIPE,
    )
