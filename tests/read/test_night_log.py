"""Night logs: the observatory's own, every field; and what a log may look like besides."""

import datetime as dt
from dataclasses import replace

import pytest

from aomuse.exchange.night_log import Constraint, NightLog, ProducedFile, Range, WeatherEntry
from aomuse.read.night_log import read_night_log

NAME = "MUSE.2018-08-13T00:05:07.123.NL.txt"
#: Weather of the real log, which began on 15 June 2017.
WEATHER = (
    "15 22:04|ThickCirrus|we started night with thick clouds",
    "15 23:16|ThickCirrus|same condition, more than half sky covered by thick clouds, "
    "more clouds are coming from West.",
    "16 00:06|ThinCirrus|thin clouds, 25 % of sky with thick clouds.",
    "16 02:04|ThinCirrus|Thin condition",
    "16 03:20|ThinCirrus|",
    "16 04:29|ThinCirrus|",
    "16 05:18|Clear|clear condition, few thin clouds leaving, a line clouds passed fast",
    "16 06:30|Clear|clear condition, some thin clouds are coming from W",
    "16 07:13|Clear|a line clouds passed fast",
    "16 08:33|Clear|clear condition, thin clouds around the summit, about 20 deg",
    "16 09:57|Clear|",
)
#: Its exposures: when each began, airmass and seeing.
FILES = (
    ("01:34:56.867", 1.062, 0.47),
    ("01:37:47.867", 1.062, 0.52),
    ("01:40:40.868", 1.063, 0.4),
    ("01:43:32.868", 1.063, 0.44),
    ("01:46:25.866", 1.064, 0.38),
    ("01:49:19.866", 1.065, 0.49),
)


def entry(line: str) -> WeatherEntry:
    when, condition, comment = line.split("|")
    time = dt.datetime.strptime(f"2017-06-{when}", "%Y-%m-%d %H:%M")
    return WeatherEntry(when[3:], time, condition, comment or None)


def test_the_real_log_is_understood_to_the_last_line(shared_data):
    path = shared_data / "MUSE.2017-06-16T01:34:56.867.NL.txt"
    assert read_night_log(path.read_bytes(), path.name) == NightLog(
        content=path.read_bytes(),
        night_start_utc=dt.datetime(2017, 6, 15, 12),
        ranges={
            "Seeing": Range(0.29, 1.1),
            "Humidity": Range(5.0, 25.0),
            "Wind": Range(0.7, 6.1),
            "Temperature": Range(10.5, 14.7),
        },
        facts={
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
        },
        weather=[entry(line) for line in WEATHER],
        constraints=[
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
        ],
        files=[
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
            for number, (clock, airmass, dimm) in enumerate(FILES, 1)
        ],
        unread=[],
        odd=[],
        cut=None,
    )


RULE = "-" * 51
LATE, MIDNIGHT = dt.datetime(2018, 8, 12, 23, 50), dt.datetime(2018, 8, 13, 0, 10)
NOON = dt.datetime(2018, 8, 12, 12)
FIRST = "23:50\tClear\tnothing to see"
LOG = f"""General weather conditions:
Seeing:          0.5 - 1.2"
Temperature:     -3 - 1.5 C
Overall comment: a quiet night
{RULE}

Weather observations:
Time\tConditions\tComment
{FIRST}
00:10\tThinCirrus\t
{RULE}

Comments:
first line
second line
{RULE}

Constraint       \tFulfilled\tRequested
Seeing:          \tyes\t\t0.8
Grade:       \t \tA
{RULE}
"""


def read(text: str, *names: str, encoding: str = "utf-8") -> NightLog:
    return read_night_log(text.encode(encoding), *(names or [NAME]))


def test_a_log_across_midnight():
    log = read(LOG)
    assert (log.unread, log.odd, log.cut) == ([], [], None)
    assert [entry.time_utc for entry in log.weather] == [LATE, MIDNIGHT]
    assert log.ranges["Temperature"] == Range(-3.0, 1.5)
    assert log.facts["overall_comment"] == "a quiet night"
    assert log.facts["ob_comments"] == "first line\nsecond line"


def test_the_evening_and_the_morning_of_a_night_have_one_noon():
    evening = read(LOG, "MUSE.2018-08-12T23:05:07.123.NL.txt")
    morning = read(LOG, "MUSE.2018-08-13T09:05:07.123.NL.txt")
    assert evening.weather == morning.weather
    assert evening.night_start_utc == NOON


def link(day: str) -> str:
    return f"See: http://archive.eso.org/asm/ambient-server?night={day}&site=paranal\n"


