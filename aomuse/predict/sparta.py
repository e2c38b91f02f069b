"""SPARTA's telemetry as the table that it was in the raw file."""

from __future__ import annotations

import numpy as np
import sqlalchemy as sa
from astropy.table import Table
from sqlalchemy import Connection

from aomuse.models import Header, SourceFile
from aomuse.stored.exposure import StoredExposure

#: numpy's types of the formats in which SPARTA writes.
_TYPES = {"E": np.float32, "D": np.float64, "J": np.int32, "I": np.int16, "K": np.int64}


def sparta_table(connection: Connection, exposure_id: int) -> Table | None:
    """Return SPARTA_ATM_DATA of an exposure as an astropy table."""
    header = connection.scalar(
        sa.select(Header.id)
        .join(SourceFile, SourceFile.id == Header.source_file_id)
        .where(
            Header.exposure_id == exposure_id,
            SourceFile.role == "raw",
            Header.called("SPARTA_ATM_DATA"),
            Header.table_layout_id.is_not(None),
        )
        .order_by(Header.hdu_index)
    )
    if header is None:
        return None
    table = Table()
    for column in StoredExposure(connection, exposure_id).table(header):
        # Sums of float32 differ from those of the same numbers as float64.
        kind = _TYPES.get(column.format.format.strip().lstrip("1"))
        values = column.values if kind is None else column.values.astype(kind)
        table[column.format.name] = values
        if column.format.unit:
            table[column.format.name].unit = column.format.unit
    return table
