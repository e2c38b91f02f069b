"""The row of an exposure: identity, target, mode, start and promoted keywords."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from aomuse.exchange.content import ExposureContent, HduContent
from aomuse.exchange.issue import Issue, Severity
from aomuse.muse.expected import expected
from aomuse.muse.keywords import (
    MJD_KEYWORD,
    MODE_KEYWORD,
    OB_KEYWORD,
    PROMOTED,
    START_KEYWORD,
    TARGET_KEYWORDS,
    Kind,
)
from aomuse.normalize.times import from_mjd, one_time

#: Lengths of the columns that hold text, and the range of BIGINT.
_MAX_TEXT, _MAX_MODE, _MAX_INT = 255, 64, 2**63

#: Takes severity, code and message.
_AddIssue = Callable[[Severity, str, str], None]


def exposure_row(
    content: ExposureContent, issues: list[Issue]
) -> tuple[str | None, dict[str, Any]]:
    """Return the target's name and the columns of an exposure."""
    row: dict[str, Any] = {"archive_id": content.archive_id, "raw_file": content.raw_file}
    row |= dict.fromkeys(("instrument_mode", "date_obs_utc", *(p.column for p in PROMOTED)), None)
    columns = content.columns
    target = _fitting(columns.target, _MAX_TEXT)
    row["instrument_mode"] = _fitting(columns.instrument_mode, _MAX_MODE)
    row["date_obs_utc"] = columns.date_obs_utc
    file = content.reduced[0] if content.reduced else content.raw
    primary = file.hdu("PRIMARY") if file else None
    if file is None or primary is None:
        return target, row | {"ob_id": columns.ob_id}

    def issue(severity: Severity, code: str, message: str) -> None:
        issues.append(Issue(severity, code, message, file.path, "PRIMARY"))

    values = _first_values(primary)
    texts = (target, *(_fitting(values.get(name), _MAX_TEXT) for name in TARGET_KEYWORDS))
    target = next((text for text in texts if text), None)
    if target is None:
        message = (
            f"the primary header has no {' or '.join(TARGET_KEYWORDS)} of 1 to {_MAX_TEXT} "
            "characters: the exposure is loaded without a target; write the keyword into the file "
            "and load again"
        )
        issue("error", "target_missing", message)
    row["instrument_mode"] = row["instrument_mode"] or mode_of(values.get(MODE_KEYWORD))
    if row["instrument_mode"] is None:
        length = f"of 1 to {_MAX_MODE} characters"
        message = f"the primary header has no {MODE_KEYWORD} {length}: the mode is NULL"
        issue("warning", "mode_missing", message)
    start = values.get(START_KEYWORD)
    if columns.date_obs_utc is None or start is not None:
        row["date_obs_utc"] = start_of(start)
        if row["date_obs_utc"] is None:
            row["date_obs_utc"] = _start_of_mjd(values.get(MJD_KEYWORD), start)
            what = f"no {START_KEYWORD}"
            if start is not None:
                what = f"a {START_KEYWORD} that is not a date and a time ({start!r})"
            instead = "NULL" if row["date_obs_utc"] is None else f"that of {MJD_KEYWORD}"
            message = f"the primary header has {what}: the start is {instead}"
            issue("warning", "date_missing", message)
    if columns.ob_id is not None:
        values.setdefault(OB_KEYWORD, columns.ob_id)
    _promote(values, row, issue)
    return target, row


def _promote(values: dict[str, Any], row: dict[str, Any], issue: _AddIssue) -> None:
    """Put the values of promoted keywords into their columns."""
    absent = []
    for promoted in PROMOTED:
        value = values.get(promoted.keyword)
        if value is None:
            absent.append(promoted.keyword)
            continue
        row[promoted.column] = promoted_value(value, promoted.kind)
        if row[promoted.column] is None:
            message = (
                f"{promoted.keyword} is {str(value)[:80]!r}, not what its column in exposure "
                "holds: the column is NULL, header_card has the value"
            )
            issue("warning", "keyword_type", message)
    missing = expected(absent, row["instrument_mode"])
    if missing:
        message = f"the primary header has no {', '.join(missing)}: the columns are NULL"
        issue("note", "keyword_missing", message)


def _fitting(text: Any, longest: int) -> str | None:
    """Return a text of 1 to so many characters, None for anything else."""
    return text if isinstance(text, str) and text.strip() and len(text) <= longest else None


def _first_values(primary: HduContent) -> dict[str, Any]:
    """Return the first value of each keyword of the primary header."""
    wanted = {p.keyword for p in PROMOTED} | {*TARGET_KEYWORDS, MODE_KEYWORD, START_KEYWORD}
    found = primary.values(wanted)
    return {keyword: value for keyword, value in found.items() if value is not None}


def mode_of(value: Any) -> str | None:
    """Return an instrument mode, None if the value is not one."""
    return _fitting(value, _MAX_MODE)


def start_of(value: Any) -> dt.datetime | None:
    """Return a start of an exposure, UTC, None if the value is not a time."""
    time = one_time(value) if isinstance(value, str) else None
    return None if time is None else time.to_pydatetime()


def _start_of_mjd(days: Any, start: Any) -> dt.datetime | None:
    """Return MJD-OBS as the start, None if it is a day without a time, or not the day of DATE-OBS.

    It stands in for a DATE-OBS that is missing or has no time.
    """
    if isinstance(days, bool) or not isinstance(days, int | float) or days == days // 1:
        return None
    time = from_mjd(np.array([days], dtype=np.float64))[0]
    day = str(start)[:10] if start is not None else None
    if np.isnat(time) or (day is not None and str(time)[:10] != day):
        return None
    return pd.Timestamp(time).to_pydatetime()


def promoted_value(value: Any, kind: Kind) -> Any:
    """Return a card's value for a column of the given kind, None if it does not fit."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "float" and is_number:
        return float(value)
    if kind == "int" and isinstance(value, int) and is_number and abs(value) < _MAX_INT:
        return value
    if kind == "flag" and isinstance(value, bool):
        return value
    if kind == "text" and isinstance(value, str) and len(value) <= _MAX_TEXT:
        return value
    return None
