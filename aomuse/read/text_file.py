"""Companions that are text: night logs and catalogues."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator

from aomuse.errors import FileError
from aomuse.exchange.content import FileContent
from aomuse.exchange.files import FoundFile, catalog_extension
from aomuse.exchange.issue import Issue
from aomuse.exchange.night_log import NightLog
from aomuse.fits.not_fits import LEAD_BYTES, pointer_problem
from aomuse.fits.opening import opened
from aomuse.read.catalog import read_catalog
from aomuse.read.night_log import line_of, read_night_log

#: A log has 3 kB and a catalogue 1 MB. What is far larger is something else; astropy takes up to
#: ten seconds and a gigabyte for such a catalogue.
_MAX_BYTES = {"night_log": 1 << 20, "catalog": 1 << 24}
#: Most lines with an issue each, characters shown of a line and of a reason, and further lines.
_MOST_LINES, _MOST_CHARACTERS, _MOST_NUMBERS = 20, 120, 100


def read_text(file: FoundFile, archive_id: str | None) -> FileContent:
    """Read a night log or a catalogue."""
    name = str(file)
    with opened(file.path, name) as stream:
        stat = os.fstat(stream.fileno())
        if stat.st_size > _MAX_BYTES[file.role]:
            why = (
                f"it has {stat.st_size:,} bytes, and aomuse reads {_MAX_BYTES[file.role]:,} of "
                "such a file at most: split it, or remove it"
            )
            raise FileError("too_large", name, why)
        content = stream.read()
    if not content.strip():
        raise FileError("empty", name, "the file is empty: copy or download it again")
    pointer = pointer_problem(content[:LEAD_BYTES])
    if pointer:
        raise FileError("not_text", name, pointer)
    result = FileContent(
        found=file,
        size=len(content),
        mtime_ns=stat.st_mtime_ns,
        sha256=hashlib.sha256(content).hexdigest(),
        hdus=(),
    )
    if file.role == "night_log":
        result.night_log = read_night_log(content, archive_id or "", file.name)
        result.issues += _log_issues(result.night_log, name)
    else:
        hdu, issues = read_catalog(content, name, catalog_extension(file.name))
        result.hdus = (hdu,)
        result.issues += issues
    return result


def _log_issues(log: NightLog, path: str) -> list[Issue]:
    content = log.content or b""
    issues = []
    for where, why in _lines(content, log.unread):
        text = f"{where} is not understood ({why}): it is kept in night_log.content only"
        issues.append(Issue("note", "night_log_line", text, path))
    for where, why in _lines(content, log.odd):
        text = f"{where} is not completely in a column ({why}): night_log.content has it"
        issues.append(Issue("warning", "night_log_value", text, path))
    for where, why in _lines(content, [log.cut] if log.cut else []):
        text = f"the log ends with {where}, and {why}: it may be cut short; if so, get it again"
        issues.append(Issue("warning", "night_log_cut", text, path))
    if not log.weather:
        text = "the log has no weather observations: v_sky_condition has NULL"
        issues.append(Issue("note", "night_log_weather", text, path))
    return issues


def _lines(content: bytes, lines: list[tuple[int, str]]) -> Iterator[tuple[str, str]]:
    """Yield each line by number and text with its reason; beyond the first few only numbers."""
    for number, why in lines[:_MOST_LINES]:
        yield f"line {number} {_short(line_of(content, number))!r}", _short(why)
    if len(lines) > _MOST_LINES:
        numbers = [str(number) for number, _ in lines[_MOST_LINES:]]
        more = ", ".join(numbers[:_MOST_NUMBERS])
        if len(numbers) > _MOST_NUMBERS:
            more += f" and {len(numbers) - _MOST_NUMBERS} others"
        yield f"each of the lines {more}", "for a reason like those before"


def _short(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"
