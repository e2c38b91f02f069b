"""Broken and absurd files: one clear line each, and everything else is loaded."""

import os
import time
from pathlib import Path
from typing import Any

import fits_factory as factory
import pytest
import sqlalchemy as sa
from astropy.io import fits
from bad_files import BAD, HTML, ODD, instead, second_sparta
from fits_factory import Tree, edit, edit_bytes, set_card
from warehouse import aomuse, exposure, exposure_id, load_whole, open_issues, query, rows, scalar

from aomuse.paths import printable


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path / "night")


@pytest.fixture(scope="session")
def whole(tmp_path_factory, sqlite_template):
    return load_whole(tmp_path_factory.mktemp("whole"), sqlite_template)


@pytest.fixture(scope="session")
def light(tmp_path_factory, sqlite_template):
    """Exposures without a raw file, which take less time."""
    return load_whole(tmp_path_factory.mktemp("light"), sqlite_template, without=["raw"])


def assert_one_clear_line(errors: list[str], path: Path) -> None:
    assert len(errors) == 1, errors
    line = errors[0]
    assert line.startswith("error: ")
    assert printable(path) in line
    assert "Traceback" not in line
    assert len(line) < 1000


@pytest.mark.parametrize("bad", BAD, ids=str)
def test_a_bad_file(bad, engine, db_url, tree, whole, light):
    analysis = bad.role in ("prm", "psf")
    files = tree.add(1, without=["raw"] if analysis else [])
    good = tree.add(2, without=["raw"])
    path = files.file(bad.role)
    present = [role for role in factory.ROLES if files.file(role).exists()]
    bad.spoil(path)

    first = aomuse(db_url, "load", tree.root)

    assert first.code == 1
    assert_one_clear_line(first.errors, path)
    assert open_issues(engine) == [(bad.code, printable(path))]
    assert exposure(engine, good.archive_id) == light[2]
    loaded = {row["path"] for row in rows(engine, "source_file") if row["outcome"] == "loaded"}
    assert {str(files.file(role)) for role in present if role != bad.role or bad.read} <= loaded
    if not bad.read:
        assert nothing_of(engine, path)
    number = exposure_id(engine, files.archive_id)

    tree.restore(files, present)
    mended = aomuse(db_url, "load", tree.root)

    assert mended.code == 0, mended.text
    assert mended.err == ""
    assert open_issues(engine) == []
    assert exposure_id(engine, files.archive_id) == number
    assert exposure(engine, files.archive_id) == (light if analysis else whole)[1]
    assert scalar(engine, "SELECT COUNT(*) FROM exposure") == 2


def nothing_of(engine: sa.Engine, path: Path) -> bool:
    """Tell whether no row hangs on a file."""
    count = scalar(
        engine,
        "SELECT COUNT(*) FROM header h JOIN source_file f ON f.id = h.source_file_id"
        " WHERE f.path = :path OR f.outcome <> 'loaded'",
        path=printable(path),
    )
    return bool(count == 0)


@pytest.mark.parametrize(
    "bad", [b for b in BAD if b.name in {"html", "no target", "no PROV1, no ARCFILE"}], ids=str
)
def test_a_bad_file_stays_bad(bad, engine, db_url, tree, light):
    files, good = tree.add(1), tree.add(2, without=["raw"])
    bad.spoil(files.file(bad.role))
    first = aomuse(db_url, "load", tree.root)
    held = exposure(engine, files.archive_id)
    again = aomuse(db_url, "load", tree.root)
    assert (first.code, again.code) == (1, 1)
    assert again.errors == first.errors
    assert len(open_issues(engine)) == 1
    assert exposure(engine, files.archive_id) == held
    assert exposure(engine, good.archive_id) == light[2]


def test_a_folder_named_like_a_file_is_a_missing_file(engine, db_url, tree, whole, light):
    files, good = tree.add(1), tree.add(2, without=["raw"])
    for role in ("raw", "psf"):
        instead(Path.mkdir)(files.file(role))
    done = aomuse(db_url, "load", tree.root)
    assert (done.code, done.err) == (0, "")
    assert sorted(open_issues(engine, "warning")) == [
        ("psf_missing", str(files.prm)),
        ("raw_missing", str(files.reduced)),
        ("raw_missing", str(good.reduced)),
    ]
    assert exposure(engine, good.archive_id) == light[2]
    tree.restore(files)
    assert aomuse(db_url, "load", tree.root).code == 0
    assert exposure(engine, files.archive_id) == whole[1]


