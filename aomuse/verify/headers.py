"""Compare header cards."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy.io import fits

from aomuse.read.cards import unparsed_text
from aomuse.read.plain_cards import split_images
from aomuse.rebuild import Card
from aomuse.verify.comparison import Comparison


def compare_cards(
    result: Comparison,
    where: str,
    header: fits.Header,
    images: bytes,
    cards: list[Card],
    row: Any,
) -> None:
    """Compare the cards of a header, one by one.

    Parameters
    ----------
    result : Comparison
        Gets the differences.
    where : str
        The HDU, for messages.
    header : astropy.io.fits.Header
        The header of the file.
    images : bytes
        Its card images, if astropy shows them as they are.
    cards : list of Card
        The cards of the database.
    row : Row
        The HDU's row of header.
    """
    if len(header) != row.card_count:
        result.tell(f"{where} number of cards", len(header), row.card_count)
    by_position = {card.position: card for card in cards}
    texts = split_images(images)
    if texts is None or len(texts) != len(header):
        texts = [None] * len(header)
    for position, card in enumerate(header.cards):
        stored = by_position.pop(position, None)
        if stored is None:
            # The cards that define a source's table are rows of table_column.
            if row.table_layout_id is None:
                result.tell(f"{where} card {position}", str(card.keyword), None)
            continue
        result.values += 1
        in_file = _card_facts(card, texts[position])
        in_database = _stored_facts(stored)
        if in_file != in_database:
            result.tell(f"{where} card {position}", in_file, in_database)
    for position, left in by_position.items():
        result.tell(f"{where} card {position}", None, left.keyword)


def _card_facts(card: Any, image: str | None) -> tuple[str, ...]:
    """Return keyword, type, value and comment of a card of astropy, as text that tells all."""
    keyword = str(card.keyword)
    try:
        value, comment = card.value, str(card.comment)
    except (fits.VerifyError, ValueError):
        return keyword, "unparsed", repr(unparsed_text(card, image)), ""
    if isinstance(value, fits.card.Undefined):
        return keyword, "undefined", "", comment
    if isinstance(value, np.generic):
        value = value.item()
    return keyword, type(value).__name__, repr(value), comment


def _stored_facts(card: Card) -> tuple[str, ...]:
    if card.value_type == "undefined":
        return card.keyword, "undefined", "", card.comment
    if card.value_type == "unparsed":
        return card.keyword, "unparsed", repr(card.value), card.comment
    return card.keyword, type(card.value).__name__, repr(card.value), card.comment
