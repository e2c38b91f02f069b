"""Which row of an earlier import a row is: its contents say so, not the address of its database."""

import datetime as dt
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from backends import on_sqlite, one_on_mariadb
from old_databases import OldDatabase, database_2020, database_2023
from warehouse import Finished, aomuse, contents, open_issues, query, scalar, succeed

BUT_RUNS = ("load_run", "load_issue")


def row(letter: str, number: int, **columns: Any) -> dict[str, Any]:
    """Give an exposure of the database of a letter, whose values no other one has."""
    base = 1000.0 * ord(letter) + number
    params = {"fwhm": [base, base + 0.25], "beta": [2.5, 3.5], "wavelength": [475.0, 476.25]}
    header = {"RA": base, "ESO OBS TARG NAME": "M 54"}
    given = {
        "insmode": "WFM-AO-N",
        "analysisfile": f"{letter}_{number}.prm.fits",
        "rawfile": f"MUSE.20{ord(letter) % 100:02d}-08-12T23:{number:02d}:30.000.fits.fz",
        "data": json.dumps({"PRIMARY": header}),
        "psfparams": json.dumps(params),
        "sources": json.dumps({"PM_1": {"snr": [base, base + 1]}}),
    }
    return given | columns


@pytest.fixture
def same_address(other_url):
    """Give a function that puts an old database at an address that is always the same."""

    def restore(*rows: dict[str, Any], make: Any = database_2020) -> OldDatabase:
        engine = sa.create_engine(other_url, poolclass=sa.NullPool)
        with engine.begin() as connection:
            tables = sa.inspect(connection).get_table_names()
            for table in sorted(tables, key=("processed_exposure", "exposure", "target").index):
                connection.execute(sa.text(f"DROP TABLE {table}"))
        old = make(other_url)
        for columns in rows:
            old.add("M 54", **columns)
        return old

    return restore


def imported(db_url: str, old: OldDatabase, *options: str) -> Finished:
    return aomuse(db_url, "import-blobs", *options, old.url)


def parameters(engine: sa.Engine) -> list[float]:
    """Give the first FWHM of each analysis, by which rows of two databases are told apart."""
    found = query(
        engine, "SELECT value FROM psf_parameter WHERE parameter = 'fwhm' AND layer = 0 ORDER BY 1"
    )
    return [value for (value,) in found]


def of(*rows: dict[str, Any]) -> list[float]:
    return sorted(json.loads(columns["psfparams"])["fwhm"][0] for columns in rows)


@one_on_mariadb("rawfile", ["archive", None])
def test_another_database_at_the_same_address_is_added(rawfile, same_address, db_url, engine):
    """Two servers by socket, or two dumps that were restored one after the other."""
    names = {} if rawfile else {"rawfile": None}
    first, second = ([row(letter, n, **names) for n in (1, 2, 3)] for letter in "AB")
    assert imported(db_url, same_address(*first)).code == 0
    done = imported(db_url, same_address(*second))
    assert (done.code, done.err) == (0, "")
    assert "3 loaded, 0 completed, 0 replaced" in done.out
    assert parameters(engine) == of(*first, *second)

    stored = contents(engine, but=BUT_RUNS)
    for rows in (second, first, second):
        again = imported(db_url, same_address(*rows))
        assert (again.code, again.err) == (0, "")
        assert "0 loaded, 0 completed, 0 replaced, 3 unchanged" in again.out
    assert contents(engine, but=BUT_RUNS) == stored


@on_sqlite
def test_the_same_names_in_another_database(same_address, db_url, engine):
    """Without a header nothing says that two are one exposure: both are kept, and it is said."""
    first, second = (
        row("A", 1, rawfile=None),
        row("B", 1, rawfile=None, analysisfile="A_1.prm.fits"),
    )
    assert imported(db_url, same_address(first)).code == 0
    done = imported(db_url, same_address(second))
    assert (done.code, done.err) == (0, "")
    assert parameters(engine) == of(first, second)
    assert [code for code, _ in open_issues(engine, "warning")].count("imported_beside") == 1
    stored = contents(engine, but=BUT_RUNS)
    for columns in (first, second):
        assert "1 unchanged" in imported(db_url, same_address(columns)).out
    assert contents(engine, but=BUT_RUNS) == stored


