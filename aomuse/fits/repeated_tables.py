"""Tables that repeat one layout many times, as the sources of a psf file do.

astropy spends milliseconds on the definition of each table, and a psf file has a thousand tables
with the same definition. astropy reads the first. A table whose header differs only in its name has
the same bytes in the same order, and goes straight into numpy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import BinaryIO

import numpy as np

from aomuse.exchange.content import HduContent, TableContent
from aomuse.fits.structure import CARD, Extent

#: Big-endian numpy types of the plain formats (FITS 4.0, table 18).
_DTYPES = {"B": "u1", "I": ">i2", "J": ">i4", "K": ">i8", "E": ">f4", "D": ">f8"}
_SIMPLE = re.compile(r"^\s*1?(?P<letter>[BIJKED])\s*$")
#: A plain name: upper-case letters, digits, underscores.
_NAME_CARD = re.compile(rb"^EXTNAME = '(?P<name>[A-Z0-9_]+) *' *(/ (?P<comment>[ -~]*))?$")


@dataclass(frozen=True)
class _Pattern:
    dtype: np.dtype[np.void]
    content: HduContent


class RepeatedTables:
    """Remembers the tables of one file by their headers without the name."""

    def __init__(self) -> None:
        self._patterns: dict[bytes, _Pattern] = {}

    def learn(self, extent: Extent, content: HduContent) -> None:
        """Remember a table that astropy has read, if its columns are plain numbers."""
        key = _without_name(extent.card_images)
        dtype = _plain_dtype(content.table) if content.table else None
        if key is None or dtype is None or content.table is None:
            return
        if dtype.itemsize * content.table.row_count == extent.data_size:
            self._patterns[key[0]] = _Pattern(dtype, content)

    def read(self, stream: BinaryIO, extent: Extent) -> HduContent | None:
        """Return a table that is laid out like one before."""
        key = _without_name(extent.card_images)
        pattern = self._patterns.get(key[0]) if key else None
        if key is None or pattern is None or pattern.content.table is None:
            return None
        stream.seek(extent.data_start)
        rows = np.frombuffer(stream.read(extent.data_size), dtype=pattern.dtype)
        values = tuple(
            rows[name].astype(rows.dtype[name].newbyteorder("=")) for name in rows.dtype.names or ()
        )
        table = replace(pattern.content.table, values=values)
        return replace(
            pattern.content,
            index=extent.index,
            name=key[1],
            card_images=extent.card_images,
            table=table,
        )


def _without_name(images: bytes) -> tuple[bytes, str] | None:
    """Return a header without its EXTNAME card, and the name; None if that is not plain."""
    for start in range(0, len(images), CARD):
        if images.startswith(b"EXTNAME ", start):
            match = _NAME_CARD.match(images[start : start + CARD].rstrip())
            if match is None or b"EXTNAME " in images[start + CARD :]:
                return None
            # The comment stays in the key: it belongs to the cards that are taken over.
            rest = images[:start] + (match["comment"] or b"").ljust(CARD) + images[start + CARD :]
            return rest, match["name"].decode()
    return None


def _plain_dtype(table: TableContent) -> np.dtype[np.void] | None:
    letters = []
    for form in table.formats:
        match = _SIMPLE.match(form.format)
        interpreted = (form.null_value, form.scale, form.zero, form.dimensions) != (None,) * 4
        if match is None or interpreted:
            return None
        letters.append(match["letter"])
    return np.dtype([(f"f{i}", _DTYPES[letter]) for i, letter in enumerate(letters)])
