"""What a laser's telemetry comes down to, against values worked out by hand."""

import math

import numpy as np
import pytest

from aomuse.metrics import METRICS
from aomuse.metrics.compute import ExposureInputs, exposure_metrics
from aomuse.metrics.compute_lasers import laser_metrics
from aomuse.metrics.lasers import LaserSamples, gaps, shutter_open, usable

NAN = math.nan


def samples(seconds: list[float], r0: list[float], **others: list[float]) -> LaserSamples:
    count = len(seconds)
    columns = {name: others.get(name, [NAN] * count) for name in ("l0", "seeing", "strehl")}
    arrays = [np.array(values, dtype=float) for values in (seconds, r0, *columns.values())]
    return LaserSamples(*arrays)


def test_the_shutter_is_open_from_the_start_for_the_exposure_time():
    seconds = np.array([-0.001, 0.0, 599.9999, 600.0, 600.0004, 600.001, NAN])
    assert shutter_open(seconds, 600.0).tolist() == [False, True, True, True, True, False, False]


def test_values_of_a_laser_that_is_on():
    values = np.array([0.2, 0.0, NAN, -1.0, np.inf, 0.3, 0.4])
    on = np.array([True, True, True, True, True, True, False])
    assert usable(values, on).tolist() == [0.2, 0.3]


def test_gaps():
    every = np.ones(6, dtype=bool)
    # Intervals 10 10 10 15 16, their median 10: only the last one is longer than 15.
    seconds = np.array([0.0, 10, 20, 30, 45, 61])
    assert gaps(seconds, every) == (1, 16.0)
    # Off at 20 and 30: the interval from 10 to 45 is a second gap.
    on = np.array([True, True, False, False, True, True])
    assert gaps(seconds, on) == (2, 35.0)
    count, longest = gaps(seconds, np.array([True] + [False] * 5))
    assert count == 0
    assert math.isnan(longest)
    assert gaps(np.array([20.0, NAN, 0, 10]), np.ones(4, dtype=bool)) == (0, 10.0)


def test_a_laser():
    found = laser_metrics(
        samples(
            [1.0, 61.0, 121.0, 301.0],
            [0.10, 0.20, 0.0, 0.15],
            l0=[20.0, 22.0, 0.0, 24.0],
            seeing=[1.0, 0.5, 0.0, 0.6],
            strehl=[5.0, 9.0, 0.0, NAN],
        ),
        300.0,
    )
    plain = {name: value for (name, _), value in found.items()}
    # Of the open samples the last comes a second after the shutter closed; intervals of all
    # samples are 60 60 180, of those that are on 60 240.
    counts = {"on": 1, "on_share": 0.75, "samples": 3, "open_samples": 2, "gaps": 1}
    values = {
        "strehl": (7.0, 5.0, 9.0),
        "r0": (pytest.approx(0.15), 0.10, 0.15),
        "l0": (22.0, 20.0, 24.0),
        "lgs_seeing": (pytest.approx(0.7), 0.5, 0.6),
    }
    assert plain == {
        **{f"laser_{name}": value for name, value in counts.items()},
        "laser_longest_gap": 240.0,
        **{f"{name}_mean": mean for name, (mean, _, _) in values.items()},
        **{f"{name}_min": least for name, (_, least, _) in values.items()},
        **{f"{name}_last": last for name, (_, _, last) in values.items()},
    }
    assert set(found) == {(m.name, m.version) for m in METRICS if m.grain == "laser"}


def test_a_laser_that_is_off_or_not_known():
    off = laser_metrics(samples([0.0, 60.0], [0.0, 0.0], strehl=[0.0, 0.0]), 300.0)
    assert off["laser_on", "corrected"] == 0
    assert off["laser_samples", "corrected"] == 0
    assert off["strehl_mean", "corrected"] == off["laser_gaps", "corrected"] == "the laser is off"
    unknown = laser_metrics(samples([0.0], [NAN]), 300.0)
    assert {value for value in unknown.values() if value != "no sample has r0"} == {
        "the laser is on in fewer than two samples"
    }
    once = laser_metrics(samples([NAN], [0.1]), None)
    assert once["laser_on", "corrected"] == 1
    assert once["strehl_last", "corrected"] == "no sample has a positive strehl"
    assert once["laser_open_samples", "corrected"] == (
        "the start of the exposure or its length is unknown"
    )
    timeless = laser_metrics(samples([NAN], [0.1]), 300.0)
    assert isinstance(timeless["laser_open_samples", "corrected"], str)


def test_an_exposure_by_its_lasers():
    lasers = {
        1: samples([-60.0, 0.0, 60.0], [0.0, 0.0, 0.0]),
        2: samples([-60.0, 0.0, 60.0], [0.1, 0.0, 0.1]),
    }
    empty = np.empty(0)
    found = exposure_metrics(ExposureInputs({"exposure_time_s": 30.0}, None, empty, empty, lasers))
    assert found["lasers_on", "corrected"] == 1
    assert found["sparta_open_samples", "corrected"] == 1
    none = exposure_metrics(ExposureInputs({"exposure_time_s": 30.0}, None, empty, empty))
    assert none["lasers_on", "corrected"] == "there is no SPARTA_ATM_DATA"
    unknown = exposure_metrics(ExposureInputs({}, None, empty, empty, lasers))
    assert isinstance(unknown["sparta_open_samples", "corrected"], str)
