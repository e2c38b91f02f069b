"""Run the command line in a process, and end it at a random moment."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

#: Seconds that no command on a small tree may take.
LIMIT_S = 180.0
_MAIN = "import sys; from aomuse.cli import main; sys.argv[0] = 'aomuse'; main()"


@dataclass(frozen=True)
class Ended:
    """How a command ended; ``code`` is negative after a signal."""

    code: int
    out: str
    err: str
    seconds: float

    def problems(self, *codes: int) -> list[str]:
        """Return what is wrong with an ending that should have one of these exit codes."""
        found = ["a traceback: " + self.err[-600:]] if "Traceback" in self.err else []
        if codes and self.code not in codes:
            found.append(f"exit code {self.code}: {(self.err or self.out)[-400:]}")
        return found


class Command:
    """A command of aomuse in a session of its own."""

    def __init__(self, url: str, *arguments: str | Path, file_limit: int | None = None) -> None:
        self._texts = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115 - open until it has ended
        self._started = time.monotonic()

        def limit() -> None:
            if file_limit is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))

        self.process = subprocess.Popen(
            [sys.executable, "-c", _MAIN, *map(str, arguments)],
            env=os.environ | {"AOMUSE_DATABASE_URL": url},
            stdin=subprocess.DEVNULL,
            stdout=self._texts[0],
            stderr=self._texts[1],
            start_new_session=True,
            preexec_fn=limit,  # noqa: PLW1509 - no threads here
        )

    def wait(self, seconds: float = LIMIT_S) -> Ended:
        """Wait for the end; what takes longer is killed, and has the exit code -9."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            code = self.process.wait()
        texts = []
        for file in self._texts:
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
            file.close()
        return Ended(code, texts[0], texts[1], time.monotonic() - self._started)

    def kill(self, *, only_main: bool = False) -> None:
        """End the process by the signal that nothing can catch, with its workers or without."""
        with contextlib.suppress(ProcessLookupError):
            if only_main:
                self.process.kill()
            else:
                os.killpg(self.process.pid, signal.SIGKILL)

    def is_gone(self, seconds: float = 20.0) -> bool:
        """Return whether all its workers end by themselves."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                os.killpg(self.process.pid, 0)
            except ProcessLookupError:
                return True
            time.sleep(0.05)
        self.kill()
        return False


def run(url: str, *arguments: str | Path) -> Ended:
    """Run a command to its end."""
    return Command(url, *arguments).wait()
