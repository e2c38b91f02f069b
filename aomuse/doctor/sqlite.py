"""A SQLite file, and the disk that it is on."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator

from sqlalchemy import Engine

from aomuse.connections.sqlite_files import database_file
from aomuse.doctor.finding import Finding, mend

#: A night has some exposures, of less than 100 MB each.
ENOUGH_BYTES = 1 << 30


def examine_file(engine: Engine) -> Iterator[Finding]:
    """Yield what is to be said of the file and its disk."""
    yield Finding("driver", f"SQLite {sqlite3.sqlite_version}")
    file = database_file(engine.url)
    if file is None:
        return
    folder = file.parent
    if not folder.is_dir():
        yield mend("file", f"there is no folder {folder}: make it, then run aomuse migrate")
        return
    if not file.exists():
        yield mend("file", f"there is no file {file} yet: run aomuse migrate")
    elif not (os.access(file, os.W_OK) and os.access(folder, os.W_OK)):
        yield Finding("file", f"{file} can be read, and not be written by this account")
    else:
        yield Finding("file", f"{file} has {_size(file.stat().st_size)}")
    free = shutil.disk_usage(folder).free
    text = f"{_size(free)} in {folder}"
    enough = free >= ENOUGH_BYTES
    yield Finding("free space", text) if enough else mend("free space", f"{text}: make room")


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
