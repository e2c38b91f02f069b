"""Header cards as astropy shows them, as a frame."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
from astropy.io import fits

from aomuse.exchange.content import typed_value
from aomuse.exchange.issue import Issue
from aomuse.fits.plain_cards import Row, read_plain, split_images
from aomuse.fits.quiet import quiet_astropy

COLUMNS = ("position", "keyword", "comment", "value_type", "value_int", "value_float", "value_text")
COMMENTARY = ("COMMENT", "HISTORY", "")

#: Lengths of keyword.name and keyword.comment.
MAX_KEYWORD, MAX_COMMENT = 80, 600

#: Cards that define a table's layout, which table_layout and table_column hold.
_STRUCTURAL = re.compile(
    r"^(XTENSION|BITPIX|NAXIS[12]?|PCOUNT|GCOUNT|TFIELDS|EXTNAME|THEAP"
    r"|T(TYPE|FORM|UNIT|NULL|SCAL|ZERO|DISP|DIM)\d+)$"
)


def read_cards(
    header: fits.Header,
    path: str,
    extension: str,
    *,
    images: bytes = b"",
    skip_structural: bool = False,
) -> tuple[pd.DataFrame, list[Issue]]:
    """Return the cards of a header."""
    rows: list[Row] = []
    issues: list[Issue] = []
    cards = header.cards
    plain = split_images(images)
    if plain is None or len(plain) != len(header):
        plain = [None] * len(header)
    for position, image in enumerate(plain):
        row = read_plain(position, image) if image else None
        problem = None
        if row is None:
            card = cards[position]
            row, problem = _read_card(position, str(card.keyword), card, image)
        if skip_structural and _STRUCTURAL.match(row[1]):
            continue
        rows.append(row)
        if problem:
            issues.append(Issue("warning", "card", problem, path, extension))
    return cards_frame(rows), issues


def cards_frame(rows: list[Row]) -> pd.DataFrame:
    """Return rows of cards as a frame with the columns' types."""
    columns: list[list[Any]] = (
        [list(c) for c in zip(*rows, strict=True)] if rows else [[] for _ in COLUMNS]
    )
    position, keyword, comment, value_type, value_int, value_float, value_text = columns
    return pd.DataFrame(
        {
            "position": np.array(position, dtype=np.int32),
            "keyword": pd.Series(keyword, dtype=object),
            "comment": pd.Series(comment, dtype=object),
            "value_type": pd.Series(value_type, dtype=object),
            "value_int": pd.array(value_int, dtype="Int64"),
            "value_float": np.array(value_float, dtype=np.float64),
            "value_text": pd.Series(value_text, dtype=object),
        }
    )


def _read_card(position: int, keyword: str, card: Any, image: str | None) -> tuple[Row, str | None]:
    problem, short = None, keyword[:MAX_KEYWORD]
    try:
        value, comment = card.value, str(card.comment)
    except (fits.VerifyError, ValueError) as error:
        reason = " ".join(str(error).split())
        problem = (
            f"card {position} ({keyword}) has a value that astropy cannot parse ({reason}): it is "
            "kept as text"
        )
        text = unparsed_text(card, image)
        return (position, short, "", "unparsed", None, np.nan, text), problem
    if len(comment) > MAX_COMMENT or len(keyword) > MAX_KEYWORD:
        problem = (
            f"card {position} ({short}) has a keyword or comment that is too long "
            "for the keyword table: it is cut there and complete in header.card_images"
        )
        comment = comment[:MAX_COMMENT]
    if keyword in COMMENTARY:
        return (position, keyword, comment, "commentary", None, np.nan, str(value)), problem
    return (position, short, comment, *typed_value(value)), problem


def parsed_value(images: bytes) -> Any:
    """Return the value of a card with its continuations, None if astropy cannot parse it."""
    try:
        with quiet_astropy():
            return fits.Card.fromstring(images).value
    except (fits.VerifyError, ValueError):
        return None


def unparsed_text(card: Any, image: str | None) -> str:
    """Return the text after the keyword of a card that cannot be parsed."""
    return (image or str(card.image))[8:].removeprefix("=").strip()
