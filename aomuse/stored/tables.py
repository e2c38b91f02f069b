"""Tables from their rows, column by column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.errors import RebuildError
from aomuse.exchange.content import ColumnFormat
from aomuse.exchange.frames import COLUMN_STORE
from aomuse.models import (
    Base,
    Header,
    PsfFit,
    Source,
    SourceFile,
    TableColumn,
    TableValue,
)
from aomuse.stored.formats import Column, Shape, null_of, shape_of
from aomuse.stored.special import SpecialValues

_STORED_IN = re.compile(r"^(?P<table>\w+)\.(?P<column>\w+)(\[(?P<key>\w+)=(?P<index>\d+)\])?$")

Values = npt.NDArray[Any]

#: Primary key of table_value.
_CELL_KEYS = ("header_id", "table_column_id", "row_index", "element")

#: Rows that are Python objects at once: a fit of a thousand sources has millions.
_PIECE_ROWS = 50_000


class TableRebuilder:
    """Rebuilds the tables of one exposure."""

    def __init__(self, connection: Connection, exposure_id: int, special: SpecialValues) -> None:
        self._connection = connection
        self._exposure_id = exposure_id
        self._special = special
        self._frames: dict[tuple[str, int], pd.DataFrame] = {}
        self._by_source: dict[int, dict[int, pd.DataFrame]] = {}

    def rebuild(self, header_id: int) -> list[Column]:
        """Return the columns of a table."""
        header = self._connection.execute(
            sa.select(Header.table_layout_id, Header.table_row_count).where(Header.id == header_id)
        ).one()
        columns = self._connection.execute(
            sa.select(*TableColumn.__table__.columns)
            .where(TableColumn.table_layout_id == header.table_layout_id)
            .order_by(TableColumn.position)
        ).all()
        stored = self._column_store(header_id)
        result = []
        for row in columns:
            form = ColumnFormat(
                row.position,
                row.name,
                row.format,
                row.unit,
                row.null_value,
                row.scale,
                row.zero,
                row.display,
                row.dimensions,
                row.description,
                row.datatype,
            )
            shape = shape_of(form)
            if row.stored_in == COLUMN_STORE:
                cells = stored.get(row.id)
                result.append(_from_store(form, shape, cells, header.table_row_count))
            else:
                values = self._typed(header_id, _home(row.stored_in), columns)
                result.append(_from_typed(form, shape, values, header.table_row_count))
        return result

    def _column_store(self, header_id: int) -> dict[int, pd.DataFrame]:
        frame = _frame_or_none(
            self._connection,
            sa.select(
                TableValue.header_id,
                TableValue.table_column_id,
                TableValue.row_index,
                TableValue.element,
                TableValue.value_float,
                TableValue.value_int,
                TableValue.value_text,
            )
            .where(TableValue.header_id == header_id)
            .order_by(TableValue.table_column_id, TableValue.row_index, TableValue.element),
            {"value_float"},
            set(_CELL_KEYS),
        )
        if frame is None:
            return {}
        floats = frame["value_float"].to_numpy(copy=True)
        keys = [frame[key].to_numpy() for key in _CELL_KEYS]
        self._special.apply("table_value", "value_float", keys, floats)
        frame["value_float"] = floats
        return {int(str(column)): cells for column, cells in frame.groupby("table_column_id")}

    def _typed(self, header_id: int, place: re.Match[str], columns: Sequence[Any]) -> Values:
        """Return the values of a typed home in the order of the table's rows."""
        table, column = place["table"], place["column"]
        if table == "source_sample":
            found = self._connection.execute(
                sa.select(Source.psf_fit_id, Source.pampelmuse_id).where(
                    Source.header_id == header_id
                )
            ).first()
            if found is None:
                raise RebuildError("the source has no row: load its file again with --reload")
            fit, source = found
            frame = self._samples(fit).get(source, pd.DataFrame({column: []}))
        elif table in ("psf_parameter", "position_parameter"):
            return self._parameters(header_id, table, column, columns)
        else:
            frame = self._rows(table, "exposure_id", self._exposure_id)
            if place["key"]:
                frame = frame[frame[place["key"]] == int(place["index"])]
            else:
                frame = frame.drop_duplicates("row_index")
        return np.asarray(frame[column].to_numpy())

    def _parameters(
        self, header_id: int, table: str, column: str, columns: Sequence[Any]
    ) -> Values:
        fit = self._connection.scalar(
            sa.select(PsfFit.id)
            .join(SourceFile, SourceFile.exposure_id == PsfFit.exposure_id)
            .join(Header, Header.source_file_id == SourceFile.id)
            .where(Header.id == header_id, PsfFit.prm_file_id == SourceFile.id)
        )
        stored = self._column_store(header_id)
        names = next((stored.get(c.id) for c in columns if c.name.lower() == "name"), None)
        if fit is None or names is None:
            raise RebuildError("the parameters have no names: load the file again with --reload")
        frame = self._rows(table, "psf_fit_id", fit)
        values = {name: rows[column].to_numpy() for name, rows in frame.groupby("parameter")}
        empty = np.empty(0)
        return np.concatenate(
            [empty, *(values.get(n.rstrip(), empty) for n in names["value_text"])]
        )

    def _samples(self, fit: int) -> dict[int, pd.DataFrame]:
        """Return the samples of a fit by source."""
        if fit not in self._by_source:
            frame = self._read("source_sample", "psf_fit_id", fit)
            sources, starts = np.unique(frame["pampelmuse_id"].to_numpy(), return_index=True)
            bounds = pairwise([*starts.tolist(), len(frame)])
            # Rows are in the order of the key: slices share the memory, groups would not.
            self._by_source[fit] = {
                int(source): frame.iloc[start:stop]
                for source, (start, stop) in zip(sources, bounds, strict=True)
            }
        return self._by_source[fit]

    def _rows(self, table: str, parent: str, parent_id: int) -> pd.DataFrame:
        """Return the rows of a typed table below its parent; they are read once."""
        if (table, parent_id) not in self._frames:
            self._frames[table, parent_id] = self._read(table, parent, parent_id)
        return self._frames[table, parent_id]

    def _read(self, table: str, parent: str, parent_id: int) -> pd.DataFrame:
        """Return rows in the order of their key, with special values put back."""
        source = Base.metadata.tables[table]
        keys = [column.name for column in source.primary_key]
        floats = {c.name for c in source.columns if isinstance(c.type, sa.Double)}
        integers = {c.name for c in source.primary_key if isinstance(c.type, sa.Integer)}
        select = sa.select(source).where(source.c[parent] == parent_id)
        frame = _frame_or_none(
            self._connection, select.order_by(*source.primary_key), floats, integers
        )
        if frame is None:
            return pd.DataFrame(columns=source.columns.keys(), dtype=object)
        for name in floats:
            values = frame[name].to_numpy(copy=True)
            arrays = [frame[key].to_numpy() for key in keys]
            self._special.apply(table, name, arrays, values)
            frame[name] = values
        return frame


