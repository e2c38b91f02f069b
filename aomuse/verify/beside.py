"""Compare the texts beside an exposure: night logs and catalogues."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from astropy.table import Column, Table
from sqlalchemy import Connection

from aomuse.models import (
    Header,
    NightConstraint,
    NightFile,
    NightLog,
    NightWeather,
    TableColumn,
    TableValue,
)
from aomuse.night_log import NightLog as Log
from aomuse.read.catalog import cells_of, header_lines, read_table
from aomuse.read.night_log import read_night_log
from aomuse.rebuild.special import SpecialValues
from aomuse.verify.comparison import Comparison

#: Differences of one table that are told one by one; the rest is counted.
_TOLD = 5


def compare_night_log(
    result: Comparison, connection: Connection, file: Any, content: bytes
) -> None:
    """Compare a night log, byte by byte and entry by entry.

    Parameters
    ----------
    result : Comparison
        Gets the differences.
    connection : sqlalchemy.Connection
        The database.
    file : Row
        The file's row of source_file.
    content : bytes
        The file.
    """
    row = connection.execute(
        sa.select(*NightLog.__table__.columns).where(NightLog.source_file_id == file.id)
    ).one_or_none()
    if row is None:
        result.differences.append("it has no row in night_log: load it again with --reload")
        return
    result.values += 1
    if row.content != content:
        result.tell("content", f"{len(content)} bytes", f"{len(row.content)} other bytes")
        return
    log = read_night_log(content, file.name)
    for label, low, high in (
        ("Seeing", row.seeing_min_arcsec, row.seeing_max_arcsec),
        ("Humidity", row.humidity_min_percent, row.humidity_max_percent),
        ("Wind", row.wind_min_m_s, row.wind_max_m_s),
        ("Temperature", row.temperature_min_c, row.temperature_max_c),
    ):
        found = log.ranges.get(label)
        _compare(result, label, (found.low, found.high) if found else (None, None), (low, high))
    for table, entries, columns in _entries(log):
        stored = connection.execute(
            sa.select(*(table.c[name] for name in columns))
            .where(table.c.exposure_id == file.exposure_id)
            .order_by(table.c.row_index)
        ).all()
        _compare(result, f"rows of {table.name}", len(entries), len(stored))
        for place, (ours, theirs) in enumerate(zip(entries, stored, strict=False)):
            _compare(result, f"{table.name} row {place}", ours, tuple(theirs))


def _entries(log: Log) -> list[tuple[sa.Table, list[tuple[Any, ...]], tuple[str, ...]]]:
    """Return the entries of a log with the tables and columns that hold them."""
    tables = [model.__table__ for model in (NightWeather, NightConstraint, NightFile)]
    weather, constraint, produced = tables
    assert isinstance(weather, sa.Table)
    assert isinstance(constraint, sa.Table)
    assert isinstance(produced, sa.Table)
    return [
        (
            weather,
            [(entry.time_utc, entry.condition, entry.comment) for entry in log.weather],
            ("time_utc", "sky_condition", "comment"),
        ),
        (
            constraint,
            [(entry.name, entry.fulfilled, entry.requested) for entry in log.constraints],
            ("name", "fulfilled", "requested"),
        ),
        (
            produced,
            [
                (
                    *(f.original_name, f.archive_id, f.template, f.data_product, f.mode),
                    *(f.exposure_number, f.exposure_count, f.exposure_time_s),
                    *(f.airmass, f.dimm_arcsec),
                )
                for f in log.files
            ],
            (
                *("original_name", "archive_id", "template_id", "data_product", "instrument_mode"),
                *("exposure_number", "exposure_count", "exposure_time_s"),
                *("airmass", "dimm_seeing_arcsec"),
            ),
        ),
    ]


def _compare(result: Comparison, where: str, in_file: object, in_database: object) -> None:
    result.values += len(in_file) if isinstance(in_file, tuple) else 1
    if in_file != in_database:
        result.tell(where, in_file, in_database)


def compare_catalog(result: Comparison, connection: Connection, file: Any, content: bytes) -> None:
    """Compare a catalogue: its header's lines, and every cell.

    Parameters
    ----------
    result : Comparison
        Gets the differences.
    connection : sqlalchemy.Connection
        The database.
    file : Row
        The file's row of source_file.
    content : bytes
        The file.
    """
    table = read_table(content, file.path)
    header = connection.execute(
        sa.select(*Header.__table__.columns).where(Header.source_file_id == file.id)
    ).one_or_none()
    if header is None:
        result.differences.append("it has no row in header: load it again with --reload")
        return
    _compare(result, "header", header_lines(content), zlib.decompress(header.card_images))
    _compare(result, "rows", len(table), header.table_row_count)
    columns = connection.execute(
        sa.select(*TableColumn.__table__.columns)
        .where(TableColumn.table_layout_id == header.table_layout_id)
        .order_by(TableColumn.position)
    ).all()
    in_file = [_definition(table, name) for name in table.colnames]
    in_database = [(column.name, column.unit, column.description) for column in columns]
    _compare(result, "columns", in_file, in_database)
    if in_file != in_database or len(table) != header.table_row_count:
        return
    stored = _stored(connection, file.exposure_id, header.id)
    for column in columns:
        differences = list(_differences(table[column.name], stored.get(column.id, {}), result))
        for place, ours, theirs in differences[:_TOLD]:
            result.tell(f"column {column.name} row {place}", ours, theirs)
        if len(differences) > _TOLD:
            more = len(differences) - _TOLD
            result.differences.append(f"column {column.name}: {more} more values differ")


def _definition(table: Table, name: str) -> tuple[str, str | None, str | None]:
    column = table[name]
    return name, None if column.unit is None else str(column.unit), column.description or None


def _stored(
    connection: Connection, exposure_id: int, header_id: int
) -> dict[int, dict[tuple[int, int], Any]]:
    """Return the cells of a catalogue by column, then by row and element."""
    special = SpecialValues(connection, exposure_id)
    cells: dict[int, dict[tuple[int, int], Any]] = {}
    for column, row, element, number, integer, text in connection.execute(
        sa.select(
            TableValue.table_column_id,
            TableValue.row_index,
            TableValue.element,
            TableValue.value_float,
            TableValue.value_int,
            TableValue.value_text,
        ).where(TableValue.header_id == header_id)
    ):
        key = f"{header_id}/{column}/{row}/{element}"
        exact = special.value("table_value", "value_float", key, number)
        value = next((v for v in (exact, integer, text) if v is not None), None)
        cells.setdefault(column, {})[row, element] = value
    return cells


def _differences(
    column: Column, stored: dict[tuple[int, int], Any], result: Comparison
) -> Iterator[tuple[int, object, object]]:
    values, missing = cells_of(column)
    result.values += values.size
    left = dict(stored)
    for row in range(len(values)):
        flat, absent = np.atleast_1d(values[row]).reshape(-1), np.atleast_1d(missing[row]).ravel()
        if flat.dtype.kind == "c":
            flat, absent = flat.view(flat.real.dtype), np.repeat(absent, 2)
        for element, (value, is_missing) in enumerate(zip(flat.tolist(), absent, strict=True)):
            has = (row, element) in left
            found = left.pop((row, element), None)
            if is_missing:
                if has:
                    yield row, None, found
            elif not has or not _equal(value, found):
                yield row, value, found
    for row, element in left:
        yield row, None, stored[row, element]


def _equal(value: Any, stored: Any) -> bool:
    """Tell whether a cell is what is stored; NaN is NULL, and 0.0 differs from -0.0."""
    if isinstance(value, float):
        if pd.isna(value):
            return stored is None
        return isinstance(stored, float) and value.hex() == stored.hex()
    if isinstance(value, int) and isinstance(stored, str):
        return str(value) == stored
    return bool(value == stored)
