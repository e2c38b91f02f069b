"""Times of telemetry as UTC."""

from __future__ import annotations

import re
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

_ISO = re.compile(r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?Z?$")
_TEXT_NAMES = ("TIME_STAMP", "TIMESTAMP", "TIME", "DATE-OBS", "DATE", "UTC")
_MJD_NAMES = ("MJD", "MJD-OBS", "MJD_OBS")

Times = npt.NDArray[np.datetime64]


def from_iso(texts: npt.NDArray[Any] | list[str]) -> Times:
    """Return ISO 8601 texts as UTC times."""
    result = np.full(len(texts), np.datetime64("NaT"), dtype="datetime64[us]")
    for i, text in enumerate(texts):
        stripped = str(text).strip()
        if _ISO.match(stripped):
            try:
                result[i] = np.datetime64(stripped.rstrip("Z")[:26], "us")
            except ValueError:
                continue
    return _within(result)


def from_unix(seconds: npt.NDArray[Any], microseconds: npt.NDArray[Any] | int = 0) -> Times:
    """Return Unix seconds and microseconds as UTC times, shape ``(rows,)``."""
    whole = seconds.astype(np.int64)
    possible = np.abs(whole.astype(np.float64)) < _MAX_SECONDS
    total = np.where(possible, whole, 0) * 1_000_000 + microseconds
    times = np.asarray(total).astype("datetime64[us]")
    times[~possible] = np.datetime64("NaT")
    return _within(times)


def from_mjd(days: npt.NDArray[np.floating[Any]]) -> Times:
    """Return modified Julian dates (UTC) as times, to the microsecond, shape ``(rows,)``."""
    result = np.full(len(days), np.datetime64("NaT"), dtype="datetime64[us]")
    good = np.isfinite(days) & (np.abs(days) < 4e6)
    microseconds = np.round((days[good].astype(np.float64) - _MJD_UNIX_EPOCH) * 86400e6)
    result[good] = microseconds.astype(np.int64).astype("datetime64[us]")
    return _within(result)


def _within(times: Times) -> Times:
    with np.errstate(invalid="ignore"):
        outside = (times < _EARLIEST) | (times > _LATEST)
    times[outside] = np.datetime64("NaT")
    return times


def table_times(table: TableContent) -> Times:
    """Return the times of a table whose columns are not known beforehand."""

    def column(name: str, kinds: str) -> npt.NDArray[Any] | None:
        index = table.index(name)
        if index is None:
            return None
        values = table.values[index]
        return values if values.ndim == 1 and values.dtype.kind in kinds else None

    seconds = column("Sec", "iu")
    if seconds is not None:
        microseconds = column("USec", "iu")
        return from_unix(seconds, 0 if microseconds is None else microseconds.astype(np.int64))
    for name in _TEXT_NAMES:
        texts = column(name, "U")
        if texts is not None:
            return from_iso(texts)
    for name in _MJD_NAMES:
        days = column(name, "f")
        if days is not None:
            return from_mjd(days)
    return np.full(table.row_count, np.datetime64("NaT"), dtype="datetime64[us]")


def one_time(text: str) -> pd.Timestamp | None:
    """Return one ISO 8601 text as a time, None if it is none."""
    time = from_iso([text])[0]
    return None if np.isnat(time) else pd.Timestamp(time)
