"""One exposure of the database, as files, headers and tables."""

from __future__ import annotations

import zlib
from collections import defaultdict
from functools import cached_property
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.models import Header, HeaderCard, PsfLayer, SourceFile, TableColumn
from aomuse.stored.cards import Card, read_cards
from aomuse.stored.layouts import LayoutColumn, StoredTable, layout_columns, stored_tables
from aomuse.stored.rows import read_rows
from aomuse.stored.samples import SampleReader
from aomuse.stored.special import SpecialValues
from aomuse.stored.tables import StoredColumn, TableReader


class StoredExposure:
    """Gives back what the files of an exposure held."""

    def __init__(self, connection: Connection, exposure_id: int) -> None:
        self._connection = connection
        self.id = exposure_id
        self.special = SpecialValues(connection, [exposure_id])
        self._samples = SampleReader(connection, self.special)

    @cached_property
    def files(self) -> list[Any]:
        """Rows of source_file."""
        select = sa.select(*SourceFile.__table__.columns).where(SourceFile.exposure_id == self.id)
        return list(self._connection.execute(select.order_by(SourceFile.id)))

    def headers(self, source_file_id: int) -> list[Any]:
        """Return the rows of header of a file, in the order of its HDUs."""
        columns = (c for c in Header.__table__.columns if c.name != "card_images")
        select = sa.select(*columns).where(Header.source_file_id == source_file_id)
        return list(self._connection.execute(select.order_by(Header.hdu_index)))

    def cards(self, header_ids: list[int]) -> dict[int, list[Card]]:
        """Return the cards of headers, by header."""
        cards: dict[int, list[Card]] = {header_id: [] for header_id in header_ids}
        for card in read_cards(
            self._connection, self.special, HeaderCard.header_id.in_(header_ids)
        ):
            cards[card.header_id].append(card)
        return cards

    def card_images(self, header_id: int) -> bytes:
        """Return the card images of a header as they stand in the file."""
        select = sa.select(Header.card_images).where(Header.id == header_id)
        blob = self._connection.scalar(select)
        return zlib.decompress(blob) if blob is not None else b""

    @cached_property
    def _layouts(self) -> dict[int, list[LayoutColumn]]:
        """The columns of the layouts of its tables, in the order of the file."""
        layouts: dict[int, list[LayoutColumn]] = defaultdict(list)
        ids = sa.select(Header.table_layout_id).where(Header.exposure_id == self.id)
        for column in layout_columns(self._connection, TableColumn.table_layout_id.in_(ids)):
            layouts[column.layout_id].append(column)
        return layouts

    @cached_property
    def _tables(self) -> dict[int, StoredTable]:
        """All tables, by header: one question to the database for a thousand sources."""
        tables = stored_tables(self._connection, Header.exposure_id == self.id)
        return {table.header_id: table for table in tables}

    def table(self, header_id: int) -> list[StoredColumn]:
        """Return the columns of a table; RebuildError if values are missing."""
        table = self._tables.get(header_id)
        if table is None:
            return []
        reader = TableReader(self._connection, [table], self.special, self._samples, strict=True)
        return reader.read(self._layouts[table.layout_id])

    def wavelengths_nm(self, psf_fit_id: int) -> list[float]:
        """Return the known wavelengths of the layers of an analysis."""
        where = PsfLayer.psf_fit_id == psf_fit_id
        rows = read_rows(self._connection, self.special, "psf_layer", ["wavelength_nm"], where)
        return [value for value in rows["wavelength_nm"].tolist() if not np.isnan(value)]
