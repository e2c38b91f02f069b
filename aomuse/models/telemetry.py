"""Telemetry of the real-time computer, the site monitor and the guiders."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from aomuse.models.base import Base, Code, Float, Int, SmallInt, Utc, table_options

_EXPOSURE = "Exposure the sample belongs to"
_ROW = "Row of the table in the file, from 0"


class SpartaAtm(Base):
    """What one laser guide star's loop reported at one time."""

    __tablename__ = "sparta_atm"
    __table_args__ = table_options("SPARTA_ATM_DATA: one laser guide star at one time")

    exposure_id: Mapped[Int] = mapped_column(
        ForeignKey("exposure.id", ondelete="CASCADE"), primary_key=True, comment=_EXPOSURE
    )
    row_index: Mapped[Int] = mapped_column(primary_key=True, autoincrement=False, comment=_ROW)
    lgs: Mapped[SmallInt] = mapped_column(
        primary_key=True, autoincrement=False, comment="Laser guide star, 1 to 4"
    )
    time_utc: Mapped[Utc | None] = mapped_column(comment="Sec and USec as UTC")
    time_sec: Mapped[Int | None] = mapped_column(comment="Sec: seconds since 1970-01-01 UTC")
    time_usec: Mapped[Int | None] = mapped_column(comment="USec: microseconds of the time")
    r0_m: Mapped[Float | None] = mapped_column(
        comment="LGSn_R0: Fried parameter at 500 nm along the line of sight, m"
    )
    l0_m: Mapped[Float | None] = mapped_column(comment="LGSn_L0: outer scale, m")
    seeing_arcsec: Mapped[Float | None] = mapped_column(
        comment="LGSn_SEEING: seeing at 500 nm along the line of sight, arcsec"
    )
    fwhm_gain: Mapped[Float | None] = mapped_column(
        comment="LGSn_FWHM_GAIN: gain in FWHM by the correction"
    )
    strehl: Mapped[Float | None] = mapped_column(
        comment="LGSn_STREHL: Strehl ratio, in per cent as SPARTA reports it"
    )
    turvar_res: Mapped[Float | None] = mapped_column(
        comment="LGSn_TURVAR_RES: residual variance of the turbulence, rad²"
    )
    turvar_tot: Mapped[Float | None] = mapped_column(
        comment="LGSn_TURVAR_TOT: total variance of the turbulence, rad²"
    )
    tur_alt: Mapped[Float | None] = mapped_column(
        comment="LGSn_TUR_ALT: share of the turbulence at altitude"
    )
    tur_gnd: Mapped[Float | None] = mapped_column(
        comment="LGSn_TUR_GND: share of the turbulence at the ground"
    )
    slope_rms_x: Mapped[Float | None] = mapped_column(
        comment="LGSn_SLOPERMSX: RMS of the wavefront sensor's slopes in x"
    )
    slope_rms_y: Mapped[Float | None] = mapped_column(
        comment="LGSn_SLOPERMSY: RMS of the wavefront sensor's slopes in y"
    )


class SpartaCn2(Base):
    """The integrated turbulence profile at one time."""

    __tablename__ = "sparta_cn2"
    __table_args__ = table_options("SPARTA_CN2_DATA: the turbulence profile's totals at one time")

    exposure_id: Mapped[Int] = mapped_column(
        ForeignKey("exposure.id", ondelete="CASCADE"), primary_key=True, comment=_EXPOSURE
    )
    row_index: Mapped[Int] = mapped_column(primary_key=True, autoincrement=False, comment=_ROW)
    time_utc: Mapped[Utc | None] = mapped_column(comment="Sec and USec as UTC")
    time_sec: Mapped[Int | None] = mapped_column(comment="Sec: seconds since 1970-01-01 UTC")
    time_usec: Mapped[Int | None] = mapped_column(comment="USec: microseconds of the time")
    l0_total_m: Mapped[Float | None] = mapped_column(comment="L0Tot: outer scale, m")
    r0_total_m: Mapped[Float | None] = mapped_column(
        comment="r0Tot: Fried parameter at 500 nm along the line of sight, m"
    )
    seeing_total_arcsec: Mapped[Float | None] = mapped_column(
        comment="seeingTot: seeing of the whole profile at 500 nm along the line of sight, arcsec"
    )


