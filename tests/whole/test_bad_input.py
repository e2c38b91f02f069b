"""Broken and absurd files: one clear line each, and everything else is loaded."""

import os
from pathlib import Path
from typing import Any

import fits_factory as factory
import pytest
from astropy.io import fits
from backends import on_sqlite, one_on_mariadb
from bad_files import BAD, HTML, ODD, instead
from fits_factory import Files, Tree, edit, set_card
from loaded import Loaded, rows_of_one_load

from aomuse import stages
from aomuse.paths import printable
from aomuse.read import fits_file


@pytest.fixture
def good(tree):
    """Give an exposure that is to be loaded beside a bad one."""
    return tree.add(2, without=["raw"])


@pytest.fixture
def mend(db, tree, good, light, whole):
    """Give a function that makes the files of the first exposure valid and loads them."""

    def mend(files: Files) -> None:
        assert db.exposure(good.archive_id) == light[2]
        tree.restore(files)
        db.load(tree.root)
        assert db.exposure(files.archive_id) == whole[1]

    return mend


def assert_one_clear_line(errors: list[str], path: Path) -> None:
    assert len(errors) == 1, errors
    line = errors[0]
    assert line.startswith("error: ")
    assert printable(path) in line
    assert "Traceback" not in line
    assert len(line) < 1000


@one_on_mariadb("role", factory.ROLES)
def test_bad_files(db, backend, tree, role, tmp_path, sqlite_template):
    bad_ones = [bad for bad in BAD if bad.role == role]
    if backend == "mariadb":  # for which reading is no different: one per code
        bad_ones = list({(bad.code, bad.read): bad for bad in bad_ones}.values())
    # A raw file takes time.
    without = ["raw"] if role in {"prm", "psf"} else []
    kinds = {bad: tree.add(i, without=without) for i, bad in enumerate(bad_ones, 2)}
    good = tree.add(1, without=["raw"])
    there = {bad: [p for p in files.all if p.exists()] for bad, files in kinds.items()}
    paths = {bad: files.file(role) for bad, files in kinds.items()}
    for bad, path in paths.items():
        bad.spoil(path)

    first = db.run("load", tree.root)

    assert first.code == 1
    assert len(first.errors) == len(kinds)
    for path in paths.values():
        assert_one_clear_line([line for line in first.errors if printable(path) in line], path)
    issues = sorted((bad.code, printable(path)) for bad, path in paths.items())
    assert db.open_issues() == issues
    loaded = db.loaded_paths()
    for bad, path in paths.items():
        assert {str(p) for p in there[bad] if p != path or bad.read} <= loaded, bad
        assert bad.read or nothing_of(db, path), bad
    numbers = {bad: db.exposure_id(files.archive_id) for bad, files in kinds.items()}
    good_rows = db.exposure(good.archive_id)

    held = db.exposures()
    again = db.run("load", tree.root)
    assert (again.code, sorted(again.errors)) == (1, sorted(first.errors))
    assert db.open_issues() == issues
    assert db.exposures() == held

    for bad, files in kinds.items():
        tree.restore(files, [r for r in factory.ROLES if files.file(r) in there[bad]])
    mended = db.run("load", tree.root)

    assert (mended.code, mended.err) == (0, ""), mended.text
    assert db.open_issues() == []
    assert numbers == {bad: db.exposure_id(files.archive_id) for bad, files in kinds.items()}
    expected = rows_of_one_load(tree, tmp_path / "valid.db", sqlite_template)
    assert db.exposures() == expected
    assert good_rows == expected[good.archive_id]
    assert len(expected) == len(kinds) + 1


def nothing_of(db: Loaded, path: Path) -> bool:
    """Tell whether no row hangs on a file."""
    count = db.scalar(
        "SELECT COUNT(*) FROM header h JOIN source_file f ON f.id = h.source_file_id"
        " WHERE f.path = :path OR f.outcome <> 'loaded'",
        path=printable(path),
    )
    return bool(count == 0)


@on_sqlite
def test_a_folder_named_like_a_file_is_a_missing_file(db, tree, good, mend):
    files = tree.add(1)
    for role in ("raw", "psf"):
        instead(Path.mkdir)(files.file(role))
    db.load(tree.root)
    assert sorted(db.open_issues("warning")) == [
        ("psf_missing", str(files.prm)),
        ("raw_missing", str(files.reduced)),
        ("raw_missing", str(good.reduced)),
    ]
    mend(files)


@one_on_mariadb("role", factory.ROLES)
def test_odd_files_are_loaded_with_a_remark(db, tree, good, role, light):
    remarks = set()
    for number, (_, _, severity, code, spoil) in enumerate((o for o in ODD if o[1] == role), 3):
        path = tree.add(number).file(role)
        spoil(path)
        remarks.add((severity, code, str(path)))
    db.load(tree.root)
    assert remarks <= set(db.query("SELECT severity, code, path FROM load_issue"))
    assert db.open_issues() == []
    outcomes = {row["path"]: row["outcome"] for row in db.rows("source_file")}
    assert outcomes == {str(p): "loaded" for p in tree.root.rglob("*.fits*")}
    assert db.exposure(good.archive_id) == light[2]


