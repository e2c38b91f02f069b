"""Properties of the pure functions: statistics, times, special values, identifiers."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from aomuse.normalize.summary import summarize
from aomuse.normalize.times import from_iso, from_mjd, from_unix, one_time
from aomuse.query.wide import identifier
from aomuse.stored.special import SPECIAL, split_special

QUIET = settings(max_examples=200, deadline=None, derandomize=True)
moderate = st.floats(-1e100, 1e100)


@QUIET
@given(
    hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=9),
        elements=moderate | st.just(np.nan),
    )
)
def test_statistics_are_numpys(values):
    found = summarize(values)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = {
            "sample_count": np.count_nonzero(~np.isnan(values), axis=1),
            "mean": np.nanmean(values, axis=1),
            "median": np.nanmedian(values, axis=1),
            "p10": np.nanpercentile(values, 10, axis=1),
            "p90": np.nanpercentile(values, 90, axis=1),
            "minimum": np.nanmin(values, axis=1),
            "maximum": np.nanmax(values, axis=1),
            "standard_deviation": np.nanstd(values, axis=1),
        }
    scale = np.nanmax(np.abs(values), initial=0)
    for name, wanted in expected.items():
        limit = 1e-6 if name == "standard_deviation" else 1e-9
        nearly = limit * scale + 5e-324  # the least float
        np.testing.assert_allclose(found[name], wanted, rtol=limit, atol=nearly, err_msg=name)


def test_statistics_leave_out_infinities():
    found = summarize(np.array([[1.0, np.inf, 3.0, -np.inf, np.nan]]))
    names = ("sample_count", "mean", "minimum", "maximum")
    assert [found[name].tolist() for name in names] == [[2], [2.0], [1.0], [3.0]]


@pytest.mark.filterwarnings("error")
def test_statistics_of_nothing_are_null():
    found = summarize(np.array([[np.nan, np.nan]]))
    assert found.pop("sample_count").tolist() == [0]
    assert all(np.isnan(values).all() for values in found.values())


@QUIET
@given(st.datetimes(min_value=pd.Timestamp("1000-01-02"), max_value=pd.Timestamp("9999-12-30")))
def test_iso_times_round_trip(time):
    assert from_iso([time.isoformat()])[0] == np.datetime64(time)
    assert one_time(time.isoformat()) == pd.Timestamp(time)


@QUIET
@given(st.text(max_size=40))
def test_any_text_is_a_time_or_none(text):
    (time,) = from_iso([text])
    assert np.isnat(time) or text.strip()[:4].isdigit()


@QUIET
@given(st.integers(-(2**31), 2**31 - 1), st.integers(0, 999_999))
def test_unix_times(seconds, micro):
    (time,) = from_unix(np.array([seconds]), np.array([micro]))
    assert time == np.datetime64(seconds * 1_000_000 + micro, "us")


def test_unix_times_out_of_range_are_none():
    seconds = np.array([2**62, -(2**62), 2**63 - 1, 10**15, 253402300800])
    assert np.isnat(from_unix(seconds)).all()


def test_mjd():
    times = from_mjd(np.array([58343.0, 58343.5, np.nan, np.inf, 1e300]))
    assert np.isnat(times[2:]).all()
    assert [str(time) for time in times[:2]] == [
        "2018-08-13T00:00:00.000000",
        "2018-08-13T12:00:00.000000",
    ]


@QUIET
@given(hnp.arrays(np.float64, st.integers(1, 12)))
def test_special_values_can_be_put_back(values):
    columns = {"k": np.arange(len(values)), "x": values}
    clean, special = split_special("t", columns, ["k"])
    kept = clean["x"].copy()
    assert not np.isinf(kept).any()
    assert not (np.signbit(kept) & (kept == 0)).any()
    for table, column, row_key, value in special:
        assert (table, column) == ("t", "x")
        kept[int(row_key)] = SPECIAL[value]
    # To the bit, but for the payload of a NaN, which no database keeps.
    np.testing.assert_array_equal(kept, values)
    numbers = ~np.isnan(values)
    np.testing.assert_array_equal(np.signbit(kept[numbers]), np.signbit(values[numbers]))


def test_special_values_name_their_row():
    values = {"a": [1, 1], "b": ["x", "y/z"], "v": [np.inf, -0.0], "w": [1.0, -np.inf]}
    columns = {name: np.array(found) for name, found in values.items()}
    _, special = split_special("t", columns, ["a", "b"])
    assert sorted(special) == [
        ("t", "v", "1/x", "+inf"),
        ("t", "v", "1/y/z", "-0.0"),
        ("t", "w", "1/y/z", "-inf"),
    ]


@QUIET
@given(st.text(max_size=60))
def test_any_name_becomes_an_identifier(name):
    found = identifier(name)
    assert found.isascii()
    assert found.isidentifier()
    assert found == found.lower()[:50]
