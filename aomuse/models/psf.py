"""PampelMuse: fits of the point-spread function, and the sources they were made from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, ForeignKey, ForeignKeyConstraint, UniqueConstraint, text
from sqlalchemy.orm import Mapped, WriteOnlyMapped, mapped_column, relationship

from aomuse.models.base import Base, Code, Float, Id, Int, Name, SourceId, table_options
from aomuse.models.operations import Sources, change, read

if TYPE_CHECKING:
    from aomuse.models.exposure import Exposure
    from aomuse.models.provenance import SourceFile


class PsfFit(Base):
    """One PampelMuse analysis of one reduced cube."""

    __tablename__ = "psf_fit"
    __table_args__ = (
        UniqueConstraint("exposure_id", "name", "model"),
        table_options("One PampelMuse analysis of one reduced cube"),
    )

    id: Mapped[Id] = mapped_column(comment="Number of the fit")
    exposure_id: Mapped[Int] = mapped_column(
        ForeignKey("exposure.id", ondelete="CASCADE"), comment="Exposure that was analysed"
    )
    reduced_file_id: Mapped[Int | None] = mapped_column(
        ForeignKey("source_file.id", ondelete="SET NULL", name="fk_psf_fit_source_file_reduced"),
        index=True,
        comment="Reduced cube that was analysed; NULL where it was not found",
    )
    prm_file_id: Mapped[Int | None] = mapped_column(
        ForeignKey("source_file.id", ondelete="SET NULL", name="fk_psf_fit_source_file_prm"),
        index=True,
        comment="Parameter file; NULL where it was not found",
    )
    psf_file_id: Mapped[Int | None] = mapped_column(
        ForeignKey("source_file.id", ondelete="SET NULL", name="fk_psf_fit_source_file_psf"),
        index=True,
        comment="File with the PSF stars; NULL where it was not found",
    )
    name: Mapped[Name] = mapped_column(comment="Name of the cube without .fits")
    model: Mapped[Code] = mapped_column(
        comment="PSF model, such as moffat or maoppy, by the header's PAMPELMUSE PSF PROFILE, else "
        "by folder, else by the parameters' names; or unknown"
    )
    fit_rank: Mapped[Int] = mapped_column(
        server_default=text("1"),
        comment="1 for the first analysis of the exposure: of its first cube, Moffat before MAOPPY",
    )
    prm_file: Mapped[Name | None] = mapped_column(
        index=True, comment="Name of the parameter file; NULL where it was not found"
    )
    psf_file: Mapped[Name | None] = mapped_column(
        comment="Name of the file with the PSF stars; NULL where it was not found"
    )
    layer_count: Mapped[Int | None] = mapped_column(
        comment="Wavelength layers (NAXIS3 of SPECTRA); NULL where unknown"
    )
    first_wavelength_nm: Mapped[Float | None] = mapped_column(comment="Wavelength of layer 0, nm")
    wavelength_step_nm: Mapped[Float | None] = mapped_column(comment="From layer 0 to layer 1, nm")

    exposure: Mapped[Exposure] = relationship(back_populates="psf_fits")
    reduced_file: Mapped[SourceFile | None] = relationship(foreign_keys=[reduced_file_id])
    layers: Mapped[list[PsfLayer]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="PsfLayer.layer"
    )
    parameters: WriteOnlyMapped[PsfParameter] = relationship(
        cascade="all, delete-orphan", passive_deletes=True
    )
    sources: Mapped[Sources] = relationship(
        "Source",
        collection_class=Sources,
        uselist=True,
        back_populates="fit",
        cascade="all, delete-orphan",
        passive_deletes=True,
    )

    @classmethod
    def moffat_first(cls) -> tuple[ColumnElement[Any], ...]:
        """Return the order of the analyses of an exposure.

        Returns
        -------
        tuple of ColumnElement
            For ORDER BY: the first cube's first, of these Moffat first, which is all that AOMUSE
            knew until 2022, then by number.
        """
        return cls.__table__.c.fit_rank, cls.model != "moffat", cls.__table__.c.id

    def psf_params(self) -> dict[str, Any] | None:
        """Return the PSF parameters as AOMUSE 2020 stored them in ``exposure.psfParams``.

        Returns
        -------
        dict or None
            A list a parameter, and ``wavelength`` in nm; None where there is no parameter file.

        Raises
        ------
        AomuseError
            If the analysis is detached.
        """
        parameters: dict[str, Any] | None = read(self, "psf_params")
        return parameters

    def set_parameter(
        self,
        name: str,
        values: Sequence[float | None] | float | None,
        *,
        layer: int | None = None,
    ) -> None:
        """Change a PSF parameter.

        Within the session's transaction its summaries and the metrics of the exposure are worked
        out again.

        Parameters
        ----------
        name : str
            The parameter, such as ``fwhm``.
        values : sequence of float, or float
            One for each layer, or that of ``layer``; None and NaN are NULL.
        layer : int, optional
            The only layer that changes.

        Raises
        ------
        AomuseError
            If the analysis has no such parameter or layer, not as many layers as there are values,
            or is detached.
        """
        change(self, "set_parameter", name, values, layer)

    def set_source(
        self,
        pampelmuse_id: int,
        quantity: str,
        values: Sequence[float | None] | float | None,
        *,
        layer: int | None = None,
    ) -> None:
        """Change a quantity of a source.

        Within the session's transaction its summaries, and its rows of psf_field, are worked out
        again.

        Parameters
        ----------
        pampelmuse_id : int
            X of PM_X.
        quantity : str
            snr, flux, fwhm, beta, xc or yc.
        values : sequence of float, or float
            One for each layer, or that of ``layer``; None and NaN are NULL.
        layer : int, optional
            The only layer that changes.

        Raises
        ------
        AomuseError
            If there is no such source, quantity or layer, not as many layers as there are values,
            or the analysis is detached.
        """
        change(self, "set_source", pampelmuse_id, quantity, values, layer)


class PsfLayer(Base):
    """One wavelength layer of a fit."""

    __tablename__ = "psf_layer"
    __table_args__ = table_options("One wavelength layer of a fit")

    psf_fit_id: Mapped[Int] = mapped_column(
        ForeignKey("psf_fit.id", ondelete="CASCADE"), primary_key=True, comment="Fit"
    )
    layer: Mapped[Int] = mapped_column(
        primary_key=True, autoincrement=False, comment="Layer of the cube, from 0"
    )
    wavelength_nm: Mapped[Float | None] = mapped_column(
        comment="Wavelength by CRVAL3, CDELT3 (or CD3_3), CRPIX3 and CUNIT3 of SPECTRA, nm"
    )


class PsfParameter(Base):
    """One PSF parameter in one layer."""

    __tablename__ = "psf_parameter"
    __table_args__ = table_options("PSFPARS: one PSF parameter in one layer")

    psf_fit_id: Mapped[Int] = mapped_column(
        ForeignKey("psf_fit.id", ondelete="CASCADE"), primary_key=True, comment="Fit"
    )
    parameter: Mapped[Code] = mapped_column(
        primary_key=True, comment="Name as in the file: beta, fwhm, e, theta, …"
    )
    layer: Mapped[Int] = mapped_column(
        primary_key=True, autoincrement=False, comment="Layer of the cube, from 0"
    )
    value: Mapped[Float | None] = mapped_column(
        comment="polyfit: smooth value; fwhm in pixels along the major axis, e = 1 - b/a, theta in "
        "rad; of MAOPPY r0 in m, bck in rad² m², amp in rad², alpha in 1/m"
    )
    fit_value: Mapped[Float | None] = mapped_column(
        comment="fit: value fitted to this layer alone; NULL where the file has none"
    )


class PositionParameter(Base):
    """One parameter of the coordinate transformation in one layer."""

    __tablename__ = "position_parameter"
    __table_args__ = table_options(
        "POSPARS: one parameter of the coordinate transformation of the sources in one layer"
    )

    psf_fit_id: Mapped[Int] = mapped_column(
        ForeignKey("psf_fit.id", ondelete="CASCADE"), primary_key=True, comment="Fit"
    )
    parameter: Mapped[Code] = mapped_column(
        primary_key=True, comment="Name as in the file: A, B, C, D, x0, y0, …"
    )
    layer: Mapped[Int] = mapped_column(
        primary_key=True, autoincrement=False, comment="Layer of the cube, from 0"
    )
    value: Mapped[Float | None] = mapped_column(
        comment="polyfit: smooth value; A to D have no unit, x0 and y0 are in pixels"
    )
    fit_value: Mapped[Float | None] = mapped_column(
        comment="fit: value fitted to this layer alone; NULL where the file has none"
    )


class Source(Base):
    """One PSF star of a fit; `ExtractedSource` has all sources."""

    __tablename__ = "source"
    __table_args__ = table_options("One PSF star of a fit: a source with a table PM_X")

    psf_fit_id: Mapped[Int] = mapped_column(
        ForeignKey("psf_fit.id", ondelete="CASCADE"), primary_key=True, comment="Fit"
    )
    pampelmuse_id: Mapped[SourceId] = mapped_column(
        primary_key=True, autoincrement=False, comment="Id that PampelMuse gave: X of PM_X"
    )
    header_id: Mapped[Int] = mapped_column(
        ForeignKey("header.id", ondelete="CASCADE"), index=True, comment="HDU PM_X of the psf file"
    )
    sample_count: Mapped[Int] = mapped_column(comment="Rows of the source in source_sample")

    fit: Mapped[PsfFit] = relationship(back_populates="sources")
    # No foreign key stands behind it: the samples hang on their layers, the order of their key.
    samples: WriteOnlyMapped[SourceSample] = relationship(
        primaryjoin="and_(Source.psf_fit_id == foreign(SourceSample.psf_fit_id), "
        "Source.pampelmuse_id == foreign(SourceSample.pampelmuse_id))",
        viewonly=True,
    )


class SourceSample(Base):
    """One source in one layer: the big table.

    The layer comes before the source in the key, so that a range of wavelengths of many exposures
    is read in one piece each.
    """

    __tablename__ = "source_sample"
    __table_args__ = (
        ForeignKeyConstraint(
            ["psf_fit_id", "layer"],
            ["psf_layer.psf_fit_id", "psf_layer.layer"],
            ondelete="CASCADE",
        ),
        table_options("PM_X: one PSF star in one layer; the primary key is its only index"),
    )

    psf_fit_id: Mapped[Int] = mapped_column(
        primary_key=True, autoincrement=False, comment="Fit (psf_fit.id)"
    )
    layer: Mapped[Int] = mapped_column(
        primary_key=True, autoincrement=False, comment="Layer of the cube, from 0"
    )
    pampelmuse_id: Mapped[SourceId] = mapped_column(
        primary_key=True, autoincrement=False, comment="Id that PampelMuse gave: X of PM_X"
    )
    snr: Mapped[Float | None] = mapped_column(comment="Signal-to-noise ratio")
    flux: Mapped[Float | None] = mapped_column(comment="Flux in the cube's unit")
    fwhm: Mapped[Float | None] = mapped_column(
        comment="FWHM of the PSF along the major axis, pixels"
    )
    beta: Mapped[Float | None] = mapped_column(comment="Moffat beta of the PSF")
    xc: Mapped[Float | None] = mapped_column(comment="Centroid in x, pixels")
    yc: Mapped[Float | None] = mapped_column(comment="Centroid in y, pixels")
