"""Night logs: the observatory's own, every field; and what a log may look like besides."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from aomuse.night_log import Constraint, NightLog, ProducedFile, Range, WeatherEntry
from aomuse.read.night_log import read_night_log

REAL = Path(__file__).parents[3] / "shared" / "data" / "MUSE.2017-06-16T01:34:56.867.NL.txt"
NAME = "MUSE.2018-08-13T00:05:07.123.NL.txt"


@pytest.fixture(scope="module")
def real() -> NightLog:
    if not REAL.exists():
        pytest.skip(f"{REAL} is not here: it is the observatory's own log")
    return read_night_log(REAL.read_bytes(), REAL.name)


def test_the_real_log_is_understood_to_the_last_line(real: NightLog) -> None:
    assert real.unread == []
    assert real.content == REAL.read_bytes()
    assert real.night_start_utc == dt.datetime(2017, 6, 15, 12)


def test_the_real_log_general_conditions(real: NightLog) -> None:
    assert real.ranges == {
        "Seeing": Range(0.29, 1.1),
        "Humidity": Range(5.0, 25.0),
        "Wind": Range(0.7, 6.1),
        "Temperature": Range(10.5, 14.7),
    }


def test_the_real_log_weather(real: NightLog) -> None:
    def at(day: int, clock: str, condition: str, comment: str | None) -> WeatherEntry:
        hour, minute = map(int, clock.split(":"))
        return WeatherEntry(clock, dt.datetime(2017, 6, day, hour, minute), condition, comment)

    assert real.weather == [
        at(15, "22:04", "ThickCirrus", "we started night with thick clouds"),
        at(
            15,
            "23:16",
            "ThickCirrus",
            "same condition, more than half sky covered by thick clouds, more clouds are coming "
            "from West.",
        ),
        at(16, "00:06", "ThinCirrus", "thin clouds, 25 % of sky with thick clouds."),
        at(16, "02:04", "ThinCirrus", "Thin condition"),
        at(16, "03:20", "ThinCirrus", None),
        at(16, "04:29", "ThinCirrus", None),
        at(
            16,
            "05:18",
            "Clear",
            "clear condition, few thin clouds leaving, a line clouds passed fast",
        ),
        at(16, "06:30", "Clear", "clear condition, some thin clouds are coming from W"),
        at(16, "07:13", "Clear", "a line clouds passed fast"),
        at(16, "08:33", "Clear", "clear condition, thin clouds around the summit, about 20 deg"),
        at(16, "09:57", "Clear", None),
    ]


def test_the_real_log_block(real: NightLog) -> None:
    assert real.facts == {
        "ambient_url": "http://archive.eso.org/asm/ambient-server?night=15+Jun+2017&site=paranal",
        "OB": "1755413",
        "Instrument": "MUSE",
        "Name": "IC4406",
        "Target": "IC4406",
        "Run": "60.A-9100(G)",
        "Container": "0",
        "ob_comments": "No comments",
        "Grade": "X",
        "OBS.ID": "1755413",
        "OBS.START": "2017-06-16T01:23:29",
    }


def test_the_real_log_constraints(real: NightLog) -> None:
    assert real.constraints == [
        Constraint("Seeing", "n/a", "2.0"),
        Constraint("Sky transparency", "n/a", "PHOTOMETRIC"),
        Constraint("Airmass", "n/a", "5.0"),
        Constraint("FLI", "n/a", "1.0"),
        Constraint("Moon distance", "n/a", "30"),
        Constraint("Twilight", "n/a", "0"),
        Constraint("Water Vapour", "-", "0.0"),
        Constraint("Strehl", "-", "0.0"),
        Constraint("ATM", "-", "NATM"),
        Constraint("Fringe Quality", "n/a", None),
        Constraint("Ellipticity", "n/a", None),
        Constraint("I.Q. Variation", "n/a", None),
    ]


def test_the_real_log_files(real: NightLog) -> None:
    rows = [
        ("01:34:56.867", 1.062, 0.47),
        ("01:37:47.867", 1.062, 0.52),
        ("01:40:40.868", 1.063, 0.4),
        ("01:43:32.868", 1.063, 0.44),
        ("01:46:25.866", 1.064, 0.38),
        ("01:49:19.866", 1.065, 0.49),
    ]
    assert real.files == [
        ProducedFile(
            original_name=f"MUSE_WFM-AO_OBS167_{number:04d}.fits",
            archive_id=f"MUSE.2017-06-16T{clock}",
            template="MUSE_wfm-ao_obs_genericoffsetLGS",
            data_product="SCIENCE/OBJECT/IFU",
            mode="WFM-AO-N",
            exposure_number=number,
            exposure_count=6,
            exposure_time_s=30.0,
            airmass=airmass,
            dimm_arcsec=dimm,
        )
        for number, (clock, airmass, dimm) in enumerate(rows, 1)
    ]


LOG = """General weather conditions:
Seeing:          0.5 - 1.2"
Temperature:     -3 - 1.5 C
Overall comment: a quiet night
---------------------------------------------------