def test_the_same_exposure_analysed_elsewhere_is_refused(same_address, db_url, engine):
    """An exposure, its number and its analysis file are the same; the analysis is not."""
    first = row("A", 1)
    second = first | {name: row("B", 1)[name] for name in ("psfparams", "sources")}
    assert imported(db_url, same_address(first)).code == 0
    stored = contents(engine, but=BUT_RUNS)
    done = imported(db_url, same_address(second))
    assert done.code == 1
    assert len(done.errors) == 1
    assert "with other contents" in done.err
    assert "import with --reload" in done.err
    assert contents(engine, but=BUT_RUNS) == stored
    assert [code for code, _ in open_issues(engine)] == ["imported_elsewhere"]
    assert "1 unchanged" in imported(db_url, same_address(first)).out

    done = imported(db_url, same_address(second), "--reload")
    assert (done.code, done.err) == (0, "")
    assert parameters(engine) == of(second)
    assert open_issues(engine) == []


@on_sqlite
def test_rows_of_another_database_do_not_get_into_an_exposure(same_address, db_url, engine):
    """A second analysis of an exposure brings back its first row, which is another one here."""
    first = row("A", 1)
    stranger, second = row("B", 1), row("B", 2, rawfile=first["rawfile"].removesuffix(".fz"))
    assert imported(db_url, same_address(first)).code == 0
    done = imported(db_url, same_address(stranger, second))
    assert done.code == 1
    assert "was added from import:" in done.err
    assert parameters(engine) == of(first, stranger)
    # A later dump of the first database has both: the exposure gets its second analysis.
    done = imported(db_url, same_address(first, second))
    assert (done.code, done.err) == (0, "")
    assert parameters(engine) == of(first, stranger, second)
    assert scalar(engine, "SELECT COUNT(*) FROM exposure") == 2


CHANGES: dict[str, dict[str, Any]] = {
    "mode": {"insmode": "NFM-AO-N"},
    "parameters": {"psfparams": row("Z", 1)["psfparams"]},
    "sources": {"sources": None},
    "header": {"data": json.dumps({"PRIMARY": {"RA": 200.0, "ESO OBS TARG NAME": "M 55"}})},
    "no header": {"data": None},
    "a name of the exposure": {"rawfile": "MUSE.2001-01-01T00:00:00.000.fits.fz"},
}


@one_on_mariadb("change", CHANGES)
def test_a_row_that_was_changed_replaces_what_it_was(change, same_address, db_url, engine):
    before = row("A", 1, rawfile=None)
    old = same_address(before)
    assert imported(db_url, old).code == 0
    fits = "SELECT id, exposure_id, prm_file FROM psf_fit"
    stored = query(engine, fits)
    old.change(1, **CHANGES[change])
    done = imported(db_url, old)
    assert (done.code, done.err) == (0, "")
    assert "1 replaced" in done.out
    assert query(engine, fits) == stored
    assert parameters(engine) == of(before | CHANGES[change])
    again = imported(db_url, old)
    assert "1 unchanged" in again.out


@on_sqlite
def test_a_repaired_blob_is_found_again(same_address, db_url, engine):
    good = row("A", 1)
    old = same_address(good | {"psfparams": good["psfparams"][:-5], "sources": None})
    assert imported(db_url, old).code == 1
    old.change(1, psfparams=good["psfparams"], sources=good["sources"])
    done = imported(db_url, old)
    assert (done.code, done.err) == (0, "")
    assert parameters(engine) == of(good)
    assert scalar(engine, "SELECT COUNT(*) FROM psf_fit") == 1


@on_sqlite
def test_names_that_changed_are_another_exposure(same_address, db_url, engine):
    """The number of a row that was deleted may be given again."""
    first = row("A", 1)
    old = same_address(first)
    assert imported(db_url, old).code == 0
    other = row("B", 1)
    old.change(1, **{name: other[name] for name in ("rawfile", "analysisfile")})
    done = imported(db_url, old)
    assert (done.code, done.err) == (0, "")
    assert "1 loaded" in done.out
    assert parameters(engine) == of(first, first)
    names = query(engine, "SELECT raw_file FROM exposure ORDER BY id")
    assert names == [(first["rawfile"],), (other["rawfile"],)]


