"""Paths as text, and files that are safe to open."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path, PurePath
from stat import S_ISREG


def printable(path: PurePath | str) -> str:
    r"""Return a path as text that every database and terminal takes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def open_regular(path: Path) -> io.BufferedReader:
    """Open a file for reading; refuse a pipe, which would wait for ever, a socket or a device."""
    # Opening a device can do something, so look first; a pipe that comes in between does not wait.
    if S_ISREG(path.stat().st_mode):
        stream = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
        if S_ISREG(os.fstat(stream.fileno()).st_mode):
            return stream
        stream.close()
    why = "a pipe, a socket, a device or a folder, not a file"
    raise OSError(errno.EINVAL, why, str(path))
