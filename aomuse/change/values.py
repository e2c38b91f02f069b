"""Floating point values of rows that exist, infinities and negative zeros included."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection, Table

from aomuse.models import SpecialValue
from aomuse.stored.split import split_special
from aomuse.stored.writer import ExecutemanyWriter

Floats = npt.NDArray[np.float64]


def write_values(
    connection: Connection,
    exposure_id: int,
    table: Table,
    keys: pd.DataFrame,
    column: str,
    values: Floats,
) -> None:
    """Write values into a column of some rows."""
    if not len(keys):
        return
    key = [part.name for part in table.primary_key]
    frame = keys[key].assign(**{column: values})
    clean, special = split_special(table.name, frame, key)
    _forget_special(connection, exposure_id, table.name, column, keys[key])
    statement = (
        sa.update(table)
        .where(*(table.c[name] == sa.bindparam(f"key_{name}") for name in key))
        .values({column: sa.bindparam("new")})
    )
    parts = [clean[name].tolist() for name in key]
    numbers = [None if np.isnan(value) else value for value in clean[column].tolist()]
    names = [*(f"key_{name}" for name in key), "new"]
    rows = [dict(zip(names, row, strict=True)) for row in zip(*parts, numbers, strict=True)]
    connection.execute(statement, rows)
    if len(special):
        writer = ExecutemanyWriter(connection)
        writer.write("special_value", special.assign(exposure_id=exposure_id))


def replace_rows(
    connection: Connection,
    exposure_id: int,
    table: Table,
    owner: dict[str, Any],
    frames: Iterable[pd.DataFrame],
) -> None:
    """Write rows in place of those that there are."""
    own = [table.c[name] == value for name, value in owner.items()]
    key = list(table.primary_key)
    old = pd.DataFrame(connection.execute(sa.select(*key).where(*own)).all())
    for column in table.columns:
        _forget_special(connection, exposure_id, table.name, column.name, old)
    connection.execute(sa.delete(table).where(*own))
    writer = ExecutemanyWriter(connection)
    for frame in frames:
        clean, special = split_special(table.name, frame, [part.name for part in key])
        writer.write(table.name, clean)
        if len(special):
            writer.write("special_value", special.assign(exposure_id=exposure_id))


def _forget_special(
    connection: Connection, exposure_id: int, table: str, column: str, keys: pd.DataFrame
) -> None:
    of_column = (
        SpecialValue.exposure_id == exposure_id,
        SpecialValue.table_name == table,
        SpecialValue.column_name == column,
    )
    stored = set(connection.scalars(sa.select(SpecialValue.row_key).where(*of_column)))
    if not stored:
        return
    changed = {"/".join(map(str, row)) for row in keys.itertuples(index=False)}
    for row_key in sorted(stored & changed):
        connection.execute(
            sa.delete(SpecialValue).where(*of_column, SpecialValue.row_key == row_key)
        )
