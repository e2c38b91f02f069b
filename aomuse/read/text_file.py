"""The files beside an exposure that are text: night logs and catalogues."""

from __future__ import annotations

import hashlib
import os

from aomuse.content import FileContent
from aomuse.errors import FileError
from aomuse.files import FoundFile, catalog_extension
from aomuse.issue import Issue
from aomuse.read.catalog import read_catalog
from aomuse.read.night_log import read_night_log

#: A log has 3 kB and a catalogue 1 MB; what is far larger is something else.
_MAX_BYTES = 1 << 28
#: Lines that are told one by one.
_TOLD = 5


def read_text(file: FoundFile) -> FileContent:
    """Read a night log or a catalogue.

    Parameters
    ----------
    file : FoundFile
        The file, with its role.

    Returns
    -------
    FileContent
        A night log as such, a catalogue as the one HDU of its file.

    Raises
    ------
    FileError
        If it cannot be read.
    """
    name = str(file)
    try:
        with file.path.open("rb") as stream:
            stat = os.fstat(stream.fileno())
            if stat.st_size > _MAX_BYTES:
                raise FileError(
                    "too_large", name, f"it has {stat.st_size} bytes, more than any such file"
                )
            content = stream.read()
    except OSError as error:
        why = error.strerror or str(error)
        raise FileError("unreadable", name, f"the file cannot be read ({why})") from error
    if not content.strip():
        raise FileError("empty", name, "the file is empty: copy or download it again")
    found = FileContent(
        found=file,
        size=len(content),
        mtime_ns=stat.st_mtime_ns,
        sha256=hashlib.sha256(content).hexdigest(),
        hdus=(),
    )
    if file.role == "night_log":
        found.night_log = read_night_log(content, file.name)
        found.issues += _log_issues(found)
    else:
        hdu, issues = read_catalog(content, name, catalog_extension(file.path))
        found.hdus = (hdu,)
        found.issues += issues
    return found


def _log_issues(file: FileContent) -> list[Issue]:
    """Return what there is to say of a night log."""
    log = file.night_log
    assert log is not None
    issues = [
        Issue(
            "note",
            "night_log_line",
            f"line {number} is not understood ({why}): it is kept in night_log.content only",
            file.path,
        )
        for number, why in log.unread[:_TOLD]
    ]
    if len(log.unread) > _TOLD:
        more = len(log.unread) - _TOLD
        issues.append(
            Issue("note", "night_log_line", f"{more} more lines are not understood", file.path)
        )
    if not log.weather:
        issues.append(
            Issue(
                "note",
                "night_log_weather",
                "the log has no weather observations: v_sky_condition has NULL",
                file.path,
            )
        )
    return issues
