"""Header cards from their rows."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.exchange.cards import decode_card
from aomuse.models import HeaderCard, Keyword
from aomuse.stored.rows import fetch
from aomuse.stored.special import SpecialValues


class Card(NamedTuple):
    """A header card: its place, keyword, value (None if undefined), comment, type of the value."""

    header_id: int
    position: int
    keyword: str
    value: Any
    comment: str
    value_type: str


def read_cards(
    connection: Connection, special: SpecialValues, *where: sa.ColumnElement[bool]
) -> list[Card]:
    """Return cards, by header in the order of the file."""
    select = (
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
        .where(*where)
        .order_by(HeaderCard.header_id, HeaderCard.position)
    )
    columns = special.restored("header_card", fetch(connection, select))
    rows = zip(*(values.tolist() for values in columns.values()), strict=True)
    return [
        Card(header_id, position, keyword, decode_card(kind, *value), comment, kind)
        for header_id, position, keyword, comment, kind, *value in rows
    ]
