"""The frames of metrics: a column for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.errors import AomuseError
from aomuse.metrics import Grain, Metric, shown_names
from aomuse.models import (
    Exposure,
    ExposureLaserMetric,
    ExposureMetric,
    PsfFit,
    PsfFitMetric,
    Target,
)
from aomuse.query.frames.columns import FrameColumn, Kind, astropy_unit, make_frame
from aomuse.query.frames.filters import Filters, exposure_ids, find_metric
from aomuse.query.frames.reading import Readable, batches, columns_of, reading
from aomuse.suggest import unknown

_EXPOSURE = (
    FrameColumn("exposure_id", "count"),
    FrameColumn("target", "text"),
    FrameColumn("instrument_mode", "text"),
    FrameColumn("date_obs_utc", "time"),
)
_KEYS: dict[Grain, tuple[FrameColumn, ...]] = {
    "exposure": _EXPOSURE,
    "psf_fit": (
        FrameColumn("psf_fit_id", "count"),
        *_EXPOSURE,
        FrameColumn("model", "text"),
        FrameColumn("fit_rank", "count"),
    ),
    "laser": (*_EXPOSURE, FrameColumn("lgs", "count")),
}
#: Tables of the values, and the columns that name their owner.
_TABLES: dict[Grain, tuple[Any, tuple[str, ...]]] = {
    "exposure": (ExposureMetric, ("exposure_id",)),
    "psf_fit": (PsfFitMetric, ("psf_fit_id",)),
    "laser": (ExposureLaserMetric, ("exposure_id", "lgs")),
}
_KINDS: dict[str, Kind] = {"float": "float", "count": "int", "flag": "flag"}


def read_metrics(
    readable: Readable, names: Sequence[str], grain: Grain, filters: Filters
) -> Iterator[pd.DataFrame]:
    """Yield metrics, exposures sorted by time."""
    if grain not in _KEYS:
        raise AomuseError(unknown("no metrics are of a", grain, _KEYS))
    chosen = {name: find_metric(name, (grain,)) for name in names} or {
        shown: metric for metric, shown in shown_names().items() if metric.grain == grain
    }
    keys = _KEYS[grain]
    names_of_keys = [column.name for column in keys]
    owner_places = [names_of_keys.index(name) for name in _TABLES[grain][1]]
    columns = [
        *keys,
        *(FrameColumn(n, _KINDS[m.kind], astropy_unit(m.unit)) for n, m in chosen.items()),
    ]
    with reading(readable) as connection:
        for ids in batches(exposure_ids(connection, filters)):
            rows = _rows(connection, grain, ids)
            owners = [tuple(row[place] for place in owner_places) for row in rows]
            values = _values(connection, grain, owners, list(chosen.values()))
            cells = [*columns_of(rows, len(keys)), *(values[m.id] for m in chosen.values())]
            yield make_frame(columns, cells)


def _rows(connection: Connection, grain: Grain, ids: Sequence[int]) -> list[Any]:
    """Return the keys of each row, in order of the exposures."""
    exposure = [Exposure.id, Target.name, Exposure.instrument_mode, Exposure.date_obs_utc]
    target = (Target, Target.id == Exposure.target_id)
    order: list[Any] = [Exposure.date_obs_utc, Exposure.id]
    select: Any
    if grain == "exposure":
        select = sa.select(*exposure)
    elif grain == "psf_fit":
        select = sa.select(PsfFit.id, *exposure, PsfFit.model, PsfFit.fit_rank).join(
            Exposure, Exposure.id == PsfFit.exposure_id
        )
        order.append(PsfFit.id)
    else:
        laser = ExposureLaserMetric
        select = sa.select(*exposure, laser.lgs).join(laser, laser.exposure_id == Exposure.id)
        select = select.distinct()
        order.append(laser.lgs)
    rows = select.outerjoin(*target).where(Exposure.id.in_(ids)).order_by(*order)
    return list(connection.execute(rows))


def _values(
    connection: Connection,
    grain: Grain,
    owners: Sequence[tuple[int, ...]],
    metrics: Sequence[Metric],
) -> dict[int, Any]:
    """Return the values of each metric, in the order of its owners."""
    place = {owner: row for row, owner in enumerate(owners)}
    values = {metric.id: np.full(len(owners), np.nan) for metric in metrics}
    table, names = _TABLES[grain]
    keys = [getattr(table, name) for name in names]
    for part in batches(list(dict.fromkeys(owner[0] for owner in owners))):
        select = sa.select(*keys, table.metric_id, table.value).where(
            keys[0].in_(part), table.metric_id.in_(values), table.value.is_not(None)
        )
        for *owner, metric_id, value in connection.execute(select):
            values[metric_id][place[tuple(owner)]] = value
    return {
        metric.id: values[metric.id]
        if metric.kind == "float"
        else [None if np.isnan(v) else int(v) for v in values[metric.id]]
        for metric in metrics
    }
