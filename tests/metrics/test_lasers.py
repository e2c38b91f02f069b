"""What a laser's telemetry comes down to, against values worked out by hand."""

import math

import numpy as np
import pytest

from aomuse.metrics import lasers
from aomuse.metrics.compute import ExposureInputs, exposure_metrics
from aomuse.metrics.compute_lasers import laser_metrics
from aomuse.metrics.lasers import LaserSamples

NAN = math.nan


def samples(seconds: list[float], r0: list[float], **others: list[float]) -> LaserSamples:
    unknown = [NAN] * len(seconds)
    more = (others.get(name, unknown) for name in ("l0", "seeing", "strehl", "ground"))
    return LaserSamples(*np.array([seconds, r0, *more], dtype=float))


def test_the_shutter_is_open_from_the_start_for_the_exposure_time():
    seconds = np.array([-0.001, 0.0, 599.9999, 600.0, 600.0004, 600.001, NAN])
    is_open = lasers.shutter_open(seconds, 600.0)
    assert is_open.tolist() == [False, True, True, True, True, False, False]


def test_a_laser_is_on_where_it_sees_the_ground_layer():
    ground = [0.6, 0.7, 0.0, NAN, NAN]
    laser = samples([0.0, 1.0, 2.0, 3.0, 4.0], [0.1, 0.0, 0.2, 0.3, NAN], ground=ground)
    # At the second r0 failed, at the third the laser is off whatever r0 says.
    assert laser.is_on.tolist() == [True, True, False, True, False]
    assert laser.has_r0.tolist() == [True, False, True, True, False]


def test_values_and_their_median_absolute_deviation():
    values = np.array([0.2, 0.0, NAN, -1.0, np.inf, 0.3, 0.4])
    assert lasers.positive(values, np.arange(7) < 6).tolist() == [0.2, 0.3]
    # The median is 3, distances 2 1 0 1 97.
    assert lasers.median_absolute_deviation(np.array([1.0, 2, 3, 4, 100])) == 1.0


def test_gaps():
    every = np.ones(6, dtype=bool)
    # Intervals 10 10 10 15 16, their median 10: only the last one is longer than 15.
    seconds = np.array([0.0, 10, 20, 30, 45, 61])
    assert lasers.gaps(seconds, every) == (1, 16.0)
    # Off at 20 and 30: the interval from 10 to 45 is a second gap.
    on = np.array([True, True, False, False, True, True])
    assert lasers.gaps(seconds, on) == (2, 35.0)
    assert lasers.gaps(seconds, np.arange(6) == 0) == (0, pytest.approx(NAN, nan_ok=True))
    assert lasers.gaps(np.array([20.0, NAN, 0, 10]), np.ones(4, dtype=bool)) == (0, 10.0)


MODE = "WFM-AO-N"


def test_a_laser():
    found = laser_metrics(
        samples(
            [1.0, 61.0, 121.0, 301.0, 361.0],
            [0.10, 0.20, 0.0, 0.15, 1.5],
            l0=[20.0, 1000.0, 0.0, 24.0, 28.0],
            seeing=[1.0, 0.5, 0.0, 0.6, NAN],
            strehl=[0.0, 9.0, 0.0, NAN, 95.0],
            ground=[0.6, 0.7, 0.0, 0.8, 0.5],
        ),
        300.0,
        MODE,
    )
    now = {name: value for (name, version), value in found.items() if version == "corrected"}
    # Of the open samples the last come after the shutter closed; intervals of all samples are
    # 60 60 180 60, of those that are on 60 240 60.
    counts = {"on": 1, "on_share": 0.8, "samples": 4, "open_samples": 2, "gaps": 1}
    counts["longest_gap"] = 240.0
    # Mean, lowest, last, median, median absolute deviation, used, rejected.
    values = {
        # 0 % is measured; 95 % and what is unknown are not.
        "strehl": (4.5, 0.0, 9.0, 4.5, 4.5, 2, 2),
        "r0": (pytest.approx(0.15), 0.10, 0.15, 0.15, pytest.approx(0.05), 3, 1),
        "l0": (24.0, 20.0, 28.0, 24.0, 4.0, 3, 1),
        "lgs_seeing": (pytest.approx(0.7), 0.5, 0.6, 0.6, pytest.approx(0.1), 3, 1),
    }
    ends = ("mean", "min", "last", "median", "mad", "used", "rejected")
    assert now == {f"laser_{name}": value for name, value in counts.items()} | {
        f"{name}_{end}": value
        for name, of_quantity in values.items()
        for end, value in zip(ends, of_quantity, strict=True)
    }
    # As before: whatever is above 0 with r0 > 0.
    earlier = ("strehl_mean", "strehl_min", "l0_last", "l0_mean")
    assert [found[name, "corrected-1"] for name in earlier] == [52.0, 9.0, 28.0, 268.0]


