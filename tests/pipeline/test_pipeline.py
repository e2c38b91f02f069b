"""Loading again: nothing new, files that appear, change, move or go away."""

import os
import shutil
from typing import Any

import fits_factory as factory
import numpy as np
import pytest
from backends import on_sqlite, one_on_mariadb
from fits_factory import Files, Tree, later
from loaded import Loaded


@pytest.fixture
def files(db, tree):
    """Give the files of one exposure, which is loaded."""
    files = tree.add(1)
    db.load(tree.root)
    return files


@pytest.fixture
def number(db, files):
    """Give the number that the exposure got."""
    return db.exposure_id(files.archive_id)


def contents_without_times(db: Loaded) -> dict[str, list[Any]]:
    """Leave out the tables whose rows tell where a file was found, and when."""
    return db.contents(but=("load_run", "source_file", "known_file"))


def assert_whole(db: Loaded, files: Files, rows: Any, number: int | None = None) -> None:
    """Compare the one exposure with what a single load of valid files gives."""
    assert db.exposure(files.archive_id) == rows
    assert number in (None, db.exposure_id(files.archive_id))
    assert db.count("exposure") == 1


def assert_mended(db: Loaded, tree: Tree, files: Files, rows: Any, number: int) -> None:
    """Load the files, which are valid again, and compare."""
    tree.restore(files)
    db.load(tree.root)
    assert db.open_issues() == []
    assert_whole(db, files, rows, number)


def assert_no_path_twice(db: Loaded) -> None:
    paths = [row["path"] for row in db.rows("source_file")]
    assert len(paths) == len(set(paths)) == 4


# Nothing new


def test_a_second_load_changes_nothing(db, tree, whole):
    """``whole`` was loaded into SQLite: both engines hold the same."""
    files = [tree.add(number) for number in (1, 2, 3)]
    db.load(tree.root)
    assert {f.number: db.exposure(f.archive_id) for f in files} == whole
    before = db.contents()
    out = db.load(tree.root).out
    assert "0 loaded, 0 completed, 0 replaced, 3 unchanged, 0 failed; 0 rows" in out
    assert db.contents() == before
    runs = db.query(
        "SELECT outcome, exposures_found, exposures_loaded, exposures_unchanged FROM load_run"
        " ORDER BY id"
    )
    assert runs == [("complete", 3, 3, 0), ("complete", 3, 0, 3)]


@on_sqlite
def test_new_times_and_pixels_alone_keep_the_rows(db, tree, files):
    """Cubes are gigabytes; nothing of their pixels is in the database."""
    before = contents_without_times(db)
    factory.edit_bytes(files.reduced, lambda data: data[:-2880] + b"\1" * 32 + data[-2848:])
    for path in files.all:
        later(path)
    assert "1 unchanged" in db.load(tree.root).out
    assert contents_without_times(db) == before
    times = {row["path"]: row["mtime_ns"] for row in db.rows("source_file")}
    assert times == {str(path): path.stat().st_mtime_ns for path in files.all}


def test_reload_reads_everything_again(db, tree, files, number, whole):
    db.execute("UPDATE source_sample SET flux = 1", "DELETE FROM sparta_atm")
    assert "1 replaced" in db.load("--reload", tree.root).out
    assert_whole(db, files, whole[1], number)
    assert db.rows("load_run")[1]["exposures_replaced"] == 1


# What was missing appears


@one_on_mariadb(
    ("missing", "warnings"),
    [
        (("raw", "prm", "psf"), ["prm_missing", "raw_missing"]),
        (("reduced", "prm", "psf"), ["channels_missing", "reduced_missing"]),
        (("reduced",), ["channels_missing", "reduced_missing", "reduced_missing"]),
        (("raw",), ["raw_missing"]),
        (("prm",), ["channels_missing", "prm_missing"]),
        (("psf",), ["channels_missing", "psf_missing"]),
    ],
)
def test_a_missing_file_completes_its_exposure_later(db, missing, warnings, tree, whole):
    files = tree.add(1, without=missing)
    db.load(tree.root)
    assert [code for code, _ in db.open_issues("warning")] == warnings
    number = db.exposure_id(files.archive_id)
    for place in range(1, len(missing) + 1):
        assert db.count("source_file") == 3 - len(missing) + place
        tree.add(1, without=missing[place:])
        assert "1 completed" in db.load(tree.root).out
    assert_whole(db, files, whole[1], number)
    assert db.open_issues("warning") == [("channels_missing", str(files.raw))]


def all_but(role: str) -> list[str]:
    return [other for other in factory.ROLES if other != role]


@one_on_mariadb("role", factory.ROLES)
@pytest.mark.parametrize("first", ["most", "one"])
def test_a_companion_lies_in_another_root(db, role, first, tmp_path, whole):
    most, one = Tree(tmp_path / "most"), Tree(tmp_path / "one")
    files, alone = most.add(1, without=[role]), one.add(1, without=all_but(role))
    for tree in (most, one) if first == "most" else (one, most):
        db.load(tree.root)
    assert_whole(db, files, whole[1])
    raw = alone.raw if role == "raw" else files.raw
    assert db.open_issues("warning") == [("channels_missing", str(raw))]
    assert "1 unchanged" in db.load(most.root, one.root).out


