"""A night log as rows: night_log, night_weather, night_constraint and night_file."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from aomuse.exchange.content import FileContent
from aomuse.exchange.frames import NormalizedExposure
from aomuse.exchange.issue import Issue
from aomuse.exchange.night_log import NightLog, integer_of, number_of, time_of

#: General conditions: label in the log, and the columns' name with its unit.
RANGES = {
    "Seeing": ("seeing", "arcsec"),
    "Humidity": ("humidity", "percent"),
    "Wind": ("wind", "m_s"),
    "Temperature": ("temperature", "c"),
}
#: Texts: column, and the field of the log.
TEXTS = {
    "overall_comment": "overall_comment",
    "ambient_url": "ambient_url",
    "general_comments": "general_comments",
    "instrument": "Instrument",
    "ob_name": "Name",
    "ob_target": "Target",
    "program_id": "Run",
    "ob_comments": "ob_comments",
    "ob_grade": "Grade",
}
#: Columns of VARCHAR and their lengths; the other texts have no limit that a log reaches.
_LENGTHS = {"ob_grade": 64, "instrument_mode": 64} | dict.fromkeys(
    (
        *("instrument", "ob_name", "ob_target", "program_id", "sky_condition", "name"),
        *("fulfilled", "requested", "original_name", "archive_id", "template_id", "data_product"),
    ),
    255,
)
#: Characters of what is cut off that are told.
_SHOWN = 200


def normalize_night_log(out: NormalizedExposure, file: FileContent, number: int) -> None:
    """Add the rows of a night log."""
    log = file.night_log
    assert log is not None
    frames = {
        "night_log": [_log_row(log) | {"file": number}],
        "night_weather": [
            {"time_utc": entry.time_utc, "sky_condition": entry.condition, "comment": entry.comment}
            for entry in log.weather
        ],
        "night_constraint": [
            {
                "name": constraint.name,
                "fulfilled": constraint.fulfilled,
                "requested": constraint.requested,
                "requested_value": number_of(constraint.requested),
            }
            for constraint in log.constraints
        ],
        "night_file": [
            {
                "original_name": produced.original_name,
                "archive_id": produced.archive_id,
                "template_id": produced.template,
                "data_product": produced.data_product,
                "instrument_mode": produced.mode,
                "exposure_number": produced.exposure_number,
                "exposure_count": produced.exposure_count,
                "exposure_time_s": produced.exposure_time_s,
                "airmass": produced.airmass,
                "dimm_seeing_arcsec": produced.dimm_arcsec,
            }
            for produced in log.files
        ],
    }
    for table, rows in frames.items():
        out.add(table, _frame(table, rows, file, out.issues))


def _log_row(log: NightLog) -> dict[str, Any]:
    row: dict[str, Any] = {"night_start_utc": log.night_start_utc}
    for label, (name, unit) in RANGES.items():
        found = log.ranges.get(label)
        row[f"{name}_min_{unit}"] = found.low if found else None
        row[f"{name}_max_{unit}"] = found.high if found else None
    row |= {column: log.facts.get(field) for column, field in TEXTS.items()}
    numbers = [integer_of(log.facts.get(field)) for field in ("OB", "OBS.ID")]
    return row | {
        "ob_id": next((number for number in numbers if number is not None), None),
        "container_id": integer_of(log.facts.get("Container")),
        "ob_start_utc": time_of(log.facts.get("OBS.START")),
        "content": log.content,
    }


def _frame(
    table: str, rows: list[dict[str, Any]], file: FileContent, issues: list[Issue]
) -> pd.DataFrame:
    """Return rows as a frame with the columns' types; text that is too long is cut, and told."""
    columns: dict[str, Any] = {}
    for name in rows[0] if rows else ():
        values = [row[name] for row in rows]
        if name.endswith("_utc"):
            columns[name] = pd.Series(values, dtype="datetime64[us]")
        elif name in ("ob_id", "container_id", "exposure_number", "exposure_count"):
            columns[name] = pd.array(values, dtype="Int64")
        elif name == "file":
            columns[name] = values
        elif name in _LENGTHS or name in TEXTS or name in ("comment", "content"):
            columns[name] = pd.Series(_cut(table, name, values, file, issues), dtype=object)
        else:
            columns[name] = np.array(values, dtype=np.float64)
    frame = pd.DataFrame(columns)
    return frame if table == "night_log" else frame.assign(row_index=np.arange(len(rows)))


def _cut(
    table: str, name: str, values: list[Any], file: FileContent, issues: list[Issue]
) -> list[Any]:
    longest = _LENGTHS.get(name)
    if longest is None:
        return values
    for row, value in enumerate(values):
        rest = (value or "")[longest:]
        if rest:
            issues.append(
                Issue(
                    "warning",
                    "night_log_text",
                    f"{table}.{name} of row {row} is longer than {longest} characters: it is cut "
                    "there, and whole in night_log.content; cut off is "
                    f"{rest[:_SHOWN]!r}{'…' if len(rest) > _SHOWN else ''}",
                    file.path,
                )
            )
    return [value and value[:longest] for value in values]
