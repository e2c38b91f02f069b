"""Compare header cards."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import sqlalchemy as sa
from astropy.io import fits
from sqlalchemy import Connection

from aomuse.fits.structure import CARD
from aomuse.models import Header, HeaderCard
from aomuse.stored.cards import Card
from aomuse.verify.comparison import Comparison

#: header_card.value_type of all cards.
_TYPES = ("int", "float", "bool", "str", "complex", "undefined", "commentary", "unparsed")
_COMMENTARY = (b"", b"COMMENT", b"HISTORY")
_ODD = re.compile(rb"[^ -~]")
_ODD_OR_COLON = re.compile(rb"[^ -~]|:(?= )")
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
#: header.hdu_type of astropy's classes, subclasses first.
_KINDS: tuple[tuple[str, type], ...] = (
    ("compressed_image", fits.CompImageHDU),
    ("binary_table", fits.BinTableHDU),
    ("ascii_table", fits.TableHDU),
    ("image", fits.ImageHDU),
)


def compare_header(
    result: Comparison, hdu: Any, index: int, values: dict[str, Any], row: Any, exposure_id: int
) -> None:
    """Compare what header says of an HDU besides its cards; ``values`` are those of its cards."""
    kind = next((kind for kind, classes in _KINDS if isinstance(hdu, classes)), "other")
    extname = values.get("EXTNAME", hdu.name if kind == "compressed_image" else "")
    name = "PRIMARY" if index == 0 else "" if extname is None else str(extname)
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
    shown: Sequence[bytes | fits.Card],
    cards: list[Card],
    row: Any,
) -> None:
    """Compare the cards of a header, one by one; each by its bytes, if astropy did not make it."""
    if len(shown) != row.card_count:
        result.tell(f"{where} number of cards", len(shown), row.card_count)
    by_position = {card.position: card for card in cards}
    for position, card in enumerate(shown):
        stored = by_position.pop(position, None)
        is_unparsed = stored is not None and stored.value_type == "unparsed"
        if isinstance(card, bytes):
            image, in_file = card, _in_image(card, is_unparsed)
        else:
            image, in_file = None, _in_file(card, None, is_unparsed)
        if stored is None:
            # The cards that define a source's table are rows of table_column.
            if row.table_layout_id is None:
                result.tell(f"{where} card {position}", in_file[0], None)
            continue
        result.values += 1
        in_database = _described(stored, image)
        if in_file != in_database:
            result.tell(f"{where} card {position}", in_file, in_database)
    for position, left in by_position.items():
        result.tell(f"{where} card {position}", None, left.keyword)


@lru_cache(maxsize=16_384)  # most cards of an exposure are those of others, too
def _in_image(image: bytes, is_unparsed: bool) -> tuple[str, ...]:
    """Return what astropy reads from a card's bytes.

    A letter stands for each byte that astropy does not take as text, and for the colon that makes
    a record of a string like 'WORD: 1'.
    """
    return _in_file(fits.Card.fromstring(_masked(image)), image, is_unparsed)


def _masked(image: bytes) -> bytes:
    odd = _ODD if re.match(rb"D[PQ]\d+[A-Z]? *=", image) else _ODD_OR_COLON
    return odd.sub(b"x", image)


def _in_file(card: Any, image: bytes | None, is_unparsed: bool) -> tuple[str, ...]:
    """Return keyword, type, value, comment and odd bytes of a card of astropy, as exact text."""
    keyword, odd = str(card.keyword), "" if image is None else _odd_bytes(image)
    if image is not None and len(image) == CARD and image[:8].strip().upper() in _COMMENTARY:
        text = _masked(image)[8:].decode().rstrip(" ")
        return image[:8].strip().upper().decode(), "str", repr(text), "", odd
    if is_unparsed and image is not None and _CONTROL.search(image):
        return keyword, "unparsed", repr(_raw(image)), "", odd
    try:
        value, comment = card.value, str(card.comment)
    except (fits.VerifyError, ValueError):
        return keyword, "unparsed", repr(_raw(image or str(card).encode())), "", odd
    if isinstance(value, fits.card.Undefined):
        return keyword, "undefined", "", comment, odd
    if isinstance(value, np.generic):
        value = value.item()
    return keyword, type(value).__name__, repr(value), comment, odd


def _raw(image: bytes) -> str:
    return _masked(image)[8:].decode().removeprefix("=").strip(" ")


def described(card: Card, masked: Callable[[str], str] = str) -> tuple[str, ...]:
    """Return keyword, type, value and comment of a stored card."""
    kind, value = card.value_type, card.value
    shown = repr(masked(value) if isinstance(value, str) else value)
    if kind == "undefined":
        shown = ""
    elif kind != "unparsed":
        kind = type(value).__name__
    return masked(card.keyword), kind, shown, masked(card.comment)


def _described(card: Card, image: bytes | None) -> tuple[str, ...]:
    """Return the same as `_in_file` of a stored card."""
    if image is None:
        return *described(card), ""
    try:
        image.decode()
        codec = "utf-8"
    except UnicodeDecodeError:
        codec = "latin-1"
    # Whether a colon is masked depends on the keyword, which stands before it.
    prefix = f"{card.keyword:<8}= ".encode(codec, "replace")
    odd = ""

    def masked(text: str) -> str:
        nonlocal odd
        own = text.encode(codec, "replace")
        odd += _odd_bytes(own)
        return _masked(prefix + own)[len(prefix) :].decode()

    shown = described(card, masked)
    return *shown, bytes(sorted(bytes.fromhex(odd))).hex()


def _odd_bytes(text: bytes) -> str:
    """Return the bytes that are not ASCII, sorted: comments of CONTINUE cards move."""
    return bytes(sorted(byte for byte in text if byte >= 0x80)).hex()
