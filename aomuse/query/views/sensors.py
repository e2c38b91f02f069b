"""Sensors against each other: SPARTA, DIMM, MASS and SLODAR, and each laser with the others."""

from __future__ import annotations

from aomuse.metrics import metric_of
from aomuse.metrics.cuts import AIRMASS
from aomuse.metrics.domain import Range
from aomuse.query.views.fits import OBSERVATION_COLUMNS
from aomuse.query.views.formulae import of_lasers, within
from aomuse.query.views.telemetry import LASER_ON
from aomuse.query.views.view import View, ViewColumn, columns

_EXPOSURE = (
    ViewColumn("exposure_id", "e.id", "Number of the exposure (exposure.id)"),
    *OBSERVATION_COLUMNS,
)
_TARGET = "LEFT JOIN target t ON t.id = e.target_id"
_AIRMASS = "((e.airmass_start + e.airmass_end) / 2)"
#: A monitor that is off may report zeros.
_SEEING, _SHARE = Range("seeing", 0, unit="arcsec"), Range("share of the ground layer", 0, 1)


def _of_samples(aggregate: str, column: str, limits: Range, table: str = "asm") -> str:
    """Return an aggregate over the samples of exposure ``e`` with a value in its range."""
    on = f" AND {LASER_ON}" if table == "sparta_atm" else ""
    return (
        f"(SELECT {aggregate}(a.{column}) FROM {table} a"
        f" WHERE a.exposure_id = e.id AND {within(f'a.{column}', limits)}{on})"
    )


_LOS = of_lasers("AVG", "lgs_seeing_mean", "e.id")
_AT_ZENITH = f"CASE WHEN {within(_AIRMASS, AIRMASS)} THEN {_LOS} * POW({_AIRMASS}, -0.6e0) END"
_DIMM = ("dimm_seeing_arcsec", _SEEING)
_GROUND = _of_samples("AVG", "tur_gnd", _SHARE, "sparta_atm")
_MASS = ("mass_ground_layer_fraction", _SHARE)
_SLODAR_300, _SLODAR_500 = ((f"slodar_fraction_{height}m", _SHARE) for height in (300, 500))

SENSOR_VIEW = View(
    "v_sensor",
    "Seeing and ground layer of one exposure as each sensor has them, means over the samples",
    _EXPOSURE
    + columns(f"""
        airmass | {_AIRMASS} | Mean of the air mass at start and end
        sparta_seeing_los_arcsec | {_LOS}
            | SPARTA's seeing in the line of sight: lgs_seeing_mean, mean over lasers, arcsec
        sparta_seeing_arcsec | {_AT_ZENITH} | The same times airmass^-0.6: zenith, arcsec
        sparta_used | {of_lasers("SUM", "lgs_seeing_used", "e.id")}
            | Samples of all lasers in that mean
        sparta_rejected | {of_lasers("SUM", "lgs_seeing_rejected", "e.id")}
            | Samples with the laser on and a seeing that is unknown or out of its range
        dimm_seeing_arcsec | {_of_samples("AVG", *_DIMM)}
            | DIMM_SEEING of the site monitor, at the zenith, arcsec
        dimm_count | {_of_samples("COUNT", *_DIMM)} | Samples of DIMM in that mean
        seeing_difference_arcsec | {_AT_ZENITH} - {_of_samples("AVG", *_DIMM)}
            | SPARTA minus DIMM, arcsec
        seeing_ratio | {_AT_ZENITH} / {_of_samples("AVG", *_DIMM)} | SPARTA over DIMM
        header_seeing_arcsec | (e.seeing_start_arcsec + e.seeing_end_arcsec) / 2
            | Seeing of the site monitor in the header, mean of start and end, arcsec
        sparta_ground_layer | {_GROUND} | LGSn_TUR_GND of the lasers that are on
        mass_ground_layer | {_of_samples("AVG", *_MASS)} | MASS_FRACGL
        mass_count | {_of_samples("COUNT", *_MASS)} | Samples of MASS in that mean
        slodar_300m | {_of_samples("AVG", *_SLODAR_300)}
            | SLODAR_FRACGL_300: share of the turbulence below 300 m
        slodar_500m | {_of_samples("AVG", *_SLODAR_500)}
            | SLODAR_FRACGL_500: share of the turbulence below 500 m
        slodar_count | {_of_samples("COUNT", *_SLODAR_500)}
            | Samples of SLODAR in the mean below 500 m
        ground_layer_fraction | e.ground_layer_fraction | Share below 900 m in the header
        mass_difference | {_GROUND} - {_of_samples("AVG", *_MASS)} | Ground layer: SPARTA minus MASS
        slodar_difference | {_GROUND} - {_of_samples("AVG", *_SLODAR_500)}
            | Ground layer: SPARTA minus SLODAR below 500 m
    """),
    f"exposure e\n{_TARGET}",
)