def _home(stored_in: str) -> re.Match[str]:
    """Return the table and column that hold a column's values."""
    match = _STORED_IN.match(stored_in)
    table = Base.metadata.tables.get(match["table"]) if match else None
    if match is None or table is None or {match["column"], match["key"]} - {None, *table.c.keys()}:
        raise RebuildError(f"there is no {stored_in!r}, where a column should be stored")
    return match


def _frame_or_none(
    connection: Connection,
    select: sa.Select[*tuple[Any, ...]],
    floats: set[str],
    integers: set[str],
) -> pd.DataFrame | None:
    """Return rows as a frame of Python's values, but for columns of numbers; None for no rows."""
    types = dict.fromkeys(floats, np.float64) | dict.fromkeys(integers, np.int64)
    result = connection.execute(
        select, execution_options={"stream_results": True, "max_row_buffer": _PIECE_ROWS}
    )
    names = list(result.keys())
    pieces: dict[str, list[Values]] = {name: [] for name in names}
    for rows in result.partitions(_PIECE_ROWS):
        for name, values in zip(pieces, zip(*rows, strict=True), strict=True):
            pieces[name].append(np.array(values, dtype=types.get(name, object)))
    if not all(pieces.values()):
        return None
    return pd.DataFrame(
        {
            name: pd.Series(np.concatenate(arrays), dtype=types.get(name, object))
            for name, arrays in pieces.items()
        }
    )


def _from_store(form: ColumnFormat, shape: Shape, cells: pd.DataFrame | None, rows: int) -> Column:
    if cells is None:
        cells = pd.DataFrame(
            {c: [] for c in ("row_index", "element", "value_float", "value_int", "value_text")}
        )
    values, nulls = _flat(form, shape.kind, cells)
    if shape.variable:
        row_index = cells["row_index"].to_numpy(np.int64)
        if shape.kind == "complex":
            row_index = row_index[::2]
        bounds = np.searchsorted(row_index, np.arange(rows + 1))
        parts = np.empty(rows, dtype=object)
        for i in range(rows):
            parts[i] = values[bounds[i] : bounds[i + 1]]
        return Column(form, parts, np.zeros(rows, np.bool_))
    return _shaped(form, shape, values, nulls, rows)


def _shaped(form: ColumnFormat, shape: Shape, values: Values, nulls: Values, rows: int) -> Column:
    dimensions = (rows, *shape.dimensions)
    wanted = int(np.prod(dimensions))
    if len(values) != wanted:
        raise RebuildError(
            f"column {form.name} has {len(values)} values in the database in place of {wanted}: "
            "load its file again with --reload"
        )
    return Column(form, values.reshape(dimensions), nulls.reshape(dimensions))


def _flat(form: ColumnFormat, kind: str, cells: pd.DataFrame) -> tuple[Values, Values]:
    if kind in ("float", "complex"):
        floats = cells["value_float"].to_numpy(np.float64)
        if kind == "complex":
            floats = np.ascontiguousarray(floats).view(np.complex128)
        return floats, np.zeros(len(floats), np.bool_)
    column = "value_text" if kind == "str" else "value_int"
    values = cells[column].to_numpy(dtype=object).copy()
    if kind == "int":
        beyond = cells["value_text"].to_numpy(dtype=object)
        values = np.array(
            [
                int(t) if v is None and t is not None else v
                for v, t in zip(values, beyond, strict=True)
            ],
            dtype=object,
        )
    return _filled(form, kind, values)


def _filled(form: ColumnFormat, kind: str, values: Values) -> tuple[Values, Values]:
    nulls = np.array([value is None for value in values], dtype=np.bool_)
    values[nulls] = null_of(form, kind)
    if kind == "bool":
        return values.astype(np.bool_), nulls
    return values, nulls


def _from_typed(form: ColumnFormat, shape: Shape, stored: Values, rows: int) -> Column:
    if shape.kind == "int":
        values = np.array(
            [None if pd.isna(value) else int(value) for value in stored], dtype=object
        )
        filled, nulls = _filled(form, "int", values)
    elif shape.kind == "str":
        filled, nulls = _filled(form, "str", stored.astype(object))
    else:
        filled, nulls = stored.astype(np.float64), np.zeros(len(stored), np.bool_)
    return _shaped(form, shape, filled, nulls, rows)
