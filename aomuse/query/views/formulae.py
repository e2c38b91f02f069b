"""Formulae in SQL that both engines compute: numbers are doubles, and nothing is divided by zero.

The functions SQRT, POW and EXP are MariaDB's, and SQLite's own since 3.35.
"""

from __future__ import annotations

from collections.abc import Mapping

from aomuse.metrics import metric_of
from aomuse.metrics.atmosphere import ARCSEC, DIAMETER_M, SEEING_FACTOR
from aomuse.metrics.domain import Range

#: Seeing in arcsec times r0 in m, for each nm of wavelength.
_SEEING_R0 = SEEING_FACTOR * 1e-9 * ARCSEC

#: Median outer scale of Paranal, m, for exposures without SPARTA: Martinez et al. 2010.
PARANAL_L0_M = 22.0


def double(value: float) -> str:
    """Return a literal that MariaDB takes as a double, and not as a decimal number."""
    text = repr(float(value))
    return text if "e" in text else f"{text}e0"


def by_case(key: str, values: Mapping[int, float]) -> str:
    """Return one of some numbers, by an integer."""
    cases = " ".join(f"WHEN {number} THEN {double(v)}" for number, v in values.items())
    return f"CASE {key} {cases} END"


def r0_of_seeing(seeing: str, airmass: str) -> str:
    """Return r0 at 500 nm in the line of sight, m, of the seeing at 500 nm at the zenith."""
    return (
        f"CASE WHEN {seeing} > 0 AND {airmass} > 0"
        f" THEN {double(500 * _SEEING_R0)} / ({seeing} * POW({airmass}, 0.6e0)) END"
    )


def outer_scale_square(r0: str, l0: str) -> str:
    """Return the square of the factor of the outer scale, of r0 at the wavelength.

    Tokovinin 2002, eq. 19, with the telescope's size of Martinez et al. 2010.
    """
    telescope = f"(1e0 / (1e0 + {double(300 * DIAMETER_M)} / {l0}) - 1e0)"
    return f"1e0 + {telescope} * 2.183e0 * POW({r0} / {l0}, 0.356e0)"


def natural_quality(r0: str, square: str, nm: str) -> str:
    """Return the image quality without adaptive optics, arcsec, of r0 at the wavelength in nm."""
    return (
        f"CASE WHEN {r0} > 0 AND {square} > 0"
        f" THEN {double(_SEEING_R0)} * {nm} / {r0} * SQRT({square}) END"
    )


def within(value: str, limits: Range) -> str:
    """Return the condition that a measurement is in the range that metrics use."""
    low = ">=" if limits.with_low else ">"
    high = f" AND {value} <= {double(limits.high)}" if limits.high < float("inf") else ""
    return f"({value} {low} {double(limits.low)}{high})"


def of_lasers(aggregate: str, metric: str, exposure: str) -> str:
    """Return an aggregate over the lasers of an exposure, which the metrics' index holds."""
    return (
        f"(SELECT {aggregate}(x.value) FROM exposure_laser_metric x"
        f" WHERE x.exposure_id = {exposure} AND x.metric_id = {metric_of(metric).id})"
    )