def test_the_axis_is_the_middle_of_a_cube_that_comes_later(db, tree):
    files = tree.add(1, without=["reduced"])
    db.load(tree.root)
    axes = "SELECT axis_x_pixel, axis_y_pixel FROM v_psf_field"
    stars = db.query(axes)
    assert set(stars) == {(150.0, 150.0)}
    for width, axis in ((322, (161.0, 155.0)), (199, (150.0, 150.0))):
        cube = factory.reduced(1)
        cube["DATA"].data = np.zeros((1, 310, width), np.float32)
        later(factory.write(files.reduced, cube))
        db.load(tree.root)
        assert db.query(axes) == [axis] * len(stars)


def test_all_companions_in_other_roots_at_once(db, tmp_path, whole):
    roots = [tmp_path / role for role in factory.ROLES]
    for root in roots:
        Tree(root).add(1, without=all_but(root.name))
    db.load(*roots)
    assert db.exposure(factory.archive_id(1)) == whole[1]


# Files that change


@one_on_mariadb(
    ("role", "changed", "differing"),
    [
        (
            "psf",
            factory.psf(seed=77, sources=(3, 18, 19)),
            {"source", "source_sample", "source_summary"},
        ),
        ("prm", factory.prm(seed=77), {"psf_parameter", "psf_parameter_summary"}),
        ("raw", factory.raw(1, channels=2), {"header"}),
        ("reduced", factory.reduced(1, EXPTIME=1234.5), {"exposure", "header_card"}),
    ],
    ids=factory.ROLES[::-1],
)
def test_a_changed_file_replaces_the_rows(db, role, changed, differing, tree, whole):
    files, other = tree.add(1), tree.add(2)
    db.load(tree.root)
    number = db.exposure_id(files.archive_id)
    factory.write(files.file(role), changed)
    assert "1 replaced, 1 unchanged" in db.load(tree.root).out
    assert db.exposure_id(files.archive_id) == number
    after = db.exposure(files.archive_id)
    assert differing <= {table for table in after if after[table] != whole[1][table]}
    assert db.exposure(other.archive_id) == whole[2]
    tree.restore(files)
    assert "1 replaced" in db.load(tree.root).out
    assert db.exposure(files.archive_id) == whole[1]


