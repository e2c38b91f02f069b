"""Night logs as people and systems leave them, loaded and told, on both engines."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import sqlalchemy as sa
from beside_files import WEATHER, write_log
from fits_factory import Tree
from warehouse import aomuse, query, scalar


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A tree with one exposure."""
    tree = Tree(tmp_path / "night")
    tree.add(1, without=["raw", "psf"])
    return tree


def issues(engine: sa.Engine, code: str) -> list[str]:
    """Give what is told under a code."""
    found = query(
        engine,
        "SELECT message FROM load_issue WHERE code = :code AND closed_run_id IS NULL ORDER BY id",
        code=code,
    )
    return [message for (message,) in found]


def change(path: Path, old: str, new: str) -> None:
    """Replace a text that occurs once."""
    text = path.read_text()
    assert text.count(old) == 1, old
    path.write_text(text.replace(old, new))


def test_values_that_are_none_are_told_with_line_and_text(
    engine: sa.Engine, db_url: str, tree: Tree
) -> None:
    path = write_log(tree)
    change(path, "\t1.06\t", "\tlow\t")
    change(path, "\t0.5\t", "\t0,5\t")
    change(path, "OB:         2001", "OB:         20O1")
    change(path, "2018-08-13T00:00:01", "13 Aug 2018")
    done = aomuse(db_url, "load", tree.root)
    assert (done.code, done.err) == (0, "")
    lines = path.read_text().split("\n")
    wanted = [
        ("OB:         20O1", "OB '20O1' is no whole number"),
        ("OBS.START: 13 Aug 2018", "OBS.START '13 Aug 2018' is no time: ob_start_utc is NULL"),
        (lines[-4], "AIRMASS 'low' is no number: its column is NULL"),
        (lines[-3], "DIMM '0,5' is no number: its column is NULL"),
    ]
    assert issues(engine, "night_log_value") == [
        " ".join(
            f"line {lines.index(text) + 1} {text!r} is not wholly in a column ({why}):"
            " night_log.content has it".split()
        )
        for text, why in wanted
    ]
    assert query(engine, "SELECT ob_id, ob_start_utc FROM night_log") == [(None, None)]
    assert query(
        engine, "SELECT airmass, dimm_seeing_arcsec FROM night_file ORDER BY row_index"
    ) == [(None, 0.47), (1.07, None)]
    assert aomuse(db_url, "verify").code == 0


def test_a_log_cut_within_a_weather_row_is_told(engine: sa.Engine, db_url: str, tree: Tree) -> None:
    path = write_log(tree)
    text = path.read_text()
    path.write_text(text[: text.index("\tClear\t") + 3])
    assert aomuse(db_url, "load", tree.root).code == 0
    assert query(
        engine, "SELECT sky_condition FROM night_weather ORDER BY row_index DESC LIMIT 1"
    ) == [("Cl",)]
    (cut,) = issues(engine, "night_log_cut")
    assert "'00:01\\tCl'" in cut
    assert "it has no line end: it may be cut short" in cut
    (short,) = issues(engine, "night_log_value")
    assert "no tab and comment follow the condition" in short

    path.write_text(text)
    assert aomuse(db_url, "load", tree.root).code == 0
    assert issues(engine, "night_log_cut") == issues(engine, "night_log_value") == []


def test_seconds_decide_which_entry_is_the_last(engine: sa.Engine, db_url: str, tree: Tree) -> None:
    # The exposure starts at 00:01:07.123.
    weather = ("00:01:07.123\tClear\tnow", "00:01:08\tThinCirrus\ttoo late")
    write_log(tree, weather)
    assert aomuse(db_url, "load", tree.root).code == 0
    times = sa.text("SELECT time_utc FROM night_weather ORDER BY row_index").columns(
        time_utc=sa.DateTime
    )
    with engine.connect() as connection:
        assert connection.scalars(times).all() == [
            dt.datetime(2018, 8, 13, 0, 1, 7, 123000),
            dt.datetime(2018, 8, 13, 0, 1, 8),
        ]
    assert query(engine, "SELECT start_condition, start_comment FROM v_sky_condition") == [
        ("Clear", "now")
    ]


def test_many_lines_that_are_not_understood_are_all_named(
    engine: sa.Engine, db_url: str, tree: Tree
) -> None:
    write_log(tree, (*WEATHER, *(f"remark {n}" for n in range(30))))
    assert aomuse(db_url, "load", tree.root).code == 0
    told = issues(engine, "night_log_line")
    assert len(told) == 21
    numbers = [int(message.split()[1]) for message in told[:-1]]
    rest = told[-1].removeprefix("each of the lines ").partition(" is not understood")[0]
    numbers += [int(number) for number in rest.split(",")]
    assert numbers == list(range(numbers[0], numbers[0] + 30))
    assert scalar(engine, "SELECT COUNT(*) FROM night_weather") == len(WEATHER)


def test_a_text_that_is_too_long_is_told_and_verify_agrees(
    engine: sa.Engine, db_url: str, tree: Tree
) -> None:
    long = "ThinCirrus" * 25 + "12345" + "and more"
    path = write_log(tree, (f"22:04\t{long}\tfree",))
    change(path, "Run:        60.A-9100(G)", f"Run:        {'é' * 256}")
    assert aomuse(db_url, "load", tree.root).code == 0
    assert query(engine, "SELECT sky_condition, comment FROM night_weather") == [
        (long[:255], "free")
    ]
    cut = "is longer than 255 characters: it is cut there, and whole in night_log.content"
    assert issues(engine, "night_log_text") == [
        f"night_log.program_id of row 0 {cut}; cut off is 'é'",
        f"night_weather.sky_condition of row 0 {cut}; cut off is 'and more'",
    ]
    verified = aomuse(db_url, "verify")
    assert (verified.code, "0 files differ" in verified.out) == (0, True)


def test_a_log_that_is_none_is_refused(engine: sa.Engine, db_url: str, tree: Tree) -> None:
    path = write_log(tree)
    path.write_bytes(b"x" * ((1 << 23) + 1))
    done = aomuse(db_url, "load", tree.root)
    assert done.code == 1
    assert issues(engine, "too_large") == [
        "it has 8388609 bytes, more than any such file: remove it"
    ]


def test_a_negative_zero_of_a_log_stays(engine: sa.Engine, db_url: str, tree: Tree) -> None:
    path = write_log(tree)
    change(
        path, 'Seeing:          0.5 - 1.2"', 'Seeing:          0.5 - 1.2"\nTemperature: -0.0 - 3 C'
    )
    assert aomuse(db_url, "load", tree.root).code == 0
    assert aomuse(db_url, "verify").code == 0
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM special_value"))
    assert "temperature_min_c row 0: the file has -0.0" in aomuse(db_url, "verify").text
