"""The frame of extracted sources: v_extracted_source, typed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from aomuse.models import ExtractedSource
from aomuse.query.frames.columns import FrameColumn, make_frame
from aomuse.query.frames.filters import Filters, exposure_ids
from aomuse.query.frames.psf import fits_of
from aomuse.query.frames.reading import batches, by_size, columns_of, reading
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
        fits = fits_of(connection, exposure_ids(connection, filters))
        place = {fit.id: i for i, fit in enumerate(fits)}
        counts = _counts(connection, list(place))
        having = [fit for fit in fits if fit.id in counts]
        for part in by_size(having, lambda fit: counts[fit.id]):
            select = sa.select(view).where(view.c.psf_fit_id.in_([fit.id for fit in part]))
            rows = connection.execute(select).all()
            rows = sorted(rows, key=lambda row: (place[row.psf_fit_id], row.row_index))
            cells = columns_of(rows, len(_COLUMNS))
            exposures = {fit.exposure_id for fit in part}
            special = SpecialValues(connection, exposures, "extracted_source")
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


def _counts(connection: Connection, fits: Sequence[int]) -> dict[int, int]:
    """Return how many sources analyses extracted, of those that did."""
    owner = ExtractedSource.psf_fit_id
    select = sa.select(owner, sa.func.count()).group_by(owner)
    counts: dict[int, int] = {}
    for part in batches(fits):
        rows = connection.execute(select.where(owner.in_(part)))
        counts.update((row[0], row[1]) for row in rows)
    return counts
