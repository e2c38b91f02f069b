"""The file of a SQLite database: which one it is, and a way in that does not write."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from sqlalchemy import URL
from sqlalchemy.exc import DisconnectionError

from aomuse.errors import DatabaseError

_STAMP = "aomuse_stamp"


def database_file(url: URL) -> Path | None:
    """Return the file of a SQLite URL, by its real name; None for a database in memory."""
    name = url.database or ":memory:"
    if name.startswith("file:") and url.query.get("uri", "false") != "false":
        parts = urlsplit(name)
        modes = [*parse_qs(parts.query).get("mode", ()), url.query.get("mode")]
        name = ":memory:" if "memory" in modes else unquote(parts.path)
    return None if name in (":memory:", "") else Path(os.path.realpath(name))


def open_file(file: Path | None, dialect: Any, record: Any, arguments: dict[str, Any]) -> Any:
    """Return a connection of the driver to a file that may not be written, else None.

    SQLite keeps a journal beside the file, and reads it even where nobody writes. Where it cannot
    make one, it has to be promised that the file does not change: we look whether it did.
    """
    if file is None or not file.is_file() or _may_be_written(file):
        return None
    uri = f"file:{quote(str(file))}?mode=ro"
    stamp = _stamp(file)
    if stamp is not None:
        uri += "&immutable=1"
        record.info[_STAMP] = file, stamp
    return dialect.connect(uri, **arguments | {"uri": True})


def refuse_stale(_connection: Any, record: Any, _proxy: Any) -> None:
    """Let the pool open a file again that was written since."""
    if _has_changed(record.info):
        del record.info[_STAMP]
        raise DisconnectionError


def refuse_torn(info: dict[Any, Any]) -> None:
    """Refuse what was read of a file that was written meanwhile."""
    if _has_changed(info):
        raise DatabaseError(
            f"{info[_STAMP][0]} was written while it was read: ask again; an account that may "
            "write into its folder can read beside a load"
        )


def _has_changed(info: dict[Any, Any]) -> bool:
    if _STAMP not in info:
        return False
    file, stamp = info[_STAMP]
    return bool(_stamp(file) != stamp)


def _stamp(file: Path) -> tuple[int, ...] | None:
    """Return what changes when a file is written; None where a journal says that it is now."""
    try:
        if any(_size(file, journal) for journal in ("-wal", "-journal")):
            return None
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _size(file: Path, suffix: str) -> int:
    journal = file.with_name(file.name + suffix)
    return journal.stat().st_size if journal.exists() else 0


def _may_be_written(file: Path) -> bool:
    return all(os.access(path, os.W_OK, effective_ids=True) for path in (file, file.parent))
