"""The files beside an exposure that are text: night logs and catalogues."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator

from aomuse.errors import FileError
from aomuse.exchange.content import FileContent
from aomuse.exchange.files import FoundFile, catalog_extension
from aomuse.exchange.issue import Issue
from aomuse.read.catalog import read_catalog
from aomuse.read.night_log import line_of, read_night_log

#: A log has 3 kB and a catalogue 1 MB; what is far larger is something else.
_MAX_BYTES = {"night_log": 1 << 23, "catalog": 1 << 28}
#: Lines that are told one by one, and characters of a line that are shown.
_TOLD = 20
_SHOWN = 120


def read_text(file: FoundFile, archive_id: str | None) -> FileContent:
    """Read a night log or a catalogue."""
    name = str(file)
    try:
        with file.path.open("rb") as stream:
            stat = os.fstat(stream.fileno())
            if stat.st_size > _MAX_BYTES[file.role]:
                raise FileError(
                    "too_large",
                    name,
                    f"it has {stat.st_size} bytes, more than any such file: remove it",
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
        found.night_log = read_night_log(content, archive_id or "", file.name)
        found.issues += _log_issues(found)
    else:
        hdu, issues = read_catalog(content, name, catalog_extension(file.name))
        found.hdus = (hdu,)
        found.issues += issues
    return found


def _log_issues(file: FileContent) -> list[Issue]:
    """Return what there is to say of a night log."""
    log = file.night_log
    assert log is not None

    content = log.content or b""
    issues = [
        Issue(
            "note",
            "night_log_line",
            f"{where} is not understood ({why}): it is kept in night_log.content only",
            file.path,
        )
        for where, why in _told(content, log.unread)
    ]
    issues += [
        Issue(
            "warning",
            "night_log_value",
            f"{where} is not wholly in a column ({why}): night_log.content has it",
            file.path,
        )
        for where, why in _told(content, log.odd)
    ]
    issues += [
        Issue(
            "warning",
            "night_log_cut",
            f"the log ends with {where}, and {why}: it may be cut short; if so, get it again",
            file.path,
        )
        for where, why in _told(content, [log.cut] if log.cut else [])
    ]
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


def _told(content: bytes, lines: list[tuple[int, str]]) -> Iterator[tuple[str, str]]:
    """Yield number and text of each line and what there is to say; numbers alone of many more."""
    for number, why in lines[:_TOLD]:
        text = line_of(content, number)
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
        yield f"line {number} {shown!r}", why
    if len(lines) > _TOLD:
        more = ", ".join(str(number) for number, _ in lines[_TOLD:])
        yield f"each of the lines {more}", "for a reason like those before"
