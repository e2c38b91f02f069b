"""The typed homes of telemetry columns: which FITS column goes into which table and column."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from aomuse.exchange.stored_in import StoredIn

HomeKind = Literal["float", "int", "text"]


#: Name of the index column of each table that has one row for each laser or layer.
INDEX_COLUMNS = {
    "sparta_atm": "lgs",
    "sparta_cn2_layer": "layer",
    "asm_mass_layer": "layer",
    "asm_slodar_layer": "layer",
}


@dataclass(frozen=True)
class Home:
    """Where the values of a FITS column live; with an index, in the rows of a laser or layer."""

    table: str
    column: str
    kind: HomeKind
    index: int | None = None

    @property
    def stored_in(self) -> str:
        """Text for table_column.stored_in, such as ``sparta_atm.r0_m[lgs=3]``."""
        return str(StoredIn(self.table, self.column, INDEX_COLUMNS.get(self.table), self.index))


#: Pattern of the FITS column's name, table, column and kind.
_Rule = tuple[re.Pattern[str], str, str, HomeKind]


def _rule(pattern: str, table: str, column: str, kind: HomeKind = "float") -> _Rule:
    with_index = pattern.replace("#", r"(?P<index>\d{1,2})")
    return re.compile(with_index, re.IGNORECASE), table, column, kind


_RULES = {
    "SPARTA_ATM_DATA": (
        _rule("Sec", "sparta_atm", "time_sec", "int"),
        _rule("USec", "sparta_atm", "time_usec", "int"),
        _rule("LGS#_R0", "sparta_atm", "r0_m"),
        _rule("LGS#_L0", "sparta_atm", "l0_m"),
        _rule("LGS#_SEEING", "sparta_atm", "seeing_arcsec"),
        _rule("LGS#_FWHM_GAIN", "sparta_atm", "fwhm_gain"),
        _rule("LGS#_STREHL", "sparta_atm", "strehl"),
        _rule("LGS#_TURVAR_RES", "sparta_atm", "turvar_res"),
        _rule("LGS#_TURVAR_TOT", "sparta_atm", "turvar_tot"),
        _rule("LGS#_TUR_ALT", "sparta_atm", "tur_alt"),
        _rule("LGS#_TUR_GND", "sparta_atm", "tur_gnd"),
        _rule("LGS#_SLOPERMSX", "sparta_atm", "slope_rms_x"),
        _rule("LGS#_SLOPERMSY", "sparta_atm", "slope_rms_y"),
    ),
    "SPARTA_CN2_DATA": (
        _rule("Sec", "sparta_cn2", "time_sec", "int"),
        _rule("USec", "sparta_cn2", "time_usec", "int"),
        _rule("L0Tot", "sparta_cn2", "l0_total_m"),
        _rule("r0Tot", "sparta_cn2", "r0_total_m"),
        _rule("seeingTot", "sparta_cn2", "seeing_total_arcsec"),
        _rule("CN2_FRAC_ALT#", "sparta_cn2_layer", "cn2_fraction"),
        _rule("CN2_ALT#", "sparta_cn2_layer", "cn2"),
        _rule("L0_ALT#", "sparta_cn2_layer", "l0_m"),
        _rule("ALT#", "sparta_cn2_layer", "altitude"),
    ),
    "ASM_DATA": (
        _rule("TIME_STAMP", "asm", "time_stamp", "text"),
        _rule("ASM_WINDDIR_10", "asm", "wind_direction_10m_deg"),
        _rule("ASM_WINDDIR_30", "asm", "wind_direction_30m_deg"),
        _rule("ASM_WINDSPEED_10", "asm", "wind_speed_10m_m_s"),
        _rule("ASM_WINDSPEED_30", "asm", "wind_speed_30m_m_s"),
        _rule("ASM_RFLRMS", "asm", "flux_rms"),
        _rule("MASS_FRACGL", "asm", "mass_ground_layer_fraction"),
        _rule("SLODAR_FRACGL_300", "asm", "slodar_fraction_300m"),
        _rule("SLODAR_FRACGL_500", "asm", "slodar_fraction_500m"),
        _rule("ASM_TAU0", "asm", "tau0"),
        _rule("IA_FWHMLIN", "asm", "ia_fwhm_linear_arcsec"),
        _rule("IA_FWHMLINOBS", "asm", "ia_fwhm_linear_observed_arcsec"),
        _rule("SLODAR_TOTAL_CN2", "asm", "slodar_total_cn2"),
        _rule("R0", "asm", "r0"),
        _rule("IA_FWHM", "asm", "ia_fwhm_arcsec"),
        _rule("AZ", "asm", "azimuth_deg"),
        _rule("AIRMASS", "asm", "airmass"),
        _rule("DIMM_SEEING", "asm", "dimm_seeing_arcsec"),
        _rule("MASS_TURB#", "asm_mass_layer", "turbulence"),
        _rule("SLODAR_CNSQ#", "asm_slodar_layer", "cn2"),
    ),
}

#: Telemetry whose columns are in the column store, with the table that holds the times.
TIMED = {"SGS_DATA": "sgs", "AG_DATA": "ag"}

#: Columns of a PM_ table, in the order of source_sample.
SAMPLE_COLUMNS = ("snr", "flux", "fwhm", "beta", "xc", "yc")
#: Those of them that are lengths.
SAMPLE_PIXELS = ("fwhm", "xc", "yc")


#: The unit of typed columns by how their names end, and units that are taken for another one.
#: What is neither, such as "none" or a word for it, says nothing against the usual unit.
_OTHER_UNITS = {
    "_m_s": ("m/s", {"km/h", "km/s", "cm/s", "kn", "kt", "knot", "knots", "mph"}),
    "_m": ("m", {"nm", "um", "mm", "cm", "dm", "km"}),
    "_arcsec": ("arcsec", {"uas", "mas", "arcmin", "deg", "urad", "mrad", "rad"}),
    "_deg": ("deg", {"arcsec", "arcmin", "hourangle", "mrad", "rad"}),
    "_pixel": ("pixels", {"mas", "arcsec", "arcmin", "deg", "rad", "um", "mm"}),
}


def other_unit(column: str, unit: str | None) -> str | None:
    """Return why a unit is not that of a typed column, None where it may be.

    Examples
    --------
    >>> other_unit("r0_m", "cm")
    'its unit is cm, and the typed column holds m'
    """
    for ending, (own, others) in _OTHER_UNITS.items():
        if column.endswith(ending):
            found = (unit or "").strip().lower()
            return (
                f"its unit is {unit}, and the typed column holds {own}" if found in others else None
            )
    return None


def home_of(extension: str, column: str) -> Home | None:
    """Return the typed home of a telemetry column, None where it has none.

    Examples
    --------
    >>> home_of("SPARTA_ATM_DATA", "LGS3_STREHL")
    Home(table='sparta_atm', column='strehl', kind='float', index=3)
    """
    for pattern, table, name, kind in _RULES.get(extension, ()):
        match = pattern.fullmatch(column)
        if match:
            index = match.groupdict().get("index")
            return Home(table, name, kind, int(index) if index else None)
    return None
