"""Which tables of which exposures a telemetry frame shows, and what its columns are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.errors import AomuseError
from aomuse.exchange.content import ColumnFormat
from aomuse.models import Header, TableColumn, TableLayout
from aomuse.query.frames.columns import FrameColumn, Kind, unit_of_name
from aomuse.query.frames.reading import batches
from aomuse.stored.formats import Shape, shape_of
from aomuse.suggest import unknown

_STORED_IN = re.compile(r"^(?P<table>\w+)(\.(?P<column>\w+))?(\[(?P<key>\w+)=(?P<index>\d+)\])?$")
_KINDS: dict[str, Kind] = {
    "float": "float",
    "int": "int",
    "bool": "flag",
    "str": "text",
    "complex": "complex",
}

#: Tables of analyses, and the method that shows each.
_ELSEWHERE = {
    "psf_parameter": "db.psf()",
    "position_parameter": "the table position_parameter",
    "source_sample": "db.sources()",
}
#: Units of typed columns whose names do not tell them.
_HOME_UNITS = {"time_sec": "s", "time_usec": "us", "strehl": "%"}
#: Names that the frame needs for itself.
OWN = ("exposure_id", "header_id", "row_index", "time_utc")


@dataclass(frozen=True)
class StoredTable:
    """One table of one exposure, by its HDU."""

    header_id: int
    exposure_id: int
    layout_id: int
    row_count: int


@dataclass(frozen=True)
class StoredColumn:
    """Where a layout's column is stored: its own id, shape and home, and its name in the frame."""

    id: int
    layout_id: int
    name: str
    format: ColumnFormat
    shape: Shape
    table: str
    column: str | None
    key: str | None
    index: int | None

    @property
    def kind(self) -> Kind:
        """What a cell of the frame holds."""
        if self.shape.variable or self.shape.dimensions:
            return "object"
        return _KINDS[self.shape.kind]

    @property
    def unit(self) -> str:
        """TUNIT; where SPARTA and the site monitor leave it out, that of the typed column."""
        home = self.column or ""
        return self.format.unit or _HOME_UNITS.get(home) or unit_of_name(home)


def stored_tables(
    connection: Connection, extension: str, exposure_ids: Sequence[int]
) -> list[StoredTable]:
    """Return the tables of an extension, in the order of the exposures."""
    found: list[StoredTable] = []
    for ids in batches(exposure_ids):
        rows = connection.execute(
            sa.select(Header.id, Header.exposure_id, Header.table_layout_id, Header.table_row_count)
            .where(
                Header.extension_name == extension,
                Header.table_layout_id.is_not(None),
                Header.exposure_id.in_(ids),
            )
            .order_by(Header.id)
        )
        place = {number: i for i, number in enumerate(ids)}
        tables = [StoredTable(row[0], row[1], row[2] or 0, row[3] or 0) for row in rows]
        found += sorted(tables, key=lambda table: (place[table.exposure_id], table.header_id))
    return found


def stored_columns(connection: Connection, extension: str) -> list[StoredColumn]:
    """Return the columns of all layouts of an extension."""
    rows = connection.execute(
        sa.select(*TableColumn.__table__.columns)
        .join(TableLayout, TableLayout.id == TableColumn.table_layout_id)
        .where(TableLayout.extension_name == extension)
        .order_by(TableColumn.table_layout_id, TableColumn.position)
    ).all()
    for row in rows:
        method = _ELSEWHERE.get(row.stored_in.split(".")[0])
        if method:
            raise AomuseError(f"{extension} is no telemetry: {method} has it")
    if not rows:
        _refuse(connection, extension)
    counts: dict[int, Counter[str]] = {}
    return [_column(row, counts.setdefault(row.table_layout_id, Counter(OWN))) for row in rows]


def _refuse(connection: Connection, extension: str) -> None:
    if extension.startswith("PM_"):
        raise AomuseError(f"{extension} is no telemetry: db.sources() has it")
    elsewhere = sa.select(TableColumn.table_layout_id).where(
        sa.or_(*(TableColumn.stored_in.startswith(table) for table in _ELSEWHERE))
    )
    known = connection.scalars(
        sa.select(TableLayout.extension_name).where(TableLayout.id.not_in(elsewhere)).distinct()
    )
    raise AomuseError(unknown("no file has a table", extension, known))


def _column(row: Any, seen: Counter[str]) -> StoredColumn:
    seen[row.name] += 1
    name = row.name if seen[row.name] == 1 else f"{row.name}_{seen[row.name]}"
    place = _STORED_IN.match(row.stored_in)
    assert place is not None, row.stored_in
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
    )
    return StoredColumn(
        row.id,
        row.table_layout_id,
        name,
        form,
        shape_of(form),
        place["table"],
        place["column"],
        place["key"],
        int(place["index"]) if place["index"] else None,
    )


def frame_columns(
    columns: Sequence[StoredColumn], layout_ids: Sequence[int]
) -> dict[str, FrameColumn]:
    """Return the columns of the frame, those that only some layouts have behind the others."""
    found: dict[str, list[StoredColumn]] = {}
    for layout_id in layout_ids:
        for column in columns:
            if column.layout_id == layout_id:
                found.setdefault(column.name, []).append(column)
    result = {}
    for name, same in found.items():
        kinds = {column.kind for column in same}
        kind: Kind = kinds.pop() if len(kinds) == 1 else "object"
        if not kinds - {"int", "float"} and len(kinds) == 2:
            kind = "float"
        always = len(same) == len(layout_ids)
        if kind == "int" and always and all(_never_null(column) for column in same):
            kind = "count"
        units = {column.unit for column in same}
        result[name] = FrameColumn(name, kind, units.pop() if len(units) == 1 else "")
    return result


def _never_null(column: StoredColumn) -> bool:
    # A whole zero makes integers unsigned, beyond int64.
    return column.format.null_value is None and not column.format.zero
