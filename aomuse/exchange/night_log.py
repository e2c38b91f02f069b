"""The nouns of a night log: what is read from the text, before it is rows."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field

_MAX_DIGITS = 19
#: The first that a DATETIME column holds.
_FIRST_YEAR = 1000


@dataclass(frozen=True)
class Range:
    """Lowest and highest value of a night; one value stands for both."""

    low: float
    high: float


@dataclass(frozen=True)
class WeatherEntry:
    """An entry on the weather: its time of day in UTC as the log has it, and its time."""

    clock: str
    time_utc: dt.datetime | None
    condition: str | None
    comment: str | None


@dataclass(frozen=True)
class Constraint:
    """A constraint of the observation block."""

    name: str
    fulfilled: str | None
    requested: str | None


@dataclass(frozen=True)
class ProducedFile:
    """A file that the block produced, with the template that it comes from."""

    original_name: str | None
    archive_id: str | None
    template: str | None
    data_product: str | None
    mode: str | None
    exposure_number: int | None
    exposure_count: int | None
    exposure_time_s: float | None
    airmass: float | None
    dimm_arcsec: float | None


@dataclass
class NightLog:
    """A night log; ``content`` is the file, or None where only its entries are known.

    The night starts at noon UTC. ``ranges`` are the general conditions by label (Seeing, Humidity,
    Wind, Temperature). ``facts`` are other fields: overall_comment, ambient_url, general_comments,
    ob_comments, the block's (OB, Instrument, Name, Target, Run, Container), OBS.START and Grade.
    ``unread`` are lines that no rule reads, ``odd`` lines that are read in part: from 1, and why.
    ``cut`` is the last line, and why the log may have been cut short there.
    """

    content: bytes | None
    night_start_utc: dt.datetime | None = None
    ranges: dict[str, Range] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    weather: list[WeatherEntry] = field(default_factory=list)
    constraints: list[Constraint] = field(default_factory=list)
    files: list[ProducedFile] = field(default_factory=list)
    unread: list[tuple[int, str]] = field(default_factory=list)
    odd: list[tuple[int, str]] = field(default_factory=list)
    cut: tuple[int, str] | None = None


def number_of(text: str | None) -> float | None:
    """Return a text as a number, None where it is not one or not finite."""
    try:
        # Python also takes 1_0 and the digits of all scripts: these are not numbers in a log.
        number = float(text) if text and text.isascii() and "_" not in text else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def integer_of(text: str | None, bits: int = 64) -> int | None:
    """Return a text as a whole number, None where it is not one or needs more bits."""
    plain = (text or "").strip()
    # Longer ones fit no column, and beyond 4,300 digits Python refuses them.
    if not (plain.isascii() and plain.isdecimal()) or len(plain) > _MAX_DIGITS:
        return None
    number = int(plain)
    return number if number < 1 << (bits - 1) else None


def time_of(text: str | None) -> dt.datetime | None:
    """Return a text in ISO 8601 as a time in UTC, None where it is not one after the year 1000."""
    try:
        time = dt.datetime.fromisoformat((text or "").strip())
        if time.tzinfo is not None:
            time = time.astimezone(dt.UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None
    return time if time.year >= _FIRST_YEAR else None
