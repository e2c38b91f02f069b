"""Medians by night and by month, a row for each instrument mode.

Neither SQLite nor MariaDB has an aggregate function for the median. A window function divides the
values of a group, in order, into a lower and an upper half; the median is what lies between them.
One function needs one sort: numbers and counts of the values would need two.
"""

from __future__ import annotations

from aomuse.metrics import WAVELENGTHS_NM, metric_of
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

_NUMBERS = {name: metric_of(name).id for _, name, _ in (*_EXPOSURE, *_FIT)}


def _medians(period: str) -> str:
    """Return the SQL for the medians of each group, which is known by its first exposure.

    With the number alone, and not night and mode, a server can sort in memory. Exposures come
    last: the index of the metrics holds their values in a row.
    """
    exposure = ", ".join(str(_NUMBERS[name]) for _, name, _ in _EXPOSURE)
    fit = ", ".join(str(_NUMBERS[name]) for _, name, _ in _FIT)
    first = f"MIN(e.exposure_id) OVER (PARTITION BY {period}, e.instrument_mode) AS first_id"
    # Of an odd number, the lower half has one more, which is the middle.
    lower = "MAX(CASE WHEN r.half = 1 THEN r.value END)"
    upper = "MIN(CASE WHEN r.half = 2 THEN r.value END)"
    medians = ",\n  ".join(
        f"MAX(CASE WHEN s.metric_id = {_NUMBERS[name]} THEN s.median END) AS {column}"
        for column, name, _ in (*_EXPOSURE, *_FIT)
    )
    return f"""(
  SELECT s.first_id, {medians}
  FROM (
    SELECT r.metric_id, r.first_id,
      CASE WHEN COUNT(r.value) % 2 = 1 THEN {lower} ELSE ({lower} + {upper}) / 2 END AS median
    FROM (
      SELECT k.first_id, u.metric_id, u.value,
        NTILE(2) OVER (PARTITION BY u.metric_id, k.first_id ORDER BY u.value) AS half
      FROM (
        SELECT m.exposure_id, m.metric_id, m.value FROM exposure_metric m
        WHERE m.metric_id IN ({exposure}) AND m.value IS NOT NULL
        UNION ALL
        SELECT f.exposure_id, m.metric_id, m.value FROM psf_fit_metric m {THEN_JOIN} psf_fit f
        WHERE f.id = m.psf_fit_id AND m.metric_id IN ({fit}) AND m.value IS NOT NULL
      ) u {THEN_JOIN} (SELECT e.exposure_id, {first} FROM v_exposure e) k
      WHERE k.exposure_id = u.exposure_id
    ) r GROUP BY r.metric_id, r.first_id
  ) s GROUP BY s.first_id
)"""


def _view(name: str, comment: str, period: str, head: str) -> View:
    group = f"{period}, e.instrument_mode"
    counts = columns(f"""
        {head}
        exposure_count | COUNT(DISTINCT e.exposure_id) | Exposures that began then
        psf_fit_count | COUNT(f.id) | PampelMuse analyses of them
    """)
    counted = ", ".join(f"{column.expression} AS {column.name}" for column in counts)
    return View(
        name,
        comment,
        (
            *(column._replace(expression=f"c.{column.name}") for column in counts),
            *(ViewColumn(column, f"m.{column}", text) for column, _, text in (*_EXPOSURE, *_FIT)),
        ),
        f"(\n  SELECT {counted}, MIN(e.exposure_id) AS first_id\n  FROM v_exposure e"
        f" LEFT JOIN psf_fit f ON f.exposure_id = e.exposure_id GROUP BY {group}\n) c\n"
        f"LEFT JOIN {_medians(period)} m ON m.first_id = c.first_id",
    )


def trend_views(dialect: str) -> list[View]:
    """Return v_night and v_month."""
    month = (
        "SUBSTR(e.night, 1, 7) || '-01'"
        if dialect == "sqlite"
        else "CAST(e.night - INTERVAL (DAYOFMONTH(e.night) - 1) DAY AS DATE)"
    )
    mode = "instrument_mode | e.instrument_mode | ESO INS MODE, such as WFM-AO-N"
    return [
        _view(
            "v_night",
            "Medians of one night in one instrument mode; exposures without a start are one row",
            "e.night",
            f"""night | e.night | Date on which the night began: noon to noon, UTC
        {mode}""",
        ),
        _view(
            "v_month",
            "Medians of one month of nights in one instrument mode",
            month,
            f"""month | {month} | First day of the month in which the nights began
        {mode}
        night_count | COUNT(DISTINCT e.night) | Nights with exposures""",
        ),
    ]
