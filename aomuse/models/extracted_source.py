"""All sources that PampelMuse extracted a spectrum of: SOURCES of the parameter file."""

from __future__ import annotations

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from aomuse.models.base import Base, Float, Int, SourceId, table_options


class ExtractedSource(Base):
    """One source of the catalogue that PampelMuse extracted spectra with.

    ``source`` has the PSF stars among them: those with a table PM_X in the psf file.
    """

    __tablename__ = "extracted_source"
    __table_args__ = (
        UniqueConstraint("psf_fit_id", "pampelmuse_id"),
        table_options("SOURCES: one source that PampelMuse extracted, PSF star or not"),
    )

    psf_fit_id: Mapped[Int] = mapped_column(
        ForeignKey("psf_fit.id", ondelete="CASCADE"), primary_key=True, comment="Fit"
    )
    row_index: Mapped[Int] = mapped_column(
        primary_key=True, autoincrement=False, comment="Row of SOURCES, from 0"
    )
    pampelmuse_id: Mapped[SourceId | None] = mapped_column(
        comment="id; NULL where it is not a whole number or an earlier row has the same"
    )
    ra_deg: Mapped[Float | None] = mapped_column(comment="ra: right ascension, deg")
    dec_deg: Mapped[Float | None] = mapped_column(comment="dec: declination, deg")
    x_pixel: Mapped[Float | None] = mapped_column(
        comment="x: position in the catalogue's coordinates, which POSPARS turns into the cube's, "
        "pixels"
    )
    y_pixel: Mapped[Float | None] = mapped_column(
        comment="y: position in the catalogue's coordinates, which POSPARS turns into the cube's, "
        "pixels"
    )
    magnitude: Mapped[Float | None] = mapped_column(
        comment="magnitude or mag: magnitude in the catalogue's passband, mag"
    )
    status: Mapped[Int | None] = mapped_column(
        comment="status: 3 is a PSF star; NULL where the file has no whole number"
    )
    spectrum_row: Mapped[Int | None] = mapped_column(
        comment="specrow: place of its spectrum in the image SPECTRA of the parameter file, from 0"
    )