def test_a_laser_that_is_off_or_not_known():
    off = laser_metrics(samples([0.0, 60.0], [0.0, 0.0], strehl=[0.0, 0.0]), 300.0, MODE)
    for version in ("corrected-1", "corrected"):
        assert off["laser_on", version] == 0
        assert off["laser_samples", version] == 0
        assert off["strehl_mean", version] == off["laser_gaps", version] == "the laser is off"
    assert off["strehl_used", "corrected"] == off["strehl_rejected", "corrected"] == 0
    unknown = laser_metrics(samples([0.0], [NAN]), 300.0, MODE)
    assert {value for (_, version), value in unknown.items() if version == "corrected"} == {
        "the laser is on in fewer than two samples",
        "no sample says whether the laser is on",
    }
    once = laser_metrics(samples([NAN], [0.1]), None, MODE)
    assert once["laser_on", "corrected"] == 1
    assert once["strehl_last", "corrected"] == "no sample has 0 <= Strehl ratio <= 90 %"
    assert once["strehl_rejected", "corrected"] == 1
    timeless = laser_metrics(samples([NAN], [0.1]), 300.0, MODE)
    for found in (once, timeless):
        said = found["laser_open_samples", "corrected"]
        assert said == "the start of the exposure or its length is unknown"


def test_an_exposure_by_its_lasers():
    measured = {
        1: samples([-60.0, 0.0, 60.0], [0.0, 0.0, 0.0]),
        2: samples([-60.0, 0.0, 60.0], [0.1, 0.0, 0.1], ground=[0.0, 0.0, 0.0]),
        3: samples([-60.0, 0.0, 60.0], [0.1, 1.0, 0.2], l0=[20.0, 20.0, 101.0]),
    }
    empty = np.empty(0)
    row = {"exposure_time_s": 30.0, "instrument_mode": MODE, "ground_layer_fraction": 0.5}
    found = exposure_metrics(ExposureInputs(row, None, empty, empty, measured))
    assert found["lasers_on", "corrected-1"] == 2
    assert found["lasers_on", "corrected"] == 1
    assert found["sparta_open_samples", "corrected"] == 1
    # Of the third laser r0 is out of its range at the second sample, L0 at the third.
    assert found["sparta_samples_used", "corrected"] == 1
    assert found["sparta_samples_rejected", "corrected"] == 2
    for name, value in (("r0", 0.1), ("l0", 20.0)):
        ends = (f"sparta_{name}_{end}" for end in ("mean", "median", "mad"))
        assert [found[end, "corrected"] for end in ends] == [value, value, 0]
    none = exposure_metrics(ExposureInputs(row, None, empty, empty))
    for name in ("lasers_on", "sparta_samples_used"):
        assert none[name, "corrected"] == "there is no SPARTA_ATM_DATA"
    del row["exposure_time_s"]
    unknown = exposure_metrics(ExposureInputs(row, None, empty, empty, measured))
    assert isinstance(unknown["sparta_open_samples", "corrected"], str)
