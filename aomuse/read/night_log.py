"""Night logs of ESO (``….NL.txt``): sections between dashed lines, each with rules of its own.

The format is not documented; what is known of it is read off real logs of 2017 to 2023. A line
that no rule reads is told, and stays in the file's own bytes, which are kept whole.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

from aomuse.night_log import Constraint, NightLog, ProducedFile, Range, WeatherEntry

_RULE = re.compile(r"^\s*-{10,}\s*$")
_RANGE = re.compile(
    r"^(?P<low>-?\d+(?:\.\d+)?)(?:\s+-\s+(?P<high>-?\d+(?:\.\d+)?))?\s*(?:\"|%|m/s|C)?$"
)
_CLOCK = re.compile(r"^(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::\d{2})?$")
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


def read_night_log(content: bytes, name: str) -> NightLog:
    """Read a night log.

    Parameters
    ----------
    content : bytes
        The file: UTF-8, or Latin-1 where that fails; lines end as on any system.
    name : str
        Its name, which tells the exposure's time and by that the night.

    Returns
    -------
    NightLog
        What it says. A log without a section, or cut short, gives what there is.
    """
    text = decode(content)
    log = NightLog(content, _night_of(name, text))
    reader = _Reader(log)
    for number, line in enumerate(text.split("\n"), 1):
        reader.read(number, line.removesuffix("\r").rstrip(" "))
    return log


def decode(content: bytes) -> str:
    """Return a log's bytes as text: UTF-8, else Latin-1, in which every byte is a character."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _night_of(name: str, text: str) -> dt.datetime | None:
    """Return the noon UTC before the exposure's time, else that of the night in the log's link.

    Paranal's nights lie between 21 and 12 hours UTC, so that noon parts them.
    """
    match = _ARCHIVE_TIME.search(name)
    if match:
        try:
            time = dt.datetime.fromisoformat(match["time"].replace("_", ":"))
        except ValueError:
            match = None
        else:
            day = (time - dt.timedelta(hours=12)).date()
            return dt.datetime.combine(day, dt.time(12))
    match = _NIGHT.search(text)
    if match and match["month"].capitalize() in _MONTHS:
        month = _MONTHS.index(match["month"].capitalize()) + 1
        try:
            return dt.datetime(int(match["year"]), month, int(match["day"]), 12)
        except ValueError:
            return None
    return None


class _Reader:
    """Reads line after line, and remembers the section that it is in."""

    def __init__(self, log: NightLog) -> None:
        self._log = log
        self._section = "block"
        self._columns: list[str] = []
        self._template: dict[str, str] = {}
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
            # Files stand behind several dashed lines; every other section ends at one.
            if self._section not in ("files", "legend"):
                self._section = "block"
            return
        heading = line.strip().lower()
        if heading in _HEADINGS:
            self._section = _HEADINGS[heading]
            self._columns = []
        elif re.match(r"constraint\s*\t", line, re.IGNORECASE):
            self._section = "constraints"
        elif line.strip():
            self._sections[self._section](number, line)

    def _unread(self, number: int, why: str) -> None:
        self._log.unread.append((number, why))

    def _append(self, name: str, line: str) -> None:
        facts = self._log.facts
        facts[name] = f"{facts[name]}\n{line.strip()}" if name in facts else line.strip()

    def _condition(self, number: int, line: str) -> None:
        label, colon, value = (part.strip() for part in line.partition(":"))
        match = _RANGE.match(value)
        if label == "Overall comment":
            if value:
                self._log.facts["overall_comment"] = value
        elif match and label in ("Seeing", "Humidity", "Wind", "Temperature"):
            low, high = float(match["low"]), float(match["high"] or match["low"])
            self._log.ranges[label] = Range(low, high)
        elif "overall_comment" in self._log.facts and not colon:
            self._append("overall_comment", line)
        elif value.lower() not in ("", "n/a", "-"):
            self._unread(number, f"{label} is no range of numbers")

    def _weather(self, number: int, line: str) -> None:
        cells = line.split("\t")
        match = _CLOCK.match(cells[0].strip())
        if cells[0].strip().lower() == "time":
            return
        if match is None or len(cells) < 2:
            self._unread(number, "it is no time, condition and comment with tabs between")
            return
        comment = "\t".join(cells[2:]).strip()
        time = self._time(int(match["hour"]), int(match["minute"]))
        if time is None:
            self._unread(number, "its time cannot be placed in a night")
        self._log.weather.append(
            WeatherEntry(cells[0].strip(), time, cells[1].strip() or None, comment or None)
        )

    def _time(self, hour: int, minute: int) -> dt.datetime | None:
        noon = self._log.night_start_utc
        if noon is None or hour > 23 or minute > 59:
            return None
        after_noon = (hour - 12) % 24
        return noon + dt.timedelta(hours=after_noon, minutes=minute)

    def _block(self, number: int, line: str) -> None:
        label, colon, value = (part.strip() for part in line.partition(":"))
        if label == "See" and value:
            self._log.facts["ambient_url"] = value
        elif colon and label in _BLOCK_FIELDS:
            if value:
                self._log.facts[label] = value
        else:
            self._unread(number, "it stands in no section that is known")

    def _constraint(self, number: int, line: str) -> None:
        label, colon, rest = line.partition(":")
        cells = [cell.strip() for cell in rest.split("\t")]
        values = [cell for cell in cells if cell]
        if not colon:
            self._unread(number, "it is no constraint with a colon")
        elif label.strip() == "Grade":
            if values:
                self._log.facts["Grade"] = values[0]
        else:
            # Fulfilled stands in the second cell, requested in the last one.
            fulfilled = cells[1] if len(cells) > 1 else ""
            requested = next((cell for cell in cells[2:] if cell), "")
            self._log.constraints.append(
                Constraint(label.strip(), fulfilled or None, requested or None)
            )

    def _file(self, number: int, line: str) -> None:
        label, colon, value = (part.strip() for part in line.partition(":"))
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) == 1 and colon and label in ("OBS.ID", "OBS.START"):
            self._log.facts[label] = value
        elif len(cells) == 1 and colon and label in _TEMPLATE_FIELDS:
            if label == "Template":
                self._template = {}
            self._template[label] = value
            self._columns = []
        elif cells[0] == "Original Filename":
            self._columns = cells
        elif self._columns and len(cells) > 1:
            self._log.files.append(self._produced(dict(zip(self._columns, cells, strict=False))))
            if len(cells) > len(self._columns):
                self._unread(number, "it has more cells than its table has columns")
        else:
            self._unread(number, "it is no file with tabs between its cells")

    def _produced(self, row: dict[str, str]) -> ProducedFile:
        number, _, count = row.get("TPL.EXPNO/NEXP", "").partition("/")
        return ProducedFile(
            original_name=row.get("Original Filename") or None,
            archive_id=row.get("Archive Filename") or None,
            template=self._template.get("Template"),
            data_product=self._template.get("Data Product"),
            mode=self._template.get("Mode"),
            exposure_number=_integer(number),
            exposure_count=_integer(count),
            exposure_time_s=number_of(row.get("EXPTIME")),
            airmass=number_of(row.get("AIRMASS")),
            dimm_arcsec=number_of(row.get("DIMM")),
        )


def number_of(text: str | None) -> float | None:
    """Return a text as a number, None where it is none or not finite."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None


def _integer(text: str) -> int | None:
    return int(text) if text.strip().isdecimal() and len(text.strip()) < 10 else None
