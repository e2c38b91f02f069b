"""Damage to the bytes of a FITS file."""

from __future__ import annotations

import random

BLOCK, CARD = 2880, 80

#: Values that a damaged or hostile header may give a keyword.
NASTY = (
    *("-1", "0", "1", "2", "999", "-2880", "2147483648", "9223372036854775808", "9" * 60),
    *("1E400", "-0.0", "NaN", "T", "F", "''", "'?'", "'1PJ(9)'", "'0D'", "'999999999D'"),
    *("'PM_3'", "'PSFPARS'", "'SPARTA_ATM_DATA'", "'(1,2,3)'", "(1.0, 2.0)", "", "/ nothing"),
    *("'it''s'", "'", "'&'", "1 2 3", "\x00\x01", "\xe9\xff", "'BINTABLE'", "'TABLE   '"),
)


def bytes_anywhere(data: bytearray, draw: random.Random) -> None:
    """Overwrite single bytes."""
    for _ in range(draw.choice((1, 1, 3, 20))):
        data[draw.randrange(len(data))] = draw.randrange(256)


def bytes_in_header(data: bytearray, draw: random.Random) -> None:
    """Overwrite single bytes of headers with text."""
    starts = [i for i in range(0, len(data), BLOCK) if data[i : i + 8].strip().isalnum()]
    start = draw.choice(starts)
    for _ in range(draw.choice((1, 2, 8))):
        data[min(start + draw.randrange(BLOCK), len(data) - 1)] = draw.randrange(32, 127)


def value_of_a_card(data: bytearray, draw: random.Random) -> None:
    """Give a card a nasty value."""
    cards = [i for i in range(0, len(data) - CARD, CARD) if data[i + 8 : i + 10] == b"= "]
    start = draw.choice(cards)
    value = draw.choice(NASTY).encode("latin-1")
    data[start + 10 : start + CARD] = value.ljust(CARD - 10)[: CARD - 10]


def swapped_cards(data: bytearray, draw: random.Random) -> None:
    """Swap two cards."""
    cards = [i for i in range(0, len(data) - CARD, CARD) if data[i + 8 : i + 10] == b"= "]
    one, other = draw.choice(cards), draw.choice(cards)
    data[one : one + CARD], data[other : other + CARD] = (
        data[other : other + CARD],
        data[one : one + CARD],
    )


def cut(data: bytearray, draw: random.Random) -> None:
    """Cut the file short."""
    del data[draw.randrange(len(data)) :]


def range_removed(data: bytearray, draw: random.Random) -> None:
    """Remove some bytes."""
    start = draw.randrange(len(data))
    del data[start : start + draw.choice((1, 7, CARD, BLOCK, 5000))]


def range_repeated(data: bytearray, draw: random.Random) -> None:
    """Repeat some bytes."""
    start = draw.randrange(len(data))
    piece = data[start : start + draw.choice((1, 7, CARD, BLOCK, 5000))]
    data[start:start] = piece


def range_overwritten(data: bytearray, draw: random.Random) -> None:
    """Overwrite a range with one byte."""
    start = draw.randrange(len(data))
    length = min(draw.choice((4, CARD, 400, BLOCK)), len(data) - start)
    data[start : start + length] = bytes([draw.choice((0, 32, 255))]) * length


def blocks_swapped(data: bytearray, draw: random.Random) -> None:
    """Swap two blocks."""
    count = len(data) // BLOCK
    one, other = (BLOCK * draw.randrange(count) for _ in range(2))
    data[one : one + BLOCK], data[other : other + BLOCK] = (
        data[other : other + BLOCK],
        data[one : one + BLOCK],
    )


DAMAGE = (
    *(bytes_anywhere, bytes_in_header, value_of_a_card, value_of_a_card, swapped_cards, cut),
    *(range_removed, range_repeated, range_overwritten, blocks_swapped),
)


def damaged(content: bytes, seed: int) -> tuple[bytes, list[str]]:
    """Return damaged bytes, and the names of what was done to them."""
    draw = random.Random(seed)
    data = bytearray(content)
    done = []
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        if len(data) < BLOCK:
            break
        damage = draw.choice(DAMAGE)
        damage(data, draw)
        done.append(damage.__name__)
    return bytes(data), done
