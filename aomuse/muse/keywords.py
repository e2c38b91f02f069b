"""The header keywords that have a column of their own in ``exposure``.

To add one, add a line here, a line in `aomuse.models.Exposure`, and a revision.
"""

from __future__ import annotations

from dataclasses import dataclass
from inspect import cleandoc
from typing import Literal, cast

Kind = Literal["float", "int", "flag", "text"]


@dataclass(frozen=True)
class Promoted:
    """A header keyword with a column of its own."""

    column: str
    keyword: str
    kind: Kind
    meaning: str
    unit: str = ""

    @property
    def comment(self) -> str:
        """Comment of the column: keyword, meaning and unit."""
        return f"{self.keyword}: {self.meaning}" + (f", {self.unit}" if self.unit else "")


#: Column, keyword, kind, meaning and unit.
_TABLE = """
    mjd_obs | MJD-OBS | float | start of the exposure, modified Julian date | d
    exposure_time_s | EXPTIME | float | exposure time | s
    ra_deg | RA | float | right ascension of the pointing (J2000) | deg
    dec_deg | DEC | float | declination of the pointing (J2000) | deg
    object_name | OBJECT | text | object as the product names it
    ob_id | ESO OBS ID | int | observation block
    ob_name | ESO OBS NAME | text | name of the observation block
    program_id | ESO OBS PROG ID | text | observing programme
    template_id | ESO TPL ID | text | template signature
    seeing_start_arcsec | ESO TEL AMBI FWHM START | float | DIMM seeing at start, zenith | arcsec
    seeing_end_arcsec | ESO TEL AMBI FWHM END | float | DIMM seeing at end, zenith | arcsec
    airmass_start | ESO TEL AIRM START | float | air mass at start
    airmass_end | ESO TEL AIRM END | float | air mass at end
    tau0_s | ESO TEL AMBI TAU0 | float | coherence time at 500 nm | s
    ia_fwhm_arcsec | ESO TEL IA FWHM | float | image analysis FWHM corrected by air mass | arcsec
    ground_layer_fraction | ESO OCS SGS ASM GL900 AVG | float | share of the turbulence below 900 m
    sgs_fwhm_arcsec | ESO OCS SGS FWHM AVG | float | slow guiding FWHM | arcsec
    ngs_flux | ESO AOS NGS1 FLUX | float | flux of the natural guide star
    tip_tilt_loop | ESO AOS TT LOOP ST | flag | 1 where the tip-tilt loop is closed
    lgs1_simulated | ESO LGS1 LASR1 SWSIM | flag | 1 where laser 1 is simulated
    lgs2_simulated | ESO LGS2 LASR2 SWSIM | flag | 1 where laser 2 is simulated
    lgs3_simulated | ESO LGS3 LASR3 SWSIM | flag | 1 where laser 3 is simulated
    lgs4_simulated | ESO LGS4 LASR4 SWSIM | flag | 1 where laser 4 is simulated
    wind_speed_m_s | ESO TEL AMBI WINDSP | float | wind speed | m/s
    wind_direction_deg | ESO TEL AMBI WINDDIR | float | wind direction | deg
    temperature_c | ESO TEL AMBI TEMP | float | ambient temperature | deg C
    humidity_percent | ESO TEL AMBI RHUM | float | relative humidity | %
    pressure_start_hpa | ESO TEL AMBI PRES START | float | air pressure at start | hPa
    pwv_start_mm | ESO TEL AMBI IWV START | float | precipitable water vapour at start | mm
    pwv_end_mm | ESO TEL AMBI IWV END | float | precipitable water vapour at end | mm
    parallactic_angle_start_deg | ESO TEL PARANG START | float | parallactic angle at start | deg
    parallactic_angle_end_deg | ESO TEL PARANG END | float | parallactic angle at end | deg
    altitude_deg | ESO TEL ALT | float | altitude at start | deg
    azimuth_deg | ESO TEL AZ | float | azimuth at start, south 0, west 90 | deg
    position_angle_deg | ESO INS DROT POSANG | float | position angle of the field | deg
"""


def _promoted(line: str) -> Promoted:
    column, keyword, kind, *meaning_and_unit = line.split(" | ")
    return Promoted(column, keyword, cast("Kind", kind), *meaning_and_unit)


PROMOTED = tuple(map(_promoted, cleandoc(_TABLE).splitlines()))

#: The name of the target is that of the observation block, else that of the product.
TARGET_KEYWORDS = ("ESO OBS TARG NAME", "OBJECT")
MODE_KEYWORD = "ESO INS MODE"
START_KEYWORD = "DATE-OBS"
MJD_KEYWORD = "MJD-OBS"
OB_KEYWORD = "ESO OBS ID"


def plain_keyword(name: str) -> str:
    """Return a keyword as ``keyword.name`` has it: capitals, single blanks, no HIERARCH."""
    return " ".join(name.upper().split()).removeprefix("HIERARCH ")
