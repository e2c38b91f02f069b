"""The frame of exposures: v_exposure, typed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from aomuse.models import Exposure
from aomuse.muse.keywords import PROMOTED
from aomuse.query.frames.columns import (
    FrameColumn,
    Kind,
    astropy_unit,
    kind_of,
    make_frame,
    unit_of_name,
)
from aomuse.query.frames.filters import Filters, exposure_ids
from aomuse.query.frames.reading import Readable, batches, columns_of, reading
from aomuse.query.views import static_views
from aomuse.stored.special import SpecialValues

#: Columns of v_exposure that are none of the table.
_OTHERS: dict[str, Kind] = {
    "exposure_id": "count",
    "target": "text",
    "night": "date",
    "psf_fit_count": "count",
    "source_count": "count",
    "open_issue_count": "count",
}
_UNITS = {promoted.column: astropy_unit(promoted.unit) for promoted in PROMOTED}
_SQL_TYPES: dict[str, Any] = {"time": sa.DateTime(), "date": sa.Date(), "flag": sa.Boolean()}


def read_exposures(readable: Readable, filters: Filters) -> Iterator[pd.DataFrame]:
    """Yield exposures sorted by time."""
    columns = exposure_columns(readable.dialect.name)
    view = sa.table("v_exposure", *(sa.column(c.name, _SQL_TYPES.get(c.kind)) for c in columns))
    with reading(readable) as connection:
        for ids in batches(exposure_ids(connection, filters)):
            select = sa.select(view).where(view.c.exposure_id.in_(ids))
            rows = connection.execute(select).all() if ids else []
            by_id = {row.exposure_id: row for row in rows}
            ordered = [by_id[number] for number in ids if number in by_id]
            cells = columns_of(ordered, len(columns))
            special = SpecialValues(connection, ids, "exposure")
            yield make_frame(columns, map(partial(_exact, special, cells[0]), columns, cells))


def _exact(special: SpecialValues, ids: Sequence[int], column: FrameColumn, cells: Any) -> Any:
    """Return a column with its special values; views show their stand-ins."""
    if column.kind != "float":
        return cells
    values = np.asarray(cells, dtype=np.float64)
    special.restore("exposure", column.name, [ids], values)
    return values


def exposure_columns(dialect: str) -> list[FrameColumn]:
    """Return the columns of v_exposure, with what they hold and their units."""
    view = next(view for view in static_views(dialect) if view.name == "v_exposure")
    table: Any = Exposure.__table__.columns
    found = []
    for column in view.columns:
        kind = _OTHERS.get(column.name)
        if kind is None:
            kind = kind_of(table[column.name]) if column.name in table else "float"
        unit = _UNITS.get(column.name) or unit_of_name(column.name)
        found.append(FrameColumn(column.name, kind, unit))
    return found
