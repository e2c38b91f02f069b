"""The folder of a lake: whose it is, and what an export that was killed leaves in it."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aomuse.errors import ConfigurationError
from aomuse.lake.layout import META
from aomuse.whole_file import PARTIAL


def require_lake(root: Path) -> None:
    """Refuse a folder with something else in it, which an export would mix with its files."""
    if root.exists() and not root.is_dir():
        raise ConfigurationError(f"{root} is not a folder: give the folder of a lake")
    if root.exists() and not (root / META).is_dir() and any(root.iterdir()):
        raise ConfigurationError(
            f"{root} holds files that are not a lake: give a new or empty folder"
        )


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Keep other exports out of a folder, which is made if it is missing."""
    try:
        if not root.exists():
            root.mkdir(parents=True, mode=0o700)
        (root / META).mkdir(exist_ok=True)
        with (root / META / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
    except BlockingIOError as error:
        raise ConfigurationError(f"another export writes {root}: wait for its end") from error
    except PermissionError as error:
        raise ConfigurationError(f"{root} cannot be written: {error.strerror}") from error


def clear(root: Path) -> None:
    """Remove what an export that was killed had begun to write."""
    for part in root.rglob(PARTIAL):
        part.unlink(missing_ok=True)
