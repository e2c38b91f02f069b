"""Twins: exposures that were taken under the most similar conditions."""

from __future__ import annotations

from aomuse.metrics import metric_of
from aomuse.query.views.view import View, ViewColumn, columns

#: Conditions that are compared: metric, column, meaning.
CONDITIONS = (
    ("seeing", "seeing_arcsec", "seeing, arcsec"),
    ("tau0", "tau0_s", "coherence time, s"),
    ("glf", "glf", "share of the turbulence below 900 m"),
    ("airmass", "airmass", "air mass"),
)

#: Interquartile range, and mean absolute deviation, of a normal distribution of spread 1.
_QUARTILES, _DEVIATION = "1.349", "0.7979"
#: Mean difference of two exposures drawn from a normal distribution of spread 1: 2 / sqrt(pi).
TYPICAL_DIFFERENCE = "1.1284"

_NUMBERS = {name: metric_of(name).id for name, _, _ in CONDITIONS}


def _quantile(share: str) -> str:
    """Return the SQL for a quantile, linear between order statistics (Hyndman and Fan, type 7).

    The values are in ``r``, each with its ``place``, from 1, and the ``total`` of them.
    """
    away = f"ABS(r.place - 1 - {share} * (r.total - 1))"
    return f"SUM(CASE WHEN {away} < 1 THEN r.value * (1 - {away}) END)"


def _spread_view() -> View:
    ids = ", ".join(str(number) for number in _NUMBERS.values())
    quartiles = f"({_quantile('0.75')} - {_quantile('0.25')}) / {_QUARTILES}"
    names = " ".join(f"WHEN {number} THEN '{name}'" for name, number in _NUMBERS.items())
    return View(
        "v_condition_spread",
        "How much one condition differs between the exposures of the warehouse",
        # The interquartile range is 0 where more than half of the values are the same.
        columns(f"""
            metric_id | r.metric_id | Metric (metric.id)
            metric | CASE r.metric_id {names} END | Name of the metric
            exposure_count | COUNT(*) | Exposures that have it
            median | {_quantile("0.5")} | Median, in the metric's unit
            spread
                | COALESCE(NULLIF({quartiles}, 0), AVG(ABS(r.value - r.mean)) / {_DEVIATION})
                | Interquartile range / 1.349, a standard deviation that outliers do not change;
                mean deviation / 0.798 if that is 0
        """),
        "(\n  SELECT m.metric_id, m.value,\n"
        "  ROW_NUMBER() OVER (PARTITION BY m.metric_id ORDER BY m.value) AS place,\n"
        "  COUNT(*) OVER (PARTITION BY m.metric_id) AS total,\n"
        "  AVG(m.value) OVER (PARTITION BY m.metric_id) AS mean\n"
        f"  FROM exposure_metric m WHERE m.metric_id IN ({ids}) AND m.value IS NOT NULL\n"
        ") r\nGROUP BY r.metric_id",
    )


def _distance(name: str) -> str:
    return (
        f"CASE WHEN a_{name}.value IS NULL OR b_{name}.value IS NULL THEN NULL"
        f" WHEN s.{name} > 0 THEN ABS(a_{name}.value - b_{name}.value) / s.{name} ELSE 0.0e0 END"
    )


def _twin_view(name: str, comment: str, condition: str) -> View:
    distances = {name: _distance(name) for name, _, _ in CONDITIONS}
    total = " + ".join(f"COALESCE({d}, {TYPICAL_DIFFERENCE})" for d in distances.values())
    compared = " + ".join(
        f"CASE WHEN a_{n}.value IS NULL OR b_{n}.value IS NULL THEN 0 ELSE 1 END" for n in distances
    )
    spreads = ", ".join(
        f"MAX(CASE WHEN metric_id = {number} THEN spread END) AS {name}"
        for name, number in _NUMBERS.items()
    )
    values = "\n".join(
        f"LEFT JOIN exposure_metric {side}_{name} ON {side}_{name}.exposure_id = {side}.id"
        f" AND {side}_{name}.metric_id = {number}"
        for name, number in _NUMBERS.items()
        for side in ("a", "b")
    )
    return View(
        name,
        comment,
        (
            *columns(f"""
                exposure_id | a.id | Number of the exposure (exposure.id)
                instrument_mode | a.instrument_mode | Its ESO INS MODE
                twin_exposure_id | b.id | Number of the other exposure
                twin_archive_id | b.archive_id | Archive name of the other exposure
                twin_target | t.name | Observed object of the other exposure
                twin_instrument_mode | b.instrument_mode | ESO INS MODE of the other
                twin_date_obs_utc | b.date_obs_utc | Start of the other exposure, UTC
                distance | ({total}) / {len(CONDITIONS)} | Mean of the distances by condition;
                    a missing one counts as 1.1284, the mean for two random exposures
            """),
            *(
                ViewColumn(
                    f"{name}_distance",
                    expression,
                    f"Difference in {name} over its spread; NULL if either has none",
                )
                for name, expression in distances.items()
            ),
            ViewColumn("compared_count", compared, "Conditions that both have"),
            *(
                ViewColumn(f"{prefix}{column}", f"{side}_{name}.value", f"{whose} {meaning}")
                for name, column, meaning in CONDITIONS
                for prefix, side, whose in (("", "a", "Its"), ("twin_", "b", "The other's"))
            ),
        ),
        f"exposure a\nJOIN exposure b ON b.id <> a.id{condition}\n"
        "LEFT JOIN target t ON t.id = b.target_id\n"
        f"CROSS JOIN (SELECT {spreads} FROM v_condition_spread) s\n{values}",
    )


TWIN_VIEWS = (
    _spread_view(),
    _twin_view(
        "v_twin",
        "Two exposures of one instrument mode, and how similar their conditions are",
        " AND b.instrument_mode = a.instrument_mode",
    ),
    _twin_view(
        "v_twin_any_mode", "Two exposures of any mode, and how similar their conditions are", ""
    ),
)