@on_sqlite
def test_same_size_and_time_is_taken_for_the_same_but_not_by_reload(db, tree, files):
    stat = files.prm.stat()
    content = factory.to_bytes(factory.prm(seed=9))
    assert len(content) == stat.st_size
    files.prm.write_bytes(content)
    os.utime(files.prm, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    before = db.contents()
    assert "1 unchanged" in db.load(tree.root).out
    assert db.contents() == before
    db.load("--reload", tree.root)
    assert db.contents()["psf_parameter"] != before["psf_parameter"]


# Files that move or go away


def test_a_tree_that_was_moved(db, tree, tmp_path):
    tree.add(1)
    tree.add(2)
    db.load(tree.root)
    before = contents_without_times(db)
    moved = tmp_path / "archive" / "2018-08-12"
    moved.parent.mkdir()
    tree.root.rename(moved)
    assert "2 unchanged" in db.load(moved).out
    assert contents_without_times(db) == before
    assert all(row["path"].startswith(f"{moved}/") for row in db.rows("source_file"))


@on_sqlite
def test_a_file_that_was_renamed(db, tree, files, number, whole):
    renamed = {
        path.rename(path.with_name(path.name.replace("DATACUBE", "CUBE"))).name
        for path in (files.reduced, files.prm, files.psf)
    }
    assert renamed == {"CUBE_0001.fits", "CUBE_0001.prm.fits", "CUBE_0001.psf.fits"}
    db.load(tree.root)
    assert db.exposure_id(files.archive_id) == number
    assert db.count("exposure") == 1
    assert db.query("SELECT name, prm_file, psf_file FROM psf_fit") == [
        ("CUBE_0001", "CUBE_0001.prm.fits", "CUBE_0001.psf.fits")
    ]
    assert {row["name"] for row in db.rows("source_file")} == {*renamed, files.raw.name}
    assert db.exposure(files.archive_id)["source_sample"] == whole[1]["source_sample"]


@on_sqlite
def test_a_file_that_was_compressed(db, tree):
    """MUSE….fits becomes MUSE….fits.fz: another file in place of one that has gone."""
    files = tree.add(1, raw_suffix=".fits")
    db.load(tree.root)
    number = db.exposure_id(files.archive_id)
    files.raw.unlink()
    tree.add(1)
    # The rows of the old file would go: the user is asked.
    db.fail("load", tree.root)
    assert [code for code, _ in db.open_issues()] == ["companion_gone"]
    db.load("--reload", tree.root)
    assert db.exposure_id(files.archive_id) == number
    names = {row["name"] for row in db.rows("source_file") if row["role"] == "raw"}
    assert names == {f"{files.archive_id}.fits.fz"}
    assert db.open_issues() == []


@on_sqlite
def test_rows_are_not_given_up_for_a_file_that_has_gone(db, tree, whole):
    files, other = tree.add(1), tree.add(2)
    db.load(tree.root)
    held = db.exposure(files.archive_id)
    files.raw.unlink()
    assert "2 unchanged" in db.load(tree.root).out

    factory.write(files.prm, factory.prm(seed=77))
    line = db.fail("load", tree.root)
    assert str(files.raw) in line
    assert "--reload" in line
    assert [code for code, _ in db.open_issues()] == ["companion_gone"]
    assert db.exposure(files.archive_id) == held
    assert db.exposure(other.archive_id) == whole[2]

    tree.add(1, without=["reduced", "prm", "psf"])
    assert "1 replaced" in db.load(tree.root).out
    after = db.exposure(files.archive_id)
    assert after["sparta_atm"] == held["sparta_atm"]
    assert after["psf_parameter"] != held["psf_parameter"]
    assert db.open_issues() == []

    files.raw.unlink()
    db.load("--reload", tree.root)
    assert db.exposure(files.archive_id)["sparta_atm"] == []
    assert db.exposure(files.archive_id)["psf_parameter"] == after["psf_parameter"]
    assert ("raw_missing", str(files.reduced)) in db.open_issues("warning")
    assert db.open_issues() == []


@on_sqlite
def test_a_corrected_provenance_leaves_nothing_behind(db, tree, whole):
    """The cube named the wrong raw file; its rows move to the exposure it is of."""
    wrong, right = factory.archive_id(40), factory.archive_id(1)
    files = tree.add(1)
    factory.set_card(files.reduced, 0, "PROV1", f"'{wrong}.fits'")
    db.load(tree.root)
    assert db.exposure_id(wrong) is not None
    tree.restore(files)
    db.load(tree.root)
    assert db.exposure(right) == whole[1]
    assert_no_path_twice(db)
    assert db.count("psf_fit") == 1


@pytest.mark.parametrize("options", [[], ["--reload"]], ids=["load", "reload"])
@one_on_mariadb("role", ["raw", "prm", "psf"])
def test_a_good_file_that_goes_bad_keeps_its_rows(db, role, options, tree, files, number, whole):
    path = factory.edit_bytes(files.file(role), lambda data: data[:4000])
    for _ in range(2):
        done = db.run("load", tree.root, *options)
        assert (done.code, len(done.errors)) == (1, 1)
        assert "1 unchanged, 0 failed" in done.out
        assert db.open_issues() == [("truncated", str(path))]
        assert ("rows_kept", str(path)) in db.open_issues("warning")
        assert db.exposure(files.archive_id) == whole[1]
    assert_mended(db, tree, files, whole[1], number)


@on_sqlite
def test_a_damaged_file_that_is_removed_can_be_left_out(db, tree, files):
    files.psf.write_bytes(b"")
    db.fail("load", tree.root)
    files.psf.unlink()
    db.fail("load", tree.root)
    db.load(tree.root, "--reload")
    assert db.open_issues() == []
    assert (db.count("source"), db.count("psf_parameter")) == (0, 20)


@one_on_mariadb(("role", "lost"), [("raw", "AG_DATA"), ("psf", "PM_17")])
def test_a_file_cut_between_two_hdus_keeps_its_rows(db, role, lost, tree, files, number, whole):
    path = files.file(role)
    start = factory.header_start(path, lost)
    factory.edit_bytes(path, lambda data: data[:start])
    assert f"the file has lost {lost} from its end" in db.fail("load", tree.root)
    assert db.open_issues() == [("truncated", str(path))]
    assert db.exposure(files.archive_id) == whole[1]
    db.load(tree.root, "--reload")
    assert db.open_issues() == []
    assert_mended(db, tree, files, whole[1], number)


def test_a_cube_goes_bad_and_its_raw_file_changes(db, tree, files, number, whole):
    """Raw file and analysis then are found apart, but belong to one known exposure."""
    files.reduced.write_bytes(b"")
    factory.write(files.raw, factory.raw(1, channels=2))
    factory.write(files.prm, factory.prm(seed=8))
    db.run("load", tree.root)
    assert db.count("exposure") == 1
    assert_no_path_twice(db)
    assert_mended(db, tree, files, whole[1], number)


@on_sqlite
def test_an_empty_tree_is_not_an_error(db, tree, files):
    before = contents_without_times(db)
    shutil.rmtree(tree.root / "single")
    for path in (files.raw, files.prm, files.psf):
        path.unlink()
    assert "0 loaded" in db.load(tree.root).out
    assert contents_without_times(db) == before
