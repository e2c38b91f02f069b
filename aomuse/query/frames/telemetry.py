"""The frames of telemetry: a table of every exposure, with the columns of its file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from aomuse.errors import AomuseError
from aomuse.models import Ag, Asm, Base, Sgs, SpartaAtm, SpartaCn2, TableValue
from aomuse.query.frames.columns import FrameColumn, make_frame
from aomuse.query.frames.filters import Filters, exposure_ids
from aomuse.query.frames.layouts import (
    StoredColumn,
    StoredTable,
    frame_columns,
    stored_columns,
    stored_tables,
)
from aomuse.query.frames.reading import BATCH_IDS, FETCH_ROWS, columns_of, fetched, reading
from aomuse.query.frames.special import Specials
from aomuse.suggest import unknown

#: Tables that have the time of each row.
_TIMED: dict[str, Any] = {
    "SPARTA_ATM_DATA": SpartaAtm,
    "SPARTA_CN2_DATA": SpartaCn2,
    "ASM_DATA": Asm,
    "SGS_DATA": Sgs,
    "AG_DATA": Ag,
}

Cells = npt.NDArray[Any]


def read_telemetry(
    engine: Engine, extension: str, names: Sequence[str], filters: Filters
) -> Iterator[pd.DataFrame]:
    """Yield the rows of a table, exposures in order of time."""
    with reading(engine) as connection:
        columns = stored_columns(connection, extension)
        tables = stored_tables(connection, extension, exposure_ids(connection, filters))
        layout_ids = list(dict.fromkeys(table.layout_id for table in tables))
        shown = frame_columns(columns, layout_ids or sorted({c.layout_id for c in columns}))
        for name in names:
            if name not in shown:
                hint = f"db.telemetry({extension!r}) without columns has them all"
                raise AomuseError(unknown(f"{extension} has no column", name, shown, hint))
        shown = {name: shown[name] for name in (names or shown)}
        wanted = [c for c in columns if c.name in shown and c.layout_id in layout_ids]
        for part in _batches(tables):
            yield _frame(connection, extension, part, wanted, list(shown.values()))


def _batches(tables: Sequence[StoredTable]) -> Iterator[list[StoredTable]]:
    """Yield tables of together a moderate number of rows; none once where there are none."""
    part: list[StoredTable] = []
    rows = 0
    for _, same in groupby(tables, key=lambda table: table.exposure_id):
        ours = list(same)
        more = sum(table.row_count for table in ours)
        if part and (rows + more > FETCH_ROWS or len(part) >= BATCH_IDS):
            yield part
            part, rows = [], 0
        part, rows = [*part, *ours], rows + more
    yield part


def _frame(
    connection: Connection,
    extension: str,
    tables: list[StoredTable],
    wanted: list[StoredColumn],
    shown: list[FrameColumn],
) -> pd.DataFrame:
    counts = [table.row_count for table in tables]
    total = sum(counts)
    start = dict(zip((t.header_id for t in tables), np.cumsum([0, *counts]), strict=False))
    cells = {column.name: _empty(column, total) for column in shown}
    for home in {c.table for c in wanted if c.column is not None}:
        _fill_typed(connection, home, tables, start, wanted, cells)
    _fill_stored(connection, tables, start, wanted, cells)
    fixed = [
        (FrameColumn("exposure_id", "count"), np.repeat([t.exposure_id for t in tables], counts)),
        (FrameColumn("header_id", "count"), np.repeat([t.header_id for t in tables], counts)),
        (
            FrameColumn("row_index", "count"),
            np.concatenate([np.arange(n) for n in counts] or [np.arange(0)]),
        ),
    ]
    if extension in _TIMED:
        times = _times(connection, _TIMED[extension], tables, start, total)
        fixed.append((FrameColumn("time_utc", "time"), times))
    columns = [column for column, _ in fixed] + shown
    return make_frame(columns, [values for _, values in fixed] + list(cells.values()))


def _empty(column: FrameColumn, rows: int) -> Cells:
    if column.kind == "float":
        return np.full(rows, np.nan)
    if column.kind == "complex":
        return np.full(rows, np.nan, dtype=np.complex128)
    return np.full(rows, None, dtype=object)


def _fill_typed(
    connection: Connection,
    home: str,
    tables: list[StoredTable],
    start: dict[int, int],
    wanted: list[StoredColumn],
    cells: dict[str, Cells],
) -> None:
    """Put in the values of a table of the schema, such as sparta_atm."""
    # A table has its values in typed columns for the first HDU of an exposure only.
    ours = [c for c in wanted if c.table == home and c.column is not None]
    by_layout = defaultdict(list)
    for column in ours:
        by_layout[column.layout_id].append(column)
    for layout_id, columns in by_layout.items():
        offsets = {t.exposure_id: start[t.header_id] for t in tables if t.layout_id == layout_id}
        if not offsets:
            continue
        table = Base.metadata.tables[home]
        keys = list(table.primary_key.columns)
        names = sorted({c.column for c in columns if c.column})
        select = sa.select(*keys, *(table.c[name] for name in names))
        found = fetched(connection, select.where(table.c.exposure_id.in_(offsets)))
        index = [np.asarray(values, dtype=np.int64) for values in found[: len(keys)]]
        values = dict(zip(names, found[len(keys) :], strict=True))
        place = np.array([offsets[e] for e in index[0].tolist()], dtype=np.int64) + index[1]
        special = Specials(connection, list(offsets), home)
        arrays: dict[str, Cells] = {}
        for name in names:
            if isinstance(table.c[name].type, sa.Double):
                floats = np.asarray(values[name], dtype=np.float64)
                special.apply(name, index, floats)
                arrays[name] = floats
            else:
                arrays[name] = np.asarray(values[name], dtype=object)
        for column in columns:
            assert column.column is not None
            rows_of = slice(None) if column.index is None else index[2] == column.index
            cells[column.name][place[rows_of]] = arrays[column.column][rows_of]


def _fill_stored(
    connection: Connection,
    tables: list[StoredTable],
    start: dict[int, int],
    wanted: list[StoredColumn],
    cells: dict[str, Cells],
) -> None:
    """Put in the values of the column store."""
    by_id = {c.id: c for c in wanted if c.column is None}
    if not by_id or not tables:
        return
    _fill_lists(tables, start, by_id.values(), cells)
    headers = [table.header_id for table in tables]
    rows = connection.execute(
        sa.select(
            TableValue.table_column_id,
            TableValue.header_id,
            TableValue.row_index,
            TableValue.element,
            TableValue.value_float,
            TableValue.value_int,
            TableValue.value_text,
        )
        .where(TableValue.header_id.in_(headers), TableValue.table_column_id.in_(by_id))
        .order_by(
            TableValue.table_column_id,
            TableValue.header_id,
            TableValue.row_index,
            TableValue.element,
        )
    ).all()
    special = Specials(connection, [t.exposure_id for t in tables], "table_value")
    for column_id, same in groupby(rows, key=lambda row: row[0]):
        column = by_id[column_id]
        found = columns_of(list(same), 7)
        header_id, row, element = (np.asarray(v, dtype=np.int64) for v in found[1:4])
        floats = np.asarray(found[4], dtype=np.float64)
        keys = [header_id, np.full(len(row), column_id), row, element]
        special.apply("value_float", keys, floats)
        place = np.array([start[h] for h in header_id.tolist()], dtype=np.int64) + row
        _put(column, cells[column.name], place, _values(column, floats, found[5], found[6]))


def _fill_lists(
    tables: list[StoredTable],
    start: dict[int, int],
    columns: Iterable[StoredColumn],
    cells: dict[str, Cells],
) -> None:
    """Put an empty array into each cell of a column of lists: those have no rows in the store."""
    kinds: dict[str, Any] = {"float": np.float64, "int": np.int64, "complex": np.complex128}
    for column in columns:
        if not column.shape.variable:
            continue
        dtype = kinds.get(column.shape.kind, object)
        for table in tables:
            if table.layout_id == column.layout_id:
                first = start[table.header_id]
                for row in range(first, first + table.row_count):
                    cells[column.name][row] = np.empty(0, dtype=dtype)


def _values(
    column: StoredColumn, floats: Cells, integers: Sequence[Any], texts: Sequence[Any]
) -> Cells:
    """Return the elements of a column as they are in the file; None for TNULL."""
    match column.shape.kind:
        case "float":
            return floats
        case "complex":
            return np.ascontiguousarray(floats).view(np.complex128)
        case "str":
            return np.asarray(texts, dtype=object)
        case "bool":
            flags = [None if value is None else bool(value) for value in integers]
            return np.asarray(flags, dtype=object)
    beyond = [
        int(text) if value is None and text is not None else value
        for value, text in zip(integers, texts, strict=True)
    ]
    return np.asarray(beyond, dtype=object)


def _put(column: StoredColumn, cells: Cells, place: Cells, values: Cells) -> None:
    """Put elements into the cells of their rows: one each, or an array."""
    if column.shape.kind == "complex":
        place = place[::2]
    if column.kind != "object":
        cells[place] = values
        return
    bounds = np.flatnonzero(np.diff(place, prepend=-1))
    for first, part in zip(bounds, np.split(values, bounds[1:]), strict=True):
        whole = part if column.shape.variable else part.reshape(column.shape.dimensions)
        cells[place[first]] = _typed(column, whole)


def _typed(column: StoredColumn, values: Cells) -> Cells:
    """Return a vector in the type of its values, unless one of them is missing."""
    if values.dtype != object or any(value is None for value in values.flat):
        return values
    kinds: dict[str, Any] = {"int": np.int64, "bool": np.bool_, "str": str}
    try:
        return values.astype(kinds[column.shape.kind])
    except OverflowError:
        return values


def _times(
    connection: Connection,
    model: Any,
    tables: list[StoredTable],
    start: dict[int, int],
    total: int,
) -> Cells:
    times = np.full(total, np.datetime64("NaT"), dtype="datetime64[us]")
    # The first table of an exposure has the times; a second one of its name has none.
    offsets: dict[int, int] = {}
    for table in tables:
        offsets.setdefault(table.exposure_id, start[table.header_id])
    rows = connection.execute(
        sa.select(model.exposure_id, model.row_index, model.time_utc)
        .where(model.exposure_id.in_(offsets))
        .distinct()
    )
    for exposure_id, row, time in rows:
        times[offsets[exposure_id] + row] = time
    return times
