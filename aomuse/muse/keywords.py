"""The header keywords that have a column of their own in ``exposure``.

Adding one is a line here, a line in `aomuse.models.Exposure`, and a revision.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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


PROMOTED = (
    Promoted("mjd_obs", "MJD-OBS", "float", "start of the exposure, modified Julian date", "d"),
    Promoted("exposure_time_s", "EXPTIME", "float", "exposure time", "s"),
    Promoted("ra_deg", "RA", "float", "right ascension of the pointing (J2000)", "deg"),
    Promoted("dec_deg", "DEC", "float", "declination of the pointing (J2000)", "deg"),
    Promoted("object_name", "OBJECT", "text", "object as the product names it"),
    Promoted("ob_id", "ESO OBS ID", "int", "observation block"),
    Promoted("ob_name", "ESO OBS NAME", "text", "name of the observation block"),
    Promoted("program_id", "ESO OBS PROG ID", "text", "observing programme"),
    Promoted("template_id", "ESO TPL ID", "text", "template signature"),
    Promoted(
        "seeing_start_arcsec", "ESO TEL AMBI FWHM START", "float", "site seeing at start", "arcsec"
    ),
    Promoted("seeing_end_arcsec", "ESO TEL AMBI FWHM END", "float", "site seeing at end", "arcsec"),
    Promoted("airmass_start", "ESO TEL AIRM START", "float", "air mass at start"),
    Promoted("airmass_end", "ESO TEL AIRM END", "float", "air mass at end"),
    Promoted("tau0_s", "ESO TEL AMBI TAU0", "float", "coherence time", "s"),
    Promoted(
        "ia_fwhm_arcsec",
        "ESO TEL IA FWHM",
        "float",
        "image analysis FWHM corrected by air mass",
        "arcsec",
    ),
    Promoted(
        "ground_layer_fraction",
        "ESO OCS SGS ASM GL900 AVG",
        "float",
        "share of the turbulence below 900 m",
    ),
    Promoted("sgs_fwhm_arcsec", "ESO OCS SGS FWHM AVG", "float", "slow guiding FWHM", "arcsec"),
    Promoted("ngs_flux", "ESO AOS NGS1 FLUX", "float", "flux of the natural guide star"),
    Promoted("tip_tilt_loop", "ESO AOS TT LOOP ST", "flag", "1 where the tip-tilt loop is closed"),
    Promoted("lgs1_simulated", "ESO LGS1 LASR1 SWSIM", "flag", "1 where laser 1 is simulated"),
    Promoted("lgs2_simulated", "ESO LGS2 LASR2 SWSIM", "flag", "1 where laser 2 is simulated"),
    Promoted("lgs3_simulated", "ESO LGS3 LASR3 SWSIM", "flag", "1 where laser 3 is simulated"),
    Promoted("lgs4_simulated", "ESO LGS4 LASR4 SWSIM", "flag", "1 where laser 4 is simulated"),
    Promoted("wind_speed_m_s", "ESO TEL AMBI WINDSP", "float", "wind speed", "m/s"),
    Promoted("wind_direction_deg", "ESO TEL AMBI WINDDIR", "float", "wind direction", "deg"),
    Promoted("temperature_c", "ESO TEL AMBI TEMP", "float", "ambient temperature", "deg C"),
    Promoted("humidity_percent", "ESO TEL AMBI RHUM", "float", "relative humidity", "%"),
    Promoted(
        "pressure_start_hpa", "ESO TEL AMBI PRES START", "float", "air pressure at start", "hPa"
    ),
    Promoted(
        "pwv_start_mm",
        "ESO TEL AMBI IWV START",
        "float",
        "precipitable water vapour at start",
        "mm",
    ),
    Promoted(
        "pwv_end_mm", "ESO TEL AMBI IWV END", "float", "precipitable water vapour at end", "mm"
    ),
    Promoted(
        "parallactic_angle_start_deg",
        "ESO TEL PARANG START",
        "float",
        "parallactic angle at start",
        "deg",
    ),
    Promoted(
        "parallactic_angle_end_deg",
        "ESO TEL PARANG END",
        "float",
        "parallactic angle at end",
        "deg",
    ),
    Promoted("altitude_deg", "ESO TEL ALT", "float", "altitude at start", "deg"),
    Promoted("azimuth_deg", "ESO TEL AZ", "float", "azimuth at start, south 0, west 90", "deg"),
    Promoted(
        "position_angle_deg", "ESO INS DROT POSANG", "float", "position angle of the field", "deg"
    ),
)

#: Where the target's name stands: the observation block, else the product.
TARGET_KEYWORDS = ("ESO OBS TARG NAME", "OBJECT")
MODE_KEYWORD = "ESO INS MODE"
START_KEYWORD = "DATE-OBS"
OB_KEYWORD = "ESO OBS ID"


def plain_keyword(name: str) -> str:
    """Return a keyword as ``keyword.name`` has it: capitals, single blanks, no HIERARCH."""
    return " ".join(name.upper().split()).removeprefix("HIERARCH ")
