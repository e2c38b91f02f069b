"""A night log as rows: night_log, night_weather, night_constraint and night_file."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from aomuse.exchange.content import FileContent
from aomuse.exchange.night_log import NightLog, integer_of, number_of, time_of
from aomuse.normalize.draft import Draft

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
#: Columns of night_file that are called otherwise in the log's entries.
_FILE_COLUMNS = {
    "template": "template_id",
    "mode": "instrument_mode",
    "dimm_arcsec": "dimm_seeing_arcsec",
}
#: Columns of VARCHAR and their lengths; the other texts have no limit that a log reaches.
_LENGTHS = {"ob_grade": 64, "instrument_mode": 64} | dict.fromkeys(
    (
        *("instrument", "ob_name", "ob_target", "program_id", "sky_condition", "name"),
        *("fulfilled", "requested", "original_name", "archive_id", "template_id", "data_product"),
    ),
    255,
)
#: Characters of what is cut off that an issue shows.
_SHOWN = 200


def add_night_log(draft: Draft, file: FileContent, log: NightLog) -> None:
    """Add the rows of a night log."""
    frames = {
        "night_log": [_log_row(log) | {"file": draft.file_numbers[file.path]}],
        "night_weather": [
            {"time_utc": entry.time_utc, "sky_condition": entry.condition, "comment": entry.comment}
            for entry in log.weather
        ],
        "night_constraint": [
            vars(constraint) | {"requested_value": number_of(constraint.requested)}
            for constraint in log.constraints
        ],
        "night_file": [
            {_FILE_COLUMNS.get(name, name): value for name, value in vars(produced).items()}
            for produced in log.files
        ],
    }
    for table, rows in frames.items():
        draft.out.add(table, _columns(draft, table, rows, file))


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


def _columns(
    draft: Draft, table: str, rows: list[dict[str, Any]], file: FileContent
) -> dict[str, Any]:
    """Return rows as arrays with the columns' types; an issue reports text that is cut."""
    columns: dict[str, Any] = {}
    for name in rows[0] if rows else ():
        values = [row[name] for row in rows]
        if name.endswith("_utc"):
            columns[name] = np.array(values, dtype="datetime64[us]")
        elif name in ("ob_id", "container_id", "exposure_number", "exposure_count"):
            columns[name] = pd.array(values, dtype="Int64")
        elif name == "file":
            columns[name] = np.array(values)
        elif name in _LENGTHS or name in TEXTS or name in ("comment", "content"):
            texts = [_cut(draft, table, name, row, text, file) for row, text in enumerate(values)]
            columns[name] = np.array(texts, dtype=object)
        else:
            columns[name] = np.array(values, dtype=np.float64)
    if table != "night_log":
        columns["row_index"] = np.arange(len(rows))
    return columns


def _cut(draft: Draft, table: str, name: str, row: int, text: Any, file: FileContent) -> Any:
    longest = _LENGTHS.get(name)
    if longest is None or not text or len(text) <= longest:
        return text
    rest = text[longest:]
    message = (
        f"{table}.{name} of row {row} is longer than {longest} characters: it is cut there, and "
        f"whole in night_log.content; cut off is {rest[:_SHOWN]!r}"
        f"{'…' if len(rest) > _SHOWN else ''}"
    )
    draft.issue("warning", "night_log_text", message, file)
    return text[:longest]
