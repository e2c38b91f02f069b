"""Files as they are opened: regular ones only, and with their errors as ours."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from stat import S_ISREG

from aomuse.errors import FileError


@contextmanager
def opened(path: Path, name: str) -> Iterator[BufferedReader]:
    """Open a file for reading; a pipe or a device, which might never end, is a `FileError`."""
    try:
        if not S_ISREG(path.stat().st_mode):
            raise _not_a_file(name)
        with open(path, "rb", opener=_without_waiting) as stream:
            # Another file may have taken its place.
            if not S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise _not_a_file(name)
            yield stream
    except FileNotFoundError as error:
        raise FileError("unreadable", name, "the file has disappeared: load again") from error
    except OSError as error:
        why = error.strerror or " ".join(str(error).split())
        raise FileError("unreadable", name, f"the file cannot be read ({why})") from error


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def _not_a_file(name: str) -> FileError:
    why = "it is named like a file but is not one (a pipe, a socket, a folder): remove it"
    return FileError("not_a_file", name, why)
