"""What is too much to be drawn is summed up: nothing is lost, and the page says so."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from backends import on_sqlite
from opened import read_data
from summaries import fill
from warehouse import TABLES

from aomuse.metrics import metric_of
from aomuse.report import blocks, coverage, lasers, matrix, page, style, write_report
from aomuse.report.data import Content
from aomuse.report.missing import MISSING, PARTS, THERE


def content(times: pd.DatetimeIndex, targets: int = 1) -> Content:
    """Give exposures with a laser each, and without any analysis."""
    number = np.arange(len(times))
    columns = {
        "exposure_id": number + 1,
        "archive_id": [f"MUSE.{n}" for n in number],
        "target": [f"T{n % targets}" for n in number],
        "time": times,
        "night": (times - pd.Timedelta(hours=12)).tz_localize(None).normalize(),
    }
    conditions = {"exposure_time_s": 100.0, "airmass": 1.0, "seeing_arcsec": 0.5}
    frame = pd.DataFrame(columns | conditions | {"mode": "WFM-AO-N", "field": "WFM"})
    strehl = frame["exposure_id"] / 10
    laser = frame.drop(columns="night").assign(lgs=1, laser_on=1, strehl_mean=strehl, r0_mean=0.1)
    nothing = pd.DataFrame()
    return Content(frame, nothing, nothing, laser, *8 * [nothing])


def test_nights_become_months_where_there_are_too_many():
    # Ten years: 3,653 nights, each in a row of its own.
    times = pd.date_range("2018-01-01T02:00", "2027-12-31T02:00", freq="D", tz="UTC")
    given = content(times, targets=2)
    frame = given.exposures
    section = coverage.coverage(given)
    (table,) = section.tables
    assert table.frame["exposures"].sum() == len(frame) > coverage.MOST_NIGHTS
    # 120 months, and the night that began on the last day of 2017; two targets each but in that.
    assert len(table.frame) == 2 * 120 + 1
    first = table.frame.iloc[0]
    assert (first["period"], first["target"]) == (pd.Timestamp("2017-12-01"), "T0")
    assert table.frame["total_s"].sum() == 100.0 * len(frame)
    assert "month" in section.text
    assert any("grouped" in note for note in section.notes)

    (table,) = lasers.lasers(given).tables
    january = frame[(frame["time"] > "2018-01-02") & (frame["time"] < "2018-02-01T12:00")]
    row = table.frame[table.frame["period"] == pd.Timestamp("2018-01-01")].iloc[0]
    assert row["exposures"] == len(january) == 31
    quantiles = np.percentile(january["exposure_id"] / 10, [10, 50, 90]).tolist()
    assert row[[f"strehl_mean_{name}" for name in ("p10", "median", "p90")]].tolist() == quantiles


def test_few_exposures_are_drawn_each():
    times = pd.date_range("2018-01-01T02:00", periods=coverage.MOST_EXPOSURES, tz="UTC")
    given = content(times)
    section = coverage.coverage(given)
    assert (len(section.tables[0].frame), section.notes) == (len(times), [])
    given.exposures.loc[3, "time"] = pd.NaT
    section = coverage.coverage(given)
    assert section.notes == ["1 exposure without DATE-OBS: not drawn."]
    assert len(section.tables[0].frame) == len(times) - 1


@pytest.mark.parametrize(
    ("analyses", "rows_each", "step", "said"),
    [
        (10, 3, 1, []),
        (11, 3, 2, ["Of 11 analyses, sorted by time, every 2nd is drawn: 6."]),
        (34, 1, 2, ["Of 34 analyses, sorted by time, every 2nd is drawn: 17."]),
        (100, 3, 10, ["Of 100 analyses, sorted by time, every 10th is drawn: 10."]),
    ],
)
def test_analyses_are_thinned_evenly_and_stay_whole(analyses, rows_each, step, said):
    frame = pd.DataFrame({"psf_fit_id": np.repeat(np.arange(analyses), rows_each)})
    chosen, notes = blocks.thinned(frame, 30)
    expected = np.repeat(np.arange(0, analyses, step), rows_each).tolist()
    assert (chosen["psf_fit_id"].tolist(), notes) == (expected, said)
    assert len(chosen) <= 30


def test_numbers_in_words():
    assert [blocks.ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 22, 111, 123)] == [
        *("1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "111th", "123rd")
    ]
    assert blocks.count(1, "exposures") == "1 exposure"
    assert blocks.count(1, "analyses") == "1 analysis"
    assert blocks.count(1200, "nights") == "1,200 nights"
    spread = blocks.spread(pd.Series([0.5, np.nan, 0.7, 0.9]), 2, "″")
    assert spread == "median 0.70″ (0.50 to 0.90″)"
    assert blocks.spread(pd.Series([0.5, np.nan]), 1) == "0.5"


def test_the_most_frequent_patterns_of_gaps():
    count = 200
    given = content(pd.date_range("2018-01-01", periods=count, tz="UTC"))
    # The binary digits of the place are the gaps, so that no two exposures are alike.
    gaps = [(n + 1, part, n >> i & 1) for n in range(count) for i, part in enumerate(PARTS)]
    states = pd.DataFrame(gaps, columns=["exposure_id", "part", "gap"])
    states["state"] = np.where(states["gap"], MISSING, THERE)
    states["reason"] = np.where(states.pop("gap"), "why", "")
    section = matrix.matrix(given, states, pd.DataFrame())
    assert section.notes == [
        f"200 exposures have 200 patterns of gaps, of which the {matrix.MOST_ROWS} most frequent"
        " are drawn."
    ]
    cells = section.data["matrix"]
    assert cells["row"].nunique() == matrix.MOST_ROWS
    assert len(cells) == matrix.MOST_ROWS * len(PARTS)
    # No gap is lost: the table has all.
    assert len(section.tables[0].frame) == sum(n.bit_count() for n in range(count))

    same = states.assign(state=MISSING, reason=[f"r{n % 3}" for n in states["exposure_id"]])
    cells = matrix.matrix(given, same, pd.DataFrame()).data["matrix"]
    assert set(cells["row"]) == {"1.  200 of 200"}
    assert set(cells["reason"]) == {"r1 (and 2 other reasons)"}


def test_the_table_has_the_gaps_of_the_latest_exposures_and_says_so(monkeypatch):
    monkeypatch.setattr(matrix, "MOST_GAPS", 1000)
    given = content(pd.date_range("2018-08-12T23:00:00", periods=1002, freq="h", tz="UTC"))
    frame = given.exposures
    states = frame[["exposure_id"]].merge(pd.Series(PARTS, name="part"), how="cross")
    states["state"] = states["part"].map({PARTS[0]: MISSING}).fillna(THERE)
    states["reason"] = states["state"].map({MISSING: "there is no such file", THERE: ""})
    section = matrix.matrix(given, states, pd.DataFrame())
    (table,) = section.tables
    assert table.frame["archive_id"].tolist() == frame["archive_id"].tolist()[2:]
    assert "Of 1,002 gaps, the table has the 1,000 of the latest exposures." in section.notes
    assert f"{PARTS[0]} in 1,002" in section.figures[0].summary


@on_sqlite
def test_infinities_are_not_drawn(engine, tmp_path):
    """SQLite stores them, MariaDB cannot."""
    fill(engine, 4)
    with engine.begin() as connection:
        connection.execute(sa.update(TABLES["psf_fit_metric"]).values(value=float("inf")))
        laser_metric = TABLES["exposure_laser_metric"]
        strehl = laser_metric.c.metric_id == metric_of("strehl_mean", "corrected").id
        connection.execute(sa.update(laser_metric).where(strehl).values(value=float("-inf")))
        connection.execute(sa.update(TABLES["exposure_laser"]).values(strehl_mean=float("-inf")))
        connection.execute(sa.update(TABLES["exposure"]).values(seeing_end_arcsec=float("inf")))
    path = tmp_path / "report.html"
    assert write_report(engine, path) == 4
    assert "No analysis has both a seeing and an FWHM at 700 nm" in path.read_text()
    assert read_data(path)["lasers"]["strehl_mean"] == [None] * 12


def contrast(*colors: str) -> float:
    """Give the contrast of two colours, as WCAG 2.2 defines it."""
    rgb = np.array([[int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)] for color in colors])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    low, high = sorted(linear @ [0.2126, 0.7152, 0.0722])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("scheme", "place"), [("light", 0), ("dark", 1)])
def test_marks_and_signs_stand_out(scheme, place):
    """WCAG 2.2: 3 : 1 for what must be seen (1.4.11), 4.5 : 1 for text (1.4.3)."""
    css = Path(page.__file__).with_name("page.css").read_text()
    card = re.findall(r"--card: (#\w+)", css)[place]
    theme = style.theme(scheme)
    ranges = theme["range"]
    assert min(contrast(color, card) for color in ranges["category"]) >= 3
    assert contrast(theme["style"]["reference"]["color"], card) >= 3
    for key in ("labelColor", "titleColor"):
        assert contrast(theme["axis"][key], card) >= 4.5
    signs = zip(ranges["heatmap"], ranges["ordinal"], strict=True)
    assert min(contrast(sign, square) for sign, square in signs) >= 4.5