def test_the_night_of_the_link_counts_where_the_name_tells_none():
    log = read(LOG + link("1+Jan+2020"), "renamed.NL.txt")
    assert log.night_start_utc == dt.datetime(2020, 1, 1, 12)
    assert log.weather[1].time_utc == dt.datetime(2020, 1, 2, 0, 10)


def test_the_exposure_tells_the_night_of_a_log_with_another_name():
    exposure, spelled = "MUSE.2020-01-02T09:00:00.000", "MUSE.2020-01-02T09_00_00.000.NL.txt"
    for names in ((exposure, NAME), ("cube", spelled)):
        assert read(LOG, *names).night_start_utc == dt.datetime(2020, 1, 1, 12)


@pytest.mark.parametrize(("day", "is_odd"), [("12+Aug+2018", False), ("13+Aug+2018", True)])
def test_a_log_of_another_night_is_told(day, is_odd):
    log = read(link(day) + LOG)
    why = "its exposure was taken in the night that began on 2018-08-12"
    assert log.odd == [(1, f"{why}: the log may be another night's")] * is_odd
    assert log.night_start_utc == NOON


def test_without_any_date_entries_have_no_time_and_that_is_told():
    log = read(LOG, "renamed.NL.txt")
    assert [(entry.clock, entry.time_utc) for entry in log.weather] == [
        ("23:50", None),
        ("00:10", None),
    ]
    assert log.odd == [
        (9, "the time '23:50' cannot be placed in a night"),
        (10, "the time '00:10' cannot be placed in a night"),
    ]


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_of_other_systems_say_the_same(end):
    unix = LOG + "OB Grades\nA : Fully within constraints"
    other = unix.replace("\n", end)
    assert read(unix).cut is None, "a log that ends with the legend is whole"
    assert read(other) == replace(read(unix), content=other.encode())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_encodings(encoding):
    log = read(LOG.replace("nothing to see", "10° above Vitácura"), encoding=encoding)
    assert log.weather[0].comment == "10° above Vitácura"


def test_tabs_in_a_comment_stay():
    assert read(LOG.replace("nothing to see", "a\tb")).weather[0].comment == "a\tb"


def test_a_log_without_a_weather_section():
    log = read(LOG.replace("Weather observations:\n", ""))
    assert log.weather == []
    assert log.constraints == [Constraint("Seeing", "yes", "0.8")]
    assert [number for number, _ in log.unread] == [7, 8, 9]


def test_a_log_cut_anywhere_gives_what_there_is_and_says_so():
    whole = read(LOG)
    for text in (LOG[:length] for length in range(1, len(LOG) + 1)):
        cut = read(text)
        assert cut.content == text.encode()
        assert len(cut.weather) <= len(whole.weather), text
        assert cut.weather[:-1] == whole.weather[: max(len(cut.weather) - 1, 0)], text
        ended_by_rule = text.rstrip("\n").endswith(RULE) and text[-1] == "\n"
        lines = text.rstrip("\n").count("\n") + 1
        assert (cut.cut and cut.cut[0]) == (None if ended_by_rule else lines), text


@pytest.mark.parametrize("line", ["23:00", "soon\tClear\t", "23:00 Clear", "2:3:0\tClear\t"])
def test_a_weather_line_that_is_not_understood_is_told(line):
    log = read(LOG.replace(FIRST, line))
    assert log.unread == [(9, "it is not a time, condition and comment separated by tabs")]
    assert [entry.clock for entry in log.weather] == ["00:10"]


CUT = "no tab and comment follow the condition: it may be cut short"


@pytest.mark.parametrize(
    ("line", "what", "entry"),
    [
        ("24:00\tClear\tfree", "the time '24:00' {never}", ("24:00", None, "Clear", "free")),
        ("23:60\tClear\t", "the time '23:60' {never}", ("23:60", None, "Clear", None)),
        ("23:50:60\tClear\t", "the time '23:50:60' {never}", ("23:50:60", None, "Clear", None)),
        ("23:50\tCl", CUT, ("23:50", LATE, "Cl", None)),
        ("23:50\t\tfree", "the condition is empty", ("23:50", LATE, None, "free")),
    ],
)
def test_a_weather_line_with_a_gap_is_told_and_kept(line, what, entry):
    log = read(LOG.replace(FIRST, line))
    assert log.odd == [(9, what.format(never="cannot be placed in a night"))]
    assert log.weather[0] == WeatherEntry(*entry)


@pytest.mark.parametrize(
    ("clock", "time"),
    [
        ("22:04:30", dt.datetime(2018, 8, 12, 22, 4, 30)),
        ("22:04:30.25", dt.datetime(2018, 8, 12, 22, 4, 30, 250000)),
        ("9:05", dt.datetime(2018, 8, 13, 9, 5)),
        ("11:59:59", dt.datetime(2018, 8, 13, 11, 59, 59)),
        ("12:00", dt.datetime(2018, 8, 12, 12)),
    ],
)
def test_times_of_day(clock, time):
    log = read(LOG.replace("23:50", clock))
    assert (log.weather[0].clock, log.weather[0].time_utc) == (clock, time)
    assert log.odd == []


