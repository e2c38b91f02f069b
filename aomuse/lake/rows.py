"""Rows of the database as Arrow batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy import Connection, Table

from aomuse.lake.layout import Place, owner_column, schema, with_exposure
from aomuse.models import Header, PsfFit
from aomuse.stored.rows import pieces

#: Rows that are in memory at once.
_BATCH_ROWS = 122_880
#: Ids in one IN list.
_IDS = 400


def whole_table(connection: Connection, table: Table) -> Iterator[pa.RecordBatch]:
    """Yield all rows of a table."""
    yield from _batches(connection, with_exposure(table), schema(table.name))


def owners(connection: Connection, exposure_id: int) -> dict[str, list[int]]:
    """Return the ids by which rows know that they belong to an exposure, by column."""
    ids = {"exposure_id": [exposure_id]}
    for model in (PsfFit, Header):
        select = sa.select(model.id).where(model.exposure_id == exposure_id).order_by(model.id)
        ids[f"{model.__tablename__}_id"] = list(connection.scalars(select))
    return ids


def rows_of_exposure(
    connection: Connection, table: Table, place: Place, ids: dict[str, list[int]]
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a table that belong to an exposure, in the order of the key."""
    owner = owner_column(table)
    assert owner is not None
    fields = schema(table.name)
    own = pa.schema([field for field in fields if field.name in table.c])
    constant = {"exposure_id": place.exposure_id, "archive_id": place.archive_id}
    for start in range(0, len(ids[owner.name]), _IDS):
        some = ids[owner.name][start : start + _IDS]
        select = sa.select(*table.c).where(owner.in_(some)).order_by(*table.primary_key)
        for batch in _batches(connection, select, own):
            columns = [
                batch.column(field.name)
                if field.name in table.c
                else pa.repeat(pa.scalar(constant[field.name], field.type), batch.num_rows)
                for field in fields
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=fields)


def _batches(
    connection: Connection, select: sa.Select[Any], fields: pa.Schema
) -> Iterator[pa.RecordBatch]:
    for piece in pieces(connection, select, _BATCH_ROWS):
        columns = [pa.array(piece[f.name], f.type, from_pandas=True) for f in fields]
        batch = pa.RecordBatch.from_arrays(columns, schema=fields)
        if batch.num_rows:
            yield batch
