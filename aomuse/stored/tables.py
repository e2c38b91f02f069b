"""Tables from their rows: of one exposure or many, column by column."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.errors import RebuildError
from aomuse.exchange.column_format import ColumnFormat
from aomuse.exchange.stored_in import COLUMN_STORE
from aomuse.fits.formats import Shape, null_of
from aomuse.models import Base, Header, PsfFit, TableColumn, TableValue
from aomuse.stored.layouts import LayoutColumn, StoredTable, layout_columns
from aomuse.stored.rows import read_rows
from aomuse.stored.samples import SampleReader
from aomuse.stored.special import SpecialValues, Values

#: Columns of table_value with the values of each kind.
_VALUE_COLUMNS = {
    "float": ("value_float",),
    "complex": ("value_float",),
    "int": ("value_int", "value_text"),
    "bool": ("value_int",),
    "str": ("value_text",),
}


@dataclass(frozen=True)
class StoredColumn:
    """A column as astropy shows it.

    Parameters
    ----------
    format : ColumnFormat
        How the file defines it.
    shape : Shape
        What the format says.
    values : ndarray
        Shape ``(rows,)`` or ``(rows, …)``, dtype bool, int64 or object (integers), float64,
        complex128 or object (strings, variable length); what the file has where there is no
        value: TNULL, False for an undefined logical.
    nulls : ndarray of bool
        Same shape, True where there is no value; of variable length an array for each row, or
        False for each where none is missing.
    """

    format: ColumnFormat
    shape: Shape
    values: npt.NDArray[Any]
    nulls: npt.NDArray[np.bool_]


class _Cells(NamedTuple):
    """Stored values with their places: row (-1 for none of the tables'), element, values."""

    row: npt.NDArray[np.int64]
    element: npt.NDArray[np.int64]
    values: Values
    nulls: npt.NDArray[np.bool_]


class TableReader:
    """Reads tables of one layout, their rows one below the other.

    Where values are missing a strict reader raises RebuildError; else NULL stands there.
    """

    def __init__(
        self,
        connection: Connection,
        tables: Sequence[StoredTable],
        special: SpecialValues,
        samples: SampleReader | None = None,
        *,
        strict: bool = False,
    ) -> None:
        self._connection = connection
        self._tables = tables
        self._special = special
        self._samples = samples or SampleReader(connection, special)
        self._strict = strict
        counts = [table.row_count for table in tables]
        self._counts = np.array(counts, dtype=np.int64)
        self._starts = np.cumsum([0, *counts])[:-1]
        self._rows = sum(counts)

    def read(self, columns: Sequence[LayoutColumn]) -> list[StoredColumn]:
        """Return columns of the tables."""
        in_store: dict[tuple[str, ...], list[LayoutColumn]] = defaultdict(list)
        in_table: dict[str, list[LayoutColumn]] = defaultdict(list)
        for column in columns:
            if column.home.table == COLUMN_STORE:
                in_store[_VALUE_COLUMNS[column.shape.kind]].append(column)
            else:
                in_table[column.home.table].append(column)
        cells: dict[int, _Cells] = {}
        for names, same in in_store.items():
            cells |= self._from_store(same, names)
        for table, same in in_table.items():
            cells |= self._from_typed(table, same)
        return [self._column(column, cells[column.id]) for column in columns]

    def _from_store(self, columns: list[LayoutColumn], names: tuple[str, ...]) -> dict[int, _Cells]:
        """Return the values of columns in the column store."""
        headers = [table.header_id for table in self._tables]
        ids = [column.id for column in columns]
        where = (TableValue.header_id.in_(headers), TableValue.table_column_id.in_(ids))
        # Texts are read one by one, and few integers are too long for a number.
        found = read_rows(self._connection, self._special, "table_value", names[:1], *where)
        text = (TableValue.value_int.is_(None), TableValue.value_text.is_not(None))
        has_text = sa.select(TableValue.header_id).where(*where, *text).limit(1)
        if (
            len(names) > 1
            and found[names[0]].dtype == object
            and self._connection.scalar(has_text) is not None
        ):
            found = read_rows(self._connection, self._special, "table_value", names, *where)
        names = tuple(name for name in names if name in found)
        rows = self._places(headers, found["header_id"], found["row_index"])
        cells = {}
        for column in columns:
            own = found["table_column_id"] == column.id
            values = _decoded(column.shape, *(found[name][own] for name in names))
            cells[column.id] = _Cells(rows[own], found["element"][own], *values)
        return cells

    def _from_typed(self, table: str, columns: list[LayoutColumn]) -> dict[int, _Cells]:
        """Return the values of columns in a table of the schema, such as sparta_atm."""
        known = Base.metadata.tables.get(table)
        for column in columns:
            home = column.home
            if known is None or not {home.column, home.index_column} <= {None, *known.c.keys()}:
                raise RebuildError(f"there is no '{home}', where a column should be stored")
        names = sorted({column.home.column or "" for column in columns})
        element: Values | None = None
        has_index = False
        if table == "source_sample":
            (only,) = self._tables
            found = self._samples.read(only.header_id)
            rows = found["layer"]
        elif table in ("psf_parameter", "position_parameter"):
            found, rows = self._parameters(table, names)
            element = found["layer"]
        else:
            exposures = [each.exposure_id for each in self._tables]
            source = Base.metadata.tables[table]
            where = source.c.exposure_id.in_(exposures)
            found = read_rows(self._connection, self._special, table, names, where)
            has_index = len(source.primary_key) > len(("exposure_id", "row_index"))
            rows = self._places(exposures, found["exposure_id"], found["row_index"])
        cells = {}
        for column in columns:
            home = column.home
            own: Any = slice(None)
            if home.index_column:
                own = found[home.index_column] == home.index
            elif has_index:
                # All lasers of a row have the value.
                own = np.unique(rows, return_index=True)[1]
            values = _decoded(column.shape, found[home.column or ""][own])
            place = np.zeros(len(rows), np.int64) if element is None else element
            cells[column.id] = _Cells(rows[own], place[own], *values)
        return cells

    def _places(self, owners: list[int], owner: Values, row_index: Values) -> Values:
        """Return rows among those of all tables, -1 where their table has no such row."""
        table = pd.Index(owners).get_indexer(pd.Index(owner))
        return np.where(row_index < self._counts[table], self._starts[table] + row_index, -1)

    def _parameters(self, name: str, names: list[str]) -> tuple[dict[str, Values], Values]:
        (table,) = self._tables
        fit = self._connection.scalar(
            sa.select(PsfFit.id)
            .join(Header, Header.source_file_id == PsfFit.prm_file_id)
            .where(Header.id == table.header_id)
        )
        columns = layout_columns(self._connection, TableColumn.table_layout_id == table.layout_id)
        column = next((c for c in columns if c.format.name.lower() == "name"), None)
        if fit is None or column is None or column.home.table != COLUMN_STORE:
            raise RebuildError("the parameters have no names: load the file again with --reload")
        (stored,) = self.read([column])
        parameters = [str(parameter).rstrip() for parameter in stored.values]
        of_fit = Base.metadata.tables[name].c.psf_fit_id == fit
        found = read_rows(self._connection, self._special, name, names, of_fit)
        rows = pd.Index(parameters, dtype=object).get_indexer(pd.Index(found["parameter"]))
        known = rows >= 0
        return {key: values[known] for key, values in found.items()}, rows[known]

    def _column(self, column: LayoutColumn, cells: _Cells) -> StoredColumn:
        shape = column.shape
        if shape.variable:
            lists, missing = _lists(column, cells, self._rows)
            return StoredColumn(column.format, shape, lists, missing)
        width = shape.elements
        size = self._rows * width
        inside = (cells.row >= 0) & (cells.row < self._rows) & (cells.element < width)
        stored = len(inside) if len(inside) != size else int(inside.sum())
        if self._strict and stored != size:
            raise RebuildError(
                f"column {column.format.name} has {stored} values in the database in place of "
                f"{size}: load its file again with --reload"
            )
        null = null_of(column.format, shape.kind)
        values = cells.values
        if shape.kind == "int" and abs(null) >= 2**63:
            values = values.astype(object)
        all_values = np.full(size, null, dtype=values.dtype)
        nulls = np.ones(size, np.bool_)
        filled = inside & ~cells.nulls
        place = (cells.row * width + cells.element)[filled]
        all_values[place] = values[filled]
        nulls[place] = False
        dimensions = (self._rows, *shape.dimensions)
        if shape.kind == "complex":
            all_values = all_values.view(np.complex128)
            nulls = nulls[::2]
        return StoredColumn(
            column.format, shape, all_values.reshape(dimensions), nulls.reshape(dimensions)
        )


def _decoded(
    shape: Shape, stored: Values, texts: Values | None = None
) -> tuple[Values, npt.NDArray[np.bool_]]:
    """Return stored values in the type of their kind, and which are NULL."""
    if shape.kind in ("float", "complex"):
        return stored.astype(np.float64), np.zeros(len(stored), np.bool_)
    nulls = np.asarray(pd.isna(stored))
    if shape.kind == "str":
        return stored.astype(object), nulls
    values = np.where(nulls, 0, stored)
    if texts is not None:
        # Integers beyond 64 bits.
        beyond = nulls & ~np.asarray(pd.isna(texts))
        if beyond.any():
            values[beyond] = [int(text) for text in texts[beyond]]
            return values, nulls & ~beyond
    return values.astype(np.bool_ if shape.kind == "bool" else np.int64), nulls


def _lists(
    column: LayoutColumn, cells: _Cells, rows: int
) -> tuple[npt.NDArray[np.object_], npt.NDArray[Any]]:
    """Return an array for each row, and its NULLs; cells of a row are in the order of elements."""
    order = np.argsort(cells.row, kind="stable")
    bounds = np.searchsorted(cells.row[order], np.arange(rows + 1))
    values, nulls = cells.values[order], cells.nulls[order]
    if nulls.any():
        null = null_of(column.format, column.shape.kind)
        values = values.astype(object) if abs(null) >= 2**63 else values.copy()
        values[nulls] = null
    lists = np.empty(rows, dtype=object)
    missing = np.empty(rows, dtype=object)
    for row in range(rows):
        part = slice(bounds[row], bounds[row + 1])
        is_complex = column.shape.kind == "complex"
        lists[row] = values[part].view(np.complex128) if is_complex else values[part]
        missing[row] = nulls[part]
    return lists, missing if nulls.any() else np.zeros(rows, np.bool_)