def test_there_are_enough_kinds():
    assert len({(bad.role, bad.name) for bad in BAD}) == len(BAD)
    assert len({bad.name for bad in BAD}) >= 35


@pytest.mark.parametrize(
    ("role", "severity", "code", "spoil"), [o[1:] for o in ODD], ids=[o[0] for o in ODD]
)
def test_an_odd_file_is_loaded_with_a_remark(
    role, severity, code, spoil, engine, db_url, tree, light
):
    files, good = tree.add(1), tree.add(2, without=["raw"])
    spoil(files.file(role))

    done = aomuse(db_url, "load", tree.root)

    assert (done.code, done.err) == (0, "")
    assert (code, str(files.file(role))) in open_issues(engine, severity)
    assert open_issues(engine) == []
    outcomes = {row["path"]: row["outcome"] for row in rows(engine, "source_file")}
    paths = [*files.all, good.reduced, good.prm, good.psf]
    assert outcomes == {str(p): "loaded" for p in paths}
    assert exposure(engine, good.archive_id) == light[2]


def test_trailing_rubbish_is_harmless(engine, db_url, tree, whole):
    files = tree.add(1)
    for path in files.all:
        edit_bytes(path, lambda data: data + b"rubbish after the last HDU\n" * 9)
    done = aomuse(db_url, "load", tree.root)
    assert (done.code, done.err) == (0, "")
    got, expected = exposure(engine, files.archive_id), dict(whole[1])
    assert got.pop("source_file") != expected.pop("source_file")  # sizes and checksums
    assert got == expected


def test_two_sparta_tables_are_both_kept(engine, db_url, tree):
    files = tree.add(1)
    edit(files.raw, second_sparta)
    assert aomuse(db_url, "load", tree.root).code == 0
    typed = rows(engine, "sparta_atm")
    assert {row["time_sec"] for row in typed} == {factory.NIGHT + 60, factory.NIGHT + 61}
    seconds = query(
        engine,
        "SELECT v.value_int FROM table_value v JOIN table_column c ON c.id = v.table_column_id"
        " JOIN table_layout l ON l.id = c.table_layout_id"
        " WHERE l.extension_name = 'SPARTA_ATM_DATA' AND c.name = 'Sec' ORDER BY v.row_index",
    )
    assert seconds == [(factory.NIGHT + 1800,), (factory.NIGHT + 1801,)]


def test_a_very_long_comment(engine, db_url, tree):
    files = tree.add(1)

    def lengthen(hdus: fits.HDUList) -> None:
        hdus[0].header["LONGONE"] = ("x" * 100, "of it " * 200)

    edit(files.reduced, lengthen)
    done = aomuse(db_url, "load", tree.root)
    assert (done.code, done.err) == (0, "")
    cards = query(engine, "SELECT comment FROM keyword WHERE name = 'LONGONE'")
    assert len(cards) == 1
    assert cards[0][0].startswith("of it of it")


@pytest.mark.parametrize("value", ["1E400", "-1E308", "1E-320", "9" * 60])
@pytest.mark.parametrize("keyword", ["CRVAL3", "CDELT3"])
def test_wavelengths_beyond_any_double(keyword, value, engine, db_url, tree):
    files = tree.add(1, without=["raw"])
    set_card(files.prm, "SPECTRA", keyword, value)
    done = aomuse(db_url, "load", tree.root)
    assert len(done.errors) <= 1, done.err
    assert all(line.startswith(f"error: {files.prm}") for line in done.errors), done.err
    assert scalar(engine, "SELECT COUNT(*) FROM source_sample") == 10
    assert scalar(engine, "SELECT COUNT(*) FROM psf_parameter") == 20


@pytest.mark.parametrize("what", ["EXTNAME", "TTYPE1", "TUNIT1", "TDISP1"])
def test_names_beyond_the_columns_of_the_schema(what, engine, db_url, tree):
    """Strings in headers may go on for ever; whatever becomes of them, the rest is loaded."""
    files = tree.add(1)
    table = factory.source(1)
    table.header[what] = "LONG" * 100
    content = (
        factory.to_bytes(factory.prm(seed=1))
        + factory.to_bytes(fits.HDUList([fits.PrimaryHDU(), table]))[2880:]
    )
    files.prm.write_bytes(content)
    done = aomuse(db_url, "load", tree.root)
    assert len(done.errors) <= 1, done.err
    assert all(str(files.prm) in line for line in done.errors)
    loaded = {row["path"] for row in rows(engine, "source_file") if row["outcome"] == "loaded"}
    assert {str(files.reduced), str(files.raw), str(files.psf)} <= loaded


