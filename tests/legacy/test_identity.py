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
from old_databases import row_2020 as row


@pytest.fixture
def same_address(other_url):
    """Give a function that puts an old database at an address that is always the same."""

    def restore(*rows: dict[str, Any], make: Any = database_2020) -> OldDatabase:
        old = make(other_url)
        for columns in rows:
            old.add("M 54", **columns)
        return old

    return restore


@pytest.fixture
def first_fwhm(db):
    """Give a function that gives the first FWHM of each analysis, which tells all rows apart."""
    wanted = "SELECT value FROM psf_parameter WHERE parameter = 'fwhm' AND layer = 0 ORDER BY 1"
    return lambda: [value for (value,) in db.query(wanted)]


def of(*rows: dict[str, Any]) -> list[float]:
    return sorted(json.loads(columns["psfparams"])["fwhm"][0] for columns in rows)


@one_on_mariadb(
    ("count", "names", "doubtful"),
    [
        (3, {}, 0),
        (3, {"rawfile": None}, 3),
        (1, {"rawfile": None, "analysisfile": "A_1.prm.fits"}, 1),
    ],
)
def test_another_database_at_the_same_address(count, names, doubtful, same_address, db, first_fwhm):
    """Two servers by socket, or two dumps that were restored one after the other.

    Without a header nothing says which exposures are one: all are kept, and it is said.
    """
    first, second = ([row(letter, n, **names) for n in range(count)] for letter in "AB")
    db.imports(same_address(*first))
    db.imports(same_address(*second), f"{count} loaded, 0 completed, 0 replaced")
    assert first_fwhm() == of(*first, *second)
    assert db.codes("warning").count("imported_beside") == doubtful
    with db.unchanged("load_issue"):
        for rows in (second, first, second):
            done = db.imports(same_address(*rows))
            assert f"0 loaded, 0 completed, 0 replaced, {count} unchanged" in done.out


def test_the_same_exposure_analysed_elsewhere_is_refused(same_address, db, first_fwhm):
    """An exposure, its number and its analysis file are the same; the analysis is not."""
    first = row("A", 1)
    second = first | {name: row("B", 1)[name] for name in ("psfparams", "sources")}
    db.imports(same_address(first))
    with db.unchanged("load_issue"):
        line = db.fail("import-blobs", same_address(second).url)
    assert "with other contents" in line
    assert "import with --reload" in line
    assert db.codes() == ["imported_elsewhere"]
    db.imports(same_address(first), "1 unchanged")

    db.imports(same_address(second), options=["--reload"])
    assert first_fwhm() == of(second)
    assert db.open_issues() == []


@on_sqlite
def test_rows_of_another_database_do_not_get_into_an_exposure(same_address, db, first_fwhm):
    """A second analysis of an exposure brings back its first row, which is another one here."""
    first = row("A", 1)
    stranger, second = row("B", 1), row("B", 2, rawfile=first["rawfile"].removesuffix(".fz"))
    db.imports(same_address(first))
    line = db.fail("import-blobs", same_address(stranger, second).url)
    assert "was added from import:" in line
    assert first_fwhm() == of(first, stranger)
    # A later dump of the first database has both: the exposure gets its second analysis.
    db.imports(same_address(first, second))
    assert first_fwhm() == of(first, stranger, second)
    assert db.count("exposure") == 2


CHANGES: dict[str, dict[str, Any]] = {
    "mode": {"insmode": "NFM-AO-N"},
    "parameters": {"psfparams": row("Z", 1)["psfparams"]},
    "sources": {"sources": None},
    "header": {"data": json.dumps({"PRIMARY": {"RA": 200.0, "ESO OBS TARG NAME": "M 55"}})},
    "no header": {"data": None},
    "a name of the exposure": {"rawfile": "MUSE.2001-01-01T00:00:00.000.fits.fz"},
}


@one_on_mariadb("change", CHANGES)
def test_a_row_that_was_changed_replaces_what_it_was(change, same_address, db, first_fwhm):
    before = row("A", 1, rawfile=None)
    old = same_address(before)
    db.imports(old)
    fits = "SELECT id, exposure_id, prm_file FROM psf_fit"
    stored = db.query(fits)
    old.change(1, **CHANGES[change])
    db.imports(old, "1 replaced")
    assert db.query(fits) == stored
    assert first_fwhm() == of(before | CHANGES[change])
    db.imports(old, "1 unchanged")


