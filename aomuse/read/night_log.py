"""Night logs of ESO (``….NL.txt``): sections between dashed lines, each with its own rules.

The format is not documented; the rules come from real logs of 2017 to 2023. A line that no rule
reads is reported, and the bytes of the file are kept.
"""

from __future__ import annotations

import codecs
import datetime as dt
import re
from collections.abc import Callable
from contextlib import suppress

from aomuse.exchange.night_log import (
    Constraint,
    NightLog,
    ProducedFile,
    Range,
    WeatherEntry,
    integer_of,
    number_of,
    time_of,
)

_RULE = re.compile(r"^\s*-{10,}\s*$")
_RANGE = re.compile(
    r"^(?P<low>-?\d+(?:\.\d+)?)(?:\s*-\s*(?P<high>-?\d+(?:\.\d+)?))?\s*(?:\"|%|m/s|C)?$"
)
_CLOCK = re.compile(
    r"^(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<fraction>\d{1,6}))?)?$"
)
_NIGHT = re.compile(r"[?&]night=(?P<day>\d{1,2})[+ ](?P<month>[A-Za-z]{3})[+ ](?P<year>\d{4})")
_ARCHIVE_TIME = re.compile(r"\.(?P<time>\d{4}-\d\d-\d\dT\d\d[:_]\d\d)")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

#: Headings, in lower case, and the section that each begins.
_HEADINGS = {
    "general weather conditions:": "conditions",
    "weather observations:": "weather",
    "general comments:": "general_comments",
    "comments:": "ob_comments",
    "files produced and additional information": "files",
    "ob grades": "legend",
}
_BLOCK_FIELDS = ("OB", "Instrument", "Name", "Target", "Run", "Container")
_TEMPLATE_FIELDS = ("Template", "Data Product", "Mode")
_FILE_COLUMNS = (
    *("Original Filename", "Archive Filename", "TPL.EXPNO/NEXP", "EXPTIME", "AIRMASS", "DIMM"),
)
#: Stand for a missing value.
_NOTHING = ("", "n/a", "-")


def read_night_log(content: bytes, *names: str) -> NightLog:
    """Read a night log."""
    text = decode(content)
    linked = _linked_night(text)
    night = next((n for n in map(_night_of, names) if n is not None), linked)
    log = NightLog(content, night)
    reader = _Reader(log)
    lines = _lines(text)
    for number, line in enumerate(lines, 1):
        reader.read(number, line.rstrip(" "))
        if _NIGHT.search(line) and linked != night:
            what = f"its exposure was taken in the night that began on {night:%Y-%m-%d}"
            log.odd.append((number, f"{what}: the log may be another night's"))
    reader.end()
    log.cut = _cut(lines, reader)
    return log


def decode(content: bytes) -> str:
    """Return a log as text: UTF-8, else Latin-1, in which every byte is a character."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        with suppress(UnicodeDecodeError):
            return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def line_of(content: bytes, number: int) -> str:
    """Return a line of a log by its number from 1."""
    return _lines(decode(content))[number - 1]


def _lines(text: str) -> list[str]:
    """Return the lines; the last one is empty if the log ends with a line end."""
    return text.replace("\r\n", "\n").split("\n" if "\n" in text else "\r")


def _cut(lines: list[str], reader: _Reader) -> tuple[int, str] | None:
    """Return the last line and why the log may be cut short there, None if it is complete."""
    last = next((n for n in range(len(lines), 0, -1) if lines[n - 1].strip()), 0)
    if last == 0 or reader.section == "legend":
        return None
    if last == len(lines):
        return last, "it has no line end"
    if _RULE.match(lines[last - 1]):
        return None
    return last, "no dashed line ends the section"


def _night_of(name: str) -> dt.datetime | None:
    """Return the noon UTC before the time in an archive name; Paranal's nights are 21 to 12 UTC."""
    match = _ARCHIVE_TIME.search(name)
    if match is None:
        return None
    try:
        time = dt.datetime.fromisoformat(match["time"].replace("_", ":"))
    except ValueError:
        return None
    return dt.datetime.combine((time - dt.timedelta(hours=12)).date(), dt.time(12))


