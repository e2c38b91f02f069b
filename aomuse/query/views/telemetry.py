"""The views of the lasers' telemetry."""

from __future__ import annotations

from aomuse.metrics.cuts import L0, LGS_SEEING, R0, STREHL
from aomuse.models import SpartaAtm
from aomuse.query.views.formulae import within
from aomuse.query.views.view import View, ViewColumn, columns

#: Columns of sparta_atm that v_sparta_atm averages.
_MEANS = {
    "r0_m": "Fried parameter at 500 nm along the line of sight, m",
    "l0_m": "Outer scale, m",
    "seeing_arcsec": "Seeing at 500 nm along the line of sight, arcsec",
    "fwhm_gain": "Gain in FWHM by the correction",
    "strehl": "Strehl ratio, per cent",
    "turvar_res": "Residual variance of the turbulence, rad²",
    "turvar_tot": "Total variance of the turbulence, rad²",
    "tur_alt": "Share of the turbulence at altitude",
    "tur_gnd": "Share of the turbulence at the ground",
    "slope_rms_x": "RMS of the slopes in x",
    "slope_rms_y": "RMS of the slopes in y",
}
#: Values that are averaged; of other columns all.
_CUTS = {"r0_m": R0, "l0_m": L0, "seeing_arcsec": LGS_SEEING, "strehl": STREHL}
#: Like muse-psfr by the ground layer, and by r0 where that is unknown: one that is off has zeros.
LASER_ON = "CASE WHEN a.tur_gnd IS NULL THEN a.r0_m > 0 ELSE a.tur_gnd > 0 END"
_ON_WORDS = "(share of the ground layer > 0)"
_SECONDS = "Time since the start of the exposure, s"
_OPEN = "1 while the shutter was open (DATE-OBS to DATE-OBS + EXPTIME); NULL if unknown"
_JOIN = "sparta_atm a\nJOIN exposure e ON e.id = a.exposure_id"


def telemetry_views(dialect: str) -> list[View]:
    """Return the views of SPARTA's samples, each marked as taken with the shutter open or not."""
    seconds = _seconds(dialect)
    is_open = (
        f"CASE WHEN {seconds} < 0 OR {seconds} > e.exposure_time_s THEN 0"
        f" WHEN {seconds} >= 0 AND {seconds} <= e.exposure_time_s THEN 1 END"
    )
    return [_times(seconds, is_open), _lasers(seconds, is_open)]


def _seconds(dialect: str) -> str:
    """Return the SQL for the time of sample ``a`` since the start of exposure ``e``, s.

    To the millisecond: SQLite's days since 4714 BC are good to a twentieth of one.
    """
    if dialect == "sqlite":
        return "ROUND((julianday(a.time_utc) - julianday(e.date_obs_utc)) * 86400.0, 3)"
    return "ROUND(TIMESTAMPDIFF(MICROSECOND, e.date_obs_utc, a.time_utc) / 1e6, 3)"


def _lasers(seconds: str, is_open: str) -> View:
    stored = [
        ViewColumn(column.name, f"a.{column.name}", column.comment or "")
        for column in SpartaAtm.__table__.columns
        if not column.name.startswith("time_")
    ]
    return View(
        "v_sparta_laser",
        "One laser at one time of SPARTA_ATM_DATA",
        (
            *stored[:3],
            *columns(f"""
                time_utc | a.time_utc | Time of the sample, UTC
                seconds_from_start | {seconds} | {_SECONDS}
                shutter_open | {is_open} | {_OPEN}
                laser_on | {LASER_ON} | 1 if the laser is on {_ON_WORDS}
            """),
            *stored[3:],
        ),
        _JOIN,
    )


def _times(seconds: str, is_open: str) -> View:
    # All lasers of a row share its time. The lasers are counted, because on MariaDB a sum of
    # integers is a DECIMAL.
    return View(
        "v_sparta_atm",
        "One time of SPARTA_ATM_DATA, mean over the lasers that are on, of values in their ranges",
        (
            *columns(f"""
                exposure_id | a.exposure_id | Number of the exposure (exposure.id)
                row_index | a.row_index | Row of the table in the file, from 0
                time_utc | MIN(a.time_utc) | Time of the sample, UTC
                seconds_from_start | MIN({seconds}) | {_SECONDS}
                shutter_open | MIN({is_open}) | {_OPEN}
                lasers_on | COUNT(CASE WHEN {LASER_ON} THEN 1 END) | Lasers that are on {_ON_WORDS}
            """),
            *(
                ViewColumn(
                    column,
                    f"AVG(CASE WHEN {_used(column)} THEN a.{column} END)",
                    meaning + (f"; {_CUTS[column]}" if column in _CUTS else ""),
                )
                for column, meaning in _MEANS.items()
            ),
        ),
        f"{_JOIN}\nGROUP BY a.exposure_id, a.row_index",
    )


def _used(column: str) -> str:
    limits = _CUTS.get(column)
    return f"{LASER_ON} AND {within(f'a.{column}', limits)}" if limits else LASER_ON