@on_sqlite
def test_rows_with_equal_documents_are_all_kept(same_address, db_url, engine):
    documents = {name: row("A", 1)[name] for name in ("data", "psfparams", "sources")}
    rows = [row("A", n, rawfile=None, **documents) for n in (1, 2, 3)]
    old = same_address(*rows)
    assert "3 loaded" in imported(db_url, old).out
    assert parameters(engine) == of(*rows)
    stored = contents(engine, but=BUT_RUNS)
    assert "3 unchanged" in imported(db_url, old).out
    assert contents(engine, but=BUT_RUNS) == stored
    # Those of another database too, if their names differ.
    others = [row("B", n, rawfile=None, **documents) for n in (1, 2)]
    assert "2 loaded" in imported(db_url, same_address(*others)).out
    assert parameters(engine) == of(*rows, *others)


@on_sqlite
def test_the_same_database_under_two_addresses_is_one(sqlite_url, db_url, engine, tmp_path):
    old = database_2020(sqlite_url())
    for number in (1, 2):
        old.add("M 54", **row("A", number, rawfile=None))
    assert imported(db_url, old).code == 0
    stored = contents(engine, but=BUT_RUNS)
    path = Path(str(sa.make_url(old.url).database))
    copy = Path(shutil.copyfile(path, tmp_path / "elsewhere #1?.db"))
    (tmp_path / "link.db").symlink_to(path)
    for place in (copy, tmp_path / "link.db"):
        done = succeed(db_url, "import-blobs", f"sqlite:///{quote(str(place))}")
        assert "2 unchanged" in done.out
    assert contents(engine, but=BUT_RUNS) == stored
    with closing(sqlite3.connect(copy)) as moved:
        moved.execute("UPDATE exposure SET insmode = 'NFM-AO-N' WHERE id = 2")
        moved.commit()
    done = succeed(db_url, "import-blobs", f"sqlite:///{quote(str(copy))}")
    assert "1 replaced, 1 unchanged" in done.out


@on_sqlite
def test_rows_that_got_other_numbers_are_the_same(sqlite_url, db_url, engine):
    """Two old databases were merged into one, which numbered the rows anew."""
    first, second = database_2020(sqlite_url()), database_2020(sqlite_url())
    rows = [row(letter, 1, rawfile=name) for letter, name in (("A", None), ("B", "raw"))]
    for columns in rows:
        first.add("M 54", **columns)
        second.add("M 55", **row("C", len(second.rows())))
    for columns in reversed(rows):
        second.add("M 54", **columns)
    assert imported(db_url, first).code == 0
    done = imported(db_url, second)
    assert (done.code, done.err) == (0, "")
    assert "2 loaded, 0 completed, 0 replaced, 2 unchanged" in done.out
    assert scalar(engine, "SELECT COUNT(*) FROM exposure") == 4


@on_sqlite
def test_rows_without_documents(same_address, db_url, engine):
    """Of 2023, with a time and the sky alone."""

    def sky(year: int, comment: str) -> dict[str, Any]:
        return {
            "observation_time": dt.datetime(year, 8, 12, 23, 57, 30),
            "obs_id": 7,
            "insmode": "WFM-AO-N",
            "sky_condition_start": "Clear",
            "sky_comment_start": comment,
        }

    old = same_address(sky(2018, "calm"), make=database_2023)
    assert imported(db_url, old).code == 0
    old.change(1, sky_comment_start="windy")
    assert "1 replaced" in imported(db_url, old).out
    other = same_address(sky(2019, "cold"), make=database_2023)
    assert "1 loaded" in imported(db_url, other).out
    comments = query(engine, "SELECT comment FROM night_weather ORDER BY comment")
    assert comments == [("cold",), ("windy",)]


@on_sqlite
def test_an_import_of_an_earlier_version_under_a_name_without_colons(same_address, db_url, engine):
    name = "MUSE.2018-08-12T23_57_30.000.fits.fz"
    old = same_address(row("A", 1, rawfile=name))
    assert imported(db_url, old).code == 0
    with engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE exposure SET archive_id = :name"),
            {"name": name.removesuffix(".fits.fz")},
        )
    assert "1 unchanged" in imported(db_url, old).out
    old.change(1, insmode="NFM-AO-N")
    assert "1 replaced" in imported(db_url, old).out
    assert scalar(engine, "SELECT COUNT(*) FROM exposure") == 1
