"""Which exposures: by target, mode, time, number and metric."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any, TypedDict

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection

from aomuse.errors import AomuseError
from aomuse.metrics import Metric, shown_names
from aomuse.models import Exposure, ExposureMetric, PsfFit, PsfFitMetric, Target
from aomuse.query.frames.reading import batches
from aomuse.suggest import unknown

#: A time: text such as 2018-08-13T00:05, or a datetime; without a zone it is UTC.
Time = str | dt.datetime | np.datetime64
#: Lowest and highest value, both included, None for no limit; or the one value.
Range = tuple[float | None, float | None] | float


class Filters(TypedDict, total=False):
    """Which exposures; all that is given must hold.

    Notes
    -----
    target : str or collection of str
        Names of targets.
    mode : str or collection of str
        Instrument modes, or how they begin: WFM, WFM-AO, WFM-AO-N.
    start, end : str or datetime
        The exposure began at or after ``start`` and before ``end``, UTC.
    exposures : int, str or collection of both
        Numbers (exposure.id) or archive names.
    metric : mapping
        Lowest and highest value, both included, of metrics by their names in v_exposure_metrics
        or v_psf_fit_metrics; None for no limit. Where a metric has no value it does not hold.
    """

    target: str | Collection[str]
    mode: str | Collection[str]
    start: Time
    end: Time
    exposures: int | str | Collection[int | str]
    metric: Mapping[str, Range]


def exposure_ids(connection: Connection, filters: Filters) -> list[int]:
    """Return the numbers of the exposures for which the filters hold, sorted by time."""
    for name in filters:
        if name not in Filters.__annotations__:
            raise AomuseError(unknown("no filter is named", name, Filters.__annotations__))
    conditions: list[ColumnElement[bool]] = []
    if (target := filters.get("target")) is not None:
        conditions.append(Exposure.target_id.in_(_targets(connection, _several(target))))
    if (mode := filters.get("mode")) is not None:
        conditions.append(Exposure.instrument_mode.in_(_modes(connection, _several(mode))))
    if (start := filters.get("start")) is not None:
        conditions.append(Exposure.date_obs_utc >= _time("start", start))
    if (end := filters.get("end")) is not None:
        conditions.append(Exposure.date_obs_utc < _time("end", end))
    numbers: set[int] | None = None
    if (exposures := filters.get("exposures")) is not None:
        numbers = set(_exposures(connection, _several(exposures)))
        # A list of them all could be longer than a statement may be.
        conditions.append(Exposure.id.between(min(numbers, default=0), max(numbers, default=0)))
    if (metric := filters.get("metric")) is not None:
        conditions += [_metric(name, limits) for name, limits in _limits(metric).items()]
    select = sa.select(Exposure.id).where(*conditions)
    ids = connection.scalars(select.order_by(Exposure.date_obs_utc, Exposure.id))
    return [number for number in ids if numbers is None or number in numbers]


def find_exposure(connection: Connection, exposure: int | str) -> int:
    """Return the number of an exposure."""
    (number,) = _exposures(connection, [exposure])
    return number


def _exposures(connection: Connection, exposures: list[int | str]) -> list[int]:
    """Return the numbers of exposures."""
    wanted = [_number_or_name(exposure) for exposure in exposures]
    known: dict[Any, int] = {}
    # No database takes a number of more than 64 bits, which no exposure has.
    numbers = [each for each in wanted if isinstance(each, int) and each.bit_length() < 64]
    names = [each for each in wanted if isinstance(each, str)]
    asked: list[tuple[Any, list[Any]]] = [(Exposure.id, numbers), (Exposure.archive_id, names)]
    for key, values in asked:
        for some in batches(values):
            rows = connection.execute(sa.select(key, Exposure.id).where(key.in_(some)))
            known.update((row[0], row[1]) for row in rows)
    for each, exposure in zip(wanted, exposures, strict=True):
        if each in known:
            continue
        if isinstance(each, int):
            raise AomuseError(
                f"no exposure has the number {each}: the exposure_id of db.exposures() has them"
            )
        others = filter(None, connection.scalars(sa.select(Exposure.archive_id)))
        hint = "the archive_id of db.exposures() has the names"
        raise AomuseError(unknown("no exposure is named", exposure, others, hint))
    return [known[each] for each in wanted]


def _number_or_name(exposure: Any) -> int | str:
    if isinstance(exposure, str):
        return exposure.removesuffix(".fits.fz").removesuffix(".fits")
    if isinstance(exposure, bool | float) or not hasattr(exposure, "__index__"):
        raise AomuseError(f"{exposure!r} is not an exposure: give its number or its archive name")
    number: int = exposure.__index__()
    return number


def find_metric(name: str, grains: Collection[str]) -> Metric:
    """Return a metric by the name that it has in the views."""
    ours = {shown: m for m, shown in shown_names().items() if m.grain in grains}
    if name not in ours:
        others = {shown: m.grain for m, shown in shown_names().items() if m.grain not in grains}
        if name in others:
            raise AomuseError(
                f"the metric {name!r} is one of a {others[name]}: "
                f"ask for it with db.metrics({name!r}, grain={others[name]!r})"
            )
        raise AomuseError(unknown("no metric is named", name, ours))
    return ours[name]


def _several(value: Any) -> list[Any]:
    if isinstance(value, str | int | float) or not hasattr(value, "__iter__"):
        return [value]
    return list(value)


def _targets(connection: Connection, names: list[str]) -> list[int]:
    known = {row.name: row.id for row in connection.execute(sa.select(Target.name, Target.id))}
    for name in names:
        if name not in known:
            raise AomuseError(unknown("no target is named", name, known))
    return [known[name] for name in names]


def _modes(connection: Connection, names: list[str]) -> list[str]:
    known = [
        mode
        for mode in connection.scalars(sa.select(Exposure.instrument_mode).distinct())
        if mode is not None
    ]
    found: list[str] = []
    for name in names:
        ours = [mode for mode in known if mode == name or mode.startswith(f"{name}-")]
        if not ours:
            raise AomuseError(unknown("no exposure has the mode", name, known))
        found += ours
    return found


def _time(name: str, value: Time) -> dt.datetime:
    time: Any = pd.to_datetime(value, errors="coerce")
    if not isinstance(time, pd.Timestamp):
        raise AomuseError(f"{name} is {value!r}: give a time in UTC, such as '2018-08-13T00:05'")
    if time.tzinfo is not None:
        time = time.tz_convert("UTC").tz_localize(None)
    moment: dt.datetime = time.to_pydatetime(warn=False)
    return moment


def _limits(metric: Mapping[str, Range]) -> dict[str, tuple[float | None, float | None]]:
    shape = "give its lowest and highest value, such as metric={'seeing': (None, 0.8)}"
    if not isinstance(metric, Mapping):
        raise AomuseError(f"metric is {metric!r}: {shape}")
    limits: dict[str, tuple[float | None, float | None]] = {}
    for name, value in metric.items():
        pair = value if isinstance(value, tuple | list) else (value, value)
        try:
            low, high = (None if v is None else float(v) for v in pair)
        except (TypeError, ValueError) as error:
            raise AomuseError(f"the limits of {name} are {value!r}: {shape}") from error
        limits[name] = low, high
    return limits


def _metric(name: str, limits: tuple[float | None, float | None]) -> ColumnElement[bool]:
    metric = find_metric(name, ("exposure", "psf_fit"))
    low, high = limits
    select: Any
    if metric.grain == "exposure":
        value: Any = ExposureMetric.value
        select = sa.select(ExposureMetric.exposure_id).where(ExposureMetric.metric_id == metric.id)
    else:
        value = PsfFitMetric.value
        select = (
            sa.select(PsfFit.exposure_id)
            .join(PsfFitMetric, PsfFitMetric.psf_fit_id == PsfFit.id)
            .where(PsfFitMetric.metric_id == metric.id)
        )
    select = select.where(value.is_not(None))
    if low is not None:
        select = select.where(value >= low)
    if high is not None:
        select = select.where(value <= high)
    return Exposure.id.in_(select)
