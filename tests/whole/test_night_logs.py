"""Night logs as people and systems leave them, loaded and told, on both engines."""

import datetime as dt
from pathlib import Path

import pytest
from astropy.io import fits
from backends import on_sqlite
from companion_files import WEATHER, write_log
from fits_factory import Tree
from loaded import Loaded


@pytest.fixture
def tree(tree):
    """A tree with one exposure."""
    tree.add(1, without=["raw", "psf"])
    return tree


@pytest.fixture
def log(tree):
    """The log of the exposure."""
    return write_log(tree)


SKY = "SELECT start_condition FROM v_sky_condition ORDER BY exposure_id"
LOGS = "SELECT path FROM source_file WHERE role = 'night_log'"


def issues(db: Loaded, code: str) -> list[str]:
    """Give what is told under a code."""
    found = db.query(
        "SELECT message FROM load_issue WHERE code = :code AND closed_run_id IS NULL ORDER BY id",
        code=code,
    )
    return [message for (message,) in found]


def change(path: Path, old: str, new: str) -> None:
    """Replace a text that occurs once."""
    text = path.read_text()
    assert text.count(old) == 1, old
    path.write_text(text.replace(old, new))


def test_values_that_are_none_are_told_with_line_and_text(db, tree, log):
    change(log, "\t1.06\t", "\tlow\t")
    change(log, "\t0.5\t", "\t0,5\t")
    change(log, "OB:         2001", "OB:         20O1")
    change(log, "2018-08-13T00:00:01", "13 Aug 2018")
    db.load(tree.root)
    lines = log.read_text().split("\n")
    wanted = [
        ("OB:         20O1", "OB '20O1' is not a whole number"),
        ("OBS.START: 13 Aug 2018", "OBS.START '13 Aug 2018' is not a time: ob_start_utc is NULL"),
        (lines[-4], "AIRMASS 'low' is not a number: its column is NULL"),
        (lines[-3], "DIMM '0,5' is not a number: its column is NULL"),
    ]
    assert issues(db, "night_log_value") == [
        f"line {lines.index(text) + 1} {text!r} is not completely in a column ({why}):"
        " night_log.content has it"
        for text, why in wanted
    ]
    assert db.query("SELECT ob_id, ob_start_utc FROM night_log") == [(None, None)]
    values = "SELECT airmass, dimm_seeing_arcsec FROM night_file ORDER BY row_index"
    assert db.query(values) == [(None, 0.47), (1.07, None)]
    db.succeed("verify")


@on_sqlite
def test_a_log_cut_within_a_weather_row_is_told(db, tree, log):
    text = log.read_text()
    log.write_text(text[: text.index("\tClear\t") + 3])
    db.load(tree.root)
    last = "SELECT sky_condition FROM night_weather ORDER BY row_index DESC LIMIT 1"
    assert db.scalar(last) == "Cl"
    (cut,) = issues(db, "night_log_cut")
    assert "'00:01\\tCl'" in cut
    assert "it has no line end: it may be cut short" in cut
    (short,) = issues(db, "night_log_value")
    assert "no tab and comment follow the condition" in short

    log.write_text(text)
    db.load(tree.root)
    assert issues(db, "night_log_cut") == issues(db, "night_log_value") == []


def test_seconds_decide_which_entry_is_the_last(db, tree):
    # The exposure starts at 00:01:07.123.
    write_log(tree, ("00:01:07.123\tClear\tnow", "00:01:08\tThinCirrus\ttoo late"))
    db.load(tree.root)
    assert [row["time_utc"] for row in db.rows("night_weather")] == [
        dt.datetime(2018, 8, 13, 0, 1, 7, 123000),
        dt.datetime(2018, 8, 13, 0, 1, 8),
    ]
    start = "SELECT start_condition, start_comment FROM v_sky_condition"
    assert db.query(start) == [("Clear", "now")]


@on_sqlite
def test_many_lines_that_are_not_understood_are_all_named(db, tree):
    write_log(tree, (*WEATHER, *(f"remark {n}" for n in range(30))))
    db.load(tree.root)
    told = issues(db, "night_log_line")
    assert len(told) == 21
    numbers = [int(message.split()[1]) for message in told[:-1]]
    rest = told[-1].removeprefix("each of the lines ").partition(" is not understood")[0]
    numbers += [int(number) for number in rest.split(",")]
    assert numbers == list(range(numbers[0], numbers[0] + 30))
    assert db.count("night_weather") == len(WEATHER)


def test_a_text_that_is_too_long_is_told_and_verify_agrees(db, tree):
    long = "ThinCirrus" * 25 + "12345" + "and more"
    path = write_log(tree, (f"22:04\t{long}\tfree",))
    change(path, "Run:        60.A-9100(G)", f"Run:        {'é' * 256}")
    # A negative zero stays, too.
    change(path, "Overall comment", "Temperature: -0.0 - 3 C\nOverall comment")
    db.load(tree.root)
    assert db.query("SELECT sky_condition, comment FROM night_weather") == [(long[:255], "free")]
    cut = "is longer than 255 characters: it is cut there, and whole in night_log.content"
    assert issues(db, "night_log_text") == [
        f"night_log.program_id of row 0 {cut}; cut off is 'é'",
        f"night_weather.sky_condition of row 0 {cut}; cut off is 'and more'",
    ]
    assert "0 files with differences" in db.succeed("verify").out
    db.execute("DELETE FROM special_value")
    assert "temperature_min_c row 0: the file has -0.0" in db.run("verify").text


