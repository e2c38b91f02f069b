"""Where a row lies in a lake: the tables that have a file for each exposure, and the names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy import Column, Table
from sqlalchemy.types import TypeEngine

from aomuse.lake.metadata import field_metadata, file_metadata
from aomuse.models import Base, Exposure, Header, PsfFit
from aomuse.query.meanings import meaning_of
from aomuse.stored.rows import Select
from aomuse.whole_file import safe_name

#: The folder of what is not a table.
META = "_aomuse"

#: Tables of many rows: a file for each exposure, so that news are new files.
BY_EXPOSURE = (
    "source_sample",
    *("source", "source_summary", "psf_field", "extracted_source"),
    *("psf_layer", "psf_parameter", "psf_parameter_summary", "position_parameter"),
    *("header_card", "table_value", "special_value"),
    *("sparta_atm", "sparta_cn2", "sparta_cn2_layer"),
    *("asm", "asm_mass_layer", "asm_slodar_layer", "ag", "sgs"),
)
#: What a database notes for itself.
_LEFT_OUT = ("run_lock", "view_state")

#: Hive's word for a partition without a value, which DuckDB and Spark read as NULL.
NO_NIGHT = "__HIVE_DEFAULT_PARTITION__"

#: Name of a file with the rows of all exposures of a night.
MERGED = "part-0"

_TYPES: tuple[tuple[type[TypeEngine[Any]], pa.DataType], ...] = (
    (sa.Boolean, pa.bool_()),
    (sa.BigInteger, pa.int64()),
    (sa.SmallInteger, pa.int16()),
    (sa.Integer, pa.int32()),
    (sa.Float, pa.float64()),
    (sa.DateTime, pa.timestamp("us")),
    (sa.LargeBinary, pa.binary()),
    (sa.String, pa.string()),
)


def tables() -> list[Table]:
    """Return the tables of a lake, those that others refer to first."""
    return [table for table in Base.metadata.sorted_tables if table.name not in _LEFT_OUT]


def whole_tables() -> list[Table]:
    """Return the tables that have one file."""
    return [table for table in tables() if table.name not in BY_EXPOSURE]


def exposure_tables() -> list[Table]:
    """Return the tables that have a file for each exposure."""
    return [table for table in tables() if table.name in BY_EXPOSURE]


def owner_column(table: Table) -> Column[int] | None:
    """Return the column that leads from a row to its exposure, None where none does."""
    for name in ("exposure_id", "psf_fit_id", "header_id"):
        if name in table.c:
            return table.c[name]
    return table.c.id if table.name == "exposure" else None


def with_exposure(table: Table) -> Select:
    """Return the rows of a table in the order of its key, with the exposure that each belongs to.

    ``exposure_id`` and ``archive_id`` come first, where a table has not got them itself.
    """
    owner = owner_column(table)
    key = list(table.primary_key)
    if owner is None:
        return sa.select(*table.c).order_by(*key)
    path: sa.FromClause = table
    exposure_id: Any = owner
    for middle in (PsfFit, Header):
        if owner.name == f"{middle.__tablename__}_id":
            path = path.outerjoin(middle, middle.id == owner)
            exposure_id = middle.exposure_id
    own = set(table.c.keys())
    more: list[Any] = []
    if "exposure_id" not in own and table.name != "exposure":
        more.append(exposure_id)
    if "archive_id" not in own:
        path = path.outerjoin(Exposure, Exposure.id == exposure_id)
        more.append(Exposure.archive_id)
    return sa.select(*more, *table.c).select_from(path).order_by(*key)


@cache
def schema(table_name: str) -> pa.Schema:
    """Return the columns of a table's files, with units and meanings in the metadata."""
    table = Base.metadata.tables[table_name]
    types, meanings = {}, {}
    for column in with_exposure(table).selected_columns:
        own = table.c.get(column.name)
        source: Any = Exposure.__table__.c.get(column.name, column) if own is None else own
        comment = source.comment or "Exposure that the row belongs to"
        comment = comment if own is not None else f"Its exposure: {comment}"
        types[column.name] = _arrow_type(column.type)
        meanings[column.name] = meaning_of(column.name, comment)
    fields = [
        pa.field(name, kind, metadata=field_metadata(meanings[name]))
        for name, kind in types.items()
    ]
    known = file_metadata(table_name, table.comment or "", types, meanings)
    return pa.schema(fields, metadata=known)


def _arrow_type(kind: TypeEngine[object]) -> pa.DataType:
    return next(arrow for sql, arrow in _TYPES if isinstance(kind, sql))


@dataclass(frozen=True)
class Place:
    """An exposure, and where its files lie in the folder of each table."""

    exposure_id: int
    archive_id: str | None
    folder: str
    name: str

    def file(self, table_name: str) -> PurePosixPath:
        """Return the path of a file within the lake."""
        return PurePosixPath(table_name, self.folder, f"{self.name}.parquet")


def whole_file_of(table_name: str) -> PurePosixPath:
    """Return the path of the one file of a table."""
    return PurePosixPath(table_name, f"{MERGED}.parquet")


def places(exposures: Iterable[tuple[int, str | None, dt.datetime | None]]) -> list[Place]:
    """Return where exposures lie, given as id, archive name and start, in the order of their ids.

    Two names that are one on some file system get their id as well.
    """
    taken: set[tuple[str, str]] = set()
    found = []
    for exposure_id, archive_id, start in exposures:
        # A night is named after the day on which it begins.
        night = NO_NIGHT if start is None else f"{(start - dt.timedelta(hours=12)).date()}"
        name = safe_name((archive_id or f"exposure {exposure_id}").replace(":", "_"))
        if (night, name.casefold()) in taken or name.casefold() == MERGED:
            name = f"{name}~{exposure_id}"
        taken.add((night, name.casefold()))
        found.append(Place(exposure_id, archive_id, f"night={night}", name))
    return found
