"""The lock of a SQLite database: on a file beside it, whatever name the database is called by."""

from __future__ import annotations

import fcntl
import os
import stat
import threading
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import URL

from aomuse.connections.sqlite_files import database_file
from aomuse.errors import ConfigurationError

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class FileLock:
    """A lock that ends with its process.

    A file with several names (hard links) has a lock beside each of them, and one on itself.
    """

    def __init__(self, url: URL) -> None:
        self._file = database_file(url)
        self._held: ExitStack | None = None

    def take(self) -> bool:
        """Take the lock if it is free."""
        with ExitStack() as locks:
            if self._file is not None:
                beside = self._file.with_name(self._file.name + ".lock")
                handle = _opened(beside, self._file)
                locks.callback(os.close, handle)
                if not _flock(handle, beside):
                    return False
                if self._file.exists() and self._file.stat().st_nlink > 1:
                    inode = _Inode.of(self._file)
                    if not inode.take():
                        return False
                    locks.callback(inode.release)
            self._held = locks.pop_all()
        return True

    def is_held(self) -> bool:
        """Return whether the lock is still there; only this process can end it."""
        return True

    def holder(self) -> str:
        """Return who holds the lock; a file does not know."""
        return ""

    def release(self) -> None:
        """Give the lock back."""
        if self._held is not None:
            self._held.close()
            self._held = None


class _Inode:
    """A lock on the database's own file.

    Its descriptor stays open until the process ends: closing any descriptor of a file ends the
    locks that SQLite holds on it in this process.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        self._mutex = threading.Lock()

    @classmethod
    def of(cls, file: Path) -> _Inode:
        """Return the lock of a file."""
        found = file.stat()
        key = (found.st_dev, found.st_ino)
        if key not in _INODES:
            _INODES[key] = cls(file)
        return _INODES[key]

    def take(self) -> bool:
        """Take the lock if it is free."""
        if not self._mutex.acquire(blocking=False):
            return False
        if _flock(self._handle, self._file):
            return True
        self._mutex.release()
        return False

    def release(self) -> None:
        """Give the lock back."""
        fcntl.flock(self._handle, fcntl.LOCK_UN)
        self._mutex.release()


#: By device and inode.
_INODES: dict[tuple[int, int], _Inode] = {}


def _opened(lock: Path, database: Path) -> int:
    """Return a descriptor of the lock's file, which whoever may write the database may open."""
    try:
        if os.path.lexists(lock) and not stat.S_ISREG(lock.lstat().st_mode):
            raise ConfigurationError(f"{lock} is not a regular file: remove it, then try again")
        handle = os.open(lock, _FLAGS, 0o666)
        if database.exists() and os.fstat(handle).st_uid == os.geteuid():
            # Who may only read it could hold the lock otherwise.
            writes = database.stat().st_mode & 0o022
            os.fchmod(handle, 0o600 | writes | writes << 1)
    except OSError as error:
        raise ConfigurationError(
            f"{lock} cannot be written ({error.strerror or error}): check that the folder of the "
            "database exists and may be written"
        ) from error
    return handle


def _flock(handle: int, file: Path) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise ConfigurationError(
            f"{file} cannot be locked ({error.strerror or error}): put the database on a file "
            "system with locks (flock), such as a local disk"
        ) from error
    return True
