"""Cards in the plain form that almost all have, read without astropy.

A raw file has 4,500 cards, and astropy spends 40 µs on each. This reads only what the FITS
standard (4.0, section 4.2) and ESO's HIERARCH convention define without doubt, and leaves every
other card to astropy. Tests compare the two.
"""

from __future__ import annotations

import re
from functools import lru_cache
from math import nan

from aomuse.exchange.cards import CardRow
from aomuse.fits.structure import CARD

#: A row without its position.
_Rest = tuple[str, str, str, int | None, float, str | None]
#: Keywords of distortions, whose strings are records: DP1 = 'AXIS.1: 1' is DP1.AXIS.1 = 1.
RECORD = re.compile(r"D[PQ]\d+[A-Z]?")
_PLAIN = re.compile(
    r"(?:HIERARCH (?P<long>[A-Z0-9_-]+(?: [A-Z0-9_-]+)*) *="
    r"|(?!COMMENT |HISTORY )(?P<short>[A-Z0-9_-]+) *(?<=^.{8})= ) *"
    r"(?:'(?P<text>[^'\x00-\x1f\x7f]*)'"
    r"|(?P<flag>[TF])"
    r"|(?P<int>[+-]?\d{1,18})"
    r"|(?P<float>[+-]?(?:\d+\.\d*|\.\d+)(?:[ED][+-]?\d+)?|[+-]?\d+[ED][+-]?\d+))"
    r" *(?:/ *(?P<comment>.*))?",
    re.DOTALL | re.ASCII,
)
_COMMENTARY = re.compile(r"(COMMENT|HISTORY|) *(?<=^.{8})(?P<text>.*)", re.DOTALL | re.I)


def split_cards(images: bytes) -> list[bytes]:
    """Return the cards of a header, each with its CONTINUE cards."""
    cards: list[bytes] = []
    for start in range(0, len(images), CARD):
        image = images[start : start + CARD]
        if image.startswith(b"CONTINUE") and cards:
            cards[-1] += image
        else:
            cards.append(image)
    return cards


def decode(image: bytes) -> str:
    """Return a card's text: UTF-8, or Latin-1 if it is not UTF-8."""
    try:
        return image.decode()
    except UnicodeDecodeError:
        return image.decode("latin-1")


def read_plain(position: int, image: str) -> CardRow | None:
    """Return a card as a row, None if it is not plain."""
    rest = _read(image) if len(image) <= CARD else _read.__wrapped__(image)
    return None if rest is None else (position, *rest)


# Most cards of a file are the same in the next one, and in the other headers of the file.
@lru_cache(maxsize=16_384)
def _read(image: str) -> _Rest | None:
    match = _PLAIN.fullmatch(image)
    if match is None:
        return _read_commentary(image)
    keyword = match["long"] or match["short"]
    comment = (match["comment"] or "").rstrip(" ")
    if (text := match["text"]) is not None:
        # "&" makes a long string; astropy looks for the end of an empty string in the comment, too.
        if (
            text.rstrip(" ").endswith("&")
            or (not text and "'" in comment)
            or (": " in text and RECORD.fullmatch(keyword))
        ):
            return None
        return keyword, comment, "str", None, nan, text.rstrip(" ")
    if (flag := match["flag"]) is not None:
        return keyword, comment, "bool", int(flag == "T"), nan, None
    if (integer := match["int"]) is not None:
        return keyword, comment, "int", int(integer), nan, None
    number = float(match["float"].replace("D", "E"))
    return keyword, comment, "float", None, number, None


def _read_commentary(image: str) -> _Rest | None:
    """Return a card of COMMENT, HISTORY or without keyword, which has no value even after '= '."""
    match = _COMMENTARY.fullmatch(image)
    if match is None or len(image) > CARD:
        return None
    return match[1].upper(), "", "commentary", None, nan, match["text"].rstrip(" ")
