"""One HDU as astropy reads it: on its own, without data and what astropy stumbles over.

astropy takes the header of a compressed image from this. The cards of all other headers, and
tables, are read from the file's own bytes.
"""

from __future__ import annotations

import io
import re
from typing import Any

from astropy.io import fits

from aomuse.errors import FileError
from aomuse.fits.plain_cards import split_cards
from aomuse.fits.structure import BLOCK, CARD, SIZE_KEYWORD, Extent, advice

#: Precedes an extension that is read on its own.
_EMPTY_PRIMARY = fits.PrimaryHDU().header.tostring().encode()
_ODD = re.compile(rb"[^ -~]")
#: The colon that makes a record-valued card of a string.
_RECORD = re.compile(rb"('[A-Za-z_][\w.]*):(?= )")
_FRACTION = re.compile(r"[.EDed]")


class HduAlone:
    """An HDU of a file.

    ``hdu`` is astropy's, ``originals`` are the cards that it shows otherwise than the file has
    them: by its text the file's bytes.
    """

    def __init__(self, extent: Extent, path: str) -> None:
        """Read an HDU."""
        self.originals: dict[str, list[bytes]] = {}
        cards = [self._clean(card, extent) for card in split_cards(extent.card_images)]
        header = b"".join([*cards, b"END".ljust(CARD)])
        header = header.ljust(-(-len(header) // BLOCK) * BLOCK)
        index = min(extent.index, 1)
        try:
            alone = io.BytesIO(_EMPTY_PRIMARY * index + header)
            self.hdu: Any = fits.open(alone, memmap=False)[index]
        except (IndexError, OverflowError):
            why = f"astropy cannot find HDU {extent.index}: {advice(extent.card_images)}"
            raise FileError("bad_header", path, why, extent.name) from None

    def _clean(self, card: bytes, extent: Extent) -> bytes:
        clean = _RECORD.sub(rb"\1;", _ODD.sub(b"?", card))
        keyword = clean[:8].decode().rstrip()
        if SIZE_KEYWORD.fullmatch(keyword) and _FRACTION.search(extent.keyword(keyword) or ""):
            clean = f"{keyword:<8}= {extent.size(keyword):>20}".encode().ljust(CARD)
        if clean != card:
            self.originals.setdefault(clean.decode(), []).append(card)
        return clean
