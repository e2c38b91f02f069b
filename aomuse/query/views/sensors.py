"""Sensors against each other: SPARTA, DIMM, MASS and SLODAR, and each laser with the others."""

from __future__ import annotations

from aomuse.metrics import metric_of
from aomuse.query.views.view import View, columns

_SEEING = metric_of("lgs_seeing_mean").id
_R0 = metric_of("r0_mean").id


def _mean(column: str, table: str = "asm") -> str:
    """Return the mean of a column over the samples of exposure ``e`` that have a value."""
    on = " AND a.r0_m > 0" if table == "sparta_atm" else ""
    return (
        f"(SELECT AVG(a.{column}) FROM {table} a WHERE a.exposure_id = e.id AND a.{column} > 0{on})"
    )


_AT_ZENITH = "CASE WHEN q.airmass > 0 THEN q.lgs_seeing * POW(q.airmass, -0.6e0) END"

SENSOR_VIEW = View(
    "v_sensor",
    "Seeing and ground layer of one exposure as each sensor has them, means over the samples",
    columns(f"""
        exposure_id | q.exposure_id | Number of the exposure (exposure.id)
        target | q.target | Observed object
        instrument_mode | q.instrument_mode | ESO INS MODE, such as WFM-AO-N
        date_obs_utc | q.date_obs_utc | Start of the exposure, UTC
        airmass | q.airmass | Mean of the air mass at start and end
        sparta_seeing_arcsec | {_AT_ZENITH}
            | SPARTA's seeing (lgs_seeing_mean, mean over lasers) times airmass^-0.6: zenith, arcsec
        dimm_seeing_arcsec | q.dimm | DIMM_SEEING of the site monitor, at the zenith, arcsec
        seeing_difference_arcsec | {_AT_ZENITH} - q.dimm | SPARTA minus DIMM, arcsec
        sparta_ground_layer | q.sparta_ground | LGSn_TUR_GND of the lasers that are on
        mass_ground_layer | q.mass | MASS_FRACGL
        slodar_300m | q.slodar_300 | SLODAR_FRACGL_300: share of the turbulence below 300 m
        slodar_500m | q.slodar_500 | SLODAR_FRACGL_500: share of the turbulence below 500 m
        ground_layer_fraction | q.ground | Share below 900 m in the header
    """),
    f"""(
    SELECT e.id AS exposure_id, t.name AS target, e.instrument_mode, e.date_obs_utc,
      (e.airmass_start + e.airmass_end) / 2 AS airmass, e.ground_layer_fraction AS ground,
      (SELECT AVG(x.value) FROM exposure_laser_metric x
        WHERE x.exposure_id = e.id AND x.metric_id = {_SEEING}) AS lgs_seeing,
      {_mean("dimm_seeing_arcsec")} AS dimm,
      {_mean("tur_gnd", "sparta_atm")} AS sparta_ground,
      {_mean("mass_ground_layer_fraction")} AS mass,
      {_mean("slodar_fraction_300m")} AS slodar_300,
      {_mean("slodar_fraction_500m")} AS slodar_500
    FROM exposure e
    LEFT JOIN target t ON t.id = e.target_id
  ) q""",
)

# The middle value of a group, or the mean of the middle two.
_MEDIANS = f"""(
    SELECT p.exposure_id, AVG(p.value) AS value, MAX(p.total) AS total
    FROM (
      SELECT exposure_id, value,
        ROW_NUMBER() OVER (PARTITION BY exposure_id ORDER BY value) AS place,
        COUNT(value) OVER (PARTITION BY exposure_id) AS total
      FROM exposure_laser_metric
      WHERE metric_id = {_R0} AND value > 0
    ) p
    WHERE ABS(p.place - (p.total + 1) / 2e0) < 1
    GROUP BY p.exposure_id
  )"""

LASER_RATIO_VIEW = View(
    "v_laser_ratio",
    "One laser in one exposure against the median of the lasers",
    columns("""
        exposure_id | e.id | Number of the exposure (exposure.id)
        target | t.name | Observed object
        instrument_mode | e.instrument_mode | ESO INS MODE, such as WFM-AO-N
        date_obs_utc | e.date_obs_utc | Start of the exposure, UTC
        lgs | x.lgs | Laser guide star, 1 to 4
        laser_count | m.total | Lasers with r0
        r0_m | x.value | r0 of the laser (r0_mean), m
        median_r0_m | m.value | Median over the lasers, m
        r0_ratio | x.value / m.value | r0 of the laser over the median of the lasers
    """),
    f"""
    exposure_laser_metric x
    JOIN exposure e ON e.id = x.exposure_id
    LEFT JOIN target t ON t.id = e.target_id
    JOIN {_MEDIANS} m ON m.exposure_id = x.exposure_id
    WHERE x.metric_id = {_R0} AND x.value > 0
    """,
)
