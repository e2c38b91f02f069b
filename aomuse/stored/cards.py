"""Headers from their rows."""

from __future__ import annotations

import zlib
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.models import Header, HeaderCard, Keyword
from aomuse.stored.special import SpecialValues


class Undefined:
    """The value of a card that has none."""

    def __repr__(self) -> str:
        return "UNDEFINED"


UNDEFINED = Undefined()


class Card(NamedTuple):
    """A header card: position, keyword, value as Python object, comment, type of the value."""

    position: int
    keyword: str
    value: Any
    comment: str
    value_type: str


def card_images(connection: Connection, header_id: int) -> bytes:
    """Return the card images of a header as they stand in the file."""
    blob = connection.scalar(sa.select(Header.card_images).where(Header.id == header_id))
    return zlib.decompress(blob) if blob is not None else b""


def rebuild_cards(
    connection: Connection, header_ids: list[int], special: SpecialValues
) -> dict[int, list[Card]]:
    """Return the cards of headers."""
    cards: dict[int, list[Card]] = {header_id: [] for header_id in header_ids}
    rows = connection.execute(
        sa.select(
            HeaderCard.header_id,
            HeaderCard.position,
            Keyword.name,
            Keyword.comment,
            HeaderCard.value_type,
            HeaderCard.value_int,
            HeaderCard.value_float,
            HeaderCard.value_text,
        )
        .join(Keyword, Keyword.id == HeaderCard.keyword_id)
        .where(HeaderCard.header_id.in_(header_ids))
        .order_by(HeaderCard.header_id, HeaderCard.position)
    )
    for header_id, position, keyword, comment, kind, integer, number, text in rows:
        if kind == "float":
            key = f"{header_id}/{position}"
            number = special.value("header_card", "value_float", key, number)  # noqa: PLW2901
        value = _value(kind, integer, number, text)
        cards[header_id].append(Card(position, keyword, value, comment, kind))
    return cards


def _value(kind: str, integer: int | None, number: float | None, text: str | None) -> Any:
    match kind:
        case "int":
            return int(text or 0) if integer is None else integer
        case "bool":
            return bool(integer)
        case "float":
            return number
        case "complex":
            return complex(text or "nan")
        case "undefined":
            return UNDEFINED
        case _:
            return text
