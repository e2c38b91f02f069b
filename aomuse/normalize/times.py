"""Times of telemetry as UTC."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from aomuse.exchange.content import TableContent

#: MJD of 1970-01-01T00:00:00.
_MJD_UNIX_EPOCH = 40587
#: Times that DATETIME columns of every engine hold.
_EARLIEST, _LATEST = np.datetime64("1000-01-01", "us"), np.datetime64("9999-12-31", "us")

#: Seconds beyond which microseconds do not fit into 64 bits.
_MAX_SECONDS = 9e12

#: A clock that shows an earlier second has not been set, or the row was not written.
_FIRST_SECOND = 946_684_800  # 2000-01-01

#: A date alone is not a time.
_ISO = re.compile(
    r"(?P<minute>\d{4}-\d\d-\d\d[T ]\d\d:\d\d)(:(?P<second>[0-5]\d|60)(?P<fraction>\.\d+)?)?Z?"
)
_TEXT_NAMES = ("TIME_STAMP", "TIMESTAMP", "TIME", "DATE-OBS", "DATE", "UTC")
_MJD_NAMES = ("MJD", "MJD-OBS", "MJD_OBS")

Times = npt.NDArray[np.datetime64]


def from_iso(texts: npt.NDArray[Any] | list[str]) -> Times:
    """Return ISO 8601 texts as UTC times.

    Second 60, a leap second or 59.9996 rounded, is the first of the next minute: DATETIME has none.
    """
    result = np.full(len(texts), np.datetime64("NaT", "us"), dtype="datetime64[us]")
    for i, text in enumerate(texts):
        match = _ISO.fullmatch(str(text).strip())
        if match:
            try:
                minute = np.datetime64(match["minute"], "us")
            except ValueError:
                continue
            microseconds = int((match["fraction"] or ".")[1:7].ljust(6, "0"))
            microseconds += 1_000_000 * int(match["second"] or 0)
            result[i] = minute + np.timedelta64(microseconds, "us")
    return _within(result)


def from_unix(seconds: npt.NDArray[Any], microseconds: npt.NDArray[Any] | int = 0) -> Times:
    """Return Unix seconds and microseconds as UTC times, shape ``(rows,)``."""
    whole = seconds.astype(np.int64)
    possible = np.abs(whole.astype(np.float64)) < _MAX_SECONDS
    total = np.where(possible, whole, 0) * 1_000_000 + microseconds
    times = np.asarray(total).astype("datetime64[us]")
    times[~possible] = np.datetime64("NaT", "us")
    return _within(times)


def from_mjd(days: npt.NDArray[np.floating[Any]]) -> Times:
    """Return modified Julian dates (UTC) as times, to the microsecond, shape ``(rows,)``."""
    result = np.full(len(days), np.datetime64("NaT", "us"), dtype="datetime64[us]")
    good = np.isfinite(days) & (np.abs(days) < 4e6)
    microseconds = np.round((days[good].astype(np.float64) - _MJD_UNIX_EPOCH) * 86400e6)
    result[good] = microseconds.astype(np.int64).astype("datetime64[us]")
    return _within(result)


def _within(times: Times) -> Times:
    with np.errstate(invalid="ignore"):
        outside = (times < _EARLIEST) | (times > _LATEST)
    times[outside] = np.datetime64("NaT", "us")
    return times


def table_times(table: TableContent) -> Times:
    """Return the times of a table's rows: of its clock, else of its texts, else of its dates."""
    times = np.full(table.row_count, np.datetime64("NaT", "us"), dtype="datetime64[us]")
    found = [_clock(table)]
    found += [_column(table, name, "U", from_iso) for name in _TEXT_NAMES]
    found += [_column(table, name, "f", from_mjd) for name in _MJD_NAMES]
    for more in found:
        if more is not None:
            times = np.where(np.isnat(times), more, times)
    return times


def _column(
    table: TableContent, name: str, kinds: str, convert: Callable[[npt.NDArray[Any]], Times]
) -> Times | None:
    """Return the times of a column, None if there is none of its name and type."""
    place = table.index(name)
    values = None if place is None else table.values[place]
    if place is None or values is None or values.ndim != 1 or values.dtype.kind not in kinds:
        return None
    times = convert(values)
    nulls = table.nulls[place]
    if nulls is not None:
        times[nulls] = np.datetime64("NaT", "us")
    return times


def _clock(table: TableContent) -> Times | None:
    """Return the times of Sec, of any type of number, and USec; none where the clock is not set."""
    place = table.index("USec")
    micro = None if place is None else table.values[place]
    if place is None or micro is None or micro.ndim != 1 or micro.dtype.kind not in "iuf":
        micro = np.zeros(table.row_count)
    elif (nulls := table.nulls[place]) is not None:
        micro = np.where(nulls, 0, micro)

    def convert(seconds: npt.NDArray[Any]) -> Times:
        is_set = np.isfinite(seconds.astype(np.float64)) & (seconds >= _FIRST_SECOND)
        is_set &= seconds < _MAX_SECONDS
        known = np.where(is_set, seconds, 0)
        whole = known.astype(np.int64)
        parts = np.round((known - whole) * 1e6) + np.where(np.isfinite(micro), micro, 0)
        times = from_unix(whole, parts.astype(np.int64))
        times[~is_set] = np.datetime64("NaT", "us")
        return times

    return _column(table, "Sec", "iuf", convert)


def one_time(text: str) -> pd.Timestamp | None:
    """Return one ISO 8601 text as a time, None if it is none."""
    time = from_iso([text])[0]
    return None if np.isnat(time) else pd.Timestamp(time)
