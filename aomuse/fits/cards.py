"""Header cards as astropy shows them, as rows."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from astropy.io import fits

from aomuse.exchange.cards import CardRow, first_values, typed_value
from aomuse.exchange.issue import Issue
from aomuse.fits.plain_cards import RECORD, decode, read_plain, split_cards
from aomuse.fits.quiet import quiet_astropy

COMMENTARY = ("COMMENT", "HISTORY", "")

#: Lengths of keyword.name and keyword.comment.
MAX_KEYWORD, MAX_COMMENT = 80, 600

#: Cards of one header that get a warning each.
_MAX_PROBLEMS = 20
_ODD = re.compile(rb"[^ -~]")
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
#: What may stand for another character: no letter, digit or sign that has a meaning in a value.
_SYMBOLS = b'~^|{}[]<>@#$%!;?*"`\\'

#: Cards that define a table's layout, which table_layout and table_column hold.
_STRUCTURAL = re.compile(
    r"^(XTENSION|BITPIX|NAXIS[12]?|PCOUNT|GCOUNT|TFIELDS|EXTNAME|THEAP"
    r"|T(TYPE|FORM|UNIT|NULL|SCAL|ZERO|DISP|DIM)\d+)$"
)


def read_rows(images: bytes, path: str, extension: str) -> tuple[list[CardRow], list[Issue]]:
    """Return the cards of a header, from its bytes before END."""
    read = [read_card(position, image) for position, image in enumerate(split_cards(images))]
    return [row for row, _ in read], _issues([problem for _, problem in read], path, extension)


def read_shown_rows(
    header: fits.Header, originals: dict[str, list[bytes]], path: str, extension: str
) -> tuple[list[CardRow], list[Issue]]:
    """Return the cards of a header as astropy shows it; ``originals`` are those it cannot show."""
    rows, problems = [], []
    for position, card in enumerate(header.cards):
        own = originals.get(str(card)) if originals else None
        row, problem = _shown(position, card) if not own else read_card(position, own.pop(0))
        rows.append(row)
        problems.append(problem)
    return rows, _issues(problems, path, extension)


def _issues(problems: list[str | None], path: str, extension: str) -> list[Issue]:
    """Return a warning for each problem; many of one header are counted in the last one."""
    found = [problem for problem in problems if problem]
    if len(found) > _MAX_PROBLEMS:
        more = len(found) - _MAX_PROBLEMS
        found = [*found[:_MAX_PROBLEMS], f"{more:,} more cards of the header are like these"]
    return [Issue("warning", "card", problem, path, extension) for problem in found]


def read_card(position: int, image: bytes) -> tuple[CardRow, str | None]:
    """Return a card with its CONTINUE cards as a row, and what is wrong with it."""
    text = decode(image)
    plain = read_plain(position, text)
    if plain is not None:
        return plain, None
    stand_ins = _stand_ins(image)
    if stand_ins is None:
        keyword = str(fits.Card.fromstring(_ODD.sub(b"?", image)).keyword)
        why = (
            f"card {position} ({keyword[:MAX_KEYWORD]}) has a line end or another control "
            "character, or too many characters that are not ASCII: it is kept as text"
        )
        return _unparsed(position, keyword, text), why
    card = fits.Card.fromstring(image.translate(stand_ins))
    row, problem = _shown(position, card, text)
    back = {stood: byte for byte, stood in enumerate(stand_ins) if stood != byte}
    return _restored(row, back), problem


def _stand_ins(image: bytes) -> bytes | None:
    """Return a table that puts unused ASCII in the place of what astropy would not take as text.

    That is what is not ASCII, and the colon that makes a record of a string like 'WORD: 1'. None if
    there is nothing to put there, or if the card has a control character.
    """
    odd = {byte for byte in image if byte >= 0x80}
    if b": " in image and not RECORD.fullmatch(decode(image[:8]).rstrip()):
        odd.add(ord(":"))
    unused = [byte for byte in _SYMBOLS if byte not in image]
    if _CONTROL.search(image) or len(odd) > len(unused):
        return None
    table = bytearray(range(256))
    for byte, stood in zip(sorted(odd), unused, strict=False):
        table[byte] = stood
    return bytes(table)


def _restored(row: CardRow, back: dict[int, int]) -> CardRow:
    """Return a row with its own characters in the place of those that stood in for them."""
    if not back:
        return row
    position, keyword, comment, kind, integer, number, text = row

    def restored(shown: str) -> str:
        return decode(shown.translate(back).encode("latin-1"))

    if kind != "unparsed" and text is not None:
        text = restored(text)
    return position, restored(keyword), restored(comment), kind, integer, number, text


def without_layout(rows: list[CardRow]) -> list[CardRow]:
    """Return the cards that do not define the layout of a table."""
    return [row for row in rows if not _STRUCTURAL.match(row[1])]


def _shown(position: int, card: Any, text: str | None = None) -> tuple[CardRow, str | None]:
    """Return a card as astropy shows it; ``text`` is its own, if astropy was given another."""
    keyword = str(card.keyword)
    problem: str | None = None
    short = keyword[:MAX_KEYWORD]
    try:
        value, comment = card.value, str(card.comment)
    except (fits.VerifyError, ValueError):
        problem = (
            f"card {position} ({keyword}) has a value that FITS does not allow: it is kept as text"
        )
        return _unparsed(position, keyword, text or str(card.image)), problem
    if len(comment) > MAX_COMMENT or len(keyword) > MAX_KEYWORD:
        problem = (
            f"card {position} ({short}) has a keyword or comment that is too long "
            "for the keyword table: it is cut there and complete in header.card_images"
        )
        comment = comment[:MAX_COMMENT]
    if keyword in COMMENTARY:
        return (position, keyword, comment, "commentary", None, np.nan, str(value)), problem
    return (position, short, comment, *typed_value(value)), problem


def _unparsed(position: int, keyword: str, image: str) -> CardRow:
    """Return a card that cannot be parsed, with the text after its keyword."""
    text = image[8:].removeprefix("=").strip(" ")
    return position, keyword[:MAX_KEYWORD], "", "unparsed", None, np.nan, text


def parsed_value(image: bytes) -> Any:
    """Return the value of a card with its CONTINUE cards, None if nobody can parse it."""
    with quiet_astropy():
        row, _ = read_card(0, image)
    return first_values([row])[row[1]]
