"""What an imported database had that the other tables do not give back exactly."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from aomuse.models.base import Base, Code, Int, LongText, table_options


class ImportedDocument(Base):
    """A part of a document that an import keeps as text."""

    __tablename__ = "imported_document"
    __table_args__ = table_options(
        "A part of a document of an imported AOMUSE database that is kept as text, because no "
        "other table gives it back exactly"
    )

    exposure_id: Mapped[Int] = mapped_column(
        ForeignKey("exposure.id", ondelete="CASCADE"), primary_key=True, comment="Exposure"
    )
    position: Mapped[Int] = mapped_column(
        primary_key=True,
        autoincrement=False,
        comment="Number within the exposure, from 0; the parts of a document follow each other",
    )
    psf_fit_id: Mapped[Int | None] = mapped_column(
        ForeignKey("psf_fit.id", ondelete="CASCADE"),
        index=True,
        comment="Analysis that the document belongs to; NULL for the exposure",
    )
    source: Mapped[LongText] = mapped_column(
        comment="Row that it comes from: import:DATABASE#table/row"
    )
    document: Mapped[Code] = mapped_column(
        comment="row (its plain columns), analysis, data, psfParams, sources, or a column's name"
    )
    kind: Mapped[Code] = mapped_column(
        comment="whole, or differences (what export seed-json changes in the typed tables' answer)"
    )
    part: Mapped[Int] = mapped_column(comment="Part of a long document, from 0")
    content: Mapped[LongText] = mapped_column(
        comment="JSON, with NaN and Infinity as Python has it"
    )
