"""The views of the lasers' telemetry."""

from __future__ import annotations

from aomuse.models import SpartaAtm
from aomuse.query.views.view import View, ViewColumn


def _laser_mean(column: str, meaning: str) -> ViewColumn:
    # A laser that is off reports zeros; r0 = 0 cannot be measured.
    return ViewColumn(column, f"AVG(CASE WHEN a.r0_m > 0 THEN a.{column} END)", meaning)


def telemetry_views(dialect: str) -> list[View]:
    """Return the views of SPARTA's samples, each marked as taken with the shutter open or not."""
    return [_times(_seconds(dialect)), _lasers(_seconds(dialect))]


def _seconds(dialect: str) -> str:
    """Return the SQL for the time of sample ``a`` since the start of exposure ``e``, s.

    To the millisecond: SQLite's days since 4714 BC are good to a twentieth of one.
    """
    if dialect == "sqlite":
        return "ROUND((julianday(a.time_utc) - julianday(e.date_obs_utc)) * 86400.0, 3)"
    return "ROUND(TIMESTAMPDIFF(MICROSECOND, e.date_obs_utc, a.time_utc) / 1e6, 3)"


def _open(seconds: str) -> str:
    """Return the SQL for 1 while the shutter is open: DATE-OBS to DATE-OBS + EXPTIME."""
    return (
        f"CASE WHEN {seconds} < 0 OR {seconds} > e.exposure_time_s THEN 0"
        f" WHEN {seconds} >= 0 AND {seconds} <= e.exposure_time_s THEN 1 END"
    )


_SECONDS = "Time since the start of the exposure, s"
_OPEN = "1 while the shutter was open (DATE-OBS to DATE-OBS + EXPTIME); NULL where unknown"
_JOIN = "sparta_atm a\nJOIN exposure e ON e.id = a.exposure_id"


def _lasers(seconds: str) -> View:
    own = [column for column in SpartaAtm.__table__.columns if not column.name.startswith("time_")]
    return View(
        "v_sparta_laser",
        "One laser at one time of SPARTA_ATM_DATA",
        (
            *(ViewColumn(c.name, f"a.{c.name}", c.comment or "") for c in own[:3]),
            ViewColumn("time_utc", "a.time_utc", "Time of the sample, UTC"),
            ViewColumn("seconds_from_start", seconds, _SECONDS),
            ViewColumn("shutter_open", _open(seconds), _OPEN),
            ViewColumn(
                "laser_on",
                "CASE WHEN a.r0_m > 0 THEN 1 WHEN a.r0_m IS NOT NULL THEN 0 END",
                "1 where the laser is on (r0 > 0)",
            ),
            *(ViewColumn(c.name, f"a.{c.name}", c.comment or "") for c in own[3:]),
        ),
        _JOIN,
    )


def _times(seconds: str) -> View:
    # All lasers of a row have its time.
    first, opened = f"MIN({seconds})", f"MIN({_open(seconds)})"
    return View(
        "v_sparta_atm",
        "One time of SPARTA_ATM_DATA, mean over the lasers that are on",
        (
            ViewColumn("exposure_id", "a.exposure_id", "Number of the exposure (exposure.id)"),
            ViewColumn("row_index", "a.row_index", "Row of the table in the file, from 0"),
            ViewColumn("time_utc", "MIN(a.time_utc)", "Time of the sample, UTC"),
            ViewColumn("seconds_from_start", first, _SECONDS),
            ViewColumn("shutter_open", opened, _OPEN),
            ViewColumn(
                "lasers_on",
                # a count, because a sum of integers is a DECIMAL on MariaDB
                "COUNT(CASE WHEN a.r0_m > 0 THEN 1 END)",
                "Lasers that are on (r0 > 0)",
            ),
            _laser_mean("r0_m", "Fried parameter, m"),
            _laser_mean("l0_m", "Outer scale, m"),
            _laser_mean("seeing_arcsec", "Seeing, arcsec"),
            _laser_mean("fwhm_gain", "Gain in FWHM by the correction"),
            _laser_mean("strehl", "Strehl ratio"),
            _laser_mean("turvar_res", "Residual variance of the turbulence"),
            _laser_mean("turvar_tot", "Total variance of the turbulence"),
            _laser_mean("tur_alt", "Share of the turbulence at altitude"),
            _laser_mean("tur_gnd", "Share of the turbulence at the ground"),
            _laser_mean("slope_rms_x", "RMS of the slopes in x"),
            _laser_mean("slope_rms_y", "RMS of the slopes in y"),
        ),
        f"{_JOIN}\nGROUP BY a.exposure_id, a.row_index",
    )
