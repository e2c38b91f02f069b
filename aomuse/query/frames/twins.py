"""The frame of twins: exposures that were taken under the most alike conditions."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Engine

from aomuse.errors import AomuseError
from aomuse.models import Exposure
from aomuse.query.frames.columns import FrameColumn, make_frame, unit_of_name
from aomuse.query.frames.filters import Filters, exposure_ids, find_exposure
from aomuse.query.frames.reading import columns_of, reading
from aomuse.query.views.twins import CONDITIONS

_NAMES = {
    "twin_exposure_id": FrameColumn("exposure_id", "count"),
    "twin_archive_id": FrameColumn("archive_id", "text"),
    "twin_target": FrameColumn("target", "text"),
    "twin_instrument_mode": FrameColumn("instrument_mode", "text"),
    "twin_date_obs_utc": FrameColumn("date_obs_utc", "time"),
    "distance": FrameColumn("distance", "float"),
    **{f"{n}_distance": FrameColumn(f"{n}_distance", "float") for n, _, _ in CONDITIONS},
    "compared_count": FrameColumn("compared_count", "count"),
    **{f"twin_{c}": FrameColumn(c, "float", unit_of_name(c)) for _, c, _ in CONDITIONS},
}


def read_twins(
    engine: Engine, exposure: int | str, n: int, filters: Filters, *, any_mode: bool
) -> pd.DataFrame:
    """Return the exposures most alike, the nearest first."""
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise AomuseError(f"n is {n!r}: give a number of twins, such as 10")
    types = {"time": sa.DateTime()}
    view = sa.table(
        "v_twin_any_mode" if any_mode else "v_twin",
        sa.column("exposure_id"),
        *(sa.column(name, types.get(column.kind)) for name, column in _NAMES.items()),
    )
    with reading(engine) as connection:
        number = find_exposure(connection, exposure)
        select = sa.select(*(view.c[name] for name in _NAMES)).where(view.c.exposure_id == number)
        if filters:
            ids: Sequence[int] = exposure_ids(connection, filters)
            select = select.where(view.c.twin_exposure_id.in_(ids))
        ordered = select.order_by(view.c.distance, view.c.twin_exposure_id).limit(n)
        rows = connection.execute(ordered).all()
        if not rows and not any_mode:
            _refuse_unknown_mode(connection, number)
        return make_frame(_NAMES.values(), columns_of(rows, len(_NAMES)))


def _refuse_unknown_mode(connection: sa.Connection, number: int) -> None:
    mode = sa.select(Exposure.instrument_mode).where(Exposure.id == number)
    if connection.scalar(mode) is None:
        raise AomuseError(
            f"the mode of exposure {number} is unknown: any_mode=True compares it with all others"
        )
