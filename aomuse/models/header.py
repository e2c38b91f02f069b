"""FITS headers: every HDU with its card images, and a row for each card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, ForeignKey, Index, String, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from aomuse.models.base import (
    Base,
    BigInt,
    Blob,
    Code,
    Float,
    Id,
    Int,
    LongText,
    Name,
    table_options,
)

if TYPE_CHECKING:
    from aomuse.models.column_store import TableLayout
    from aomuse.models.exposure import Exposure
    from aomuse.models.provenance import SourceFile


class Keyword(Base):
    """A header keyword with its comment."""

    __tablename__ = "keyword"
    __table_args__ = (
        UniqueConstraint("name", "comment"),
        table_options("A header keyword with its comment; shared by all cards that have both"),
    )

    id: Mapped[Id] = mapped_column(comment="Number of the keyword")
    name: Mapped[str] = mapped_column(
        String(80), comment="Keyword without HIERARCH, such as ESO INS MODE"
    )
    comment: Mapped[str] = mapped_column(
        String(600),
        comment="Comment of the card; empty where it has none, or an imported blob does not tell",
    )


class Header(Base):
    """One HDU of a file."""

    __tablename__ = "header"
    __table_args__ = (
        UniqueConstraint("source_file_id", "hdu_index"),
        Index("ix_header_exposure_id_extension_name", "exposure_id", "extension_name"),
        table_options("One HDU of a file: its name, kind and whole header"),
    )

    id: Mapped[Id] = mapped_column(comment="Number of the header")
    exposure_id: Mapped[Int] = mapped_column(
        ForeignKey("exposure.id", ondelete="CASCADE"), comment="Exposure it belongs to"
    )
    source_file_id: Mapped[Int] = mapped_column(
        ForeignKey("source_file.id", ondelete="CASCADE"), comment="File it stands in"
    )
    hdu_index: Mapped[Int] = mapped_column(comment="Position of the HDU in the file, from 0")
    extension_name: Mapped[Name] = mapped_column(
        comment="EXTNAME as astropy shows it; PRIMARY for the first HDU, empty where there is none"
    )
    hdu_type: Mapped[Code] = mapped_column(
        comment="primary, image, compressed_image, binary_table, ascii_table, ecsv or "
        "sextractor (a catalogue), json (imported: the kind is not known) or other"
    )
    dimensions: Mapped[Name] = mapped_column(
        comment="Size of the image (NAXIS1 x NAXIS2 …) or the table (columns x rows); empty if none"
    )
    card_count: Mapped[Int] = mapped_column(
        comment="Cards as astropy shows them, a CONTINUE string counted once"
    )
    card_images: Mapped[Blob | None] = mapped_column(
        comment="The header's own 80-character card images from the file, up to END, zlib; NULL "
        "for an imported blob"
    )
    table_layout_id: Mapped[Int | None] = mapped_column(
        ForeignKey("table_layout.id"), index=True, comment="Layout of the table; NULL for images"
    )
    table_row_count: Mapped[Int | None] = mapped_column(
        comment="Rows of the table; NULL for images"
    )

    exposure: Mapped[Exposure] = relationship(back_populates="headers")
    file: Mapped[SourceFile] = relationship()
    layout: Mapped[TableLayout | None] = relationship()
    cards: Mapped[list[HeaderCard]] = relationship(
        back_populates="header",
        cascade="all, delete-orphan",
        passive_deletes=True,
        order_by="HeaderCard.position",
    )

    @classmethod
    def called(cls, name: str) -> ColumnElement[bool]:
        """Return the condition that an HDU has a name, as astropy finds it.

        Parameters
        ----------
        name : str
            EXTNAME, in any case.

        Returns
        -------
        ColumnElement
            For WHERE: equal but for case, and for blanks around it.
        """
        return func.upper(func.trim(cls.__table__.c.extension_name)) == name.strip().upper()


class HeaderCard(Base):
    """One card of a header, typed."""

    __tablename__ = "header_card"
    __table_args__ = (
        Index("ix_header_card_keyword_id_header_id", "keyword_id", "header_id"),
        table_options(
            "One card of a header as astropy shows it; repeats, COMMENT and HISTORY included"
        ),
    )

    header_id: Mapped[Int] = mapped_column(
        ForeignKey("header.id", ondelete="CASCADE"), primary_key=True, comment="Header"
    )
    position: Mapped[Int] = mapped_column(
        primary_key=True, autoincrement=False, comment="Place of the card in the header, from 0"
    )
    keyword_id: Mapped[Int] = mapped_column(
        ForeignKey("keyword.id"), comment="Keyword and comment of the card"
    )
    value_type: Mapped[Code] = mapped_column(
        comment="int, float, bool, str, complex, undefined, commentary or unparsed"
    )
    value_int: Mapped[BigInt | None] = mapped_column(
        comment="Value of an integer card, or 0 and 1 of a logical card"
    )
    value_float: Mapped[Float | None] = mapped_column(comment="Value of a floating point card")
    value_text: Mapped[LongText | None] = mapped_column(
        comment="Value of a string, the text of COMMENT, HISTORY and blank cards, an integer "
        "beyond 64 bits, a complex number, or what astropy could not parse"
    )

    header: Mapped[Header] = relationship(back_populates="cards")
    keyword: Mapped[Keyword] = relationship(lazy="joined")
