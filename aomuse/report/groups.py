"""What is too much to draw one by one: months for nights, quantiles for values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from aomuse.report.blocks import PageColumn

QUANTILES = {
    "p10": (0.1, "10th percentile"),
    "median": (0.5, "median"),
    "p90": (0.9, "90th percentile"),
}


def month_of(nights: pd.Series[Any]) -> pd.Series[Any]:
    """Return the first day of the month of each night."""
    months: pd.Series[Any] = nights.dt.to_period("M").dt.start_time
    return months


def period_column(period: str) -> PageColumn:
    """Return the column of the nights or months."""
    return PageColumn("period", "Month" if period == "month" else "Night that began on", "date")


def quantiles(grouped: Any, quantities: Iterable[str]) -> dict[str, pd.Series[Any]]:
    """Return the quantiles of each quantity over the rows of each group, by column."""
    return {
        f"{quantity}_{name}": grouped[quantity].quantile(share)
        for quantity in quantities
        for name, (share, _) in QUANTILES.items()
    }


def quantile_columns(labels: dict[str, str], digits: dict[str, int]) -> list[PageColumn]:
    """Return the columns of the quantiles of each quantity."""
    return [
        PageColumn(f"{quantity}_{name}", f"{label}, {words}", "number", digits[quantity])
        for quantity, label in labels.items()
        for name, (_, words) in QUANTILES.items()
    ]
