"""What each chart of the dashboard must show, as SQL that knows nothing of Superset.

``{chosen}`` stands for the condition of the dashboard's filters. A pivoted chart has a row for each
place on its axis and a column for each series; its SQL gives place, series and value.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Expected:
    """The rows of a chart."""

    sql: str
    pivoted: bool = False


def _exposures(expression: str, name: str) -> Expected:
    return Expected(f"SELECT {expression} AS {name} FROM v_exposure WHERE {{chosen}}")  # noqa: S608 - own names


def _pivoted(sql: str) -> Expected:
    return Expected(sql, pivoted=True)


def _seeing(field: str) -> Expected:
    return Expected(f"""
        SELECT e.archive_id, e.instrument_mode, (e.seeing_start_arcsec + e.seeing_end_arcsec) / 2
               AS mean_seeing, m.fwhm_700nm AS mean_fwhm_700nm, e.ground_layer_fraction AS mean_glf
        FROM (SELECT e.*, t.name AS target FROM exposure e JOIN target t ON t.id = e.target_id) e
        JOIN (
          SELECT f.exposure_id, AVG(x.value) AS fwhm_700nm
          FROM psf_fit f
          JOIN psf_fit_metric x ON x.psf_fit_id = f.id
          JOIN metric k ON k.id = x.metric_id AND k.name = 'fwhm_700nm'
          GROUP BY f.exposure_id
        ) m ON m.exposure_id = e.id
        WHERE e.instrument_mode LIKE '{field}%' AND {{chosen}}
        """)  # noqa: S608 - own names


def _windows(values: str, more: str = "") -> str:
    return f"""
        SELECT ROUND(wavelength_nm / 10) * 10 AS wavelength_10nm, {values}
        FROM v_psf_window
        WHERE version = 'corrected' AND {{chosen}} {more}
        GROUP BY ROUND(wavelength_nm / 10) * 10"""  # noqa: S608 - own names


def _by_mode(value: str, more: str = "") -> Expected:
    return _pivoted(_windows(f"instrument_mode, AVG({value})", more) + ", instrument_mode")


def _at_once(view: str, more: str = "", **metrics: str) -> Expected:
    """Ask once for the means of some columns, as Superset does, and give a series for each."""
    means = ", ".join(f"AVG({column}) AS {column}" for column in metrics.values())
    cases = " ".join(f"WHEN '{column}' THEN g.{column}" for column in metrics.values())
    names = " UNION ALL ".join(
        f"SELECT '{name}' AS metric, '{column}' AS which" for name, column in metrics.items()
    )
    return _pivoted(f"""
        SELECT g.wavelength_nm, CONCAT(k.metric, ', ', g.instrument_mode), CASE k.which {cases} END
        FROM (
          SELECT wavelength_nm, instrument_mode, {means}
          FROM {view}
          WHERE fit_rank = 1 AND {{chosen}} {more}
          GROUP BY wavelength_nm, instrument_mode
        ) g
        CROSS JOIN ({names}) k
        """)  # noqa: S608 - own names


def _bubbles(view: str, **metrics: str) -> Expected:
    means = ", ".join(f"AVG({column}) AS {metric}" for metric, column in metrics.items())
    return Expected(f"""
        SELECT date_obs_utc, instrument_mode, {means}
        FROM {view}
        WHERE {{chosen}}
        GROUP BY date_obs_utc, instrument_mode
        """)  # noqa: S608 - own names


def _lasers(metric: str, field: str = "") -> Expected:
    return _pivoted(f"""
        SELECT date_obs_utc, CONCAT('LGS ', lgs), {metric}
        FROM v_laser_metrics
        WHERE laser_on = 1 AND instrument_mode LIKE '{field}%' AND {{chosen}}
        """)  # noqa: S608 - own names


def _over_the_field(field: str, place: str, step: float) -> Expected:
    return _pivoted(f"""
        SELECT ROUND(SQRT(x_arcsec * x_arcsec + y_arcsec * y_arcsec) / {step}) * {step} AS {place},
               instrument_mode, AVG(residual_arcsec)
        FROM v_psf_field
        WHERE wavelength_window = '700-800 nm' AND fit_rank = 1
              AND instrument_mode LIKE '{field}%' AND {{chosen}}
        GROUP BY {place}, instrument_mode
        """)  # noqa: S608 - own names


def _nights(column: str) -> Expected:
    return _pivoted(f"SELECT night, instrument_mode, {column} FROM v_night WHERE {{chosen}}")  # noqa: S608 - own names


#: By the name of the chart's file.
EXPECTED: dict[str, Expected] = {
    "exposures": _exposures("COUNT(*)", "exposures"),
    "hours": _exposures("COALESCE(SUM(exposure_time_s), 0) / 3600", "hours"),
    "nights": _exposures("COUNT(DISTINCT DATE(date_obs_utc - INTERVAL 12 HOUR))", "nights"),
    "targets": _exposures("COUNT(DISTINCT target)", "targets"),
    "analyses": Expected("""
        SELECT COUNT(*) AS analyses
        FROM psf_fit f
        JOIN v_exposure e ON e.exposure_id = f.exposure_id
        WHERE {chosen}
        """),
    "open_issues": Expected("""
        SELECT COUNT(*) AS issues
        FROM load_issue i
        LEFT JOIN v_exposure e ON e.exposure_id = i.exposure_id
        WHERE i.closed_run_id IS NULL AND {chosen}
        """),
    "hours_by_month_and_mode": _pivoted("""
        SELECT CAST(DATE_FORMAT(night, '%Y-%m-01') AS DATE) AS night, instrument_mode,
               SUM(exposure_time_s) / 3600
        FROM v_exposure
        WHERE {chosen}
        GROUP BY DATE_FORMAT(v_exposure.night, '%Y-%m-01'), instrument_mode
        """),
    "hours_by_target_and_month": Expected("""
        SELECT CAST(DATE_FORMAT(night, '%Y-%m-01') AS DATE) AS night, target,
               SUM(exposure_time_s) / 3600 AS hours
        FROM v_exposure
        WHERE {chosen}
        GROUP BY DATE_FORMAT(v_exposure.night, '%Y-%m-01'), target
        """),
    "seeing_and_delivered_fwhm_wide_field": _seeing("WFM"),
    "seeing_and_delivered_fwhm_narrow_field": _seeing("NFM"),
    "fwhm_by_wavelength_wide_field": _by_mode("fwhm_arcsec", "AND instrument_mode LIKE 'WFM%'"),
    "fwhm_by_wavelength_narrow_field": _by_mode("fwhm_arcsec", "AND instrument_mode LIKE 'NFM%'"),
    "moffat_beta_by_wavelength": _by_mode("beta"),
    "delivered_and_expected_by_wavelength_wfm_ao": _pivoted(
        " UNION ALL ".join(
            _windows(
                f"CONCAT('{metric}, ', instrument_mode), AVG({column})",
                "AND instrument_mode LIKE 'WFM-AO%' AND sparta_iq_arcsec IS NOT NULL",
            )
            + ", instrument_mode"
            for metric, column in (
                ("Delivered", "fwhm_arcsec"),
                ("Expected", "sparta_iq_arcsec"),
                ("Without AO", "sparta_iq_nogain_arcsec"),
            )
        )
    ),
    "gain_and_ground_layer": Expected("""
        SELECT date_obs_utc, instrument_mode, AVG(ground_layer_fraction) AS mean_ground_layer,
               AVG(gain) AS Gain, AVG(eso_gain) AS ESO
        FROM v_gain
        WHERE wavelength_nm = 700 AND fit_rank = 1 AND {chosen}
        GROUP BY date_obs_utc, instrument_mode
        """),
    "gain_by_wavelength": _pivoted("""
        SELECT wavelength_nm, instrument_mode, AVG(gain)
        FROM v_gain
        WHERE fit_rank = 1 AND {chosen}
        GROUP BY wavelength_nm, instrument_mode
        """),
    "gain_of_sparta_and_eso": _at_once(
        "v_gain",
        "AND instrument_mode LIKE 'WFM-AO%'",
        Gain="gain",
        SPARTA="sparta_fwhm_gain",
        ESO="eso_gain",
    ),
    "residuals_by_wavelength": _at_once(
        "v_residual",
        **{"muse-psfr": "psfr_residual_arcsec", "Formula": "iq_residual_arcsec"},
    ),
    "residuals_and_outer_scale": Expected("""
        SELECT date_obs_utc, instrument_mode, AVG(l0_m) AS mean_l0,
               AVG(iq_residual_arcsec) AS Formula,
               AVG(ground_layer_fraction) AS mean_ground_layer
        FROM v_residual
        WHERE wavelength_nm = 700 AND fit_rank = 1 AND {chosen}
        GROUP BY date_obs_utc, instrument_mode
        """),
    "strehl_by_wavelength_narrow_field": _pivoted("""
        SELECT wavelength_nm, instrument_mode, AVG(strehl_percent)
        FROM v_strehl
        WHERE {chosen}
        GROUP BY wavelength_nm, instrument_mode
        """),
    "strehl_of_maoppy_and_sparta_narrow_field": Expected("""
        SELECT date_obs_utc, instrument_mode, AVG(sparta_strehl_percent) AS mean_sparta,
               AVG(strehl_650nm_percent) AS mean_strehl_650nm, AVG(ngs_flux) AS mean_ngs_flux
        FROM v_strehl
        WHERE wavelength_nm = 700 AND {chosen}
        GROUP BY date_obs_utc, instrument_mode
        """),
    "seeing_of_sparta_and_dimm": _bubbles(
        "v_sensor",
        mean_dimm="dimm_seeing_arcsec",
        mean_sparta="sparta_seeing_arcsec",
        mean_sparta_ground="sparta_ground_layer",
    ),
    "ground_layer_of_sparta_and_mass": _bubbles(
        "v_sensor",
        mean_mass="mass_ground_layer",
        mean_sparta_ground="sparta_ground_layer",
        mean_slodar="slodar_500m",
    ),
    "isoplanatic_angle": _bubbles(
        "v_isoplanatic", mean_r0="r0_m", mean_theta0="theta0_arcsec", mean_height="h_eff_m"
    ),
    "lasers_over_their_median": _pivoted("""
        SELECT lgs, instrument_mode, AVG(r0_ratio)
        FROM v_laser_ratio
        WHERE {chosen}
        GROUP BY lgs, instrument_mode
        """),
    "fwhm_over_the_wide_field": _over_the_field("WFM", "distance_5arcsec", 5),
    "fwhm_over_the_narrow_field": _over_the_field("NFM", "distance_half_arcsec", 0.5),
    "strehl_ratio_of_each_laser_wide_field": _lasers("strehl_mean", "WFM"),
    "strehl_ratio_of_each_laser_narrow_field": _lasers("strehl_mean", "NFM"),
    "r0_of_each_laser": _lasers("r0_mean"),
    "lasers": Expected("""
        SELECT instrument_mode, CONCAT('LGS ', lgs) AS laser, COUNT(*) AS exposures,
               SUM(laser_on) / COUNT(laser_on) AS share_on, AVG(strehl_mean) AS mean_strehl,
               MIN(strehl_min) AS lowest_strehl, AVG(r0_mean) AS mean_r0, AVG(l0_mean) AS mean_l0,
               AVG(lgs_seeing_mean) AS mean_lgs_seeing, SUM(laser_gaps) AS gaps
        FROM v_laser_metrics
        WHERE {chosen}
        GROUP BY instrument_mode, lgs
        """),
    "median_seeing_by_night": _nights("seeing_arcsec"),
    "median_fwhm_at_700_nm_by_night": _nights("fwhm_700nm_arcsec"),
    "months": Expected("""
        SELECT month, instrument_mode, night_count AS nights, exposure_count AS exposures,
               seeing_arcsec AS seeing, 1000 * tau0_s AS tau0, glf AS ground_layer,
               fwhm_500nm_arcsec AS fwhm_500nm, fwhm_700nm_arcsec AS fwhm_700nm,
               fwhm_900nm_arcsec AS fwhm_900nm
        FROM v_month
        WHERE {chosen}
        """),
    "predicted_and_delivered_fwhm": Expected("""
        SELECT date_obs_utc, instrument_mode, AVG(predicted_fwhm_arcsec) AS mean_predicted,
               AVG(delivered_fwhm_arcsec) AS mean_delivered, AVG(seeing_arcsec) AS mean_seeing
        FROM v_psf_prediction
        WHERE wavelength_nm = 700 AND {chosen}
        GROUP BY date_obs_utc, instrument_mode
        """),
    "issues_by_kind": Expected("""
        SELECT i.severity, i.code, COUNT(*) AS issues
        FROM load_issue i
        LEFT JOIN v_exposure e ON e.exposure_id = i.exposure_id
        WHERE i.closed_run_id IS NULL AND {chosen}
        GROUP BY i.severity, i.code
        """),
    "issues": Expected("""
        SELECT e.date_obs_utc, e.target, e.instrument_mode, i.severity, i.code, i.extension_name,
               i.message
        FROM load_issue i
        LEFT JOIN v_exposure e ON e.exposure_id = i.exposure_id
        WHERE i.closed_run_id IS NULL AND {chosen}
        """),
}
#: Trends are of all targets: the dashboard's filter of targets leaves these alone.
OF_ALL_TARGETS = {"median_seeing_by_night", "median_fwhm_at_700_nm_by_night", "months"}