class SpartaCn2Layer(Base):
    """One layer of the turbulence profile at one time."""

    __tablename__ = "sparta_cn2_layer"
    __table_args__ = table_options("SPARTA_CN2_DATA: one layer of the turbulence profile")

    exposure_id: Mapped[Int] = mapped_column(
        ForeignKey("exposure.id", ondelete="CASCADE"), primary_key=True, comment=_EXPOSURE
    )
    row_index: Mapped[Int] = mapped_column(primary_key=True, autoincrement=False, comment=_ROW)
    layer: Mapped[SmallInt] = mapped_column(
        primary_key=True, autoincrement=False, comment="Layer of the atmosphere, 1 to 8"
    )
    altitude: Mapped[Float | None] = mapped_column(
        comment="ALTn: height of the layer above the telescope, km, or as table_column.unit says"
    )
    cn2: Mapped[Float | None] = mapped_column(
        comment="CN2_ALTn: refractive index structure constant of the layer"
    )
    cn2_fraction: Mapped[Float | None] = mapped_column(
        comment="CN2_FRAC_ALTn: the layer's share of the turbulence"
    )
    l0_m: Mapped[Float | None] = mapped_column(comment="L0_ALTn: outer scale of the layer, m")


class Asm(Base):
    """A sample of the astronomical site monitor."""

    __tablename__ = "asm"
    __table_args__ = table_options("ASM_DATA: a sample of the astronomical site monitor")

    exposure_id: Mapped[Int] = mapped_column(
        ForeignKey("exposure.id", ondelete="CASCADE"), primary_key=True, comment=_EXPOSURE
    )
    row_index: Mapped[Int] = mapped_column(primary_key=True, autoincrement=False, comment=_ROW)
    time_utc: Mapped[Utc | None] = mapped_column(comment="TIME_STAMP as UTC")
    time_stamp: Mapped[Code | None] = mapped_column(comment="TIME_STAMP as the file has it")
    wind_direction_10m_deg: Mapped[Float | None] = mapped_column(
        comment="ASM_WINDDIR_10: wind direction 10 m above ground, deg"
    )
    wind_direction_30m_deg: Mapped[Float | None] = mapped_column(
        comment="ASM_WINDDIR_30: wind direction 30 m above ground, deg"
    )
    wind_speed_10m_m_s: Mapped[Float | None] = mapped_column(
        comment="ASM_WINDSPEED_10: wind speed 10 m above ground, m/s"
    )
    wind_speed_30m_m_s: Mapped[Float | None] = mapped_column(
        comment="ASM_WINDSPEED_30: wind speed 30 m above ground, m/s"
    )
    flux_rms: Mapped[Float | None] = mapped_column(
        comment="ASM_RFLRMS: relative RMS of the monitored star's flux"
    )
    mass_ground_layer_fraction: Mapped[Float | None] = mapped_column(
        comment="MASS_FRACGL: ground layer fraction by MASS-DIMM"
    )
    slodar_fraction_300m: Mapped[Float | None] = mapped_column(
        comment="SLODAR_FRACGL_300: share of the turbulence below 300 m by SLODAR"
    )
    slodar_fraction_500m: Mapped[Float | None] = mapped_column(
        comment="SLODAR_FRACGL_500: share of the turbulence below 500 m by SLODAR"
    )
    tau0: Mapped[Float | None] = mapped_column(
        comment="ASM_TAU0: coherence time at 500 nm; unit in table_column.unit"
    )
    ia_fwhm_linear_arcsec: Mapped[Float | None] = mapped_column(
        comment="IA_FWHMLIN: image analysis FWHM, linear fit, arcsec"
    )
    ia_fwhm_linear_observed_arcsec: Mapped[Float | None] = mapped_column(
        comment="IA_FWHMLINOBS: the same as observed, not corrected by air mass, arcsec"
    )
    slodar_total_cn2: Mapped[Float | None] = mapped_column(
        comment="SLODAR_TOTAL_CN2: integrated turbulence by SLODAR"
    )
    r0: Mapped[Float | None] = mapped_column(
        comment="R0: Fried parameter at 500 nm; unit in table_column.unit"
    )
    ia_fwhm_arcsec: Mapped[Float | None] = mapped_column(
        comment="IA_FWHM: image analysis FWHM corrected by air mass, arcsec"
    )
    azimuth_deg: Mapped[Float | None] = mapped_column(comment="AZ: azimuth, deg")
    airmass: Mapped[Float | None] = mapped_column(comment="AIRMASS: air mass")
    dimm_seeing_arcsec: Mapped[Float | None] = mapped_column(
        comment="DIMM_SEEING: seeing by DIMM at 500 nm and zenith, arcsec"
    )


