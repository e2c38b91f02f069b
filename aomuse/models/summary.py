"""Summaries over wavelength windows, worked out at load."""

from __future__ import annotations

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from aomuse.models.base import Base, Code, Float, Int, SourceId, table_options

_WINDOW = "Wavelength window"
_COUNT = "Values in the window that are numbers; NaN and infinities are left out of all statistics"
_MEAN = "Arithmetic mean"
_MEDIAN = "Median"
_P10 = "10th percentile, linear between values"
_P90 = "90th percentile, linear between values"
_STD = "Standard deviation of the population, as STDDEV_POP"
_MIN = "Smallest value"
_MAX = "Largest value"
_AXIS = "the middle of the cube, or 150 where that is not known or less than 200 pixels"


class WavelengthWindow(Base):
    """A range of wavelengths that summaries are made over."""

    __tablename__ = "wavelength_window"
    __table_args__ = table_options("A range of wavelengths that summaries are made over")

    id: Mapped[Int] = mapped_column(
        primary_key=True, autoincrement=False, comment="Number of the window"
    )
    name: Mapped[Code] = mapped_column(unique=True, comment="Name, such as 700-800 nm")
    wavelength_min_nm: Mapped[Float] = mapped_column(comment="Lower edge, nm, inclusive")
    wavelength_max_nm: Mapped[Float] = mapped_column(comment="Upper edge, nm, exclusive")


class SourceSummary(Base):
    """Statistics of one quantity of one source over one window."""

    __tablename__ = "source_summary"
    __table_args__ = (
        ForeignKeyConstraint(
            ["psf_fit_id", "pampelmuse_id"],
            ["source.psf_fit_id", "source.pampelmuse_id"],
            ondelete="CASCADE",
        ),
        table_options("Statistics of one quantity of one source over one wavelength window"),
    )

    psf_fit_id: Mapped[Int] = mapped_column(
        primary_key=True, autoincrement=False, comment="Fit (psf_fit.id)"
    )
    pampelmuse_id: Mapped[SourceId] = mapped_column(
        primary_key=True, autoincrement=False, comment="Id that PampelMuse gave: X of PM_X"
    )
    wavelength_window_id: Mapped[Int] = mapped_column(
        ForeignKey("wavelength_window.id"), primary_key=True, index=True, comment=_WINDOW
    )
    quantity: Mapped[Code] = mapped_column(
        primary_key=True, comment="Column of source_sample: snr, flux, fwhm, beta, xc or yc"
    )
    sample_count: Mapped[Int] = mapped_column(comment=_COUNT)
    mean: Mapped[Float | None] = mapped_column(comment=_MEAN)
    median: Mapped[Float | None] = mapped_column(comment=_MEDIAN)
    p10: Mapped[Float | None] = mapped_column(comment=_P10)
    p90: Mapped[Float | None] = mapped_column(comment=_P90)
    standard_deviation: Mapped[Float | None] = mapped_column(comment=_STD)
    minimum: Mapped[Float | None] = mapped_column(comment=_MIN)
    maximum: Mapped[Float | None] = mapped_column(comment=_MAX)


class PsfParameterSummary(Base):
    """Statistics of one PSF parameter over one window."""

    __tablename__ = "psf_parameter_summary"
    __table_args__ = table_options("Statistics of one PSF parameter over one wavelength window")

    psf_fit_id: Mapped[Int] = mapped_column(
        ForeignKey("psf_fit.id", ondelete="CASCADE"), primary_key=True, comment="Fit"
    )
    parameter: Mapped[Code] = mapped_column(
        primary_key=True, comment="Name as in the file: beta, fwhm, e, theta, …"
    )
    wavelength_window_id: Mapped[Int] = mapped_column(
        ForeignKey("wavelength_window.id"), primary_key=True, index=True, comment=_WINDOW
    )
    sample_count: Mapped[Int] = mapped_column(comment=_COUNT)
    mean: Mapped[Float | None] = mapped_column(comment=_MEAN)
    median: Mapped[Float | None] = mapped_column(comment=_MEDIAN)
    p10: Mapped[Float | None] = mapped_column(comment=_P10)
    p90: Mapped[Float | None] = mapped_column(comment=_P90)
    standard_deviation: Mapped[Float | None] = mapped_column(comment=_STD)
    minimum: Mapped[Float | None] = mapped_column(comment=_MIN)
    maximum: Mapped[Float | None] = mapped_column(comment=_MAX)


class PsfField(Base):
    """One PSF star in one window: what ``v_psf_field`` shows, from the summaries and the cube.

    The window comes first in the key, so that a question of one window reads its rows in one piece.
    """

    __tablename__ = "psf_field"
    __table_args__ = (
        ForeignKeyConstraint(
            ["psf_fit_id", "pampelmuse_id"],
            ["source.psf_fit_id", "source.pampelmuse_id"],
            ondelete="CASCADE",
        ),
        Index(None, "psf_fit_id", "pampelmuse_id"),
        table_options("One PSF star with an FWHM in one wavelength window, from the summaries"),
    )

    wavelength_window_id: Mapped[Int] = mapped_column(
        ForeignKey("wavelength_window.id"), primary_key=True, comment=_WINDOW
    )
    psf_fit_id: Mapped[Int] = mapped_column(
        primary_key=True, autoincrement=False, comment="Fit (psf_fit.id)"
    )
    pampelmuse_id: Mapped[SourceId] = mapped_column(
        primary_key=True, autoincrement=False, comment="Id that PampelMuse gave: X of PM_X"
    )
    x_pixel: Mapped[Float | None] = mapped_column(comment="Median x of the star, pixels")
    y_pixel: Mapped[Float | None] = mapped_column(comment="Median y of the star, pixels")
    axis_x_pixel: Mapped[Float] = mapped_column(comment=f"x of the axis, pixels: {_AXIS}")
    axis_y_pixel: Mapped[Float] = mapped_column(comment=f"y of the axis, pixels: {_AXIS}")
    snr: Mapped[Float | None] = mapped_column(comment="Median signal-to-noise ratio")
    layer_count: Mapped[Int] = mapped_column(comment="Layers in which the star has an FWHM")
    fwhm_pixel: Mapped[Float | None] = mapped_column(
        comment="Median FWHM, fitted to the star alone, pixels"
    )
    psf_fwhm_pixel: Mapped[Float | None] = mapped_column(
        comment="Median FWHM of the PSF of the analysis in the window, pixels"
    )
