"""Files that are not read because of their names: compressed, unfinished, or named otherwise."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from stat import S_ISREG

from aomuse.discover.duplicates import same_content
from aomuse.errors import FileError
from aomuse.exchange.files import FoundFile
from aomuse.exchange.issue import Issue
from aomuse.fits.not_fits import LEAD_BYTES, unpacked_by
from aomuse.fits.opening import opened
from aomuse.paths import printable

_OURS = re.compile(
    r"(?P<own>.+\.(?P<kind>fits(?:\.fz)?|fit(?:\.fz)?|fts(?:\.fz)?|NL\.txt|(?:detections|se)\.cat))"
    r"(?P<more>.*)\Z",
    re.IGNORECASE | re.DOTALL,
)
#: Endings of compressed files, and the programs that unpack them.
_PACKED = {
    ".gz": "gunzip",
    ".z": "uncompress",
    ".bz2": "bunzip2",
    ".xz": "unxz",
    ".lzma": "unlzma",
    ".zip": "unzip",
    ".zst": "unzstd",
}
#: Endings that programs give to a file while they load it down.
_UNFINISHED = (
    *(".part", ".partial", ".crdownload", ".filepart", ".download", ".opdownload", ".aria2"),
    *(".tmp", ".!ut"),
)


def is_like_ours(name: str) -> bool:
    """Return whether a file that is not read has almost the name of one that is."""
    return _OURS.match(name) is not None


def not_read(path: Path, beside: Collection[str]) -> Iterator[Issue]:
    """Yield what is to be said of a file that is not read; ``beside`` are the names around it."""
    match = _OURS.match(path.name)
    assert match is not None
    name = printable(path)
    own, more = match["own"], match["more"].lower()
    lead = _lead(path)
    program = _PACKED.get(more) or unpacked_by(lead)
    if program and own in beside and more:
        yield Issue("note", "compressed", f"it is not read, but {printable(own)} is", name)
    elif program:
        why = f"it is compressed in a way that aomuse does not read: unpack it with {program}"
        yield Issue("error", "compressed", why, name)
    elif more in _UNFINISHED:
        why = "by its name it is a download that has not ended: finish it, or remove it"
        yield Issue("warning", "unfinished", why, name)
    elif lead.startswith(b"SIMPLE  ="):
        if more and own in beside and same_content(_found(path), _found(path.with_name(own))):
            yield Issue("note", "copy", f"it is a copy of {printable(own)}", name)
            return
        if not more and match["kind"].lower().startswith("fits"):
            why = "it is not read: its name ends neither in .prm.fits nor in .psf.fits"
            yield Issue("note", "file_name", why, name)
            return
        why = (
            "it is a FITS file, but is not read, because its name does not end in .fits or "
            ".fits.fz: rename it, or remove it"
        )
        yield Issue("error", "file_name", why, name)


def _lead(path: Path) -> bytes:
    """Return how a file begins; nothing if it cannot be read."""
    try:
        with opened(path, printable(path)) as stream:
            return stream.read(LEAD_BYTES)
    except FileError:
        return b""


def _found(path: Path) -> FoundFile:
    stat = path.stat()
    size = stat.st_size if S_ISREG(stat.st_mode) else -1
    inode = stat.st_dev, stat.st_ino
    return FoundFile(path, "raw", path.name, path.parent, (), size, stat.st_mtime_ns, inode)
