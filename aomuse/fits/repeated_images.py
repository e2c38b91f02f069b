"""Headers of compressed images that differ in values only, as the channels of a raw file do.

astropy shows the header of a compressed image as that of the image: it takes away what describes
the table of tiles and puts back what that has replaced. It spends 10 ms on each of the 24 channels.
The first is left to astropy; from it this learns which cards pass unchanged and where they come
to stand. A header with the same keywords, and the same cards wherever a card decides about
others, is then read without astropy.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from aomuse.exchange.content import HduContent
from aomuse.fits.cards import cards_frame
from aomuse.fits.plain_cards import Row, read_plain, split_images
from aomuse.fits.structure import Extent

#: Short keywords that astropy may take away, put back, move or derive others from: all of it
#: depends on their cards.
_ACTIVE = re.compile(
    r"T|Z|NAXIS|(SIMPLE|XTENSION|BITPIX|PCOUNT|GCOUNT|GROUPS|EXTEND|BLOCKED|BSCALE|BZERO|BLANK"
    r"|CHECKSUM|DATASUM|COMMENT|HISTORY|CONTINUE|END| *) *$"
)
#: Active ones of the table, of which astropy shows nothing: number of bytes of the tiles, sums.
_UNSEEN = re.compile(r"(PCOUNT|TFORM1|CHECKSUM|DATASUM) *$")
#: A name that needs no interpretation.
_NAME = re.compile(r"EXTNAME = '(?P<name>[A-Z0-9_]+) *' *(/[ -~]*)?")
#: What astropy takes for no name.
_DEFAULT_NAME = "COMPRESSED_IMAGE"
#: Sums of the image, which are shown under the names of the table's.
_SUMS = {"ZHECKSUM": "CHECKSUM", "ZDATASUM": "DATASUM"}


@dataclass(frozen=True)
class _Header:
    """A header of a compressed image, taken apart.

    Parameters
    ----------
    key : tuple of str
        A keyword for each card that passes, the whole image of each that decides about others.
    passing : list of str
        Images of the cards that pass.
    sums : dict
        Images of the cards of the image's sums by the keyword that they are shown with.
    name : str
        EXTNAME.
    """

    key: tuple[str, ...]
    passing: list[str]
    sums: dict[str, str]
    name: str


@dataclass(frozen=True)
class _Pattern:
    """A header as astropy shows it: rows that are always so, and places of cards that pass."""

    rows: list[Row | str | None]
    content: HduContent


class RepeatedImages:
    """Remembers the compressed images of one file by the structure of their headers."""

    def __init__(self) -> None:
        self._patterns: dict[tuple[str, ...], _Pattern] = {}

    def learn(self, extent: Extent, content: HduContent) -> None:
        """Remember an image that astropy has read, if all its cards can be told apart."""
        header = _take_apart(extent)
        if header is None or content.type != "compressed_image" or content.name != header.name:
            return
        passing = [read_plain(0, image) for image in header.passing]
        sums = {keyword: read_plain(0, image) for keyword, image in header.sums.items()}
        rows: list[Row | str | None] = []
        passed = 0
        for row in _rows(content):
            if passed < len(passing) and _same(row, passing[passed]):
                rows.append(None)
                passed += 1
            elif _same(row, sums.pop(row[1], None)):
                rows.append(row[1])
            else:
                rows.append(row)
        if passed == len(passing) and not sums:
            self._patterns[header.key] = _Pattern(rows, content)

    def read(self, extent: Extent) -> HduContent | None:
        """Return an image whose header is built like one before."""
        header = _take_apart(extent)
        pattern = self._patterns.get(header.key) if header else None
        if header is None or pattern is None:
            return None
        passing = iter(header.passing)
        rows: list[Row] = []
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
            cards=cards_frame(rows),
        )


def _take_apart(extent: Extent) -> _Header | None:
    """Return the parts of a header; None for one that is no compressed image, or not plain."""
    if extent.keyword("ZIMAGE") != "T":
        return None
    images = split_images(extent.card_images)
    if images is None:
        return None
    key: list[str] = []
    passing: list[str] = []
    sums: dict[str, str] = {}
    for image in images:
        short = (image or "CONTINUE")[:8]
        shown = _SUMS.get(short)
        if image is None or shown in sums:
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
    """Return the one EXTNAME, None if there is none that needs no interpretation."""
    names = [_NAME.fullmatch(image) for image in images if image.startswith("EXTNAME ")]
    found = names[0]["name"] if len(names) == 1 and names[0] else None
    return None if found == _DEFAULT_NAME else found


def _rows(content: HduContent) -> list[Row]:
    """Return the cards of a header as rows, with None for a value that is not an integer."""
    frame = content.cards
    integers = [None if absent else value for value, absent in _integers(content)]
    others = [frame[name] for name in ("position", "keyword", "comment", "value_type")]
    return list(zip(*others, integers, frame["value_float"], frame["value_text"], strict=True))


def _integers(content: HduContent) -> list[tuple[int, bool]]:
    column = content.cards["value_int"]
    missing = column.isna()
    return list(zip(column.fillna(0).astype(int), missing, strict=True))


def _same(row: Row, other: Row | None) -> bool:
    """Tell whether two rows hold the same card, wherever it stands; NaN is NaN."""
    if other is None:
        return False
    return row[1:5] == other[1:5] and row[6] == other[6] and _equal(row[5], other[5])


def _equal(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))
