"""Targets and exposures, with the header keywords that analysts ask for most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey
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

if TYPE_CHECKING:
    from aomuse.models.header import Header
    from aomuse.models.provenance import LoadIssue, SourceFile
    from aomuse.models.psf import PsfFit


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

    # Promoted keywords: declared once in aomuse.normalize.promoted, a line for each column.
    mjd_obs: Mapped[Float | None] = mapped_column(comment="MJD-OBS: start, modified Julian date")
    exposure_time_s: Mapped[Float | None] = mapped_column(comment="EXPTIME: exposure time, s")
    ra_deg: Mapped[Float | None] = mapped_column(comment="RA: right ascension (J2000), deg")
    dec_deg: Mapped[Float | None] = mapped_column(comment="DEC: declination (J2000), deg")
    object_name: Mapped[Name | None] = mapped_column(comment="OBJECT: object as the product has it")
    ob_id: Mapped[BigInt | None] = mapped_column(
        index=True, comment="ESO OBS ID: observation block"
    )
    ob_name: Mapped[Name | None] = mapped_column(comment="ESO OBS NAME: observation block's name")
    program_id: Mapped[Name | None] = mapped_column(comment="ESO OBS PROG ID: observing programme")
    template_id: Mapped[Name | None] = mapped_column(comment="ESO TPL ID: template signature")
    seeing_start_arcsec: Mapped[Float | None] = mapped_column(
        comment="ESO TEL AMBI FWHM START: seeing monitor at start, arcsec"
    )
    seeing_end_arcsec: Mapped[Float | None] = mapped_column(
        comment="ESO TEL AMBI FWHM END: seeing monitor at end, arcsec"
    )
    airmass_start: Mapped[Float | None] = mapped_column(
        comment="ESO TEL AIRM START: air mass at start"
    )
    airmass_end: Mapped[Float | None] = mapped_column(comment="ESO TEL AIRM END: air mass at end")
    tau0_s: Mapped[Float | None] = mapped_column(comment="ESO TEL AMBI TAU0: coherence time, s")
    ia_fwhm_arcsec: Mapped[Float | None] = mapped_column(
        comment="ESO TEL IA FWHM: image analysis FWHM corrected by air mass, arcsec"
    )
    ground_layer_fraction: Mapped[Float | None] = mapped_column(
        comment="ESO OCS SGS ASM GL900 AVG: share of the turbulence below 900 m"
    )
    sgs_fwhm_arcsec: Mapped[Float | None] = mapped_column(
        comment="ESO OCS SGS FWHM AVG: slow guiding FWHM, arcsec"
    )
    ngs_flux: Mapped[Float | None] = mapped_column(
        comment="ESO AOS NGS1 FLUX: flux of the natural guide star"
    )
    tip_tilt_loop: Mapped[Flag | None] = mapped_column(
        comment="ESO AOS TT LOOP ST: 1 where the tip-tilt loop is closed"
    )
    lgs1_simulated: Mapped[Flag | None] = mapped_column(
        comment="ESO LGS1 LASR1 SWSIM: 1 where laser 1 is only simulated"
    )
    lgs2_simulated: Mapped[Flag | None] = mapped_column(
        comment="ESO LGS2 LASR2 SWSIM: 1 where laser 2 is only simulated"
    )
    lgs3_simulated: Mapped[Flag | None] = mapped_column(
        comment="ESO LGS3 LASR3 SWSIM: 1 where laser 3 is only simulated"
    )
    lgs4_simulated: Mapped[Flag | None] = mapped_column(
        comment="ESO LGS4 LASR4 SWSIM: 1 where laser 4 is only simulated"
    )
    wind_speed_m_s: Mapped[Float | None] = mapped_column(
        comment="ESO TEL AMBI WINDSP: wind speed, m/s"
    )
    wind_direction_deg: Mapped[Float | None] = mapped_column(
        comment="ESO TEL AMBI WINDDIR: wind direction, deg"
    )
    temperature_c: Mapped[Float | None] = mapped_column(
        comment="ESO TEL AMBI TEMP: ambient temperature, deg C"
    )
    humidity_percent: Mapped[Float | None] = mapped_column(
        comment="ESO TEL AMBI RHUM: relative humidity, %"
    )
    pressure_start_hpa: Mapped[Float | None] = mapped_column(
        comment="ESO TEL AMBI PRES START: air pressure at start, hPa"
    )
    pwv_start_mm: Mapped[Float | None] = mapped_column(
        comment="ESO TEL AMBI IWV START: precipitable water vapour at start, mm"
    )
    pwv_end_mm: Mapped[Float | None] = mapped_column(
        comment="ESO TEL AMBI IWV END: precipitable water vapour at end, mm"
    )
    parallactic_angle_start_deg: Mapped[Float | None] = mapped_column(
        comment="ESO TEL PARANG START: parallactic angle at start, deg"
    )
    parallactic_angle_end_deg: Mapped[Float | None] = mapped_column(
        comment="ESO TEL PARANG END: parallactic angle at end, deg"
    )
    altitude_deg: Mapped[Float | None] = mapped_column(comment="ESO TEL ALT: altitude, deg")
    azimuth_deg: Mapped[Float | None] = mapped_column(
        comment="ESO TEL AZ: azimuth at start, south 0, west 90, deg"
    )
    position_angle_deg: Mapped[Float | None] = mapped_column(
        comment="ESO INS DROT POSANG: position angle of the field, deg"
    )

    target: Mapped[Target | None] = relationship(back_populates="exposures")
    files: Mapped[list[SourceFile]] = relationship(
        back_populates="exposure", cascade="all, delete-orphan", passive_deletes=True
    )
    headers: Mapped[list[Header]] = relationship(
        back_populates="exposure", cascade="all, delete-orphan", passive_deletes=True
    )
    psf_fits: Mapped[list[PsfFit]] = relationship(
        back_populates="exposure", cascade="all, delete-orphan", passive_deletes=True
    )
    issues: Mapped[list[LoadIssue]] = relationship(back_populates="exposure", passive_deletes=True)
