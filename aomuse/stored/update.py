"""Changes of rows that exist, with their special values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.exchange.frames import arrays_of
from aomuse.models import Base, Exposure, SpecialValue
from aomuse.stored.special import Floats, SpecialRow, special_columns, split_special
from aomuse.stored.writer import ExecutemanyWriter


def write_values(
    connection: Connection,
    exposure_id: int,
    table_name: str,
    keys: pd.DataFrame,
    column: str,
    values: Floats,
) -> None:
    """Write values into a column of some rows, given by their keys."""
    if not len(keys):
        return
    table = Base.metadata.tables[table_name]
    key = table.primary_key.columns.keys()
    owners = keys[key].reset_index(drop=True)
    clean, special = split_special(table_name, arrays_of(owners) | {column: values}, key)
    _forget_special(connection, exposure_id, table_name, [column], keys[key])
    statement = (
        sa.update(table)
        .where(*(table.c[name] == sa.bindparam(f"key_{name}") for name in key))
        .values({column: sa.bindparam("new")})
    )
    numbers = [None if np.isnan(value) else value for value in clean[column].tolist()]
    renamed = owners.add_prefix("key_").assign(new=pd.Series(numbers, dtype=object))
    rows: Any = renamed.to_dict("records")
    connection.execute(statement, rows)
    connection.execute(
        sa.update(Exposure)
        .where(Exposure.id == exposure_id)
        .values(content_version=Exposure.content_version + 1)
    )
    _remember_special(connection, exposure_id, special)


def replace_rows(
    connection: Connection,
    exposure_id: int,
    table_name: str,
    owner: dict[str, Any],
    frames: Iterable[pd.DataFrame],
) -> None:
    """Write rows in place of those that an owner has."""
    table = Base.metadata.tables[table_name]
    own = [table.c[name] == value for name, value in owner.items()]
    key = table.primary_key.columns.keys()
    old = pd.DataFrame(connection.execute(sa.select(*table.primary_key).where(*own)).all())
    _forget_special(connection, exposure_id, table_name, table.c.keys(), old)
    connection.execute(sa.delete(table).where(*own))
    for frame in frames:
        clean, special = split_special(table_name, arrays_of(frame), key)
        ExecutemanyWriter(connection).write(table_name, clean)
        _remember_special(connection, exposure_id, special)


def _remember_special(connection: Connection, exposure_id: int, special: list[SpecialRow]) -> None:
    if special:
        rows = special_columns(exposure_id, special)
        ExecutemanyWriter(connection).write("special_value", rows)


def _forget_special(
    connection: Connection, exposure_id: int, table: str, columns: list[str], keys: pd.DataFrame
) -> None:
    of_columns = (
        SpecialValue.exposure_id == exposure_id,
        SpecialValue.table_name == table,
        SpecialValue.column_name.in_(columns),
    )
    stored = set(connection.scalars(sa.select(SpecialValue.row_key).where(*of_columns)))
    changed = {"/".join(map(str, row)) for row in keys.itertuples(index=False)}
    for row_key in sorted(stored & changed):
        connection.execute(
            sa.delete(SpecialValue).where(*of_columns, SpecialValue.row_key == row_key)
        )