@on_sqlite
def test_a_repaired_blob_is_found_again(same_address, db, first_fwhm):
    good = row("A", 1)
    old = same_address(good | {"psfparams": good["psfparams"][:-5], "sources": None})
    db.fail("import-blobs", old.url)
    old.change(1, psfparams=good["psfparams"], sources=good["sources"])
    db.imports(old)
    assert first_fwhm() == of(good)
    assert db.count("psf_fit") == 1


@on_sqlite
def test_names_that_changed_are_another_exposure(same_address, db, first_fwhm):
    """The number of a row that was deleted may be given again."""
    first, other = row("A", 1), row("B", 1)
    old = same_address(first)
    db.imports(old)
    old.change(1, **{name: other[name] for name in ("rawfile", "analysisfile")})
    db.imports(old, "1 loaded")
    assert first_fwhm() == of(first, first)
    names = db.query("SELECT raw_file FROM exposure ORDER BY id")
    assert names == [(first["rawfile"],), (other["rawfile"],)]


@on_sqlite
def test_rows_with_equal_documents_are_all_kept(same_address, db, first_fwhm):
    documents = {name: row("A", 1)[name] for name in ("data", "psfparams", "sources")}
    rows = [row("A", n, rawfile=None, **documents) for n in (1, 2, 3)]
    old = same_address(*rows)
    db.imports(old, "3 loaded")
    assert first_fwhm() == of(*rows)
    with db.unchanged("load_issue"):
        db.imports(old, "3 unchanged")
    # Those of another database too, if their names differ.
    others = [row("B", n, rawfile=None, **documents) for n in (1, 2)]
    db.imports(same_address(*others), "2 loaded")
    assert first_fwhm() == of(*rows, *others)


@on_sqlite
def test_the_same_database_under_two_addresses_is_one(sqlite_url, db, tmp_path):
    old = database_2020(sqlite_url())
    for number in (1, 2):
        old.add("M 54", **row("A", number, rawfile=None))
    db.imports(old)
    path = Path(str(sa.make_url(old.url).database))
    copy, link = tmp_path / "elsewhere #1?.db", tmp_path / "link.db"
    shutil.copyfile(path, copy)
    link.symlink_to(path)
    with db.unchanged("load_issue"):
        for place in (copy, link):
            done = db.succeed("import-blobs", f"sqlite:///{quote(str(place))}")
            assert "2 unchanged" in done.out
    with closing(sqlite3.connect(copy)) as moved, moved:
        moved.execute("UPDATE exposure SET insmode = 'NFM-AO-N' WHERE id = 2")
    done = db.succeed("import-blobs", f"sqlite:///{quote(str(copy))}")
    assert "1 replaced, 1 unchanged" in done.out


@on_sqlite
def test_rows_that_got_other_numbers_are_the_same(sqlite_url, db):
    """Two old databases were merged into one, which numbered the rows anew."""
    first, second = database_2020(sqlite_url()), database_2020(sqlite_url())
    rows = [row(letter, 1, rawfile=name) for letter, name in (("A", None), ("B", "raw"))]
    for columns in rows:
        first.add("M 54", **columns)
        second.add("M 55", **row("C", len(second.rows())))
    for columns in reversed(rows):
        second.add("M 54", **columns)
    db.imports(first)
    db.imports(second, "2 loaded, 0 completed, 0 replaced, 2 unchanged")
    assert db.count("exposure") == 4


@on_sqlite
def test_rows_without_documents(same_address, db):
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
    db.imports(old)
    old.change(1, sky_comment_start="windy")
    db.imports(old, "1 replaced")
    db.imports(same_address(sky(2019, "cold"), make=database_2023), "1 loaded")
    comments = db.query("SELECT comment FROM night_weather ORDER BY comment")
    assert comments == [("cold",), ("windy",)]


@on_sqlite
def test_an_import_of_an_earlier_version_under_a_name_without_colons(same_address, db):
    name = "MUSE.2018-08-12T23_57_30.000"
    old = same_address(row("A", 1, rawfile=f"{name}.fits.fz"))
    db.imports(old)
    db.execute(f"UPDATE exposure SET archive_id = '{name}'")
    db.imports(old, "1 unchanged")
    old.change(1, insmode="NFM-AO-N")
    db.imports(old, "1 replaced")
    assert db.count("exposure") == 1
