"""Compare extracted_source with the table SOURCES that it repeats."""

from __future__ import annotations

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.errors import RebuildError
from aomuse.models import ExtractedSource, PsfFit
from aomuse.stored.exposure import StoredExposure
from aomuse.stored.rows import read_rows
from aomuse.verify.comparison import Comparison

#: Columns, and what SOURCES may call them.
_COLUMNS = {
    "pampelmuse_id": ("id",),
    "ra_deg": ("ra",),
    "dec_deg": ("dec",),
    "x_pixel": ("x",),
    "y_pixel": ("y",),
    "magnitude": ("magnitude", "mag"),
    "status": ("status",),
    "spectrum_row": ("specrow",),
}


def compare_extracted_sources(
    result: Comparison,
    connection: Connection,
    stored: StoredExposure,
    prm_file_id: int,
    header_id: int,
) -> None:
    """Compare the rows of the analyses of a parameter file, value for value."""
    try:
        table = {column.format.name.lower(): column for column in stored.table(header_id)}
    except RebuildError:
        # Whoever compares the table itself says so.
        return
    for fit in connection.scalars(sa.select(PsfFit.id).where(PsfFit.prm_file_id == prm_file_id)):
        rows = read_rows(
            connection,
            stored.special,
            "extracted_source",
            _COLUMNS,
            ExtractedSource.psf_fit_id == fit,
        )
        count = len(next(iter(table.values())).values) if table else 0
        result.values += count * len(_COLUMNS)
        if rows["row_index"].tolist() != list(range(count)):
            result.tell("[SOURCES] rows in extracted_source", count, len(rows["row_index"]))
            continue
        for name, names in _COLUMNS.items():
            column = next((table[n] for n in names if n in table), None)
            if column is None and name == "magnitude":
                # It may be called after a passband.
                continue
            for row, value in enumerate(rows[name].tolist()):
                # NULL stands for what a column of numbers does not hold.
                if value is None or (isinstance(value, float) and np.isnan(value)):
                    continue
                in_file = None if column is None else column.values[row]
                if in_file is None or (str(in_file).strip() != str(value) and in_file != value):
                    result.tell(f"[SOURCES] extracted_source.{name} row {row}", in_file, value)
