"""Compare header cards."""

from __future__ import annotations

from typing import Any

import numpy as np
import sqlalchemy as sa
from astropy.io import fits
from sqlalchemy import Connection

from aomuse.fits.cards import unparsed_text
from aomuse.fits.plain_cards import split_images
from aomuse.models import Header, HeaderCard
from aomuse.stored.cards import Card
from aomuse.verify.comparison import Comparison

#: header_card.value_type of all cards.
_TYPES = ("int", "float", "bool", "str", "complex", "undefined", "commentary", "unparsed")
#: header.hdu_type of astropy's classes, subclasses first.
_KINDS: tuple[tuple[str, type], ...] = (
    ("compressed_image", fits.CompImageHDU),
    ("binary_table", fits.BinTableHDU),
    ("ascii_table", fits.TableHDU),
    ("image", fits.ImageHDU),
)


def compare_header(result: Comparison, hdu: Any, index: int, row: Any, exposure_id: int) -> None:
    """Compare what header says of an HDU besides its cards."""
    name = "PRIMARY" if index == 0 else str(hdu.name)
    kind = next((kind for kind, classes in _KINDS if isinstance(hdu, classes)), "other")
    is_table = kind in ("binary_table", "ascii_table")
    if is_table:
        sizes = [hdu.header["TFIELDS"], hdu.header["NAXIS2"]]
    else:
        axes = range(1, hdu.header.get("NAXIS", 0) + 1)
        sizes = [hdu.header.get(f"NAXIS{axis}", "?") for axis in axes]
    for what, in_file, in_database in (
        ("exposure_id", exposure_id, row.exposure_id),
        ("hdu_index", index, row.hdu_index),
        ("EXTNAME", name, row.extension_name),
        ("hdu_type", "primary" if index == 0 else kind, row.hdu_type),
        ("dimensions", " x ".join(map(str, sizes)), row.dimensions),
        ("has a layout", is_table, row.table_layout_id is not None),
        ("has a number of rows", is_table, row.table_row_count is not None),
    ):
        result.values += 1
        if in_file != in_database:
            result.tell(f"[{name or index}] {what}", in_file, in_database)


def compare_card_columns(result: Comparison, connection: Connection, source_file_id: int) -> None:
    """Report cards with a value in a column that their type does not use, or of no such type."""
    kind = HeaderCard.value_type
    wrong = connection.execute(
        sa.select(Header.extension_name, HeaderCard.position, kind)
        .join(Header, Header.id == HeaderCard.header_id)
        .where(
            Header.source_file_id == source_file_id,
            sa.or_(
                kind.not_in(_TYPES),
                sa.and_(kind.not_in(("int", "bool")), HeaderCard.value_int.is_not(None)),
                sa.and_(
                    kind == "int",
                    HeaderCard.value_int.is_(None),
                    HeaderCard.value_text.is_(None),
                ),
                sa.and_(kind == "bool", sa.func.coalesce(HeaderCard.value_int, 2).not_in((0, 1))),
                sa.and_(kind != "float", HeaderCard.value_float.is_not(None)),
                sa.and_(
                    HeaderCard.value_text.is_not(None),
                    sa.or_(
                        kind.in_(("float", "bool", "undefined")),
                        HeaderCard.value_int.is_not(None),
                    ),
                ),
            ),
        )
    )
    for extension, position, value_type in wrong:
        what = f"[{extension}] card {position} of type {value_type}"
        result.differences.append(f"{what} has a value that is none of that type")


def compare_cards(
    result: Comparison,
    where: str,
    header: fits.Header,
    images: bytes,
    cards: list[Card],
    row: Any,
) -> None:
    """Compare the cards of a header, one by one."""
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
        in_file, in_database = _in_file(card, texts[position]), described(stored)
        if in_file != in_database:
            result.tell(f"{where} card {position}", in_file, in_database)
    for position, left in by_position.items():
        result.tell(f"{where} card {position}", None, left.keyword)


def _in_file(card: Any, image: str | None) -> tuple[str, ...]:
    """Return keyword, type, value and comment of a card of astropy, as exact text."""
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


def described(card: Card) -> tuple[str, ...]:
    """Return the same of a stored card."""
    kind, value = card.value_type, repr(card.value)
    if kind == "undefined":
        value = ""
    elif kind != "unparsed":
        kind = type(card.value).__name__
    return card.keyword, kind, value, card.comment
