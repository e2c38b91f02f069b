"""The comparison of charts with SQL finds what differs, whatever the order."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from scripts.superset.check.comparison import differences

NIGHT = dt.date(2018, 8, 12)
MILLISECONDS = 1534032000000.0
ROWS = [
    {"night": MILLISECONDS, "mode": "WFM", "hours": 1.5, "rank": 1},
    {"night": MILLISECONDS, "mode": "NFM", "hours": None, "rank": 0.5},
]
DIRECT: list[tuple[Any, ...]] = [(NIGHT, "NFM", None), (NIGHT, "WFM", Decimal("1.5"))]
COLUMNS = ("night", "mode", "hours")


def test_the_same_is_the_same_in_any_order():
    assert differences(ROWS, COLUMNS, DIRECT, pivoted=False) == []
    assert differences([], COLUMNS, [], pivoted=False) == []
    # NULL stands before or after a number, and where only some rows have one.
    more = [*ROWS, {"night": MILLISECONDS, "mode": "NFM", "hours": 2.0}]
    assert differences(more, COLUMNS, [*DIRECT, (NIGHT, "NFM", 2)], pivoted=False) == []
    assert differences(more[::-1], COLUMNS, [(NIGHT, "NFM", 2), *DIRECT], pivoted=False) == []


@pytest.mark.parametrize(
    "direct",
    [
        DIRECT[:1],
        [*DIRECT, DIRECT[0]],
        [DIRECT[0], (NIGHT, "WFM", 1.5001)],
        [DIRECT[0], (NIGHT, "WFM", None)],
        [DIRECT[0], (NIGHT, "WFM-AO", 1.5)],
        [DIRECT[0], (dt.datetime(2018, 8, 12, 0, 0, 1), "WFM", 1.5)],
    ],
)
def test_a_difference_is_found(direct):
    assert len(differences(ROWS, COLUMNS, direct, pivoted=False)) == 1


def test_another_column_is_a_difference():
    assert differences(ROWS, ("night", "mode"), DIRECT, pivoted=False)
    assert differences(ROWS, ("night", "mode", "nights"), DIRECT, pivoted=False)


def test_a_column_for_each_series():
    rows = [{"night": MILLISECONDS, "WFM": 1.5, "NFM": None}]
    assert differences(rows, COLUMNS, DIRECT, pivoted=True) == []
    assert differences([{"night": MILLISECONDS, "WFM": 1.6}], COLUMNS, DIRECT, pivoted=True)
    assert differences([{"night": MILLISECONDS}], COLUMNS, DIRECT, pivoted=True)
