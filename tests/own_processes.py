"""Commands in processes of their own: to be killed, to wait for others, to end with a code.

A new interpreter imports for a second or two before a command begins. Here a process imports once
for all tests of a session, and each command begins as a fork of it: without connections, threads,
locks or open files of the tests.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from struct import Struct
from threading import Timer
from typing import IO, Any

import sqlalchemy as sa

from aomuse.workers.collector import for_new_objects_alone

#: What the commands need. Nothing here starts a thread when it is imported.
OF_AOMUSE = ("aomuse.cli", "aomuse.workers.preloaded", "aomuse.libmariadb.probe", "mariadb")
#: Seconds after which something hangs, however busy the machine is.
_PATIENCE_S = 240
_PR_SET_PDEATHSIG = 1
#: The process id, and later the exit code.
_NUMBER = Struct("q")
_COMMAND = "from aomuse.cli import main; main()"
#: Several steps where a command copies a database in one.
_COPY = """
import functools, own_processes, sqlite3
gate = own_processes.Gate({path!r})
class Held(sqlite3.Connection):
    def backup(self, target):
        super().backup(target, pages=300, progress=lambda *_: gate.hold())
sqlite3.connect = sqlite3.dbapi2.connect = functools.partial(sqlite3.connect, factory=Held)
"""


@dataclass(frozen=True)
class Gate:
    """Holds a command, and each process that it forks, before a statement until it is opened.

    So whatever happens to a command cannot happen too late, however slow the test is. Each process
    counts for itself.
    """

    path: Path  # of a file that is not there yet; it is the open gate
    number: int = 2  # which of the statements that begin like this one; the next are held too
    later: int = 0  # statements of any kind that are let through after that
    statement: str = "INSERT INTO exposure ("  # how it begins

    @property
    def code(self) -> str:
        """Give what is to be run before the command."""
        values = (str(self.path), self.number, self.later, self.statement)
        return f"import own_processes; own_processes.Gate(*{values!r}).install()\n"

    @property
    def in_a_copy(self) -> str:
        """Give what holds a command in the middle of what SQLite copies."""
        return _COPY.format(path=str(self.path))

    def install(self) -> None:
        counts = {True: 0, False: 0}

        def hold(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            is_it = statement.startswith(self.statement)
            counts[is_it] += is_it or counts[True] >= self.number
            if counts[True] >= self.number and counts[False] >= self.later:
                self.hold()

        sa.event.listen(sa.Engine, "before_cursor_execute", hold)

    def hold(self) -> None:
        path = Path(self.path)
        path.with_name(f"{path.name}.{os.getpid()}").touch()
        wait_until(path.exists)

    def wait(self, *processes: Process, count: int = 1) -> None:
        """Wait until processes are held."""
        held = f"{self.path.name}.*"
        wait_until(lambda: len(list(self.path.parent.glob(held))) >= count, *processes)

    def open(self) -> None:
        self.path.touch()


def wait_until(is_so: Callable[[], object], *processes: Process) -> None:
    """Wait for something that happens soon, while processes run."""
    deadline = time.monotonic() + _PATIENCE_S
    while not is_so():
        for process in processes:
            assert process.poll() is None or is_so(), process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def start(
    url: str | None,
    *arguments: object,
    before: str = "",
    code: str = _COMMAND,
    modules: tuple[str, ...] = OF_AOMUSE,
    out: IO[str] | int = subprocess.PIPE,
    new_session: bool = False,
    cwd: Path | None = None,
    **environment: str,
) -> Process:
    """Start a command of aomuse, or other code, with more in its environment."""
    if url is not None:
        environment["AOMUSE_DATABASE_URL"] = url
    request = {
        "code": before + code,
        "arguments": ["-c", *map(str, arguments)],
        "environment": os.environ | environment,
        "cwd": str(cwd or Path.cwd()),
        "new_session": new_session,
        "ignored": [n for n in (1, 2, 15) if signal.getsignal(n) == signal.SIG_IGN],
    }
    return Process(_server(modules), request, out)


class Process:
    """A process that was started, as `subprocess.Popen` shows one."""

    def __init__(self, server: socket.socket, request: dict[str, Any], out: IO[str] | int) -> None:
        self.returncode: int | None = None
        self.stdout, theirs = _output(out)
        self.stderr, errors = _output(subprocess.PIPE)
        self._keeper, keeper = socket.socketpair()
        socket.send_fds(server, [b"!"], [keeper.fileno(), theirs, errors])
        _close(keeper.detach(), theirs, errors)
        self._keeper.sendall(json.dumps(request).encode() + b"\n")
        self.pid = _NUMBER.unpack(self._keeper.recv(_NUMBER.size))[0]

    def poll(self, timeout: float = 0) -> int | None:
        if self.returncode is None:
            self._keeper.settimeout(timeout)
            with suppress(TimeoutError, BlockingIOError):
                self.returncode = _NUMBER.unpack(self._keeper.recv(_NUMBER.size))[0]
        return self.returncode

    def wait(self, timeout: float = _PATIENCE_S) -> int:
        code = self.poll(timeout)
        if code is None:
            self.kill()
            raise TimeoutError(f"the process has not ended after {timeout:g} s")
        return code

    def communicate(self, timeout: float = _PATIENCE_S) -> tuple[str, str]:
        """Read all that it prints, until it ends; it is killed when that takes too long."""
        killer = Timer(timeout, self.kill)
        killer.start()
        with ThreadPoolExecutor(2) as readers:
            out, err = readers.map(_read, (self.stdout, self.stderr))
        killer.cancel()
        self.wait()
        return out, err

    def succeed(self) -> str:
        """Wait for a command that has nothing to say on standard error, and give what it prints."""
        out, err = self.communicate()
        assert (self.returncode, err) == (0, ""), (self.returncode, out + err)
        return out

    def ends_with(self, code: int) -> str:
        """Wait for a command that ends with a code, and give what it says on standard error."""
        out, err = self.communicate()
        assert self.returncode == code, (self.returncode, out + err)
        assert "Traceback" not in out + err, out + err
        return err

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def _read(stream: IO[str] | None) -> str:
    if stream is None or stream.closed:
        return ""
    with stream:
        return stream.read()


def _output(kind: IO[str] | int) -> tuple[IO[str] | None, int]:
    """Give what this process reads, and what the other writes."""
    match kind:
        case subprocess.PIPE:
            reading, writing = os.pipe()
            return os.fdopen(reading), writing
        case subprocess.DEVNULL:
            return None, os.open(os.devnull, os.O_WRONLY)
    return None, os.dup(kind.fileno())


# The process that the others are forks of

# To take a fork apart, Python touches all the memory that it shares, for a tenth of a second: so
# the process exits right after its exit handlers.
_SERVER = """
import atexit, os, sys
code = None
def leave():
    if code is not None:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
