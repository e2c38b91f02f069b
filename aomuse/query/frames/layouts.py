"""Which tables of which exposures a telemetry frame shows, and what its columns are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.errors import AomuseError
from aomuse.models import Header, TableColumn, TableLayout
from aomuse.query.frames.columns import FrameColumn, Kind, unit_of_name
from aomuse.query.frames.reading import BATCH_IDS
from aomuse.stored.layouts import LayoutColumn, StoredTable, layout_columns, stored_tables
from aomuse.suggest import unknown

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
class TelemetryColumn:
    """A column of a layout, and its name in the frame."""

    name: str
    stored: LayoutColumn

    @property
    def kind(self) -> Kind:
        """What a cell of the frame holds."""
        shape = self.stored.shape
        return _KINDS[shape.kind] if shape.is_scalar else "object"

    @property
    def unit(self) -> str:
        """TUNIT; where SPARTA and the site monitor leave it out, that of the typed column."""
        home = self.stored.home.column or ""
        return self.stored.format.unit or _HOME_UNITS.get(home) or unit_of_name(home)

    @property
    def never_null(self) -> bool:
        """Whether each cell is an int64: a whole zero makes integers unsigned, beyond it."""
        return self.stored.format.null_value is None and not self.stored.format.zero


def tables_of(
    connection: Connection,
    extension: str,
    columns: Sequence[TelemetryColumn],
    exposure_ids: Sequence[int],
) -> list[StoredTable]:
    """Return the tables of an extension, whose layouts have ``columns``, sorted as exposures."""
    place = {number: i for i, number in enumerate(exposure_ids)}
    # Each way has its index; with both conditions SQLite takes that of the layouts for a few, too.
    if len(place) > BATCH_IDS:
        chosen = Header.table_layout_id.in_({column.stored.layout_id for column in columns})
    else:
        chosen = Header.exposure_id.in_(place)
    tables = stored_tables(connection, Header.called(extension), chosen)
    found = [table for table in tables if table.exposure_id in place]
    return sorted(found, key=lambda table: (place[table.exposure_id], table.header_id))


def telemetry_columns(connection: Connection, extension: str) -> list[TelemetryColumn]:
    """Return the columns of all layouts of an extension."""
    columns = layout_columns(
        connection, TableLayout.extension_name.in_({extension, extension.strip().upper()})
    )
    for column in columns:
        method = _ELSEWHERE.get(column.home.table)
        if method:
            raise AomuseError(f"{extension} is not telemetry; use {method}")
    if not columns:
        _refuse(connection, extension)
    counts: dict[int, Counter[str]] = {}
    found = []
    for column in columns:
        name, seen = column.format.name, counts.setdefault(column.layout_id, Counter(OWN))
        seen[name] += 1
        found.append(TelemetryColumn(name if seen[name] == 1 else f"{name}_{seen[name]}", column))
    return found


def _refuse(connection: Connection, extension: str) -> None:
    if extension.startswith("PM_"):
        raise AomuseError(f"{extension} is not telemetry; use db.sources()")
    elsewhere = sa.select(TableColumn.table_layout_id).where(
        sa.or_(*(TableColumn.stored_in.startswith(table) for table in _ELSEWHERE))
    )
    known = connection.scalars(
        sa.select(TableLayout.extension_name).where(TableLayout.id.not_in(elsewhere)).distinct()
    )
    raise AomuseError(unknown("no file has a table", extension, known))


def frame_columns(
    columns: Sequence[TelemetryColumn], layout_ids: Sequence[int]
) -> dict[str, FrameColumn]:
    """Return the columns of the frame, those that only some layouts have behind the others."""
    found: dict[str, list[TelemetryColumn]] = {}
    for layout_id in layout_ids:
        for column in columns:
            if column.stored.layout_id == layout_id:
                found.setdefault(column.name, []).append(column)
    result = {}
    for name, same in found.items():
        kinds = {column.kind for column in same}
        kind: Kind = "float" if kinds == {"int", "float"} else "object"
        if len(kinds) == 1:
            kind = same[0].kind
        always = len(same) == len(layout_ids)
        if kind == "int" and always and all(column.never_null for column in same):
            kind = "count"
        units = {column.unit for column in same}
        result[name] = FrameColumn(name, kind, units.pop() if len(units) == 1 else "")
    return result
