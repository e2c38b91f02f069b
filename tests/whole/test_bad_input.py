"""Broken and absurd files: one clear line each, and everything else is loaded."""

import os
import time
from pathlib import Path
from typing import Any

import fits_factory as factory
import pytest
from astropy.io import fits
from bad_files import BAD, HTML, ODD, instead
from fits_factory import Tree, edit, set_card
from loaded import Loaded
from warehouse import load_whole

from aomuse.paths import printable


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
def test_a_bad_file(db, bad, tree, whole, light):
    analysis = bad.role in ("prm", "psf")
    files = tree.add(1, without=["raw"] if analysis else [])
    good = tree.add(2, without=["raw"])
    path = files.file(bad.role)
    present = [role for role in factory.ROLES if files.file(role).exists()]
    bad.spoil(path)

    first = db.run("load", tree.root)

    assert first.code == 1
    assert_one_clear_line(first.errors, path)
    assert db.open_issues() == [(bad.code, printable(path))]
    assert db.exposure(good.archive_id) == light[2]
    loaded = db.loaded_paths()
    assert {str(files.file(role)) for role in present if role != bad.role or bad.read} <= loaded
    if not bad.read:
        assert nothing_of(db, path)
    number = db.exposure_id(files.archive_id)

    tree.restore(files, present)
    mended = db.run("load", tree.root)

    assert mended.code == 0, mended.text
    assert mended.err == ""
    assert db.open_issues() == []
    assert db.exposure_id(files.archive_id) == number
    assert db.exposure(files.archive_id) == (light if analysis else whole)[1]
    assert db.count("exposure") == 2


def nothing_of(db: Loaded, path: Path) -> bool:
    """Tell whether no row hangs on a file."""
    count = db.scalar(
        "SELECT COUNT(*) FROM header h JOIN source_file f ON f.id = h.source_file_id"
        " WHERE f.path = :path OR f.outcome <> 'loaded'",
        path=printable(path),
    )
    return bool(count == 0)


@pytest.mark.parametrize(
    "bad", [b for b in BAD if b.name in {"html", "no target", "no PROV1, no ARCFILE"}], ids=str
)
def test_a_bad_file_stays_bad(db, bad, tree, light):
    files, good = tree.add(1), tree.add(2, without=["raw"])
    bad.spoil(files.file(bad.role))
    first = db.run("load", tree.root)
    held = db.exposure(files.archive_id)
    again = db.run("load", tree.root)
    assert (first.code, again.code) == (1, 1)
    assert again.errors == first.errors
    assert len(db.open_issues()) == 1
    assert db.exposure(files.archive_id) == held
    assert db.exposure(good.archive_id) == light[2]


def test_a_folder_named_like_a_file_is_a_missing_file(db, tree, whole, light):
    files, good = tree.add(1), tree.add(2, without=["raw"])
    for role in ("raw", "psf"):
        instead(Path.mkdir)(files.file(role))
    db.load(tree.root)
    assert sorted(db.open_issues("warning")) == [
        ("psf_missing", str(files.prm)),
        ("raw_missing", str(files.reduced)),
        ("raw_missing", str(good.reduced)),
    ]
    assert db.exposure(good.archive_id) == light[2]
    tree.restore(files)
    db.load(tree.root)
    assert db.exposure(files.archive_id) == whole[1]


def test_there_are_enough_kinds():
    assert len({(bad.role, bad.name) for bad in BAD}) == len(BAD)
    assert len({bad.name for bad in BAD}) >= 35


@pytest.mark.parametrize(
    ("role", "severity", "code", "spoil"), [o[1:] for o in ODD], ids=[o[0] for o in ODD]
)
def test_an_odd_file_is_loaded_with_a_remark(db, role, severity, code, spoil, tree, light):
    files, good = tree.add(1), tree.add(2, without=["raw"])
    spoil(files.file(role))

    done = db.run("load", tree.root)

    assert (done.code, done.err) == (0, "")
    assert (code, str(files.file(role))) in db.open_issues(severity)
    assert db.open_issues() == []
    outcomes = {row["path"]: row["outcome"] for row in db.rows("source_file")}
    paths = [*files.all, good.reduced, good.prm, good.psf]
    assert outcomes == {str(p): "loaded" for p in paths}
    assert db.exposure(good.archive_id) == light[2]


