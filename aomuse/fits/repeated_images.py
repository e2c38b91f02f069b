"""Headers of compressed images that differ only in values, as the channels of a raw file do.

astropy shows the header of a compressed image as that of the image: it removes the cards of the
table of tiles and restores those that they replaced. This takes 10 ms for each of the 24 channels.
astropy reads the first channel, which shows what cards pass unchanged and where they go. A header
with the same keywords, and the same cards wherever a card affects others, is read without astropy,
also in the files that this process reads later: those of one instrument are all alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from aomuse.exchange.cards import CardRow
from aomuse.exchange.content import HduContent
from aomuse.fits.plain_cards import read_plain, split_cards
from aomuse.fits.structure import CARD, Extent

#: Short keywords that astropy may remove, restore, move or derive others from.
_ACTIVE = re.compile(
    r"T|Z|NAXIS|(SIMPLE|XTENSION|BITPIX|PCOUNT|GCOUNT|GROUPS|EXTEND|BLOCKED|BSCALE|BZERO|BLANK"
    r"|CHECKSUM|DATASUM|COMMENT|HISTORY|CONTINUE|END| *) *$"
)
#: Of these, keywords of the table that astropy does not show: size of the tiles, sums.
_UNSEEN = re.compile(r"(PCOUNT|TFORM1|CHECKSUM|DATASUM) *$")
#: A name without quotes or blanks in it.
_NAME = re.compile(r"EXTNAME = '(?P<name>[A-Z0-9_]+) *' *(/[ -~]*)?")
#: A name that astropy ignores.
_DEFAULT_NAME = "COMPRESSED_IMAGE"
#: Headers that are remembered from file to file, and cards that one of them may have.
_MOST_KNOWN, _MOST_CARDS = 64, 1000
#: Sums of the image, shown under the names of the table's.
_SUMS = {"ZHECKSUM": "CHECKSUM", "ZDATASUM": "DATASUM"}


@dataclass(frozen=True)
class _Header:
    """A header of a compressed image, taken apart."""

    #: The keyword of each card that passes, and the whole image of each that affects others.
    key: tuple[str, ...]
    #: Images of the cards that pass.
    passing: list[str]
    #: Images of the image's sums, by the keyword that they are shown with.
    sums: dict[str, str]
    #: EXTNAME.
    name: str


@dataclass(frozen=True)
class _Pattern:
    """A header as astropy shows it: fixed rows, None for a card that passes, keys of sums."""

    rows: list[CardRow | str | None]
    content: HduContent


#: Of all files, by key: what was read without an issue.
KNOWN: dict[tuple[str, ...], _Pattern] = {}


class RepeatedImages:
    """Remembers the compressed images of one file, and of others, by their headers' structure."""

    def __init__(self) -> None:
        self._patterns: dict[tuple[str, ...], _Pattern] = {}

    def learn(self, extent: Extent, content: HduContent, *, is_sound: bool) -> None:
        """Remember an image that astropy has read, if all its cards can be assigned.

        One that is not sound is remembered for its own file, which has the issue, but not for
        others, which are to have it too.
        """
        header = _take_apart(extent)
        if header is None or content.type != "compressed_image" or content.name != header.name:
            return
        passing = [read_plain(0, image) for image in header.passing]
        sums = {keyword: read_plain(0, image) for keyword, image in header.sums.items()}
        rows: list[CardRow | str | None] = []
        passed = 0
        for row in content.card_rows:
            if passed < len(passing) and _same(row, passing[passed]):
                rows.append(None)
                passed += 1
            elif _same(row, sums.pop(row[1], None)):
                rows.append(row[1])
            else:
                rows.append(row)
        if passed == len(passing) and not sums:
            # What each image has of its own is not kept.
            pattern = _Pattern(rows, replace(content, card_images=b"", card_rows=[]))
            self._patterns[header.key] = pattern
            if is_sound and len(rows) <= _MOST_CARDS:
                KNOWN[header.key] = pattern
                if len(KNOWN) > _MOST_KNOWN:
                    del KNOWN[next(iter(KNOWN))]

    def read(self, extent: Extent) -> HduContent | None:
        """Return an image whose header is built like one before."""
        header = _take_apart(extent)
        if header is None:
            return None
        pattern = self._patterns.get(header.key) or KNOWN.get(header.key)
        if pattern is None:
            return None
        passing = iter(header.passing)
        rows: list[CardRow] = []
        for position, template in enumerate(pattern.rows):
            if isinstance(template, tuple):
                rows.append(template)
                continue
            image = next(passing) if template is None else header.sums[template]
            row = read_plain(position, image)
            if row is None:
                return None
            rows.append(row)
        return replace(
            pattern.content,
            index=extent.index,
            name=header.name,
            card_images=extent.card_images,
            card_rows=rows,
        )


def _take_apart(extent: Extent) -> _Header | None:
    """Return the parts of a header; None if it is not plain or not of a compressed image."""
    if extent.keyword("ZIMAGE") != "T":
        return None
    if not extent.card_images.isascii():
        return None
    key: list[str] = []
    passing: list[str] = []
    sums: dict[str, str] = {}
    for card in split_cards(extent.card_images):
        image = card.decode()
        short = image[:8]
        shown = _SUMS.get(short)
        if len(image) > CARD or shown in sums:
            return None
        if image.startswith("HIERARCH "):
            key.append(image.partition("=")[0])
            passing.append(image)
        elif shown is not None:
            key.append(short)
            sums[shown] = f"{shown:<8}{image[8:]}"
        elif _ACTIVE.match(short):
            key.append(short if _UNSEEN.match(short) else image)
        else:
            key.append(short)
            passing.append(image)
    name = _plain_name(passing)
    return _Header(tuple(key), passing, sums, name) if name else None


def _plain_name(images: list[str]) -> str | None:
    """Return EXTNAME, None if it is missing, repeated or not plain."""
    names = [_NAME.fullmatch(image) for image in images if image.startswith("EXTNAME ")]
    found = names[0]["name"] if len(names) == 1 and names[0] else None
    return None if found == _DEFAULT_NAME else found


def _same(row: CardRow, other: CardRow | None) -> bool:
    """Return whether two rows hold the same card, at any position; None equals NaN."""
    return other is not None and _values(row) == _values(other)


def _values(row: CardRow) -> list[Any]:
    return [None if value != value else value for value in row[1:]]  # noqa: PLR0124 - NaN
