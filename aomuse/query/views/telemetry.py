"""The view of the lasers' telemetry."""

from __future__ import annotations

from aomuse.query.views.view import View, ViewColumn


def _laser_mean(column: str, meaning: str) -> ViewColumn:
    # A laser that is off reports zeros; r0 = 0 cannot be measured.
    return ViewColumn(column, f"AVG(CASE WHEN a.r0_m > 0 THEN a.{column} END)", meaning)


SPARTA_VIEW = View(
    "v_sparta_atm",
    "One time of SPARTA_ATM_DATA, mean over the lasers that are on",
    (
        ViewColumn("exposure_id", "a.exposure_id", "Number of the exposure (exposure.id)"),
        ViewColumn("row_index", "a.row_index", "Row of the table in the file, from 0"),
        ViewColumn("time_utc", "MIN(a.time_utc)", "Time of the sample, UTC"),
        ViewColumn(
            "lasers_on",
            "SUM(CASE WHEN a.r0_m > 0 THEN 1 ELSE 0 END)",
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
    "sparta_atm a\nGROUP BY a.exposure_id, a.row_index",
)