@on_sqlite
def test_a_log_that_is_none_is_refused(db, tree, log):
    log.write_bytes(b"x" * ((1 << 23) + 1))
    assert db.run("load", tree.root).code == 1
    assert issues(db, "too_large") == [
        "it has 8,388,609 bytes, and aomuse reads 1,048,576 of such a file at most: split it, or "
        "remove it"
    ]


@on_sqlite
def test_of_two_logs_the_nearer_one_is_loaded(db, tree, log):
    far = tree.root / "a_copy" / log.name
    far.parent.mkdir()
    far.write_bytes(log.read_bytes())
    db.load(tree.root)
    far.write_text(log.read_text().replace("again", "otherwise"))
    db.load(tree.root)
    told = "SELECT code FROM load_issue WHERE closed_run_id IS {} NULL AND path = :path"
    assert db.scalar(told.format(""), path=str(far)) == "farther"
    assert db.scalar(told.format("NOT"), path=str(far)) == "copy"
    assert db.scalar(LOGS) == str(log)


@on_sqlite
def test_a_log_of_an_exposure_in_another_root_is_no_second_one(db, tree, log, tmp_path):
    db.load(tree.root)
    other = Tree(tmp_path / "other")
    other.add(1, without=["reduced", "prm", "psf"])
    twin = write_log(other, WEATHER[:2])
    twin.rename(twin.with_name(twin.name.replace(":", "_")))
    db.load(other.root)
    assert db.scalar(LOGS) == str(log)
    assert db.count("night_weather") == len(WEATHER)
    db.succeed("verify")


@on_sqlite
def test_names_of_logs(db, tree):
    files = [tree.add(number) for number in (1, 2, 3, 4)]
    files[3].raw.rename(files[3].raw.with_name("first.fits.fz"))
    names = (
        "MUSE.2018-08-13T00_01_07.123.NL.txt",
        "MUSE.2018-08-13T00:02:07.123.fits.fz.NL.txt",
        "MUSE.2018-08-13T00:03:07.123.nl.TXT",
        "first.NL.txt",
    )
    for number, name in enumerate(names, 1):
        write_log(tree, number=number).rename(tree.root / "raw" / name)
    db.load(tree.root)
    sky = "SELECT start_condition, end_condition FROM v_sky_condition"
    assert db.query(sky) == [("Clear", "Photometric")] * 4
    assert db.scalar("SELECT COUNT(DISTINCT exposure_id) FROM night_log") == 4
    db.succeed("verify")


@on_sqlite
def test_every_exposure_of_a_block_has_the_log_under_its_name(db, tree, log):
    """The archive gives each raw file the log of its block: the same text, another name."""
    for number in (2, 9):
        tree.add(number, without=["raw", "psf"])
        log.with_name(log.name.replace("00:01:", f"00:{number:02d}:")).symlink_to(log)
    db.load(tree.root)
    assert db.query(SKY) == [("Clear",), ("Clear",), ("Photometric",)]
    assert db.count("night_log") == 3
    db.succeed("verify")


@on_sqlite
def test_logs_of_two_nights_lie_in_one_folder(db, tree, log):
    """A time of day is placed in the night of its own log."""
    cube = tree.add(2, without=["raw", "psf"]).reduced
    name = "MUSE.2018-08-14T00:02:07.123"
    fits.setval(cube, "PROV1", value=f"{name}.fits")
    fits.setval(cube, "DATE-OBS", value="2018-08-14T00:02:07.123")
    log.with_name(f"{name}.NL.txt").write_text(log.read_text().replace("Clear", "Wind"))
    db.load(tree.root)
    assert db.query(
        "SELECT e.archive_id, s.start_condition FROM v_sky_condition s"
        " JOIN exposure e ON e.id = s.exposure_id ORDER BY e.archive_id"
    ) == [("MUSE.2018-08-13T00:01:07.123", "Clear"), (name, "Wind")]


@on_sqlite
def test_a_changed_log_replaces_its_exposure_alone(db, tree, log):
    tree.add(2, without=["raw", "psf"])
    write_log(tree, number=2)
    db.load(tree.root)
    runs = "SELECT DISTINCT load_run_id FROM source_file WHERE exposure_id = 2"
    before = db.query(runs)
    write_log(tree, WEATHER[:2])
    assert "1 replaced, 1 unchanged" in db.load(tree.root).out
    assert db.query(runs) == before
    rows = "SELECT exposure_id, COUNT(*) FROM night_weather GROUP BY exposure_id"
    assert db.query(rows) == [(1, 2), (2, len(WEATHER))]
    # A log that is gone stays until it is given up.
    log.unlink()
    assert "2 unchanged" in db.load(tree.root).out
    assert db.query(rows) == [(1, 2), (2, len(WEATHER))]
    verified = db.run("verify")
    assert (verified.code, str(log) in verified.err) == (1, True)
    db.load(tree.root, "--reload")
    assert db.count("night_log") == 1
    assert db.query(SKY) == [(None,), ("Clear",)]
    db.succeed("verify")