atexit.register(leave)
sys.path.append(sys.argv[1])
from own_processes import serve
request = serve(int(sys.argv[2]), sys.argv[3:])
sys.path.remove(sys.argv[1])
sys.argv = request["arguments"]
try:
    exec(request["code"], {"__name__": "__main__"})
except SystemExit as end:
    code = end.code if isinstance(end.code, int) else None
    raise
"""


@cache
def _server(modules: tuple[str, ...]) -> socket.socket:
    """Start it; it ends with this process, since the socket does."""
    ours, theirs = socket.socketpair()
    with theirs:
        number = theirs.fileno()
        folder = Path(__file__).parent
        subprocess.Popen(
            [sys.executable, "-c", _SERVER, str(folder), str(number), *modules],
            cwd=folder.parent,
            pass_fds=[number],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
    return ours


def serve(control: int, modules: list[str]) -> dict[str, Any]:
    """Fork a keeper for each request, which forks the process: only there this comes back."""
    for module in modules:
        import_module(module)
    for_new_objects_alone()
    with socket.socket(fileno=control) as requests:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while True:
            _, descriptors, _, _ = socket.recv_fds(requests, 1, 3)
            if not descriptors:  # whoever tests has ended
                os.killpg(0, signal.SIGKILL)
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                break
            _close(*descriptors)
    return _keep(*descriptors)


def _keep(connection: int, out: int, err: int) -> dict[str, Any]:
    with socket.socket(fileno=connection) as asking:
        request: dict[str, Any] = json.loads(asking.makefile().readline())
        process = os.fork()
        if process != 0:
            _close(out, err)
            asking.sendall(_NUMBER.pack(process))
            _, status = os.waitpid(process, 0)
            with suppress(BrokenPipeError):
                asking.sendall(_NUMBER.pack(os.waitstatus_to_exitcode(status)))
            os._exit(0)
    # It ends with its keeper, also where it leaves the group that they are in.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if request["new_session"]:
        os.setsid()
    for number in request["ignored"]:
        signal.signal(number, signal.SIG_IGN)
    os.dup2(out, 1)
    os.dup2(err, 2)
    _close(out, err)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environment"])
    return request
