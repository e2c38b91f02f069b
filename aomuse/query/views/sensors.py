"""Sensors against each other: SPARTA and the site's monitors, and each laser and the others."""

from __future__ import annotations

from aomuse.metrics import metric_of
from aomuse.metrics.cuts import AIRMASS, GLF
from aomuse.metrics.domain import Range
from aomuse.query.views.fits import OBSERVATION_COLUMNS
from aomuse.query.views.formulae import within
from aomuse.query.views.telemetry import LASER_ON, used_sample
from aomuse.query.views.view import View, ViewColumn, columns

_EXPOSURE = ViewColumn("exposure_id", "e.id", "Number of the exposure (exposure.id)")
_TARGET = "LEFT JOIN target t ON t.id = e.target_id"
_AIRMASS = "((e.airmass_start + e.airmass_end) / 2)"
_DIMM_SEEING = Range("seeing", 0, unit="arcsec")

#: Measurements, where they stand, and which are used.
_SEEING = ("a.seeing_arcsec", "sparta_atm a", used_sample("seeing_arcsec"))
_GROUND = ("a.tur_gnd", "sparta_atm a", f"{LASER_ON} AND {within('a.tur_gnd', GLF)}")


def _of_monitor(column: str, limits: Range = GLF) -> tuple[str, str, str]:
    return f"a.{column}", "asm a", within(f"a.{column}", limits)


_DIMM = _of_monitor("dimm_seeing_arcsec", _DIMM_SEEING)
_MASS = _of_monitor("mass_ground_layer_fraction")
_SLODAR_300, _SLODAR_500 = (_of_monitor(f"slodar_fraction_{height}m") for height in (300, 500))


def _of_samples(value: str, table: str, condition: str = "1 = 1") -> str:
    return f"(SELECT {value} FROM {table} WHERE a.exposure_id = e.id AND {condition})"


def _mean(value: str, table: str, condition: str) -> str:
    return _of_samples(f"AVG({value})", table, condition)


def _count(_: str, table: str, condition: str) -> str:
    return _of_samples("COUNT(*)", table, condition)


_REJECTED = f"COUNT(CASE WHEN {LASER_ON} THEN 1 END) - COUNT(CASE WHEN {_SEEING[2]} THEN 1 END)"
_AT_ZENITH = (
    f"CASE WHEN {within(_AIRMASS, AIRMASS)} THEN {_mean(*_SEEING)} * POW({_AIRMASS}, -0.6e0) END"
)

SENSOR_VIEW = View(
    "v_sensor",
    "Seeing and ground layer of one exposure by SPARTA and by the site's monitors",
    (
        _EXPOSURE,
        *OBSERVATION_COLUMNS,
        *columns(f"""
            airmass | {_AIRMASS} | Mean of the air mass at start and end
            sparta_seeing_los_arcsec | {_mean(*_SEEING)}
                | Seeing at 500 nm in the line of sight by SPARTA, mean over samples and lasers,
                arcsec
            sparta_seeing_arcsec | {_AT_ZENITH}
                | The same at the zenith: times airmass^-0.6, arcsec
            sparta_used_count | {_count(*_SEEING)}
                | Samples of SPARTA in that mean, with the laser on
            sparta_rejected_count | {_of_samples(_REJECTED, "sparta_atm a")}
                | Samples with the laser on and a seeing that is unknown or out of its range
            dimm_seeing_arcsec | {_mean(*_DIMM)}
                | Seeing at 500 nm at the zenith by DIMM, mean over ASM_DATA, arcsec
            dimm_count | {_count(*_DIMM)} | Samples of DIMM in that mean
            header_seeing_arcsec | (e.seeing_start_arcsec + e.seeing_end_arcsec) / 2
                | The same by the header, mean of start and end, arcsec
            seeing_difference_arcsec | {_AT_ZENITH} - {_mean(*_DIMM)}
                | sparta_seeing_arcsec minus dimm_seeing_arcsec, arcsec
            seeing_ratio | {_AT_ZENITH} / {_mean(*_DIMM)}
                | sparta_seeing_arcsec over dimm_seeing_arcsec
            sparta_ground_layer_fraction | {_mean(*_GROUND)}
                | Share of the turbulence at the ground by SPARTA (LGSn_TUR_GND), mean over samples
                and lasers
            mass_ground_layer_fraction | {_mean(*_MASS)}
                | The same by MASS (MASS_FRACGL), mean over ASM_DATA
            mass_count | {_count(*_MASS)} | Samples of MASS in that mean
            slodar_fraction_300m | {_mean(*_SLODAR_300)}
                | Share below 300 m by SLODAR, mean over ASM_DATA
            slodar_fraction_500m | {_mean(*_SLODAR_500)}
                | Share below 500 m by SLODAR, mean over ASM_DATA
            slodar_count | {_count(*_SLODAR_500)} | Samples of SLODAR in the mean below 500 m
            ground_layer_fraction | e.ground_layer_fraction
                | Share below 900 m by the header (site monitor)
            mass_difference | {_mean(*_GROUND)} - {_mean(*_MASS)}
                | sparta_ground_layer_fraction minus mass_ground_layer_fraction
            slodar_difference | {_mean(*_GROUND)} - {_mean(*_SLODAR_500)}
                | sparta_ground_layer_fraction minus slodar_fraction_500m
        """),
    ),
    f"""
    exposure e
    {_TARGET}
    WHERE EXISTS (SELECT 1 FROM sparta_atm a WHERE a.exposure_id = e.id)
      OR EXISTS (SELECT 1 FROM asm a WHERE a.exposure_id = e.id)
    """,
)

