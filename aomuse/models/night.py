"""The night log of an exposure: what the night astronomer wrote of the sky and of the block."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from aomuse.models.base import (
    Base,
    BigInt,
    Blob,
    Code,
    Float,
    Int,
    LongText,
    Name,
    Utc,
    table_options,
)

_EXPOSURE = "Exposure that the log was written for"
_ROW = "Place in the log, from 0"


class NightLog(Base):
    """One night log: general conditions, and the observation block."""

    __tablename__ = "night_log"
    __table_args__ = table_options(
        "The night log of an exposure: general conditions of the night, and its observation block"
    )

    exposure_id: Mapped[Int] = mapped_column(
        ForeignKey("exposure.id", ondelete="CASCADE"), primary_key=True, comment=_EXPOSURE
    )
    source_file_id: Mapped[Int] = mapped_column(
        ForeignKey("source_file.id", ondelete="CASCADE"), index=True, comment="File of the log"
    )
    night_start_utc: Mapped[Utc | None] = mapped_column(
        comment="Noon UTC that the night began after; entries are dated from it"
    )
    seeing_min_arcsec: Mapped[Float | None] = mapped_column(comment="Lowest seeing, arcsec")
    seeing_max_arcsec: Mapped[Float | None] = mapped_column(comment="Highest seeing, arcsec")
    humidity_min_percent: Mapped[Float | None] = mapped_column(comment="Lowest humidity, %")
    humidity_max_percent: Mapped[Float | None] = mapped_column(comment="Highest humidity, %")
    wind_min_m_s: Mapped[Float | None] = mapped_column(comment="Lowest wind speed, m/s")
    wind_max_m_s: Mapped[Float | None] = mapped_column(comment="Highest wind speed, m/s")
    temperature_min_c: Mapped[Float | None] = mapped_column(comment="Lowest temperature, deg C")
    temperature_max_c: Mapped[Float | None] = mapped_column(comment="Highest temperature, deg C")
    overall_comment: Mapped[LongText | None] = mapped_column(comment="Overall comment on the night")
    ambient_url: Mapped[LongText | None] = mapped_column(
        comment="Where the archive shows the ambient conditions of the night"
    )
    general_comments: Mapped[LongText | None] = mapped_column(comment="General comments")
    ob_id: Mapped[BigInt | None] = mapped_column(comment="OB: number of the observation block")
    instrument: Mapped[Name | None] = mapped_column(comment="Instrument")
    ob_name: Mapped[Name | None] = mapped_column(comment="Name of the observation block")
    ob_target: Mapped[Name | None] = mapped_column(comment="Target of the observation block")
    program_id: Mapped[Name | None] = mapped_column(comment="Run: programme")
    container_id: Mapped[BigInt | None] = mapped_column(comment="Container; 0 for none")
    ob_comments: Mapped[LongText | None] = mapped_column(comment="Comments on the block")
    ob_grade: Mapped[Code | None] = mapped_column(
        comment="Grade: A and B within constraints, C and D out of them, X uncertain"
    )
    ob_start_utc: Mapped[Utc | None] = mapped_column(comment="OBS.START: start of the block, UTC")
    content: Mapped[Blob | None] = mapped_column(
        comment="The file, byte by byte; NULL where only two entries on the sky were imported"
    )


class NightWeather(Base):
    """One entry on the weather."""

    __tablename__ = "night_weather"
    __table_args__ = (
        Index("ix_night_weather_exposure_id_time_utc", "exposure_id", "time_utc"),
        table_options("One entry on the weather in the night log of an exposure"),
    )

    exposure_id: Mapped[Int] = mapped_column(
        ForeignKey("exposure.id", ondelete="CASCADE"), primary_key=True, comment=_EXPOSURE
    )
    row_index: Mapped[Int] = mapped_column(primary_key=True, autoincrement=False, comment=_ROW)
    time_utc: Mapped[Utc | None] = mapped_column(
        comment="Time of the entry, UTC; NULL where it cannot be read"
    )
    sky_condition: Mapped[Name | None] = mapped_column(
        comment="Condition of the sky, such as Clear, ThinCirrus or ThickCirrus"
    )
    comment: Mapped[LongText | None] = mapped_column(comment="Comment; NULL where there is none")


class NightConstraint(Base):
    """One constraint of the observation block."""

    __tablename__ = "night_constraint"
    __table_args__ = table_options("One constraint of the observation block, in the night log")

    exposure_id: Mapped[Int] = mapped_column(
        ForeignKey("exposure.id", ondelete="CASCADE"), primary_key=True, comment=_EXPOSURE
    )
    row_index: Mapped[Int] = mapped_column(primary_key=True, autoincrement=False, comment=_ROW)
    name: Mapped[Name] = mapped_column(comment="Constraint, such as Seeing or Moon distance")
    fulfilled: Mapped[Name | None] = mapped_column(
        comment="Whether it was fulfilled, as the log says it: n/a, - or a word"
    )
    requested: Mapped[Name | None] = mapped_column(comment="What was requested, as the log says it")
    requested_value: Mapped[Float | None] = mapped_column(
        comment="The same as a number, where it is one"
    )


class NightFile(Base):
    """One file that the block produced."""

    __tablename__ = "night_file"
    __table_args__ = table_options(
        "One file that the observation block produced, in the night log of one of its exposures"
    )

    exposure_id: Mapped[Int] = mapped_column(
        ForeignKey("exposure.id", ondelete="CASCADE"), primary_key=True, comment=_EXPOSURE
    )
    row_index: Mapped[Int] = mapped_column(primary_key=True, autoincrement=False, comment=_ROW)
    original_name: Mapped[Name | None] = mapped_column(comment="Original filename")
    archive_id: Mapped[Name | None] = mapped_column(
        index=True, comment="Archive filename, as exposure.archive_id"
    )
    template_id: Mapped[Name | None] = mapped_column(comment="Template that made it")
    data_product: Mapped[Name | None] = mapped_column(
        comment="Data product: category, type and technique, such as SCIENCE/OBJECT/IFU"
    )
    instrument_mode: Mapped[Code | None] = mapped_column(comment="Mode, such as WFM-AO-N")
    exposure_number: Mapped[Int | None] = mapped_column(comment="TPL.EXPNO: place in the template")
    exposure_count: Mapped[Int | None] = mapped_column(comment="NEXP: exposures of the template")
    exposure_time_s: Mapped[Float | None] = mapped_column(comment="EXPTIME, s")
    airmass: Mapped[Float | None] = mapped_column(comment="Airmass")
    dimm_seeing_arcsec: Mapped[Float | None] = mapped_column(comment="DIMM seeing, arcsec")
