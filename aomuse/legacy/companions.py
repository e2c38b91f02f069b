"""What later generations kept beside an exposure: the sky, catalogues, and Raman headers."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import Any

from aomuse.errors import FileError
from aomuse.exchange.content import FileContent, HduContent
from aomuse.exchange.files import ImportedBlob
from aomuse.exchange.night_log import NightLog, WeatherEntry
from aomuse.fits.cards import COMMENTARY, MAX_KEYWORD
from aomuse.legacy.differences import difference
from aomuse.legacy.frames import header_hdu, table_hdu
from aomuse.legacy.rows import Parts
from aomuse.read.catalog import read_catalog

#: Columns of the sky at the start and end: time, condition, comment.
_SKY = tuple(
    (f"sky_condition_{when}_time", f"sky_condition_{when}", f"sky_comment_{when}")
    for when in ("start", "end")
)
_CLOCK = re.compile(r"^(\d{1,2}):(\d\d)(?::(\d\d))?$")
_HALF_DAY = dt.timedelta(hours=12)


def file_of(
    found: ImportedBlob, hdus: tuple[HduContent, ...], log: NightLog | None = None
) -> FileContent:
    """Return a blob as the file that it stands for."""
    return FileContent(found, found.size, None, found.sha256, hdus, night_log=log)


def sky_of(parts: Parts, start: dt.datetime | None, name: str) -> FileContent | None:
    """Return the entries on the sky as a night log, None where there are none."""
    entries: list[WeatherEntry] = []
    midnight = None
    if start is not None:
        midnight = dt.datetime.combine((start + _HALF_DAY).date(), dt.time())
    for names in _SKY:
        when, condition, comment = (_something(parts.columns.get(n)) for n in names)
        if condition is None and comment is None:
            continue
        entry = WeatherEntry(
            "" if when is None else str(when),
            _time(when, midnight),
            None if condition is None else str(condition),
            None if comment is None else str(comment),
        )
        if entry not in entries:
            entries.append(entry)
    if not entries:
        return None
    text = repr([[parts.columns.get(n) for n in names] for names in _SKY])
    found = parts.stand_in_of("night_log", "sky_condition", name, text)
    night = midnight - _HALF_DAY if midnight else None
    return file_of(found, (), NightLog(None, night, weather=entries))


def _something(value: Any) -> Any:
    """Return a value, None for what stands for nothing."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return None if isinstance(text, str) and text.strip() in ("", "None", "null") else text


def _time(value: Any, midnight: dt.datetime | None) -> dt.datetime | None:
    """Return the time of an entry as UTC, None where it cannot be told."""
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, str):
        clock = _CLOCK.match(value.strip())
        if clock is None:
            return _from_text(value.strip(), midnight)
        seconds = sum(int(n or 0) * s for n, s in zip(clock.groups(), (3600, 60, 1), strict=True))
        value = seconds - 86400 if seconds > 43200 else seconds
    if midnight is None or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return midnight + dt.timedelta(seconds=value) if abs(value) <= 86400 else None


def _from_text(text: str, midnight: dt.datetime | None) -> dt.datetime | None:
    try:
        return _time(float(text), midnight)
    except ValueError:
        pass
    try:
        return dt.datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=None)
    except ValueError:
        return None


def catalog_of(parts: Parts, name: str) -> FileContent | None:
    """Return the catalogue of a row as a file with a table, None where there is none."""
    value = parts.value("catalog")
    if value is None:
        return None
    found = parts.stand_in("catalog", parts.blobs["catalog"].column, name, "catalog")
    if isinstance(value, str):
        try:
            hdu, issues = read_catalog(value.encode(), found.place, "DETECTIONS")
        except FileError as error:
            parts.keep("catalog", value, f"the catalogue cannot be read ({error.why})")
            return None
        parts.issues += issues
        return file_of(found, (hdu,))
    columns = _columns(value)
    if columns is None:
        parts.keep("catalog", value, "the catalogue is no list of rows with the same columns")
        return None
    hdu = table_hdu(0, "DETECTIONS", columns)
    assert hdu.table is not None
    stored = {
        form.name: array.tolist()
        for form, array in zip(hdu.table.formats, hdu.table.values, strict=True)
    }
    if difference(stored, columns) is not None:
        parts.keep("catalog", value, "the catalogue has columns of mixed types")
    return file_of(found, (hdu,))


def _columns(rows: Any) -> dict[str, list[Any]] | None:
    """Return rows as columns, None if they are not all alike."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return None
    names = list(rows[0]) if rows else []
    if any(list(row) != names for row in rows):
        return None
    return {name: [row[name] for row in rows] for name in names}


def raman_of(parts: Parts, name: str) -> FileContent | None:
    """Return the header of a Raman image as a file, None where there is none."""
    value = parts.value("raman")
    if value is None:
        return None
    if not isinstance(value, dict):
        parts.keep("raman", value, "it is no header")
        return None
    if not is_plain_header(value):
        parts.keep("raman", value, None)
    found = parts.stand_in("raman", parts.blobs["raman"].column, name, "raman")
    return file_of(found, (header_hdu(0, "PRIMARY", value),))


def is_plain_header(header: dict[str, Any]) -> bool:
    """Return whether header_card gives a dictionary of keywords back as it is."""
    for keyword, value in header.items():
        lines = keyword in COMMENTARY
        if len(keyword) > MAX_KEYWORD or (lines and not isinstance(value, list)):
            return False
        if lines and not (value and all(isinstance(line, str) for line in value)):
            return False
        if not lines and isinstance(value, dict | list):
            return False
        if isinstance(value, float) and math.isnan(value):
            return False
    return True