def test_a_file_name_that_is_not_utf8(engine, db_url, tree):
    name = os.fsdecode(b"caf\xe9")
    files = tree.add(1, name=name)
    done = aomuse(db_url, "load", tree.root)
    assert (done.code, done.err) == (0, "")
    assert scalar(engine, "SELECT name FROM psf_fit") == "caf\\xe9"
    again = aomuse(db_url, "load", tree.root)
    assert again.code == 0
    assert "1 unchanged" in again.out

    files.psf.write_bytes(b"")
    broken = aomuse(db_url, "load", tree.root)
    assert broken.code == 1
    assert_one_clear_line(broken.errors, files.psf)


def test_a_root_that_is_not_utf8(engine, db_url, tmp_path):
    tree = Tree(tmp_path / os.fsdecode(b"n\xffght"))
    tree.add(1)
    done = aomuse(db_url, "load", tree.root)
    assert (done.code, done.err) == (0, "")
    assert scalar(engine, "SELECT root FROM load_run").endswith("/n\\xffght")


def test_a_file_that_goes_away_while_it_is_looked_for(
    engine, db_url, tree, monkeypatch, whole, light
):
    from aomuse import pipeline

    files, good = tree.add(1), tree.add(2, without=["raw"])
    read = pipeline.read_exposure

    def read_late(found: Any) -> Any:
        files.psf.unlink(missing_ok=True)
        return read(found)

    monkeypatch.setattr(pipeline, "read_exposure", read_late)
    done = aomuse(db_url, "load", tree.root)
    monkeypatch.undo()
    assert done.code == 1
    assert_one_clear_line(done.errors, files.psf)
    assert open_issues(engine) == [("unreadable", str(files.psf))]
    assert exposure(engine, good.archive_id) == light[2]

    tree.restore(files)
    assert aomuse(db_url, "load", tree.root).code == 0
    assert exposure(engine, files.archive_id) == whole[1]


def test_a_file_that_changes_while_it_is_read(engine, db_url, tree, monkeypatch, whole, light):
    from aomuse.read import fits_file

    files, good = tree.add(1), tree.add(2, without=["raw"])
    read = fits_file.checksum

    def read_slowly(stream: Any, *arguments: Any) -> str:
        if stream.name == str(files.prm):
            time.sleep(0.02)
            files.prm.write_bytes(files.prm.read_bytes() + bytes(2880))
        return read(stream, *arguments)

    monkeypatch.setattr(fits_file, "checksum", read_slowly)
    done = aomuse(db_url, "load", tree.root)
    monkeypatch.undo()
    assert done.code == 1
    assert_one_clear_line(done.errors, files.prm)
    assert open_issues(engine) == [("changed", str(files.prm))]
    assert nothing_of(engine, files.prm)
    assert exposure(engine, good.archive_id) == light[2]

    tree.restore(files)
    assert aomuse(db_url, "load", tree.root).code == 0
    assert exposure(engine, files.archive_id) == whole[1]


def test_following_the_advice_to_remove_a_file_closes_its_issue(engine, db_url, tree):
    """not_fits says: remove or rename it."""
    files = tree.add(1)
    files.psf.write_bytes(HTML)
    assert aomuse(db_url, "load", tree.root).code == 1
    files.psf.unlink()
    done = aomuse(db_url, "load", tree.root)
    assert (done.code, done.err) == (0, "")
    assert open_issues(engine) == []
    assert ("psf_missing", str(files.prm)) in open_issues(engine, "warning")


def test_many_bad_files_at_once_are_a_line_each(engine, db_url, tree, light):
    good = tree.add(2, without=["raw"])
    bad = [tree.add(number) for number in range(3, 9)]
    for number, files in enumerate(bad):
        files.file(factory.ROLES[number % 4]).write_bytes(HTML)
    done = aomuse(db_url, "load", tree.root)
    assert done.code == 1
    assert len(done.errors) == len(bad)
    assert exposure(engine, good.archive_id) == light[2]


def test_every_file_of_an_exposure_is_bad(engine, db_url, tree, whole, light):
    files, good = tree.add(1), tree.add(2, without=["raw"])
    for path in files.all:
        path.write_bytes(HTML)
    done = aomuse(db_url, "load", tree.root)
    assert done.code == 1
    assert len(done.errors) == 4
    assert exposure(engine, good.archive_id) == light[2]
    tree.restore(files)
    assert aomuse(db_url, "load", tree.root).code == 0
    assert exposure(engine, files.archive_id) == whole[1]
    assert scalar(engine, "SELECT COUNT(*) FROM exposure") == 2