def test_two_sparta_tables_are_both_kept(db, tree):
    files = tree.add(1)
    edit(files.raw, lambda hdus: hdus.append(factory.sparta_atm(30)))
    db.load(tree.root)
    typed = db.rows("sparta_atm")
    assert {row["time_sec"] for row in typed} == {factory.NIGHT + 60, factory.NIGHT + 61}
    seconds = db.query(
        "SELECT v.value_int FROM table_value v JOIN table_column c ON c.id = v.table_column_id"
        " JOIN table_layout l ON l.id = c.table_layout_id"
        " WHERE l.extension_name = 'SPARTA_ATM_DATA' AND c.name = 'Sec' ORDER BY v.row_index"
    )
    assert seconds == [(factory.NIGHT + 1800,), (factory.NIGHT + 1801,)]


def test_a_very_long_comment(db, tree):
    files = tree.add(1)

    def lengthen(hdus: fits.HDUList) -> None:
        hdus[0].header["LONGONE"] = ("x" * 100, "of it " * 200)

    edit(files.reduced, lengthen)
    db.load(tree.root)
    cards = db.query("SELECT comment FROM keyword WHERE name = 'LONGONE'")
    assert len(cards) == 1
    assert cards[0][0].startswith("of it of it")


@pytest.mark.parametrize("value", ["1E400", "-1E308", "1E-320", "9" * 60])
@pytest.mark.parametrize("keyword", ["CRVAL3", "CDELT3"])
def test_wavelengths_beyond_any_double(db, keyword, value, tree):
    files = tree.add(1, without=["raw"])
    set_card(files.prm, "SPECTRA", keyword, value)
    done = db.run("load", tree.root)
    assert len(done.errors) <= 1, done.err
    assert all(line.startswith(f"error: {files.prm}") for line in done.errors), done.err
    assert db.count("source_sample") == 10
    assert db.count("psf_parameter") == 20


@pytest.mark.parametrize("what", ["EXTNAME", "TTYPE1", "TUNIT1", "TDISP1"])
def test_names_beyond_the_columns_of_the_schema(db, what, tree):
    """Strings in headers may go on for ever; whatever becomes of them, the rest is loaded."""
    files = tree.add(1)
    table = factory.source(1)
    table.header[what] = "LONG" * 100
    content = (
        factory.to_bytes(factory.prm(seed=1))
        + factory.to_bytes(fits.HDUList([fits.PrimaryHDU(), table]))[2880:]
    )
    files.prm.write_bytes(content)
    done = db.run("load", tree.root)
    assert len(done.errors) <= 1, done.err
    assert all(str(files.prm) in line for line in done.errors)
    loaded = db.loaded_paths()
    assert {str(files.reduced), str(files.raw), str(files.psf)} <= loaded


def test_a_file_name_that_is_not_utf8(db, tree):
    name = os.fsdecode(b"caf\xe9")
    files = tree.add(1, name=name)
    db.load(tree.root)
    assert db.scalar("SELECT name FROM psf_fit") == "caf\\xe9"
    again = db.run("load", tree.root)
    assert again.code == 0
    assert "1 unchanged" in again.out

    files.psf.write_bytes(b"")
    broken = db.run("load", tree.root)
    assert broken.code == 1
    assert_one_clear_line(broken.errors, files.psf)


def test_a_root_that_is_not_utf8(db, tmp_path):
    tree = Tree(tmp_path / os.fsdecode(b"n\xffght"))
    tree.add(1)
    db.load(tree.root)
    assert db.scalar("SELECT root FROM load_run").endswith("/n\\xffght")


