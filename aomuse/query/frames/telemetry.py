"""The frames of telemetry: a table of every exposure, with the columns of its file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from aomuse.errors import AomuseError
from aomuse.models import Ag, Asm, Sgs, SpartaAtm, SpartaCn2
from aomuse.query.frames.columns import FrameColumn, make_frame
from aomuse.query.frames.filters import Filters, exposure_ids
from aomuse.query.frames.layouts import (
    TelemetryColumn,
    frame_columns,
    tables_of,
    telemetry_columns,
)
from aomuse.query.frames.reading import by_size, columns_of, reading
from aomuse.stored.layouts import StoredTable
from aomuse.stored.special import SpecialValues
from aomuse.stored.tables import StoredColumn, TableReader
from aomuse.suggest import unknown

#: Tables that have the time of each row.
_TIMED: dict[str, Any] = {
    "SPARTA_ATM_DATA": SpartaAtm,
    "SPARTA_CN2_DATA": SpartaCn2,
    "ASM_DATA": Asm,
    "SGS_DATA": Sgs,
    "AG_DATA": Ag,
}
_VECTORS: dict[str, Any] = {"int": np.int64, "bool": np.bool_, "str": str}

Cells = npt.NDArray[Any]


def read_telemetry(
    engine: Engine, extension: str, names: Sequence[str], filters: Filters
) -> Iterator[pd.DataFrame]:
    """Yield the rows of a table, exposures sorted by time."""
    with reading(engine) as connection:
        columns = telemetry_columns(connection, extension)
        ids = exposure_ids(connection, filters)
        tables = tables_of(connection, extension, columns, ids)
        layout_ids = list(dict.fromkeys(table.layout_id for table in tables))
        known = layout_ids or sorted({column.stored.layout_id for column in columns})
        shown = frame_columns(columns, known)
        for name in names:
            if name not in shown:
                hint = f"db.telemetry({extension!r}) without columns has them all"
                raise AomuseError(unknown(f"{extension} has no column", name, shown, hint))
        shown = {name: shown[name] for name in (names or shown)}
        wanted = [column for column in columns if column.name in shown]
        same = groupby(tables, key=lambda table: table.exposure_id)
        exposures = [list(of_exposure) for _, of_exposure in same]
        for part in by_size(exposures, lambda some: sum(table.row_count for table in some)):
            of_part = [table for of_exposure in part for table in of_exposure]
            yield _frame(connection, extension, of_part, wanted, list(shown.values()))


def _frame(
    connection: Connection,
    extension: str,
    tables: list[StoredTable],
    wanted: list[TelemetryColumn],
    shown: list[FrameColumn],
) -> pd.DataFrame:
    counts = [table.row_count for table in tables]
    starts = np.cumsum([0, *counts])[:-1]
    layouts = np.repeat([table.layout_id for table in tables], counts)
    row_index = np.arange(sum(counts)) - np.repeat(starts, counts)
    fixed: dict[FrameColumn, Any] = {
        FrameColumn("exposure_id", "count"): np.repeat([t.exposure_id for t in tables], counts),
        FrameColumn("header_id", "count"): np.repeat([t.header_id for t in tables], counts),
        FrameColumn("row_index", "count"): row_index,
    }
    if extension in _TIMED:
        times = _times(connection, _TIMED[extension], tables, starts, len(row_index))
        fixed[FrameColumn("time_utc", "time")] = times
    cells = {column.name: _empty(column, len(row_index)) for column in shown}
    special = SpecialValues(connection, {table.exposure_id for table in tables})
    for layout_id in np.unique(layouts):
        same = [table for table in tables if table.layout_id == layout_id]
        columns = [column for column in wanted if column.stored.layout_id == layout_id]
        found = TableReader(connection, same, special).read([c.stored for c in columns])
        rows = layouts == layout_id
        for column, stored in zip(columns, found, strict=True):
            cells[column.name][rows] = _cells(stored)
    # Somebody may have deleted rows, or written NULL where the file has a number.
    shown = [
        replace(column, kind="int")
        if column.kind == "count" and None in cells[column.name]
        else column
        for column in shown
    ]
    return make_frame([*fixed, *shown], [*fixed.values(), *cells.values()])


def _empty(column: FrameColumn, rows: int) -> Cells:
    if column.kind in ("float", "complex"):
        return np.full(rows, np.nan, dtype=np.float64 if column.kind == "float" else np.complex128)
    return np.full(rows, None, dtype=object)


def _cells(column: StoredColumn) -> Cells:
    """Return the cells of a column: a value or an array each, None for NULL."""
    values, nulls = column.values, column.nulls
    if column.shape.is_scalar:
        return _with_none(values, nulls) if nulls.any() else values
    cells = np.empty(len(values), dtype=object)
    # Where lengths differ, there is an array for each row.
    inner = tuple(range(1, nulls.ndim))
    incomplete: Any = nulls.any(axis=inner) if inner else [missing.any() for missing in nulls]
    for row, value in enumerate(values):
        if incomplete[row]:
            cells[row] = _with_none(value, nulls[row])
            continue
        try:
            cells[row] = value.astype(_VECTORS.get(column.shape.kind, value.dtype))
        except OverflowError:
            cells[row] = value
    return cells


def _with_none(values: Cells, nulls: Cells) -> Cells:
    cells = values.astype(object)
    cells[nulls] = None
    return cells


def _times(
    connection: Connection, model: Any, tables: list[StoredTable], starts: Cells, total: int
) -> Cells:
    times = np.full(total, np.datetime64("NaT", "us"), dtype="datetime64[us]")
    # The first table of an exposure has the times; a second one of its name has none.
    first: dict[int, int] = {}
    for table, start in zip(tables, starts.tolist(), strict=True):
        first.setdefault(table.exposure_id, start)
    # numpy reads texts, of which it makes no objects of Python as it would of times.
    text = sa.cast(model.time_utc, sa.String(26))
    select = sa.select(model.exposure_id, model.row_index, text).distinct()
    rows = connection.execute(select.where(model.exposure_id.in_(first)))
    owners, places, found = columns_of(rows.all(), 3)
    starts = np.array([first[owner] for owner in owners], np.int64)
    times[starts + np.array(places, np.int64)] = np.array(found, times.dtype)
    return times
