"""Tables as the database knows them: their layouts, and where each column's values are stored."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.exchange.column_format import ColumnFormat
from aomuse.exchange.stored_in import StoredIn
from aomuse.fits.formats import Shape, shape_of
from aomuse.models import Header, TableColumn, TableLayout

_FIELDS = [field.name for field in fields(ColumnFormat)]


@dataclass(frozen=True)
class StoredTable:
    """A table of an exposure, by its HDU."""

    header_id: int
    exposure_id: int
    layout_id: int
    row_count: int


@dataclass(frozen=True)
class LayoutColumn:
    """A column of a layout: table_column.id, definition, shape, and where its values are."""

    id: int
    layout_id: int
    format: ColumnFormat
    shape: Shape
    home: StoredIn


def stored_tables(connection: Connection, *where: sa.ColumnElement[bool]) -> list[StoredTable]:
    """Return tables, in the order of their HDUs."""
    rows = connection.execute(
        sa.select(
            Header.id,
            Header.exposure_id,
            sa.func.coalesce(Header.table_layout_id, 0),
            sa.func.coalesce(Header.table_row_count, 0),
        )
        .where(Header.table_layout_id.is_not(None), *where)
        .order_by(Header.id)
    )
    return [StoredTable(row[0], row[1], row[2], row[3]) for row in rows]


def layout_columns(connection: Connection, *where: sa.ColumnElement[bool]) -> list[LayoutColumn]:
    """Return columns, by layout in the order of the file."""
    rows = connection.execute(
        sa.select(*TableColumn.__table__.columns)
        .join(TableLayout, TableLayout.id == TableColumn.table_layout_id)
        .where(*where)
        .order_by(TableColumn.table_layout_id, TableColumn.position)
    )
    return [layout_column(row) for row in rows]


def layout_column(row: Any) -> LayoutColumn:
    """Return a row of table_column as what it says."""
    form = ColumnFormat(*(getattr(row, name) for name in _FIELDS))
    home = StoredIn.parse(row.stored_in)
    return LayoutColumn(row.id, row.table_layout_id, form, shape_of(form), home)
