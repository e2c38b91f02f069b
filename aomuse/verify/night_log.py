"""Compare night logs: byte by byte, then every column of their tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.exchange.night_log import NightLog as Log
from aomuse.exchange.night_log import integer_of, number_of, time_of
from aomuse.models import Exposure, NightConstraint, NightFile, NightLog, NightWeather
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

#: Tables with a row for each entry of a list of the log.
_LISTS: dict[Any, str] = {
    NightWeather: "weather",
    NightConstraint: "constraints",
    NightFile: "files",
}
#: Columns whose fields have another name.
_FIELDS = {
    "sky_condition": "condition",
    "template_id": "template",
    "instrument_mode": "mode",
    "dimm_seeing_arcsec": "dimm_arcsec",
}

_Row = dict[str, Any]


def compare_night_log(
    result: Comparison, connection: Connection, stored: StoredExposure, file: Any, content: bytes
) -> None:
    """Compare a night log."""
    table = NightLog.__table__
    of_file = table.c.source_file_id == file.id
    if len(connection.execute(sa.select(table.c.source_file_id).where(of_file)).all()) != 1:
        result.differences.append("it has no row in night_log: load it again with --reload")
        return
    archive_id = sa.select(Exposure.archive_id).where(Exposure.id == stored.id)
    log = read_night_log(content, connection.scalar(archive_id) or "", file.name)
    parent = {"exposure_id": file.exposure_id}
    row = parent | {"source_file_id": file.id, "content": content} | _log_row(log)
    _compare(result, connection, stored.special, table, [row], file)
    for model, entries in _LISTS.items():
        rows = [
            parent | {"row_index": number} | _entry_row(model, entry)
            for number, entry in enumerate(getattr(log, entries))
        ]
        _compare(result, connection, stored.special, model.__table__, rows, file)


def _entry_row(model: Any, entry: Any) -> _Row:
    names = [
        name
        for name in (c.name for c in model.__table__.c)
        if name not in ("exposure_id", "row_index")
    ]
    derived = {}
    if model is NightConstraint:
        names.remove("requested_value")
        derived["requested_value"] = number_of(entry.requested)
    return {name: getattr(entry, _FIELDS.get(name, name)) for name in names} | derived


def _log_row(log: Log) -> _Row:
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
    for place, (wanted, row) in enumerate(zip(expected, stored, strict=True)):
        mapping = row._mapping
        keys = "/".join(str(mapping[column.name]) for column in table.primary_key)
        for column in table.c:
            in_file, in_database = wanted[column.name], mapping[column.name]
            if isinstance(column.type, sa.Double):
                in_database = special.value(table.name, column.name, keys, in_database)
            length = getattr(column.type, "length", None)
            if isinstance(in_file, str) and length:
                # Longer text is cut, reported as night_log_text, and complete in content.
                in_file = in_file[:length]
            result.values += 1
            if not same(in_file, in_database):
                result.tell(f"{table.name}.{column.name} row {place}", in_file, in_database)
