"""Metrics below an exposure and an analysis: by laser, and by window of wavelength."""

from __future__ import annotations

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from aomuse.models.base import Base, Code, Float, Int, Name, SmallInt, table_options

_VERSION = (
    "corrected: of all layers outside the mode's notch; legacy: as the AOMUSE package of 2022; "
    "corrected-1: of all layers outside 576 to 605 nm"
)
_SAME = "also in psf_window_parameter"
_WINDOW = "Window of its version, from 0; legacy and corrected-1 count the same ones"


class ExposureLaserMetric(Base):
    """One metric of one laser in one exposure."""

    __tablename__ = "exposure_laser_metric"
    __table_args__ = (
        # With the value: a question of one metric in all exposures reads nothing but the index.
        Index("ix_exposure_laser_metric_value", "metric_id", "exposure_id", "lgs", "value"),
        table_options("One metric of one laser guide star in one exposure"),
    )

    exposure_id: Mapped[Int] = mapped_column(
        ForeignKey("exposure.id", ondelete="CASCADE"), primary_key=True, comment="Exposure"
    )
    lgs: Mapped[SmallInt] = mapped_column(
        primary_key=True, autoincrement=False, comment="Laser guide star, 1 to 4"
    )
    metric_id: Mapped[Int] = mapped_column(
        ForeignKey("metric.id"), primary_key=True, comment="Metric"
    )
    value: Mapped[Float | None] = mapped_column(
        comment="Value in the metric's unit; 0 and 1 for no and yes; NULL where there is none"
    )
    reason: Mapped[Name | None] = mapped_column(
        comment="Why there is no value; NULL where there is one"
    )


class PsfWindow(Base):
    """One of about ten windows of wavelength of one analysis."""

    __tablename__ = "psf_window"
    __table_args__ = table_options(
        "One of about ten windows of wavelength of one analysis, in one version"
    )

    psf_fit_id: Mapped[Int] = mapped_column(
        ForeignKey("psf_fit.id", ondelete="CASCADE"), primary_key=True, comment="Fit"
    )
    version: Mapped[Code] = mapped_column(primary_key=True, comment=_VERSION)
    window_index: Mapped[Int] = mapped_column(
        primary_key=True, autoincrement=False, comment=_WINDOW
    )
    first_layer: Mapped[Int] = mapped_column(comment="Lowest layer that went in")
    last_layer: Mapped[Int] = mapped_column(comment="Highest layer that went in")
    layer_count: Mapped[Int] = mapped_column(comment="Layers that went in; 2 in legacy")
    wavelength_nm: Mapped[Float] = mapped_column(comment="Mean wavelength of those layers, nm")
    sparta_iq_arcsec: Mapped[Float | None] = mapped_column(
        comment="Image quality predicted from SPARTA at this wavelength in the line of sight, with "
        "MUSE's own share, arcsec; NULL if there is none"
    )
    sparta_iq_nogain_arcsec: Mapped[Float | None] = mapped_column(
        comment="The same without the gain of the adaptive optics, arcsec"
    )
    sparta_iq_reason: Mapped[Name | None] = mapped_column(
        comment="Why there is no sparta_iq_arcsec; NULL if there is one"
    )
    # Look-ups of these four parameters would take most of the time of a question of all windows.
    fwhm_pixel: Mapped[Float | None] = mapped_column(comment=f"Mean of fwhm, pixels; {_SAME}")
    fwhm_standard_deviation_pixel: Mapped[Float | None] = mapped_column(
        comment=f"Standard deviation of fwhm, pixels; {_SAME}"
    )
    beta: Mapped[Float | None] = mapped_column(comment=f"Mean of beta; {_SAME}")
    ellipticity: Mapped[Float | None] = mapped_column(comment=f"Mean of e; {_SAME}")
    theta: Mapped[Float | None] = mapped_column(comment=f"Mean of theta, radians; {_SAME}")


class PsfWindowParameter(Base):
    """One PSF parameter over one window."""

    __tablename__ = "psf_window_parameter"
    __table_args__ = (
        ForeignKeyConstraint(
            ["psf_fit_id", "version", "window_index"],
            ["psf_window.psf_fit_id", "psf_window.version", "psf_window.window_index"],
            ondelete="CASCADE",
        ),
        table_options("One PSF parameter over one window of wavelength"),
    )

    psf_fit_id: Mapped[Int] = mapped_column(
        primary_key=True, autoincrement=False, comment="Fit (psf_fit.id)"
    )
    version: Mapped[Code] = mapped_column(primary_key=True, comment=_VERSION)
    window_index: Mapped[Int] = mapped_column(
        primary_key=True, autoincrement=False, comment=_WINDOW
    )
    parameter: Mapped[Code] = mapped_column(
        primary_key=True, comment="Name as in the file: beta, fwhm, e, theta, …"
    )
    mean: Mapped[Float | None] = mapped_column(
        comment="Mean; legacy: of the two layers at the edges"
    )
    median: Mapped[Float | None] = mapped_column(comment="Median of all layers; NULL in legacy")
    standard_deviation: Mapped[Float | None] = mapped_column(
        comment="Standard deviation of the population; NULL in legacy"
    )
    minimum: Mapped[Float | None] = mapped_column(comment="Smallest value; NULL in legacy")
    maximum: Mapped[Float | None] = mapped_column(comment="Largest value; NULL in legacy")
