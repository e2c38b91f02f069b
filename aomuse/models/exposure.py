"""Targets and exposures, with the header keywords that analysts ask for most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from aomuse.models.base import (
    Base,
    BigInt,
    Code,
    Flag,
    Float,
    Id,
    Int,
    Name,
    Utc,
    table_options,
)
from aomuse.models.operations import change, read
from aomuse.models.psf import PsfFit
from aomuse.muse.keywords import PROMOTED

if TYPE_CHECKING:
    from aomuse.models.header import Header
    from aomuse.models.provenance import LoadIssue, SourceFile


_COMMENTS = {promoted.column: promoted.comment for promoted in PROMOTED}


def _promoted(column: str, *, index: bool = False) -> Any:
    return mapped_column(comment=_COMMENTS[column], index=index or None)


class Target(Base):
    """An observed object, named as in the observation block."""

    __tablename__ = "target"
    __table_args__ = table_options("An observed object")

    id: Mapped[Id] = mapped_column(comment="Number of the target")
    name: Mapped[Name] = mapped_column(
        unique=True, comment="ESO OBS TARG NAME, or OBJECT where that is missing"
    )

    exposures: Mapped[list[Exposure]] = relationship(
        back_populates="target", cascade="all, delete-orphan", passive_deletes=True
    )


class Exposure(Base):
    """One exposure of the telescope, however often it was reduced and analysed."""

    __tablename__ = "exposure"
    __table_args__ = table_options(
        "One exposure of the telescope, however often it was reduced and analysed"
    )

    id: Mapped[Id] = mapped_column(comment="Number of the exposure; kept when it is reloaded")
    target_id: Mapped[Int | None] = mapped_column(
        ForeignKey("target.id", ondelete="CASCADE"), index=True, comment="Observed object"
    )
    archive_id: Mapped[Name | None] = mapped_column(
        unique=True, comment="Archive name of the raw exposure (PROV1 or ARCFILE) without .fits"
    )
    raw_file: Mapped[Name | None] = mapped_column(
        comment="Raw file as the reduced header names it: PROV1 with .fz appended"
    )
    instrument_mode: Mapped[Code | None] = mapped_column(
        index=True, comment="ESO INS MODE, such as WFM-AO-N"
    )
    date_obs_utc: Mapped[Utc | None] = mapped_column(
        index=True, comment="DATE-OBS: start of the exposure, UTC"
    )

    # Keywords with a column of their own: aomuse.muse.keywords says what they mean.
    mjd_obs: Mapped[Float | None] = _promoted("mjd_obs")
    exposure_time_s: Mapped[Float | None] = _promoted("exposure_time_s")
    ra_deg: Mapped[Float | None] = _promoted("ra_deg")
    dec_deg: Mapped[Float | None] = _promoted("dec_deg")
    object_name: Mapped[Name | None] = _promoted("object_name")
    ob_id: Mapped[BigInt | None] = _promoted("ob_id", index=True)
    ob_name: Mapped[Name | None] = _promoted("ob_name")
    program_id: Mapped[Name | None] = _promoted("program_id")
    template_id: Mapped[Name | None] = _promoted("template_id")
    seeing_start_arcsec: Mapped[Float | None] = _promoted("seeing_start_arcsec")
    seeing_end_arcsec: Mapped[Float | None] = _promoted("seeing_end_arcsec")
    airmass_start: Mapped[Float | None] = _promoted("airmass_start")
    airmass_end: Mapped[Float | None] = _promoted("airmass_end")
    tau0_s: Mapped[Float | None] = _promoted("tau0_s")
    ia_fwhm_arcsec: Mapped[Float | None] = _promoted("ia_fwhm_arcsec")
    ground_layer_fraction: Mapped[Float | None] = _promoted("ground_layer_fraction")
    sgs_fwhm_arcsec: Mapped[Float | None] = _promoted("sgs_fwhm_arcsec")
    ngs_flux: Mapped[Float | None] = _promoted("ngs_flux")
    tip_tilt_loop: Mapped[Flag | None] = _promoted("tip_tilt_loop")
    lgs1_simulated: Mapped[Flag | None] = _promoted("lgs1_simulated")
    lgs2_simulated: Mapped[Flag | None] = _promoted("lgs2_simulated")
    lgs3_simulated: Mapped[Flag | None] = _promoted("lgs3_simulated")
    lgs4_simulated: Mapped[Flag | None] = _promoted("lgs4_simulated")
    wind_speed_m_s: Mapped[Float | None] = _promoted("wind_speed_m_s")
    wind_direction_deg: Mapped[Float | None] = _promoted("wind_direction_deg")
    temperature_c: Mapped[Float | None] = _promoted("temperature_c")
    humidity_percent: Mapped[Float | None] = _promoted("humidity_percent")
    pressure_start_hpa: Mapped[Float | None] = _promoted("pressure_start_hpa")
    pwv_start_mm: Mapped[Float | None] = _promoted("pwv_start_mm")
    pwv_end_mm: Mapped[Float | None] = _promoted("pwv_end_mm")
    parallactic_angle_start_deg: Mapped[Float | None] = _promoted("parallactic_angle_start_deg")
    parallactic_angle_end_deg: Mapped[Float | None] = _promoted("parallactic_angle_end_deg")
    altitude_deg: Mapped[Float | None] = _promoted("altitude_deg")
    azimuth_deg: Mapped[Float | None] = _promoted("azimuth_deg")
    position_angle_deg: Mapped[Float | None] = _promoted("position_angle_deg")

    content_version: Mapped[Int] = mapped_column(
        server_default=text("1"),
        comment="1, and one more whenever rows of the exposure are replaced or changed",
    )

    target: Mapped[Target | None] = relationship(back_populates="exposures")
    files: Mapped[list[SourceFile]] = relationship(
        back_populates="exposure", cascade="all, delete-orphan", passive_deletes=True
    )
    headers: Mapped[list[Header]] = relationship(
        back_populates="exposure", cascade="all, delete-orphan", passive_deletes=True
    )
    psf_fits: Mapped[list[PsfFit]] = relationship(
        back_populates="exposure",
        cascade="all, delete-orphan",
        passive_deletes=True,
        order_by=PsfFit.moffat_first,
    )
    issues: Mapped[list[LoadIssue]] = relationship(back_populates="exposure", passive_deletes=True)

    def data(self) -> dict[str, Any]:
        """Return headers and telemetry as AOMUSE 2020 stored them in ``exposure.data``.

        Returns
        -------
        dict
            PRIMARY of the first reduced cube, CHANnn, and the telemetry as a list a column.

        Raises
        ------
        AomuseError
            If the exposure is detached.
        """
        data: dict[str, Any] = read(self, "data")
        return data

    def set_header(
        self,
        keyword: str,
        value: Any,
        *,
        extension: str = "PRIMARY",
        file: str | None = None,
        new: bool = False,
    ) -> None:
        """Change the value of a header card.

        Within the session's transaction the exposure's column for that keyword changes too, if it
        has one, and its metrics are worked out again. The target is ``exposure.target`` and stays.

        Parameters
        ----------
        keyword : str
            The keyword, with or without HIERARCH, with blanks or points; the first card counts.
        value : bool, int, float, complex, str or None
            The value; None for an undefined one.
        extension : str, optional
            EXTNAME of the HDU, PRIMARY for the first.
        file : str, optional
            Role of the file; without it the first of cube and raw file that has the extension.
        new : bool, optional
            Add a card where there is none.

        Raises
        ------
        AomuseError
            If there is no such header or card, the value does not fit the exposure's column, or
            the exposure is detached.
        """
        change(self, "set_header", keyword, value, extension=extension, file=file, new=new)
