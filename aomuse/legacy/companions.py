"""What later generations kept with an exposure: the sky, a catalogue, and a Raman header."""

from __future__ import annotations

import datetime as dt
import re
from contextlib import suppress
from typing import Any

from aomuse.errors import FileError
from aomuse.exchange.content import FileContent, HduContent
from aomuse.exchange.night_log import NightLog, WeatherEntry
from aomuse.legacy.decoded_row import DecodedRow
from aomuse.legacy.differences import difference
from aomuse.legacy.hdus import header_hdu, is_plain_header, table_hdu
from aomuse.read.catalog import read_catalog

#: Columns of the sky at the start and end: time, condition, comment.
_SKY = tuple(
    (f"sky_condition_{when}_time", f"sky_condition_{when}", f"sky_comment_{when}")
    for when in ("start", "end")
)
_CLOCK = re.compile(r"^(\d{1,2}):(\d\d)(?::(\d\d))?$")
_HALF_DAY = dt.timedelta(hours=12)


def sky_file(row: DecodedRow, start: dt.datetime | None, name: str) -> FileContent | None:
    """Return the entries on the sky as a night log, None where there are none."""
    midnight = None if start is None else dt.datetime.combine((start + _HALF_DAY).date(), dt.time())
    entries: list[WeatherEntry] = []
    for columns in _SKY:
        when, condition, comment = (_meaningful(row.columns.get(column)) for column in columns)
        time = _time(when, midnight)
        entry = WeatherEntry(_text(when) or "", time, _text(condition), _text(comment))
        if (condition, comment) != (None, None) and entry not in entries:
            entries.append(entry)
    if not entries:
        return None
    text = repr([[row.columns.get(column) for column in columns] for columns in _SKY])
    log = NightLog(None, midnight - _HALF_DAY if midnight else None, weather=entries)
    return row.file("night_log", "sky_condition", name, text, night_log=log)


def _meaningful(value: Any) -> Any:
    """Return a value, None for the texts that AOMUSE wrote where there was none."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return None if isinstance(text, str) and text.strip() in ("", "None", "null") else text


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _time(value: Any, midnight: dt.datetime | None) -> dt.datetime | None:
    """Return a time as UTC: a date, a clock, or seconds from midnight; None for anything else."""
    if isinstance(value, str):
        value = _parsed_time(value.strip())
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None)
    if midnight is None or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return midnight + dt.timedelta(seconds=value) if abs(value) <= 86400 else None


def _parsed_time(text: str) -> dt.datetime | float | None:
    """Return the time in a text; a clock after noon counts from the next midnight."""
    if clock := _CLOCK.match(text):
        hours, minutes, seconds = (int(number or 0) for number in clock.groups())
        seconds += 3600 * hours + 60 * minutes
        return seconds - 86400 if seconds > 43200 else seconds
    for parse in (float, lambda text: dt.datetime.fromisoformat(text.removesuffix("Z"))):
        with suppress(ValueError):
            return parse(text)
    return None


def catalog_file(row: DecodedRow, name: str) -> FileContent | None:
    """Return the catalogue of a row as a file with a table, None where there is none."""
    value, column = row.value("catalog"), row.column("catalog")
    if value is None:
        return None
    if isinstance(value, str):
        try:
            hdu, issues = read_catalog(value.encode(), f"{row.place}/{column}", "DETECTIONS")
        except FileError as error:
            row.keep_whole("catalog", f"the catalogue cannot be read ({error.why})")
            return None
        row.issues += issues
    else:
        columns = _columns(value)
        if columns is None:
            row.keep_whole("catalog", "the catalogue is not a list of rows with the same columns")
            return None
        hdu = table_hdu(0, "DETECTIONS", columns)
        assert hdu.table is not None
        stored = {
            form.name: array.tolist()
            for form, array in zip(hdu.table.formats, hdu.table.values, strict=True)
        }
        if difference(stored, columns) is not None:
            row.keep_whole("catalog", "the catalogue has columns of mixed types")
    return row.file("catalog", column, name, row.raw_text("catalog"), hdu)


def _columns(rows: Any) -> dict[str, list[Any]] | None:
    """Return rows as columns, None if they are not all alike."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return None
    names = list(rows[0]) if rows else []
    if any(list(row) != names for row in rows):
        return None
    return {name: [row[name] for row in rows] for name in names}


def raman_file(row: DecodedRow, name: str) -> FileContent | None:
    """Return the header of a Raman image as a file, None where there is none."""
    hdu = primary_hdu(row, "raman")
    if hdu is None:
        return None
    return row.file("raman", row.column("raman"), name, row.raw_text("raman"), hdu)


def primary_hdu(row: DecodedRow, document: str) -> HduContent | None:
    """Return a document that is a header, kept whole too where header_card is not exact."""
    value = row.value(document)
    if isinstance(value, dict):
        if not is_plain_header(value):
            row.keep_whole(document)
        return header_hdu(0, "PRIMARY", value)
    if value is not None:
        row.keep_whole(document, "it is not a header")
    return None
