"""The column store: how each table was laid out, and every value that has no typed home."""

from __future__ import annotations

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from aomuse.models.base import (
    Base,
    BigInt,
    Code,
    Float,
    Id,
    Int,
    LongText,
    Name,
    table_options,
)


class TableLayout(Base):
    """The columns of a FITS table; one row for all tables that are laid out alike."""

    __tablename__ = "table_layout"
    __table_args__ = table_options(
        "The layout of a FITS table; shared by all tables that are laid out alike"
    )

    id: Mapped[Id] = mapped_column(comment="Number of the layout")
    extension_name: Mapped[Name] = mapped_column(
        comment="EXTNAME of the tables; PM_ for the tables of all sources"
    )
    fingerprint: Mapped[Code] = mapped_column(
        unique=True, comment="SHA-256 over the extension name and every field of its columns"
    )
    column_count: Mapped[Int] = mapped_column(comment="Number of columns")

    columns: Mapped[list[TableColumn]] = relationship(
        back_populates="layout",
        cascade="all, delete-orphan",
        passive_deletes=True,
        order_by="TableColumn.position",
    )


class TableColumn(Base):
    """One column of a layout, with the FITS keywords that define it."""

    __tablename__ = "table_column"
    __table_args__ = (
        UniqueConstraint("table_layout_id", "position"),
        table_options("One column of a FITS table layout, and where its values are stored"),
    )

    id: Mapped[Id] = mapped_column(comment="Number of the column")
    table_layout_id: Mapped[Int] = mapped_column(
        ForeignKey("table_layout.id", ondelete="CASCADE"), comment="Layout it belongs to"
    )
    position: Mapped[Int] = mapped_column(comment="Place of the column in the table, from 1")
    name: Mapped[Name] = mapped_column(comment="TTYPE")
    format: Mapped[Code] = mapped_column(comment="TFORM")
    unit: Mapped[Name | None] = mapped_column(comment="TUNIT")
    null_value: Mapped[Name | None] = mapped_column(comment="TNULL: stands for NULL in the file")
    scale: Mapped[Float | None] = mapped_column(comment="TSCAL")
    zero: Mapped[Float | None] = mapped_column(comment="TZERO")
    display: Mapped[Name | None] = mapped_column(comment="TDISP")
    dimensions: Mapped[Name | None] = mapped_column(comment="TDIM")
    description: Mapped[LongText | None] = mapped_column(
        comment="What a catalogue says of the column; NULL for FITS"
    )
    datatype: Mapped[Code | None] = mapped_column(
        comment="Type in a catalogue or an imported blob, such as float64; NULL for FITS"
    )
    stored_in: Mapped[Code] = mapped_column(
        comment="table.column that holds the values; table_value for the column store"
    )

    layout: Mapped[TableLayout] = relationship(back_populates="columns")


class TableValue(Base):
    """One value of a table column that has no typed home."""

    __tablename__ = "table_value"
    __table_args__ = table_options("One value of a FITS table column that has no typed home")

    header_id: Mapped[Int] = mapped_column(
        ForeignKey("header.id", ondelete="CASCADE"), primary_key=True, comment="HDU of the table"
    )
    table_column_id: Mapped[Int] = mapped_column(
        ForeignKey("table_column.id"), primary_key=True, index=True, comment="Column"
    )
    row_index: Mapped[Int] = mapped_column(
        primary_key=True, autoincrement=False, comment="Row of the table, from 0"
    )
    element: Mapped[Int] = mapped_column(
        primary_key=True,
        autoincrement=False,
        comment="Place in a vector column, in the file's order, from 0; 0 for a scalar",
    )
    value_float: Mapped[Float | None] = mapped_column(
        comment="Floating point value; NULL where the file has NaN or an infinity"
    )
    value_int: Mapped[BigInt | None] = mapped_column(comment="Integer, or 0 and 1 of a logical")
    value_text: Mapped[LongText | None] = mapped_column(
        comment="String, or an integer beyond 64 bits"
    )


class SpecialValue(Base):
    """A floating point value that no DOUBLE column can hold on every engine."""

    __tablename__ = "special_value"
    __table_args__ = table_options(
        "An infinity or a negative zero; the column it belongs in holds NULL or 0"
    )

    exposure_id: Mapped[Int] = mapped_column(
        ForeignKey("exposure.id", ondelete="CASCADE"), primary_key=True, comment="Exposure"
    )
    table_name: Mapped[Code] = mapped_column(primary_key=True, comment="Table it belongs in")
    column_name: Mapped[Code] = mapped_column(primary_key=True, comment="Column it belongs in")
    row_key: Mapped[Name] = mapped_column(
        primary_key=True, comment="Primary key of the row, its columns in order, separated by /"
    )
    value: Mapped[Code] = mapped_column(comment="+inf, -inf or -0.0")