class AsmMassLayer(Base):
    """Turbulence of one MASS layer at one time."""

    __tablename__ = "asm_mass_layer"
    __table_args__ = table_options("ASM_DATA: one MASS layer of the turbulence profile")

    exposure_id: Mapped[Int] = mapped_column(
        ForeignKey("exposure.id", ondelete="CASCADE"), primary_key=True, comment=_EXPOSURE
    )
    row_index: Mapped[Int] = mapped_column(primary_key=True, autoincrement=False, comment=_ROW)
    layer: Mapped[SmallInt] = mapped_column(
        primary_key=True, autoincrement=False, comment="MASS layer, 0 to 6; 0 is the ground layer"
    )
    turbulence: Mapped[Float | None] = mapped_column(
        comment="MASS_TURBn: integrated turbulence of the layer; unit in table_column.unit"
    )


class AsmSlodarLayer(Base):
    """Turbulence of one SLODAR layer at one time."""

    __tablename__ = "asm_slodar_layer"
    __table_args__ = table_options("ASM_DATA: one SLODAR layer of the turbulence profile")

    exposure_id: Mapped[Int] = mapped_column(
        ForeignKey("exposure.id", ondelete="CASCADE"), primary_key=True, comment=_EXPOSURE
    )
    row_index: Mapped[Int] = mapped_column(primary_key=True, autoincrement=False, comment=_ROW)
    layer: Mapped[SmallInt] = mapped_column(
        primary_key=True, autoincrement=False, comment="SLODAR layer, 2 to 8"
    )
    cn2: Mapped[Float | None] = mapped_column(
        comment="SLODAR_CNSQn: turbulence of the layer; unit in table_column.unit"
    )


class Sgs(Base):
    """A sample of the slow guiding system; its columns are in the column store."""

    __tablename__ = "sgs"
    __table_args__ = table_options(
        "SGS_DATA: a sample of the slow guiding system; columns in table_value, view v_sgs_data"
    )

    exposure_id: Mapped[Int] = mapped_column(
        ForeignKey("exposure.id", ondelete="CASCADE"), primary_key=True, comment=_EXPOSURE
    )
    row_index: Mapped[Int] = mapped_column(primary_key=True, autoincrement=False, comment=_ROW)
    header_id: Mapped[Int] = mapped_column(
        ForeignKey("header.id", ondelete="CASCADE"), index=True, comment="HDU of the table"
    )
    time_utc: Mapped[Utc | None] = mapped_column(
        comment="Time of the sample, UTC; NULL where the table has no time that could be read"
    )


class Ag(Base):
    """A sample of the autoguider; its columns are in the column store."""

    __tablename__ = "ag"
    __table_args__ = table_options(
        "AG_DATA: a sample of the autoguider; columns in table_value, view v_ag_data"
    )

    exposure_id: Mapped[Int] = mapped_column(
        ForeignKey("exposure.id", ondelete="CASCADE"), primary_key=True, comment=_EXPOSURE
    )
    row_index: Mapped[Int] = mapped_column(primary_key=True, autoincrement=False, comment=_ROW)
    header_id: Mapped[Int] = mapped_column(
        ForeignKey("header.id", ondelete="CASCADE"), index=True, comment="HDU of the table"
    )
    time_utc: Mapped[Utc | None] = mapped_column(
        comment="Time of the sample, UTC; NULL where the table has no time that could be read"
    )
