"""The frame of extracted sources: v_extracted_source, typed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Engine

from aomuse.query.frames.columns import FrameColumn, make_frame
from aomuse.query.frames.filters import Filters, exposure_ids
from aomuse.query.frames.psf import fits_of
from aomuse.query.frames.reading import columns_of, reading
from aomuse.stored.special import SpecialValues

_COLUMNS = (
    FrameColumn("psf_fit_id", "count"),
    FrameColumn("exposure_id", "count"),
    FrameColumn("model", "text"),
    FrameColumn("row_index", "count"),
    FrameColumn("pampelmuse_id", "int"),
    FrameColumn("is_psf_star", "flag"),
    FrameColumn("status", "int"),
    FrameColumn("ra_deg", "float", "deg"),
    FrameColumn("dec_deg", "float", "deg"),
    FrameColumn("x_pixel", "float", "pix"),
    FrameColumn("y_pixel", "float", "pix"),
    FrameColumn("magnitude", "float", "mag"),
    FrameColumn("sample_count", "int"),
    FrameColumn("spectrum_file", "text"),
    FrameColumn("spectrum_row", "int"),
)


def read_extracted_sources(engine: Engine, filters: Filters) -> Iterator[pd.DataFrame]:
    """Yield the extracted sources of each analysis, exposures sorted by time."""
    view = sa.table("v_extracted_source", *(sa.column(column.name) for column in _COLUMNS))
    with reading(engine) as connection:
        yield make_frame(_COLUMNS, [()] * len(_COLUMNS))
        for fit in fits_of(connection, exposure_ids(connection, filters)):
            select = sa.select(view).where(view.c.psf_fit_id == fit.id).order_by(view.c.row_index)
            cells = columns_of(connection.execute(select).all(), len(_COLUMNS))
            special = SpecialValues(connection, [fit.exposure_id], "extracted_source")
            named: dict[str, Any] = dict(
                zip((column.name for column in _COLUMNS), cells, strict=True)
            )
            keys = (named["psf_fit_id"], named["row_index"])
            for column in _COLUMNS:
                if column.kind == "float":
                    values = np.asarray(named[column.name], dtype=np.float64)
                    special.restore("extracted_source", column.name, keys, values)
                    named[column.name] = values
            yield make_frame(_COLUMNS, named.values())