def test_two_sparta_tables_are_both_kept_and_so_is_a_very_long_comment(db, tree):
    files = tree.add(1)
    edit(files.raw, lambda hdus: hdus.append(factory.sparta_atm(30)))
    comment = ("x" * 100, "of it " * 200)
    edit(files.reduced, lambda hdus: hdus[0].header.update({"LONGONE": comment}))
    db.load(tree.root)
    typed = db.rows("sparta_atm")
    assert {row["time_sec"] for row in typed} == {factory.NIGHT + 60, factory.NIGHT + 61}
    seconds = db.query(
        "SELECT v.value_int FROM table_value v JOIN table_column c ON c.id = v.table_column_id"
        " JOIN table_layout l ON l.id = c.table_layout_id"
        " WHERE l.extension_name = 'SPARTA_ATM_DATA' AND c.name = 'Sec' ORDER BY v.row_index"
    )
    assert seconds == [(factory.NIGHT + 1800,), (factory.NIGHT + 1801,)]
    comment = db.scalar("SELECT comment FROM keyword WHERE name = 'LONGONE'")
    assert comment.startswith("of it of it")


def test_wavelengths_beyond_any_double_and_names_beyond_the_columns(db, tree):
    """Strings in headers may go on for ever; whatever becomes of them, the rest is loaded."""
    absurd = []
    for keyword in ("CRVAL3", "CDELT3"):
        for value in ("1E400", "-1E308", "1E-320", "9" * 60):
            absurd.append(tree.add(len(absurd), without=["raw"]))
            set_card(absurd[-1].prm, "SPECTRA", keyword, value)
    for card in ("EXTNAME", "TTYPE1", "TUNIT1", "TDISP1"):
        absurd.append(tree.add(len(absurd)))
        table = factory.source(1)
        table.header[card] = "LONG" * 100
        factory.write(absurd[-1].prm, fits.HDUList([*factory.prm(seed=1), table]))
    done = db.run("load", tree.root)
    prms = [str(files.prm) for files in absurd]
    about = [next(p for p in prms if line.startswith(f"error: {p}")) for line in done.errors]
    assert len(set(about)) == len(about)
    loaded = db.loaded_paths()
    others = {str(p) for f in absurd for p in (f.reduced, f.raw, f.psf) if p.exists()}
    assert others | {*prms[:8]} <= loaded
    assert db.count("source_sample") == 10 * len(absurd)
    assert db.count("psf_parameter") == 20 * len(loaded & {*prms})


def test_names_that_are_not_utf8(db, tmp_path):
    tree = Tree(tmp_path / os.fsdecode(b"n\xffght"))
    files = tree.add(1, name=os.fsdecode(b"caf\xe9"))
    db.load(tree.root)
    assert db.scalar("SELECT name FROM psf_fit") == "caf\\xe9"
    assert db.scalar("SELECT root FROM load_run").endswith("/n\\xffght")
    assert "1 unchanged" in db.load(tree.root).out

    files.psf.write_bytes(b"")
    assert_one_clear_line([db.fail("load", tree.root)], files.psf)


def assert_one_fails(db: Loaded, tree: Tree, code: str, path: Path) -> None:
    """Load a tree with one bad file, of which nothing is stored."""
    assert_one_clear_line([db.fail("load", tree.root)], path)
    assert db.open_issues() == [(code, str(path))]
    assert nothing_of(db, path)


@on_sqlite
def test_a_file_that_goes_away_while_it_is_looked_for(db, tree, mend, monkeypatch):
    files, read = tree.add(1), stages.read_exposure

    def read_late(found: Any) -> Any:
        files.psf.unlink(missing_ok=True)
        return read(found)

    with monkeypatch.context() as patch:
        patch.setattr(stages, "read_exposure", read_late)
        assert_one_fails(db, tree, "unreadable", files.psf)
    mend(files)


@on_sqlite
def test_a_file_that_changes_while_it_is_read(db, tree, mend, monkeypatch):
    files, read = tree.add(1), fits_file.checksum

    def read_slowly(stream: Any, *arguments: Any) -> str:
        if stream.name == str(files.prm):
            files.prm.write_bytes(files.prm.read_bytes() + bytes(2880))
        return read(stream, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(fits_file, "checksum", read_slowly)
        assert_one_fails(db, tree, "changed", files.prm)
    mend(files)


@on_sqlite
def test_every_file_of_an_exposure_is_bad(db, tree, mend):
    files = tree.add(1)
    for path in files.all:
        path.write_bytes(HTML)
    done = db.run("load", tree.root)
    assert (done.code, len(done.errors)) == (1, 4)
    mend(files)
    assert db.count("exposure") == 2


@on_sqlite
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


@on_sqlite
def test_missing_channels_are_a_warning(db, tree):
    files = tree.add(1)
    db.load(tree.root)
    assert ("channels_missing", str(files.raw)) in db.open_issues("warning")
    factory.write(files.raw, factory.raw(1, channels=24))
    db.load(tree.root)
    assert db.open_issues("warning") == []
