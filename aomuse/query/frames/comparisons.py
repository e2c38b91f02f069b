"""The frames of comparisons: each is a view, with units."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd
import sqlalchemy as sa

from aomuse.errors import AomuseError
from aomuse.query.frames.columns import FrameColumn, Kind, make_frame, unit_of_name
from aomuse.query.frames.filters import Filters, exposure_ids
from aomuse.query.frames.reading import Readable, batches, columns_of, reading
from aomuse.query.views import View
from aomuse.query.views.field import FIELD_VIEW
from aomuse.query.views.gain import GAIN_VIEW
from aomuse.query.views.isoplanatic import ISOPLANATIC_SAMPLE_VIEW, ISOPLANATIC_VIEW
from aomuse.query.views.residuals import RESIDUAL_VIEW
from aomuse.query.views.sensors import LASER_RATIO_VIEW, SENSOR_VIEW
from aomuse.query.views.strehl import STREHL_VIEW
from aomuse.suggest import unknown

#: By the name that db.comparison takes.
COMPARISONS: dict[str, View] = {
    "gain": GAIN_VIEW,
    "residual": RESIDUAL_VIEW,
    "strehl": STREHL_VIEW,
    "isoplanatic": ISOPLANATIC_VIEW,
    "sensors": SENSOR_VIEW,
    "lasers": LASER_RATIO_VIEW,
    "field": FIELD_VIEW,
    "isoplanatic_samples": ISOPLANATIC_SAMPLE_VIEW,
}

_TEXTS = {"target", "instrument_mode", "model", "prediction", "wavelength_window"}
#: Columns that rows are sorted by.
_KEYS = (
    *("date_obs_utc", "exposure_id", "psf_fit_id", "wavelength_nm", "wavelength_min_nm"),
    *("wavelength_max_nm", "pampelmuse_id", "lgs", "row_index"),
)
_SQL_TYPES: dict[Kind, Any] = {"time": sa.DateTime()}


def read_comparison(
    readable: Readable, name: str, columns: Sequence[str], filters: Filters, **only: str
) -> Iterator[pd.DataFrame]:
    """Yield the rows of a comparison, exposures sorted by time; ``only`` those with a value."""
    if name not in COMPARISONS:
        raise AomuseError(unknown("no comparison is named", name, COMPARISONS))
    known = {column.name: _frame_column(column.name) for column in COMPARISONS[name].columns}
    for column in columns:
        if column not in known:
            raise AomuseError(unknown(f"the comparison {name} has no column", column, known))
    chosen = [known[column] for column in columns] or [*known.values()]
    order = [known[key] for key in _KEYS if key in known]
    view = sa.table(
        COMPARISONS[name].name, *(sa.column(c.name, _SQL_TYPES.get(c.kind)) for c in known.values())
    )
    with reading(readable) as connection:
        select = sa.select(*(view.c[c.name] for c in chosen)).filter_by(**only)
        # Ids in batches keep the order by time.
        parts = batches(exposure_ids(connection, filters)) if filters else [None]
        for ids in parts:
            part = select if ids is None else select.where(view.c.exposure_id.in_(ids))
            rows = connection.execute(part.order_by(*(view.c[c.name] for c in order))).all()
            yield make_frame(chosen, columns_of(rows, len(chosen)))


def _frame_column(name: str) -> FrameColumn:
    kind: Kind = "float"
    if name.endswith("_utc"):
        kind = "time"
    elif name in _TEXTS:
        kind = "text"
    elif name.endswith(("_id", "_rank", "_count", "_index", "lgs")):
        kind = "int"
    return FrameColumn(name, kind, unit_of_name(name))
