"""PSFs predicted from telemetry, beside those that PampelMuse measured."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from aomuse.models.base import Base, Code, Float, Int, Name, Utc, table_options


class PsfPrediction(Base):
    """The PSF predicted from the telemetry of one exposure."""

    __tablename__ = "psf_prediction"
    __table_args__ = table_options(
        "The PSF reconstructed from the SPARTA telemetry of one exposure, or why there is none"
    )

    exposure_id: Mapped[Int] = mapped_column(
        ForeignKey("exposure.id", ondelete="CASCADE"), primary_key=True, comment="Exposure"
    )
    package: Mapped[Code] = mapped_column(comment="Package that reconstructed the PSF")
    package_version: Mapped[Code] = mapped_column(comment="Its version")
    predicted_utc: Mapped[Utc] = mapped_column(comment="When it was reconstructed, UTC")
    sparta_row_count: Mapped[Int | None] = mapped_column(
        comment="Rows of SPARTA_ATM_DATA that were used; NULL where there is no prediction"
    )
    sparta_rows_rejected: Mapped[Int | None] = mapped_column(
        comment="Rows of SPARTA_ATM_DATA without a laser within the limits"
    )
    laser_sample_count: Mapped[Int | None] = mapped_column(
        comment="Samples, each of one laser in one row, that were used"
    )
    laser_samples_rejected: Mapped[Int | None] = mapped_column(
        comment="Samples outside the limits, those of lasers that were off included"
    )
    limits: Mapped[Name | None] = mapped_column(
        comment="What the model requires of a sample, and the zenith distance that it assumes"
    )
    seeing_arcsec: Mapped[Float | None] = mapped_column(
        comment="Seeing that went in: mean over lasers and rows, arcsec"
    )
    ground_layer_fraction: Mapped[Float | None] = mapped_column(
        comment="Share of the turbulence at the ground that went in: mean over lasers and rows"
    )
    l0_m: Mapped[Float | None] = mapped_column(
        comment="Outer scale that went in: mean over lasers and rows, m"
    )
    reason: Mapped[Name | None] = mapped_column(
        comment="Why there is no prediction; NULL where there is one"
    )


class PsfPredictionLayer(Base):
    """The predicted PSF at one wavelength."""

    __tablename__ = "psf_prediction_layer"
    __table_args__ = table_options("The predicted PSF of one exposure at one wavelength")

    exposure_id: Mapped[Int] = mapped_column(
        ForeignKey("psf_prediction.exposure_id", ondelete="CASCADE"),
        primary_key=True,
        comment="Exposure",
    )
    row_index: Mapped[Int] = mapped_column(
        primary_key=True, autoincrement=False, comment="Place of the wavelength, from 0"
    )
    wavelength_nm: Mapped[Float] = mapped_column(comment="Wavelength, nm")
    fwhm_arcsec: Mapped[Float] = mapped_column(comment="FWHM of the predicted Moffat PSF, arcsec")
    beta: Mapped[Float] = mapped_column(comment="Moffat beta of the predicted PSF")
