"""A value, or the reason why there is none: formulae of values that may be missing."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from aomuse.metrics.domain import Range
from aomuse.metrics.metric import Grain, Metrics, MetricValue
from aomuse.metrics.registry import METRICS, metric_of
from aomuse.models.base import NAME_LENGTH

_NO_VALUE = "the formula has no value for these inputs"

#: What stored values can raise that nobody foresaw; what the database raises is not among it.
UNFORESEEN = (ArithmeticError, LookupError, MemoryError, TypeError, ValueError)


def of(function: Callable[..., float], *arguments: MetricValue) -> MetricValue:
    """Return what a function makes of known values, else the first reason."""
    reasons = [value for value in arguments if isinstance(value, str)]
    if reasons:
        return reasons[0]
    try:
        value = function(*arguments)
    except (ArithmeticError, ValueError):
        return _NO_VALUE
    if isinstance(value, complex) or not math.isfinite(value):
        return _NO_VALUE
    return float(value)


def known(row: Mapping[str, Any], column: str) -> MetricValue:
    """Return a value of a row, or that it is unknown."""
    value = row.get(column)
    if value is None or not math.isfinite(value):
        return f"{column} is unknown"
    return float(value)


def in_range(value: MetricValue, limits: Range) -> MetricValue:
    """Return a value that lies in a range, else that it does not."""
    if isinstance(value, str) or limits.holds(value):
        return value
    return f"{limits.quantity} is {value:g}, outside of {limits}"


def within_domain(
    metrics: Metrics, instrument_mode: str | None, model: str | None = None
) -> Metrics:
    """Return metrics with the reason in place of each that does not hold here."""
    return {
        key: metric_of(*key).domain.reason(instrument_mode, model) or value
        for key, value in metrics.items()
    }


def or_reason(grain: Grain, function: Callable[..., Metrics], *arguments: Any) -> Metrics:
    """Return the metrics of one owner; what went wrong as the reason of each if it fails.

    Whatever is stored of one exposure, analysis or laser, the others have their metrics.
    """
    try:
        return function(*arguments)
    except UNFORESEEN as error:
        return reason_of_all(grain, error)


def reason_of_all(grain: Grain, error: Exception) -> Metrics:
    """Return an error as the reason of all metrics of a grain."""
    reason = f"it could not be computed: {type(error).__name__}: {error}"[:NAME_LENGTH]
    return {(m.name, m.version): reason for m in METRICS if m.grain == grain}
