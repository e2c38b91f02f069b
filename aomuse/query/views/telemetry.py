"""The views of the lasers' telemetry."""

from __future__ import annotations

from aomuse.models import SpartaAtm
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
                laser_on | CASE WHEN a.r0_m > 0 THEN 1 WHEN a.r0_m IS NOT NULL THEN 0 END
                    | 1 if the laser is on (r0 > 0)
            """),
            *stored[3:],
        ),
        _JOIN,
    )


def _times(seconds: str, is_open: str) -> View:
    # All lasers of a row share its time. The lasers are counted, because on MariaDB a sum of
    # integers is a DECIMAL. One that is off reports zeros; r0 = 0 cannot be measured.
    return View(
        "v_sparta_atm",
        "One time of SPARTA_ATM_DATA, mean over the lasers that are on",
        (
            *columns(f"""
                exposure_id | a.exposure_id | Number of the exposure (exposure.id)
                row_index | a.row_index | Row of the table in the file, from 0
                time_utc | MIN(a.time_utc) | Time of the sample, UTC
                seconds_from_start | MIN({seconds}) | {_SECONDS}
                shutter_open | MIN({is_open}) | {_OPEN}
                lasers_on | COUNT(CASE WHEN a.r0_m > 0 THEN 1 END) | Lasers that are on (r0 > 0)
            """),
            *(
                ViewColumn(column, f"AVG(CASE WHEN a.r0_m > 0 THEN a.{column} END)", meaning)
                for column, meaning in _MEANS.items()
            ),
        ),
        f"{_JOIN}\nGROUP BY a.exposure_id, a.row_index",
    )
