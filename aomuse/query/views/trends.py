"""Medians by night and by month, a row for each instrument mode.

Neither SQLite nor MariaDB has an aggregate function for the median. Window functions number the
values of a group in order; the median is the middle value, or the mean of the middle two.
"""

from __future__ import annotations

from aomuse.metrics import WAVELENGTHS_NM, metric_of
from aomuse.query.views.exposures import night_sql
from aomuse.query.views.view import THEN_JOIN, View, ViewColumn, columns

#: Column, metric and meaning of the medians.
_EXPOSURE = (
    ("seeing_arcsec", "seeing", "Median of the seeing, arcsec"),
    ("airmass", "airmass", "Median of the air mass"),
    ("tau0_s", "tau0", "Median of the coherence time, s"),
    ("glf", "glf", "Median of the share of the turbulence below 900 m"),
)
_FIT = tuple(
    (
        f"fwhm_{wavelength}nm_arcsec",
        f"fwhm_{wavelength}nm",
        f"Median over the analyses of the FWHM delivered at {wavelength} nm, arcsec",
    )
    for wavelength in WAVELENGTHS_NM
)

#: What is counted next to the metrics, whose numbers begin with 1.
_EXPOSURES, _ANALYSES = 0, -1

_NUMBERS = {name: metric_of(name).id for _, name, _ in (*_EXPOSURE, *_FIT)}


def median_sql(condition: str) -> str:
    """Return the SQL for a median of rows that have ``place`` (from 1) and ``total`` in ``r``."""
    return quantile_sql(condition, "0.5")


def quantile_sql(condition: str, share: str) -> str:
    """Return the SQL for a quantile, linear between order statistics (Hyndman and Fan, type 7)."""
    away = f"ABS(r.place - 1 - {share} * (r.total - 1))"
    return f"SUM(CASE WHEN {condition} AND {away} < 1 THEN r.value * (1 - {away}) END)"


def _rows(dialect: str) -> str:
    """Return the SQL for one row for each exposure, analysis and value of a metric.

    Exposures come last: the index of the metrics holds their values in a row.
    """
    night, exposures = night_sql(dialect), "exposure e"
    if dialect == "sqlite":
        night = "e.night"
        exposures = "(SELECT exposure_id AS id, night, instrument_mode FROM v_exposure) e"
    exposure = ", ".join(str(_NUMBERS[name]) for _, name, _ in _EXPOSURE)
    fit = ", ".join(str(_NUMBERS[name]) for _, name, _ in _FIT)
    group = f"{night} AS night, e.instrument_mode"
    return "\n  UNION ALL\n  ".join(
        (
            f"SELECT {group}, {_EXPOSURES} AS quantity, 0.0e0 AS value FROM {exposures}",
            f"SELECT {group}, {_ANALYSES}, 0.0e0 FROM psf_fit f"
            f" JOIN {exposures} ON e.id = f.exposure_id",
            f"SELECT {group}, m.metric_id, m.value FROM exposure_metric m"
            f" {THEN_JOIN} {exposures} WHERE e.id = m.exposure_id"
            f" AND m.metric_id IN ({exposure}) AND m.value IS NOT NULL",
            f"SELECT {group}, m.metric_id, m.value FROM psf_fit_metric m"
            f" {THEN_JOIN} psf_fit f {THEN_JOIN} {exposures}"
            " WHERE f.id = m.psf_fit_id AND e.id = f.exposure_id"
            f" AND m.metric_id IN ({fit}) AND m.value IS NOT NULL",
        )
    )


def _source(dialect: str, period: str, of_night: str) -> str:
    group = f"{period}, g.instrument_mode, g.quantity"
    night = f", {of_night} AS {period}" if period != "night" else ""
    rows = f"(\n  SELECT n.*{night} FROM (\n  {_rows(dialect)}\n  ) n\n) g"
    return (
        f"(\n  SELECT g.*, ROW_NUMBER() OVER (PARTITION BY g.{group} ORDER BY g.value) AS place,"
        f"\n  COUNT(*) OVER (PARTITION BY g.{group}) AS total\n  FROM {rows}\n) r\n"
        f"GROUP BY r.{period}, r.instrument_mode"
    )


def trend_views(dialect: str) -> list[View]:
    """Return v_night and v_month."""
    month = (
        "SUBSTR(n.night, 1, 7) || '-01'"
        if dialect == "sqlite"
        else "CAST(n.night - INTERVAL (DAYOFMONTH(n.night) - 1) DAY AS DATE)"
    )
    mode = "instrument_mode | r.instrument_mode | ESO INS MODE, such as WFM-AO-N"
    medians = (
        *columns(f"""
            exposure_count | COUNT(CASE WHEN r.quantity = {_EXPOSURES} THEN 1 END)
                | Exposures that began then
            psf_fit_count | COUNT(CASE WHEN r.quantity = {_ANALYSES} THEN 1 END)
                | PampelMuse analyses of them
        """),
        *(
            ViewColumn(column, median_sql(f"r.quantity = {_NUMBERS[name]}"), meaning)
            for column, name, meaning in (*_EXPOSURE, *_FIT)
        ),
    )
    return [
        View(
            "v_night",
            "Medians of one night in one instrument mode; exposures without a start are one row",
            columns(f"""
                night | r.night | Date on which the night began: noon to noon, UTC
                {mode}
            """)
            + medians,
            _source(dialect, "night", ""),
        ),
        View(
            "v_month",
            "Medians of one month of nights in one instrument mode",
            columns(f"""
                month | r.month | First day of the month in which the nights began
                {mode}
                night_count | COUNT(DISTINCT r.night) | Nights with exposures
            """)
            + medians,
            _source(dialect, "month", month),
        ),
    ]