#: Column here, and the metric of a laser behind it: its median over the samples used.
_QUANTITIES = {
    "r0": metric_of("r0_median").id,
    "l0": metric_of("l0_median").id,
    "seeing": metric_of("lgs_seeing_median").id,
    "strehl": metric_of("strehl_median").id,
}
_NUMBERS = ", ".join(map(str, _QUANTITIES.values()))
_EACH = (
    "(SELECT x.exposure_id, x.lgs, "
    + ", ".join(
        f"MAX(CASE WHEN x.metric_id = {number} THEN x.value END) AS {name}"
        for name, number in _QUANTITIES.items()
    )
    + f" FROM exposure_laser_metric x WHERE x.metric_id IN ({_NUMBERS})"
    " AND x.value IS NOT NULL GROUP BY x.exposure_id, x.lgs)"
)


def _median(name: str) -> str:
    """Return the median of two to four values: one or two remain without the extremes."""
    return (
        f"CASE COUNT(o.{name}) WHEN 2 THEN SUM(o.{name}) / 2e0"
        f" WHEN 3 THEN SUM(o.{name}) - MIN(o.{name}) - MAX(o.{name})"
        f" WHEN 4 THEN (SUM(o.{name}) - MIN(o.{name}) - MAX(o.{name})) / 2e0 END AS {name}"
    )


_ALL = (
    f"(SELECT o.exposure_id, COUNT(o.r0) AS lasers, {', '.join(map(_median, _QUANTITIES))}"
    f" FROM {_EACH} o GROUP BY o.exposure_id)"
)


def _ratio(name: str) -> str:
    return f"CASE WHEN q.{name} > 0 THEN l.{name} / q.{name} END"


LASER_AGREEMENT_VIEW = View(
    "v_laser_agreement",
    "One laser in one exposure against the median of the lasers that were on",
    (
        _EXPOSURE,
        *OBSERVATION_COLUMNS,
        *columns(f"""
            lgs | l.lgs | Laser guide star, 1 to 4
            laser_count | q.lasers
                | Lasers with an r0; medians and ratios are NULL where it stands alone
            r0_m | l.r0 | Median r0 at 500 nm in the line of sight by this laser, m
            lasers_r0_m | q.r0 | Median of the lasers' r0, m
            r0_ratio | {_ratio("r0")} | r0_m over lasers_r0_m
            l0_m | l.l0 | Median outer scale by this laser, m
            lasers_l0_m | q.l0 | Median of the lasers' outer scales, m
            l0_ratio | {_ratio("l0")} | l0_m over lasers_l0_m
            seeing_arcsec | l.seeing
                | Median seeing at 500 nm in the line of sight by this laser, arcsec
            lasers_seeing_arcsec | q.seeing | Median of the lasers' seeing, arcsec
            seeing_ratio | {_ratio("seeing")} | seeing_arcsec over lasers_seeing_arcsec
            strehl | l.strehl | Median Strehl ratio by this laser, per cent
            lasers_strehl | q.strehl | Median of the lasers' Strehl ratios, per cent
            strehl_difference | l.strehl - q.strehl | strehl minus lasers_strehl, per cent
        """),
    ),
    f"""
    {_EACH} l
    JOIN {_ALL} q ON q.exposure_id = l.exposure_id
    JOIN exposure e ON e.id = l.exposure_id
    {_TARGET}
    """,
)
