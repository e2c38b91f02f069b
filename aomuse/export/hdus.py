"""The HDUs of one file, written from what the database has of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import IO, Any

from aomuse.errors import RebuildError
from aomuse.exchange.cards import CardRow, decode_card, first_values
from aomuse.export.ascii_table import ascii_table
from aomuse.export.binary_table import Bytes, binary_table
from aomuse.export.unsaid import MEANING, Convention, Trait, other_conventions
from aomuse.fits.cards import read_rows
from aomuse.fits.column_definitions import UnusableHeaderError, column_names, read_columns
from aomuse.fits.quiet import quiet_astropy
from aomuse.fits.structure import BLOCK, CARD, Extent, extent_of
from aomuse.fits.sums import data_sum
from aomuse.stored.cards import Card
from aomuse.stored.exposure import StoredExposure


@dataclass
class HduSum:
    """What came of the HDUs of a file: how many, and what is not known of their bytes."""

    hdus: int = 0
    tables: int = 0
    #: Images whose pixels are not written.
    images: int = 0
    traits: set[Trait] = field(default_factory=set)
    #: Of each HDU that may differ from the file's, its name and in what.
    doubts: dict[str, str] = field(default_factory=dict)
    #: Those of which DATASUM says that they do.
    wrong: set[str] = field(default_factory=set)
    #: Cards that have another value in the database than in the header of the file.
    changed: list[str] = field(default_factory=list)
    #: What is not in the database.
    lost: list[str] = field(default_factory=list)


class HduWriter:
    """Writes HDUs one behind the other, no more bytes than the file had, and sums them up.

    The checksum leaves pixels out, as that of a load does. Where they would be are zeros that take
    no room on file systems that know holes.
    """

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self._stream = stream
        self._size = size
        self._digest = hashlib.sha256()
        self.position = 0

    def write(self, content: bytes | memoryview) -> None:
        """Write bytes."""
        part = content[: max(self._size - self.position, 0)]
        self._stream.write(part)
        self._digest.update(part)
        self.position += len(content)

    def skip(self, count: int) -> None:
        """Leave the bytes of pixels out."""
        self.position += count
        self._stream.seek(min(self.position, self._size))

    def end(self) -> str:
        """Give the file its length, and return the checksum."""
        self._stream.truncate(min(self.position, self._size))
        return self._digest.hexdigest()


def write_hdus(
    writer: HduWriter, stored: StoredExposure, source_file_id: int, convention: Convention
) -> HduSum:
    """Write all HDUs of a file."""
    found = HduSum()
    with quiet_astropy():
        headers = stored.headers(source_file_id)
        cards = stored.cards([header.id for header in headers])
        for header in headers:
            _write_hdu(writer, stored, header, cards[header.id], convention, found)
    return found


def _write_hdu(
    writer: HduWriter,
    stored: StoredExposure,
    row: Any,
    cards: list[Card],
    convention: Convention,
    found: HduSum,
) -> None:
    images = stored.card_images(row.id)
    name = f"[{row.extension_name or row.hdu_index}]"
    try:
        extent = extent_of(images, row.hdu_index, writer.position)
    except ValueError as error:
        raise RebuildError(f"{name} has a header without a size: {error}") from None
    header = images + b"END".ljust(CARD)
    writer.write(header.ljust(extent.data_start - extent.header_start))
    rows = read_rows(images, "", name)[0]
    found.hdus += 1
    if row.hdu_type != "compressed_image":
        # Of a compressed image the database has the cards that astropy shows.
        found.changed += [f"{name} {keyword}" for keyword in _changed(rows, cards)]
    fill = b"\0"
    if extent.has_pixels:
        found.images += bool(extent.data_size)
        writer.skip(extent.data_size)
    elif not extent.is_table:
        if extent.data_size:
            found.lost.append(f"{name} is not a table or an image: its data are not kept")
        for size in _chunks(extent.data_size):
            writer.write(bytes(size))
    else:
        fill = b" " if row.hdu_type == "ascii_table" else b"\0"
        found.tables += 1
        writer.write(_table(stored, row, extent, rows, name, convention, fill, found).data)
    writer.write(fill * (-extent.data_size % BLOCK))


def _changed(rows: list[CardRow], cards: list[Card]) -> Iterator[str]:
    """Yield the keywords of cards that are not those of the header."""
    values = {row[0]: decode_card(*row[3:]) for row in rows}
    for card in cards:
        if card.position not in values or repr(values[card.position]) != repr(card.value):
            yield card.keyword


def _chunks(size: int) -> Iterator[int]:
    step = 1 << 20
    for start in range(0, size, step):
        yield min(step, size - start)


def _table(
    stored: StoredExposure,
    row: Any,
    extent: Extent,
    rows: list[CardRow],
    name: str,
    convention: Convention,
    fill: bytes,
    found: HduSum,
) -> Bytes:
    """Return the data of a table, and note what of it is not known to the bit."""
    values = first_values(rows)
    names, _ = column_names(values, extent.size("TFIELDS"))
    is_ascii = row.hdu_type == "ascii_table"
    datasum = (extent.keyword("DATASUM") or "").strip()
    try:
        columns = read_columns(values, names, is_ascii=is_ascii)
        have = stored.table(row.id)
        _require_size(row, extent, len(have))

        def attempt(convention: Convention) -> tuple[Bytes, set[Trait]]:
            if is_ascii:
                return ascii_table(extent, columns, have)
            return binary_table(extent, columns, have, convention)

        data, traits = attempt(convention)
        is_settled = False
        if datasum.isdigit():
            # Each HDU of a file may come from another program.
            others = (attempt(other)[0] for other in other_conventions(traits))
            same = (d for d in chain([data], others) if data_sum(d, fill) == int(datasum))
            settled = next(same, None)
            is_settled = settled is not None
            data = data if settled is None else settled
            if not is_settled:
                found.wrong.add(name)
    except (RebuildError, UnusableHeaderError) as error:
        raise RebuildError(f"{name} cannot be rebuilt: {error}") from error
    # Lists of another order may have the same sum.
    found.traits |= traits - {"nan"} if is_settled else traits
    if traits:
        found.doubts[name] = " and ".join(MEANING[trait] for trait in sorted(traits))
    return data


def _require_size(row: Any, extent: Extent, columns: int) -> None:
    """Refuse a table in the database that is not the one that its header describes."""
    if (columns, row.table_row_count) != (extent.size("TFIELDS"), extent.size("NAXIS2")):
        raise RebuildError("the database has another number of columns or rows than its header")


def differences(found: HduSum) -> str:
    """Return in which HDUs of a file bytes may differ from those that were loaded, and in what."""
    suspects = found.wrong or found.doubts.keys()
    texts = [
        f"{name} in {found.doubts.get(name, 'bytes that hold no value')}"
        for name in sorted(suspects)
    ]
    if found.tables:
        texts.append("or a value was changed in the database")
    return "; ".join(texts) if suspects else "in bytes that hold no value, such as those behind END"