def _linked_night(text: str) -> dt.datetime | None:
    """Return the noon UTC before the night in the log's link to the ambient conditions."""
    match = _NIGHT.search(text)
    if match is None or match["month"].capitalize() not in _MONTHS:
        return None
    month = _MONTHS.index(match["month"].capitalize()) + 1
    try:
        return dt.datetime(int(match["year"]), month, int(match["day"]), 12)
    except ValueError:
        return None


class _Reader:
    """Reads line by line, and remembers the section."""

    def __init__(self, log: NightLog) -> None:
        self.section = "block"
        self._log = log
        self._columns: list[str] = []
        self._texts: dict[str, list[str]] = {}
        self._template: dict[str, str] = {}
        self._is_overall = False
        self._sections: dict[str, Callable[[int, str], None]] = {
            "conditions": self._condition,
            "weather": self._weather,
            "general_comments": lambda _, line: self._append("general_comments", line),
            "ob_comments": lambda _, line: self._append("ob_comments", line),
            "constraints": self._constraint,
            "files": self._file,
            "block": self._block,
            "legend": lambda *_: None,
        }

    def read(self, number: int, line: str) -> None:
        """Read a line."""
        if _RULE.match(line):
            # The list of files has dashed lines in it; every other section ends at one.
            if self.section not in ("files", "legend"):
                self.section = "block"
            return
        heading = line.strip().lower()
        if heading in _HEADINGS:
            self.section = _HEADINGS[heading]
            self._columns = []
            self._is_overall = False
        elif re.match(r"constraint\s*\t", line, re.IGNORECASE):
            self.section = "constraints"
        elif line.strip():
            self._sections[self.section](number, line)

    def _unread(self, number: int, why: str) -> None:
        self._log.unread.append((number, why))

    def _odd(self, number: int, what: str) -> None:
        self._log.odd.append((number, what))

    def _append(self, name: str, line: str) -> None:
        self._texts.setdefault(name, []).append(line.strip())

    def end(self) -> None:
        """Put texts of several lines together."""
        self._log.facts |= {name: "\n".join(lines) for name, lines in self._texts.items()}

    def _fact(self, number: int, name: str, value: str) -> None:
        """Keep a field; if it is repeated, the first counts."""
        if value and self._log.facts.setdefault(name, value) != value:
            self._odd(number, f"{name} is {value!r} here, and {self._log.facts[name]!r} above")

    def _condition(self, number: int, line: str) -> None:
        label, colon, value = (part.strip() for part in line.partition(":"))
        match = _RANGE.match(value)
        if label == "Overall comment":
            self._is_overall = True
            if value:
                self._append("overall_comment", value)
        elif match and label in ("Seeing", "Humidity", "Wind", "Temperature"):
            values = Range(float(match["low"]), float(match["high"] or match["low"]))
            if self._log.ranges.setdefault(label, values) != values:
                self._odd(number, f"{label} is {value!r} here, and another range above")
        elif self._is_overall and not colon:
            self._append("overall_comment", line)
        elif not colon:
            self._unread(number, "it has no colon")
        elif value.lower() not in _NOTHING:
            self._unread(number, f"{label} is not a range of numbers")

    def _weather(self, number: int, line: str) -> None:
        cells = line.split("\t")
        match = _CLOCK.match(cells[0].strip())
        if cells[0].strip().lower() == "time":
            return
        if match is None or len(cells) < 2:
            self._unread(number, "it is not a time, condition and comment separated by tabs")
            return
        if len(cells) == 2:
            self._odd(number, "no tab and comment follow the condition: it may be cut short")
        elif not cells[1].strip():
            self._odd(number, "the condition is empty")
        clock, condition, comment = (c.strip() for c in (*cells[:2], "\t".join(cells[2:])))
        time = self._time(match)
        if time is None:
            self._odd(number, f"the time {clock!r} cannot be placed in a night")
        self._log.weather.append(WeatherEntry(clock, time, condition or None, comment or None))

    def _time(self, match: re.Match[str]) -> dt.datetime | None:
        noon = self._log.night_start_utc
        hour, minute, second = (int(match[part] or 0) for part in ("hour", "minute", "second"))
        if noon is None or hour > 23 or minute > 59 or second > 59:
            return None
        microseconds = int((match["fraction"] or "").ljust(6, "0"))
        return noon + dt.timedelta(0, second, microseconds, 0, minute, (hour - 12) % 24)

    def _block(self, number: int, line: str) -> None:
        label, colon, value = (part.strip() for part in line.partition(":"))
        if label == "See" and value:
            self._fact(number, "ambient_url", value)
        elif colon and label in _BLOCK_FIELDS:
            self._fact(number, label, value)
            if label in ("OB", "Container"):
                self._integer(number, label, value)
        else:
            self._unread(number, "it is in no known section")

    def _constraint(self, number: int, line: str) -> None:
        label, colon, rest = line.partition(":")
        cells = [cell.strip() for cell in rest.split("\t")]
        values = [cell for cell in cells if cell]
        if not colon:
            self._unread(number, "it is not a constraint with a colon")
        elif label.strip() == "Grade":
            self._fact(number, "Grade", values[0] if values else "")
            if len(values) > 1:
                self._odd(number, f"{values[1]!r} follows the grade")
        else:
            # The second cell is fulfilled, the last one requested.
            fulfilled = cells[1] if len(cells) > 1 else ""
            requested = next((cell for cell in cells[2:] if cell), "")
            others = [cell for cell in (cells[0], *cells[2:]) if cell and cell != requested]
            if others:
                self._odd(number, f"{others[0]!r} is neither fulfilled nor requested")
            self._log.constraints.append(
                Constraint(label.strip(), fulfilled or None, requested or None)
            )

    def _file(self, number: int, line: str) -> None:
        label, colon, value = (part.strip() for part in line.partition(":"))
        cells = [cell.strip() for cell in line.split("\t")]
        is_field = len(cells) == 1 and bool(colon)
        if is_field and label == "OBS.ID":
            self._fact(number, label, value)
            self._integer(number, label, value)
            block, same = integer_of(self._log.facts.get("OB")), integer_of(value)
            if block is not None and same is not None and block != same:
                self._odd(number, f"OBS.ID is {same}, but OB is {block} above")
        elif is_field and label == "OBS.START":
            self._fact(number, label, value)
            if value.lower() not in _NOTHING and time_of(value) is None:
                self._odd(number, f"OBS.START {value!r} is not a time: ob_start_utc is NULL")
        elif is_field and label in _TEMPLATE_FIELDS:
            if label == "Template":
                self._template = {}
            self._template[label] = value
            self._columns = []
        elif cells[0] == "Original Filename":
            self._columns = cells
            new = [cell for cell in cells if cell and cell not in _FILE_COLUMNS]
            if new:
                self._odd(number, f"the columns {', '.join(new)} are unknown")
        elif self._columns and len(cells) > 1:
            self._log.files.append(self._produced(number, cells))
        else:
            self._unread(number, "it is not a file in cells separated by tabs")

    def _produced(self, number: int, cells: list[str]) -> ProducedFile:
        if len(cells) > len(self._columns):
            self._odd(number, "it has more cells than its table has columns")
        elif len(cells) < sum(map(bool, self._columns)):
            self._odd(number, "it has fewer cells than its table has columns: it may be cut short")
        row = dict(zip(self._columns, cells, strict=False))
        place = row.get("TPL.EXPNO/NEXP", "")
        first, _, count = place.partition("/")
        numbers = integer_of(first, 32), integer_of(count, 32)
        if None in numbers and place.lower() not in _NOTHING:
            self._odd(number, f"TPL.EXPNO/NEXP {place!r} is not two whole numbers")
        exposure_time, airmass, dimm = (
            self._number(number, column, row.get(column, ""))
            for column in ("EXPTIME", "AIRMASS", "DIMM")
        )
        return ProducedFile(
            original_name=row.get("Original Filename") or None,
            archive_id=row.get("Archive Filename") or None,
            template=self._template.get("Template"),
            data_product=self._template.get("Data Product"),
            mode=self._template.get("Mode"),
            exposure_number=numbers[0],
            exposure_count=numbers[1],
            exposure_time_s=exposure_time,
            airmass=airmass,
            dimm_arcsec=dimm,
        )

    def _number(self, number: int, label: str, text: str) -> float | None:
        value = number_of(text)
        if value is None and text.lower() not in _NOTHING:
            self._odd(number, f"{label} {text!r} is not a number: its column is NULL")
        return value

    def _integer(self, number: int, label: str, text: str) -> None:
        if integer_of(text) is None and text.lower() not in _NOTHING:
            self._odd(number, f"{label} {text!r} is not a whole number")
