"""The row of an exposure: identity, target, mode, start and promoted keywords."""

from __future__ import annotations

import datetime as dt
from typing import Any

from aomuse.exchange.content import ExposureContent, FileContent, HduContent, card_value
from aomuse.exchange.issue import Issue
from aomuse.muse.keywords import (
    MODE_KEYWORD,
    OB_KEYWORD,
    PROMOTED,
    START_KEYWORD,
    TARGET_KEYWORDS,
    Kind,
)
from aomuse.normalize.times import one_time

#: Lengths of the columns that hold text, and the range of BIGINT.
_MAX_TEXT, _MAX_MODE, _MAX_INT = 255, 64, 2**63


def exposure_row(
    content: ExposureContent, issues: list[Issue]
) -> tuple[str | None, dict[str, Any]]:
    """Return the target's name and the columns of an exposure."""
    row: dict[str, Any] = {"archive_id": content.archive_id, "raw_file": content.raw_file}
    row |= dict.fromkeys(("instrument_mode", "date_obs_utc", *(p.column for p in PROMOTED)), None)
    speaker = content.reduced[0] if content.reduced else content.raw
    columns = content.columns
    primary = speaker.hdu("PRIMARY") if speaker else None
    if speaker is None or primary is None:
        row |= {"date_obs_utc": columns.date_obs_utc, "ob_id": columns.ob_id}
        return _text(columns.target, _MAX_TEXT), row | {
            "instrument_mode": _text(columns.instrument_mode, _MAX_MODE)
        }
    values = _first_values(primary)
    target = _text(columns.target, _MAX_TEXT) or _target(values, speaker, issues)
    row["instrument_mode"] = _text(columns.instrument_mode, _MAX_MODE) or _mode(
        values, speaker, issues
    )
    row["date_obs_utc"] = columns.date_obs_utc
    if columns.date_obs_utc is None or START_KEYWORD in values:
        row["date_obs_utc"] = _start(values, speaker, issues)
    if columns.ob_id is not None and OB_KEYWORD not in values:
        values[OB_KEYWORD] = columns.ob_id
    absent = []
    for promoted in PROMOTED:
        value = values.get(promoted.keyword)
        if value is None:
            absent.append(promoted.keyword)
            continue
        row[promoted.column] = promoted_value(value, promoted.kind)
        if row[promoted.column] is None:
            issues.append(_wrong_type(promoted.keyword, value, speaker))
    if absent:
        issues.append(
            Issue(
                "note",
                "keyword_missing",
                f"the primary header has no {', '.join(absent)}: the columns are NULL",
                speaker.path,
                "PRIMARY",
            )
        )
    return target, row


def _text(text: str | None, longest: int) -> str | None:
    return text if text and text.strip() and len(text) <= longest else None


def _first_values(primary: HduContent) -> dict[str, Any]:
    """Return the first value of each keyword of the primary header."""
    wanted = {p.keyword for p in PROMOTED} | {*TARGET_KEYWORDS, MODE_KEYWORD, START_KEYWORD}
    cards = primary.cards
    found = cards[cards["keyword"].isin(wanted)].drop_duplicates("keyword").to_dict("records")
    values = {str(card["keyword"]): card_value(card) for card in found}
    return {keyword: value for keyword, value in values.items() if value is not None}


def _target(values: dict[str, Any], file: FileContent, issues: list[Issue]) -> str | None:
    for keyword in TARGET_KEYWORDS:
        value = values.get(keyword)
        if isinstance(value, str) and value.strip() and len(value) <= _MAX_TEXT:
            return value
    issues.append(
        Issue(
            "error",
            "target_missing",
            f"the primary header has no {' or '.join(TARGET_KEYWORDS)}"
            f" of 1 to {_MAX_TEXT} characters: the exposure is loaded without a target; write "
            "the keyword into the file and load again",
            file.path,
            "PRIMARY",
        )
    )
    return None


def _mode(values: dict[str, Any], file: FileContent, issues: list[Issue]) -> str | None:
    mode = mode_of(values.get(MODE_KEYWORD))
    if mode is not None:
        return mode
    issues.append(
        Issue(
            "warning",
            "mode_missing",
            f"the primary header has no {MODE_KEYWORD} of 1 to "
            f"{_MAX_MODE} characters: the mode is NULL",
            file.path,
            "PRIMARY",
        )
    )
    return None


def _start(values: dict[str, Any], file: FileContent, issues: list[Issue]) -> dt.datetime | None:
    value = values.get(START_KEYWORD)
    time = start_of(value)
    if time is None:
        said = "no" if value is None else f"an unreadable ({value!r})"
        issues.append(
            Issue(
                "warning",
                "date_missing",
                f"the primary header has {said} {START_KEYWORD}: the start is NULL",
                file.path,
                "PRIMARY",
            )
        )
        return None
    return time


def mode_of(value: Any) -> str | None:
    """Return an instrument mode, None if the value is none."""
    is_mode = isinstance(value, str) and value.strip() and len(value) <= _MAX_MODE
    return value if is_mode else None


def start_of(value: Any) -> dt.datetime | None:
    """Return a start of an exposure, UTC, None if the value is no time."""
    time = one_time(value) if isinstance(value, str) else None
    return None if time is None else time.to_pydatetime()


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


def _wrong_type(keyword: str, value: Any, file: FileContent) -> Issue:
    return Issue(
        "warning",
        "keyword_type",
        f"{keyword} is {str(value)[:80]!r}, not what its column in exposure holds: the column is "
        "NULL, header_card has the value",
        file.path,
        "PRIMARY",
    )