Weather observations:
Time\tConditions\tComment
23:50\tClear\tnothing to see
00:10\tThinCirrus\t
---------------------------------------------------

Comments:
first line
second line
---------------------------------------------------

Constraint       \tFulfilled\tRequested
Seeing:          \tyes\t\t0.8
Grade:       \t \tA
---------------------------------------------------
"""


def read(text: str | bytes, name: str = NAME) -> NightLog:
    return read_night_log(text if isinstance(text, bytes) else text.encode(), name)


def test_a_log_across_midnight() -> None:
    log = read(LOG)
    assert log.unread == []
    assert [entry.time_utc for entry in log.weather] == [
        dt.datetime(2018, 8, 12, 23, 50),
        dt.datetime(2018, 8, 13, 0, 10),
    ]
    assert log.ranges["Temperature"] == Range(-3.0, 1.5)
    assert log.facts["overall_comment"] == "a quiet night"
    assert log.facts["ob_comments"] == "first line\nsecond line"


def test_the_evening_and_the_morning_of_a_night_have_one_noon() -> None:
    evening = read(LOG, "MUSE.2018-08-12T23:05:07.123.NL.txt")
    morning = read(LOG, "MUSE.2018-08-13T09:05:07.123.NL.txt")
    assert evening.weather == morning.weather
    assert evening.night_start_utc == dt.datetime(2018, 8, 12, 12)


def test_the_night_of_the_link_counts_where_the_name_tells_none() -> None:
    link = "See: http://archive.eso.org/asm/ambient-server?night=1+Jan+2020&site=paranal\n"
    log = read(LOG + link, "renamed.NL.txt")
    assert log.night_start_utc == dt.datetime(2020, 1, 1, 12)
    assert log.weather[1].time_utc == dt.datetime(2020, 1, 2, 0, 10)


def test_without_any_date_entries_have_no_time_and_that_is_told() -> None:
    log = read(LOG, "renamed.NL.txt")
    assert [entry.time_utc for entry in log.weather] == [None, None]
    assert [entry.clock for entry in log.weather] == ["23:50", "00:10"]
    assert log.unread == [
        (9, "its time cannot be placed in a night"),
        (10, "its time cannot be placed in a night"),
    ]


def test_line_ends_of_windows_say_the_same() -> None:
    windows, unix = read(LOG.replace("\n", "\r\n")), read(LOG)
    assert (windows.weather, windows.facts, windows.constraints, windows.ranges) == (
        unix.weather,
        unix.facts,
        unix.constraints,
        unix.ranges,
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_encodings(encoding: str) -> None:
    log = read(LOG.replace("nothing to see", "10° above Vitácura").encode(encoding))
    assert log.weather[0].comment == "10° above Vitácura"


def test_a_log_without_a_weather_section() -> None:
    log = read(LOG.replace("Weather observations:\n", ""))
    assert log.weather == []
    assert log.constraints == [Constraint("Seeing", "yes", "0.8")]
    assert [number for number, _ in log.unread] == [7, 8, 9]


@pytest.mark.parametrize("length", range(0, len(LOG), 17))
def test_a_log_cut_anywhere_gives_what_there_is(length: int) -> None:
    whole, cut = read(LOG), read(LOG[:length])
    assert cut.content == LOG[:length].encode()
    assert len(cut.weather) <= len(whole.weather)
    assert cut.weather[:-1] == whole.weather[: max(len(cut.weather) - 1, 0)]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("24:00\tClear\t", "its time cannot be placed in a night"),
        ("23:61\tClear\t", "its time cannot be placed in a night"),
        ("soon\tClear\t", "it is no time, condition and comment with tabs between"),
        ("23:00 Clear", "it is no time, condition and comment with tabs between"),
    ],
)
def test_a_weather_line_that_is_not_understood_is_told(line: str, why: str) -> None:
    log = read(LOG.replace("23:50\tClear\tnothing to see", line))
    assert log.unread == [(9, why)]


def test_tabs_in_a_comment_stay() -> None:
    log = read(LOG.replace("nothing to see", "a\tb"))
    assert log.weather[0].comment == "a\tb"
