"""Paths as text, and files that are safe to open."""

from __future__ import annotations

import errno
import io
import os
import re
from pathlib import Path, PurePath
from stat import S_ISREG

#: Characters that move a terminal's cursor, colour it or reverse the reading order, and line ends.
_UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def shown(text: str) -> str:
    r"""Return text as one line that is safe to print: control characters become ``\x1b``."""
    return _UNSEEN.sub(lambda match: repr(match[0])[1:-1], text)


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
