"""Compare night logs: byte by byte, then every column of their tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.exchange.night_log import NightLog as Log
from aomuse.exchange.night_log import integer_of, number_of, time_of
from aomuse.models import NightConstraint, NightFile, NightLog, NightWeather
from aomuse.read.night_log import read_night_log
from aomuse.stored.exposure import StoredExposure
from aomuse.stored.special import SpecialValues
from aomuse.verify.comparison import Comparison, same

#: Columns of a range in the general conditions.
_RANGES = {
    "Seeing": ("seeing_min_arcsec", "seeing_max_arcsec"),
    "Humidity": ("humidity_min_percent", "humidity_max_percent"),
    "Wind": ("wind_min_m_s", "wind_max_m_s"),
    "Temperature": ("temperature_min_c", "temperature_max_c"),
}
_TEXTS = {
    "overall_comment": "overall_comment",
    "ambient_url": "ambient_url",
    "general_comments": "general_comments",
    "ob_comments": "ob_comments",
    "Instrument": "instrument",
    "Name": "ob_name",
    "Target": "ob_target",
    "Run": "program_id",
    "Grade": "ob_grade",
}

_Row = dict[str, Any]


def compare_night_log(
    result: Comparison, connection: Connection, stored: StoredExposure, file: Any, content: bytes
) -> None:
    """Compare a night log."""
    table = NightLog.__table__
    if (
        connection.scalar(
            sa.select(sa.func.count()).select_from(table).where(table.c.source_file_id == file.id)
        )
        != 1
    ):
        result.differences.append("it has no row in night_log: load it again with --reload")
        return
    log = read_night_log(content, file.archive_id or "", file.name)
    parent = {"exposure_id": file.exposure_id}
    expected = {
        NightLog: [parent | {"source_file_id": file.id, "content": content} | _facts(log)],
        NightWeather: _numbered(parent, _weather(log)),
        NightConstraint: _numbered(parent, _constraints(log)),
        NightFile: _numbered(parent, _files(log)),
    }
    for model, rows in expected.items():
        _compare(result, connection, stored.special, model.__table__, rows, file)


def _facts(log: Log) -> _Row:
    row: _Row = {"night_start_utc": log.night_start_utc}
    for label, (low, high) in _RANGES.items():
        found = log.ranges.get(label)
        row |= {low: found.low if found else None, high: found.high if found else None}
    row |= {column: log.facts.get(label) for label, column in _TEXTS.items()}
    block = integer_of(log.facts.get("OB"))
    return row | {
        "ob_id": integer_of(log.facts.get("OBS.ID")) if block is None else block,
        "container_id": integer_of(log.facts.get("Container")),
        "ob_start_utc": time_of(log.facts.get("OBS.START")),
    }


def _weather(log: Log) -> list[_Row]:
    return [
        {"time_utc": w.time_utc, "sky_condition": w.condition, "comment": w.comment}
        for w in log.weather
    ]


def _constraints(log: Log) -> list[_Row]:
    return [
        {
            "name": c.name,
            "fulfilled": c.fulfilled,
            "requested": c.requested,
            "requested_value": number_of(c.requested),
        }
        for c in log.constraints
    ]


def _files(log: Log) -> list[_Row]:
    return [
        {
            "original_name": f.original_name,
            "archive_id": f.archive_id,
            "template_id": f.template,
            "data_product": f.data_product,
            "instrument_mode": f.mode,
            "exposure_number": f.exposure_number,
            "exposure_count": f.exposure_count,
            "exposure_time_s": f.exposure_time_s,
            "airmass": f.airmass,
            "dimm_seeing_arcsec": f.dimm_arcsec,
        }
        for f in log.files
    ]


def _numbered(parent: _Row, rows: list[_Row]) -> list[_Row]:
    return [parent | {"row_index": number} | row for number, row in enumerate(rows)]


def _compare(
    result: Comparison,
    connection: Connection,
    special: SpecialValues,
    table: sa.FromClause,
    expected: Sequence[_Row],
    file: Any,
) -> None:
    """Compare all columns of a table's rows of one log."""
    assert isinstance(table, sa.Table)
    key = "source_file_id" if "source_file_id" in table.c else "exposure_id"
    value = file.id if key == "source_file_id" else file.exposure_id
    stored = connection.execute(
        sa.select(*table.c).where(table.c[key] == value).order_by(*table.primary_key)
    ).all()
    if len(expected) != len(stored):
        result.tell(f"rows of {table.name}", len(expected), len(stored))
        return
    for place, (ours, row) in enumerate(zip(expected, stored, strict=True)):
        theirs = row._mapping
        keys = "/".join(str(theirs[column.name]) for column in table.primary_key)
        for column in table.c:
            in_file, in_database = ours[column.name], theirs[column.name]
            if isinstance(column.type, sa.Double):
                in_database = special.value(table.name, column.name, keys, in_database)
            length = getattr(column.type, "length", None)
            if isinstance(in_file, str) and length:
                # What is longer is cut, told as night_log_text, and whole in content.
                in_file = in_file[:length]
            result.values += 1
            if not same(in_file, in_database):
                result.tell(f"{table.name}.{column.name} row {place}", in_file, in_database)
