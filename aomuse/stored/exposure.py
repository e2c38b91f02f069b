"""One exposure of the database, as files, headers and tables."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.models import Header, SourceFile
from aomuse.stored.cards import Card, card_images, rebuild_cards
from aomuse.stored.formats import Column
from aomuse.stored.special import SpecialValues
from aomuse.stored.tables import TableRebuilder


class StoredExposure:
    """Gives back what the files of an exposure held."""

    def __init__(self, connection: Connection, exposure_id: int) -> None:
        self._connection = connection
        self.id = exposure_id
        self.special = SpecialValues(connection, exposure_id)
        self._tables = TableRebuilder(connection, exposure_id, self.special)

    @cached_property
    def files(self) -> list[Any]:
        """Rows of source_file."""
        return list(
            self._connection.execute(
                sa.select(*SourceFile.__table__.columns)
                .where(SourceFile.exposure_id == self.id)
                .order_by(SourceFile.id)
            ).all()
        )

    def headers(self, source_file_id: int) -> list[Any]:
        """Return the rows of header of a file, in the order of its HDUs."""
        return list(
            self._connection.execute(
                sa.select(*(c for c in Header.__table__.columns if c.name != "card_images"))
                .where(Header.source_file_id == source_file_id)
                .order_by(Header.hdu_index)
            ).all()
        )

    def cards(self, header_ids: list[int]) -> dict[int, list[Card]]:
        """Return the cards of headers, by header."""
        return rebuild_cards(self._connection, header_ids, self.special)

    def card_images(self, header_id: int) -> bytes:
        """Return the card images of a header to the byte."""
        return card_images(self._connection, header_id)

    def table(self, header_id: int) -> list[Column]:
        """Return the columns of a table, in the order of the file."""
        return self._tables.rebuild(header_id)
