"""A real scheduler of dask.distributed with two workers on loopback, and commands that use them."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil  # which distributed needs
from own_processes import OF_AOMUSE, Process, start, wait_until

WORKERS = 2
#: What most tests give them.
EXPOSURES = 6
_MODULES = (
    *OF_AOMUSE,
    *("aomuse.workers.cluster_worker", "aomuse.predict", "aomuse.verify", "muse_psfr"),
    *("distributed.cli.dask_scheduler", "distributed.cli.dask_worker"),
)
#: Reads the environment again, which was another when dask was imported.
_SETTINGS = "import dask; dask.config.refresh()\n"


@dataclass
class Dask:
    """A scheduler and its workers."""

    address: str
    scheduler: Process
    workers: list[Process]


def address_in(file: Path) -> str:
    """Give what a scheduler has written, empty until it has."""
    with suppress(OSError, ValueError):
        return str(json.loads(file.read_text())["address"])
    return ""


@contextmanager
def dask(
    folder: Path,
    environment: dict[str, str],
    *,
    before: str = "",
    protocol: str = "tcp",
    threads: int = 1,
) -> Iterator[Dask]:
    """Start a scheduler and two workers, as an administrator does.

    The nannies fork their workers, which so have what code did before.
    """
    file = folder / "scheduler.json"
    file.unlink(missing_ok=True)
    environment = {"DASK_DISTRIBUTED__WORKER__MULTIPROCESSING_METHOD": "fork"} | environment
    with ExitStack() as started:

        def begin(program: str, *arguments: object) -> Process:
            process = start(
                None,
                *(*arguments, "--host", "127.0.0.1", "--no-dashboard"),
                before=_SETTINGS + before,
                code=f"from distributed.cli.{program} import main; main()",
                modules=_MODULES,
                out=subprocess.DEVNULL,
                new_session=True,
                cwd=folder,
                **environment,
            )
            started.callback(end, process)
            return process

        scheduler = begin(
            "dask_scheduler",
            *("--port", 0, "--scheduler-file", file, "--no-show", "--protocol", protocol),
        )
        wait_until(lambda: address_in(file), scheduler)
        address = address_in(file)
        workers = [begin("dask_worker", address, "--nthreads", threads) for _ in range(WORKERS)]
        yield Dask(address, scheduler, workers)


def end(process: Process) -> None:
    """End a process with its nanny's children."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def kill_worker(crew: Dask) -> None:
    """Kill what a nanny has started."""
    killed = psutil.Process(crew.workers[0].pid).children(recursive=True)
    assert killed
    for process in killed:
        process.kill()


def start_command(url: str, *arguments: object, before: str = "", **options: Any) -> Process:
    """Start aomuse in a process of its own."""
    return start(url, *arguments, before=_SETTINGS + before, modules=_MODULES, **options)
