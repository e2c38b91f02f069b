"""The isoplanatic angle, from the turbulence profiles that SPARTA measures."""

from __future__ import annotations

from aomuse.metrics.atmosphere import ARCSEC
from aomuse.metrics.cuts import AIRMASS, R0
from aomuse.query.views.fits import OBSERVATION_COLUMNS
from aomuse.query.views.formulae import double, within
from aomuse.query.views.view import View, ViewColumn, columns

#: No layer of the atmosphere is as high, km.
MOST_HEIGHT_KM = 100

_IS_KNOWN = f"y.altitude >= 0 AND y.altitude <= {1000 * MOST_HEIGHT_KM} AND y.cn2_fraction >= 0"
_SUM = (
    f"SUM(CASE WHEN {_IS_KNOWN} THEN y.cn2_fraction * POW(y.altitude, {double(5 / 3)}) END)"
    " / SUM(y.cn2_fraction)"
)
_HIGH = f"COUNT(CASE WHEN y.altitude > {MOST_HEIGHT_KM} THEN 1 END)"

#: Mean of height^(5/3) over the shares of profile ``c``, m^(5/3), and NULL if one layer is odd.
#: Files have heights in km. A profile whose layers mostly have larger numbers has them in m.
_MOMENT = (
    f"(SELECT CASE WHEN COUNT(*) = COUNT(CASE WHEN {_IS_KNOWN} THEN 1 END)"
    " AND SUM(y.cn2_fraction) > 0"
    f" THEN CASE WHEN {_HIGH} = 0 THEN {_SUM} * {double(1000 ** (5 / 3))}"
    f" WHEN 2 * {_HIGH} >= COUNT(*) THEN {_SUM} END END"
    " FROM sparta_cn2_layer y"
    " WHERE y.exposure_id = c.exposure_id AND y.row_index = c.row_index)"
)
_HEIGHT = f"POW({_MOMENT}, 0.6e0)"

#: The isoplanatic angle at the zenith of profile ``c``, arcsec.
_THETA0 = (
    f"CASE WHEN {within('c.r0_total_m', R0)} AND {_MOMENT} > 0"
    f" THEN {double(0.314 * ARCSEC)} * c.r0_total_m / {_HEIGHT} END"
)
_AIRMASS = "((e.airmass_start + e.airmass_end) / 2)"


def _over_airmass(value: str, airmass: str) -> str:
    return f"CASE WHEN {within(airmass, AIRMASS)} THEN {value} / {airmass} END"


def _of_profiles(value: str, exposure_id: str) -> str:
    return f"(SELECT {value} FROM sparta_cn2 c WHERE c.exposure_id = {exposure_id})"


def theta0(exposure_id: str, airmass: str, statistic: str = "AVG") -> str:
    """Return the isoplanatic angle of an exposure at 500 nm, arcsec, over the profiles used."""
    return _over_airmass(_of_profiles(f"{statistic}({_THETA0})", exposure_id), airmass)


_USED = f"CASE WHEN {within('c.r0_total_m', R0)} AND {_MOMENT} > 0 THEN"
_EXPOSURE = (
    ViewColumn("exposure_id", "e.id", "Number of the exposure (exposure.id)"),
    *OBSERVATION_COLUMNS,
)

ISOPLANATIC_SAMPLE_VIEW = View(
    "v_isoplanatic_sample",
    "The isoplanatic angle of one of SPARTA's profiles of the turbulence",
    _EXPOSURE
    + columns(f"""
        row_index | c.row_index | Row of the table in the file, from 0
        time_utc | c.time_utc | Time of the sample, UTC
        airmass | {_AIRMASS} | Mean of the air mass at start and end
        r0_m | c.r0_total_m | r0Tot at 500 nm in the line of sight, m
        h_eff_m | {_HEIGHT}
            | Effective height, m: (sum of w h^(5/3))^(3/5) of the layers' heights h and shares w;
            NULL where the height or share of a layer is unknown or out of its range
        theta0_arcsec | {_over_airmass(_THETA0, _AIRMASS)}
            | Isoplanatic angle at 500 nm, arcsec: 0.314 r0 cos(zenith distance) / h_eff; {R0}
    """),
    """
    sparta_cn2 c
    JOIN exposure e ON e.id = c.exposure_id
    LEFT JOIN target t ON t.id = e.target_id
    """,
)

ISOPLANATIC_VIEW = View(
    "v_isoplanatic",
    "The isoplanatic angle of one exposure, from SPARTA's profiles of the turbulence",
    _EXPOSURE
    + columns(f"""
        airmass | {_AIRMASS} | Mean of the air mass at start and end
        profile_count | {_of_profiles(f"COUNT({_THETA0})", "e.id")}
            | Profiles used: {R0}, and heights and shares of all layers known
        rejected_count | {_of_profiles(f"COUNT(*) - COUNT({_THETA0})", "e.id")} | Other profiles
        r0_m | {_of_profiles(f"AVG({_USED} c.r0_total_m END)", "e.id")}
            | r0Tot at 500 nm in the line of sight, mean over the profiles used, m
        h_eff_m | {_of_profiles(f"AVG({_USED} {_HEIGHT} END)", "e.id")}
            | Effective height, mean over the profiles used, m:
            (sum of w h^(5/3))^(3/5) of the layers' heights h and shares w
        theta0_arcsec | {theta0("e.id", _AIRMASS)}
            | Isoplanatic angle at 500 nm, mean over the profiles used, arcsec:
            0.314 r0 cos(zenith distance) / h_eff
        theta0_min_arcsec | {theta0("e.id", _AIRMASS, "MIN")} | The smallest of them, arcsec
        theta0_max_arcsec | {theta0("e.id", _AIRMASS, "MAX")} | The largest of them, arcsec
    """),
    """
    exposure e
    LEFT JOIN target t ON t.id = e.target_id
    WHERE EXISTS (SELECT 1 FROM sparta_cn2 c WHERE c.exposure_id = e.id)
    """,
)
