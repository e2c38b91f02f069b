"""The values of a table's cards, read from their bytes (FITS 4.0, section 4).

Shares nothing with the loader, whose reading it is to check.
"""

from __future__ import annotations

import re

Value = str | bool | int | float

_STRING = re.compile(r" *'(?P<text>(?:[^']|'')*)'")


def _text(image: bytes) -> str:
    try:
        return image.decode()
    except UnicodeDecodeError:
        return image.decode("latin-1")


def keywords_of(images: list[bytes]) -> dict[str, Value]:
    """Return the first value of each keyword; without those that have no value."""
    found: dict[str, Value] = {}
    cards = [_text(image) for image in images]
    for place, card in enumerate(cards):
        keyword, value = card[:8].rstrip(), _value(card[10:])
        if keyword in found or keyword == "CONTINUE" or value is None:
            continue
        behind = place + 1
        while isinstance(value, str) and value.endswith("&") and behind < len(cards):
            more = _value(cards[behind][10:]) if cards[behind].startswith("CONTINUE") else None
            if not isinstance(more, str):
                break
            value, behind = value[:-1] + more, behind + 1
        found[keyword] = value
    return found


def _value(text: str) -> Value | None:
    """Return the value of a card, None if it has none that can be read."""
    string = _STRING.match(text)
    if string:
        return string["text"].replace("''", "'").rstrip()
    plain = text.partition("/")[0].strip()
    if plain in ("T", "F"):
        return plain == "T"
    for parse in (int, lambda number: float(number.upper().replace("D", "E"))):
        try:
            return parse(plain)
        except ValueError:
            continue
    return None
