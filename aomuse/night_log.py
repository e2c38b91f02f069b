"""The nouns of a night log: what is read from the text, before it is rows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field


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
    """A night log.

    Parameters
    ----------
    content : bytes
        The file.
    night_start_utc : datetime.datetime or None
        Noon UTC before the night.
    ranges : dict
        General conditions by label (Seeing, Humidity, Wind, Temperature).
    facts : dict
        Other fields by name: overall_comment, ambient_url, general_comments, ob_comments, the
        block's (OB, Instrument, Name, Target, Run, Container), OBS.START and Grade.
    weather, constraints, files : list
        The entries of the log's tables.
    unread : list of (int, str)
        Lines that no rule reads: their numbers from 1, and why.
    """

    content: bytes
    night_start_utc: dt.datetime | None = None
    ranges: dict[str, Range] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    weather: list[WeatherEntry] = field(default_factory=list)
    constraints: list[Constraint] = field(default_factory=list)
    files: list[ProducedFile] = field(default_factory=list)
    unread: list[tuple[int, str]] = field(default_factory=list)