#: Column here, and the metric of a laser behind it: its mean over the samples used.
_QUANTITIES = {
    "r0": "r0_mean",
    "l0": "l0_mean",
    "seeing": "lgs_seeing_mean",
    "strehl": "strehl_mean",
}


def _of_laser(name: str) -> str:
    return f"m.{_QUANTITIES[name]}"


def _median(name: str, only_if: str = "") -> str:
    """Return the median of two to four values: one or two remain without the extremes.

    The index of the metrics holds the values of an exposure in a row.
    """
    middle = "SUM(o.value) - MIN(o.value) - MAX(o.value)"
    median = (
        f"CASE COUNT(o.value) WHEN 2 THEN SUM(o.value) / 2e0 WHEN 3 THEN {middle}"
        f" WHEN 4 THEN ({middle}) / 2e0 END"
    )
    if only_if:
        median = f"CASE WHEN {median} {only_if} THEN {median} END"
    return (
        f"(SELECT {median} FROM exposure_laser_metric o"
        f" WHERE o.exposure_id = m.exposure_id AND o.metric_id = {metric_of(_QUANTITIES[name]).id})"
    )


def _ratio(name: str) -> str:
    return f"{_of_laser(name)} / {_median(name, '> 0')}"


LASER_RATIO_VIEW = View(
    "v_laser_ratio",
    "One laser in one exposure against the median of the lasers",
    _EXPOSURE
    + columns(f"""
        lgs | m.lgs | Laser guide star, 1 to 4
        laser_count | {of_lasers("COUNT", "r0_mean", "m.exposure_id")}
            | Lasers with r0; medians and ratios are NULL where it is alone
        r0_m | {_of_laser("r0")} | r0 of the laser (r0_mean), m
        median_r0_m | {_median("r0")} | Median over the lasers, m
        r0_ratio | {_ratio("r0")} | r0 of the laser over the median of the lasers
        l0_m | {_of_laser("l0")} | Outer scale by the laser (l0_mean), m
        median_l0_m | {_median("l0")} | Median over the lasers, m
        l0_ratio | {_ratio("l0")} | Outer scale by the laser over the median of the lasers
        seeing_arcsec | {_of_laser("seeing")} | Seeing by the laser (lgs_seeing_mean), arcsec
        median_seeing_arcsec | {_median("seeing")} | Median over the lasers, arcsec
        seeing_ratio | {_ratio("seeing")} | Seeing by the laser over the median of the lasers
        strehl | {_of_laser("strehl")} | Strehl ratio by the laser (strehl_mean), per cent
        median_strehl | {_median("strehl")} | Median over the lasers, per cent
        strehl_difference | {_of_laser("strehl")} - {_median("strehl")}
            | Strehl ratio minus the median, per cent
    """),
    "exposure_laser m\nJOIN exposure e ON e.id = m.exposure_id\n"
    f"{_TARGET}\nWHERE COALESCE({', '.join(map(_of_laser, _QUANTITIES))}) IS NOT NULL",
)