def test_a_file_that_goes_away_while_it_is_looked_for(db, tree, monkeypatch, whole, light):
    from aomuse import pipeline

    files, good = tree.add(1), tree.add(2, without=["raw"])
    read = pipeline.read_exposure

    def read_late(found: Any) -> Any:
        files.psf.unlink(missing_ok=True)
        return read(found)

    monkeypatch.setattr(pipeline, "read_exposure", read_late)
    done = db.run("load", tree.root)
    monkeypatch.undo()
    assert done.code == 1
    assert_one_clear_line(done.errors, files.psf)
    assert db.open_issues() == [("unreadable", str(files.psf))]
    assert db.exposure(good.archive_id) == light[2]

    tree.restore(files)
    db.load(tree.root)
    assert db.exposure(files.archive_id) == whole[1]


def test_a_file_that_changes_while_it_is_read(db, tree, monkeypatch, whole, light):
    from aomuse.read import fits_file

    files, good = tree.add(1), tree.add(2, without=["raw"])
    read = fits_file.checksum

    def read_slowly(stream: Any, *arguments: Any) -> str:
        if stream.name == str(files.prm):
            time.sleep(0.02)
            files.prm.write_bytes(files.prm.read_bytes() + bytes(2880))
        return read(stream, *arguments)

    monkeypatch.setattr(fits_file, "checksum", read_slowly)
    done = db.run("load", tree.root)
    monkeypatch.undo()
    assert done.code == 1
    assert_one_clear_line(done.errors, files.prm)
    assert db.open_issues() == [("changed", str(files.prm))]
    assert nothing_of(db, files.prm)
    assert db.exposure(good.archive_id) == light[2]

    tree.restore(files)
    db.load(tree.root)
    assert db.exposure(files.archive_id) == whole[1]


def test_following_the_advice_to_remove_a_file_closes_its_issue(db, tree):
    """not_fits says: remove or rename it."""
    files = tree.add(1)
    files.psf.write_bytes(HTML)
    assert db.run("load", tree.root).code == 1
    files.psf.unlink()
    db.load(tree.root)
    assert db.open_issues() == []
    assert ("psf_missing", str(files.prm)) in db.open_issues("warning")


def test_many_bad_files_at_once_are_a_line_each(db, tree, light):
    good = tree.add(2, without=["raw"])
    bad = [tree.add(number) for number in range(3, 9)]
    for number, files in enumerate(bad):
        files.file(factory.ROLES[number % 4]).write_bytes(HTML)
    done = db.run("load", tree.root)
    assert done.code == 1
    assert len(done.errors) == len(bad)
    assert db.exposure(good.archive_id) == light[2]


def test_every_file_of_an_exposure_is_bad(db, tree, whole, light):
    files, good = tree.add(1), tree.add(2, without=["raw"])
    for path in files.all:
        path.write_bytes(HTML)
    done = db.run("load", tree.root)
    assert done.code == 1
    assert len(done.errors) == 4
    assert db.exposure(good.archive_id) == light[2]
    tree.restore(files)
    db.load(tree.root)
    assert db.exposure(files.archive_id) == whole[1]
    assert db.count("exposure") == 2


def test_extension_names_in_any_case(db, tree, whole):
    """astropy finds an HDU without regard to case, and to blanks around its name."""
    files = tree.add(1)
    for role, spelled in {
        "raw": {"SPARTA_ATM_DATA": "sparta_atm_data", "ASM_DATA": " Asm_Data"},
        "prm": {"PSFPARS": "psfpars", "SPECTRA": "spectra"},
        "psf": {"PM_3": "pm_3"},
    }.items():
        for name, other in spelled.items():
            set_card(files.file(role), name, "EXTNAME", f"'{other}'")
    db.load(tree.root)
    got, expected = db.exposure(files.archive_id), whole[1]
    same = ("sparta_atm", "asm", "psf_parameter", "source_sample", "psf_layer")
    assert {table: got[table] for table in same} == {table: expected[table] for table in same}
    names = {row["extension_name"] for row in db.rows("header")}
    assert {"sparta_atm_data", " Asm_Data", "psfpars", "spectra", "pm_3"} <= names
    assert db.run("verify").code == 0


def test_missing_channels_are_a_warning(db, tree):
    files = tree.add(1)
    db.load(tree.root)
    assert ("channels_missing", str(files.raw)) in db.open_issues("warning")
    factory.write(files.raw, factory.raw(1, channels=24))
    db.load(tree.root)
    assert db.open_issues("warning") == []