BEGUN, NEVER = "2018-08-13T00:00:01", "2018-02-30T00:00:00"
BLOCK = f"""OB:         2001
Container:  0
{RULE}

Constraint       \tFulfilled\tRequested
Seeing:          \tyes\t\t0.8
Grade:       \t \tA
{RULE}

Files produced and additional information
{RULE}
OBS.ID: 2001
OBS.START: 2018-08-13T00:00:01
Template: MUSE_obs
{RULE}
Original Filename\tArchive Filename\tTPL.EXPNO/NEXP\tEXPTIME\tAIRMASS\tDIMM\t
MUSE_0001.fits\tMUSE.2018-08-13T00:01:07.123\t1/2\t600.0\t1.06\t0.47\t
{RULE}
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("1.06", "high", 17, "AIRMASS 'high' is not a number: its column is NULL"),
        ("1.06", "1_0", 17, "AIRMASS '1_0' is not a number: its column is NULL"),
        ("1.06", "٣", 17, "AIRMASS '٣' is not a number: its column is NULL"),
        ("0.47", "nan", 17, "DIMM 'nan' is not a number: its column is NULL"),
        ("0.47", "1e999", 17, "DIMM '1e999' is not a number: its column is NULL"),
        ("600.0", "10 min", 17, "EXPTIME '10 min' is not a number: its column is NULL"),
        ("1/2", "first", 17, "TPL.EXPNO/NEXP 'first' is not two whole numbers"),
        ("1/2", "1", 17, "TPL.EXPNO/NEXP '1' is not two whole numbers"),
        ("1/2", "1/2147483648", 17, "TPL.EXPNO/NEXP '1/2147483648' is not two whole numbers"),
        ("OB:         2001", "OB: 20o1", 1, "OB '20o1' is not a whole number"),
        ("Container:  0", f"Container: {2**63}", 2, f"Container '{2**63}' is not a whole number"),
        ("OBS.ID: 2001", "OBS.ID: none", 12, "OBS.ID 'none' is not a whole number"),
        ("OBS.ID: 2001", "OBS.ID: 2002", 12, "OBS.ID is 2002, but OB is 2001 above"),
        (BEGUN, "midnight", 13, "OBS.START 'midnight' is not a time: ob_start_utc is NULL"),
        (BEGUN, NEVER, 13, f"OBS.START '{NEVER}' is not a time: ob_start_utc is NULL"),
        ("Container:  0", "OB: 2003", 2, "OB is '2003' here, and '2001' above"),
        ("\t \tA", "\t \tA\tB", 7, "'B' follows the grade"),
        ("\tyes\t\t0.8", "1 \tyes\t\t0.8", 6, "'1' is neither fulfilled nor requested"),
        ("\t\t0.8", "\t\t0.8\t0.9", 6, "'0.9' is neither fulfilled nor requested"),
        ("DIMM\t", "DIMM\tSEEING", 16, "the columns SEEING are unknown"),
        ("\t0.47\t", "", 17, "it has fewer cells than its table has columns: it may be cut short"),
        ("0.47\t", "0.47\t\t9", 17, "it has more cells than its table has columns"),
    ],
)
def test_a_value_that_has_no_column_is_told(old, new, line, what):
    assert (read(BLOCK).odd, read(BLOCK).unread) == ([], [])
    assert old in BLOCK
    log = read(BLOCK.replace(old, new, 1))
    assert (log.odd, log.unread) == ([(line, what)], [])


@pytest.mark.parametrize("nothing", ["", "n/a", "-", "N/A"])
def test_a_value_that_is_not_there_is_no_fault(nothing):
    log = read(BLOCK.replace("1.06", nothing).replace("0.47", nothing).replace("1/2", nothing))
    assert log.odd == []
    assert (log.files[0].airmass, log.files[0].exposure_count) == (None, None)


def test_conditions_that_no_rule_reads_are_told():
    log = read(
        "General weather conditions:\nSeeing: 0.5-1.2\nwindy\nSeeing: 2\nWind: strong\n"
        f"Overall comment:\nfirst\nsecond\nHumidity: n/a\n{RULE}\n"
    )
    assert log.ranges == {"Seeing": Range(0.5, 1.2)}
    assert log.unread == [(3, "it has no colon"), (5, "Wind is not a range of numbers")]
    assert log.odd == [(4, "Seeing is '2' here, and another range above")]
    assert log.facts == {"overall_comment": "first\nsecond"}
