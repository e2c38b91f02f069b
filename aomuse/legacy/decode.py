"""The text of a JSON blob as Python values: encoded once or twice, or nothing at all."""

from __future__ import annotations

import json
from typing import Any

#: What AOMUSE and its users wrote where there is nothing.
NOTHING = ("", "null", "None")
#: A blob was encoded before it was stored, and by the column's type once more.
_MAX_ENCODINGS = 3


class BlobError(ValueError):
    """A blob that cannot be parsed; its text says why."""


def text_of(value: Any) -> str | None:
    """Return the text of a column, None for NULL."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        try:
            return bytes(value).decode("utf-8")
        except UnicodeDecodeError as error:
            raise BlobError(f"byte {error.start} is not UTF-8") from error
    return json.dumps(value)


def decode(text: str | None, *, text_allowed: bool = False) -> Any:
    """Return the value of a blob."""
    value: Any = text
    for turn in range(_MAX_ENCODINGS):
        if value is None or (isinstance(value, str) and value.strip() in NOTHING):
            return None
        if not isinstance(value, str):
            break
        try:
            value = _parse(value)
        except BlobError:
            if text_allowed and turn:
                return value
            raise
    if isinstance(value, str):
        raise BlobError(f"it is encoded more than {_MAX_ENCODINGS} times")
    if text is not None and ("\\ud" in text or "\\uD" in text):
        _require_unicode(value)
    return value


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
        what = "it is cut short" if cut else error.msg.lower()
        raise BlobError(f"{what} at character {error.pos:,} of {len(text):,}") from error
    except ValueError as error:
        # A number of thousands of digits.
        raise BlobError(" ".join(str(error).split())) from error
    except RecursionError as error:
        raise BlobError("it is nested too deeply") from error


def _require_unicode(value: Any) -> None:
    """Refuse half a surrogate pair, which is not a character."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise BlobError("it holds half a surrogate pair, which is not a character") from error
