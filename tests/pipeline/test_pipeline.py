"""Loading again: nothing new, files that appear, change, move or go away."""

import shutil
from pathlib import Path
from typing import Any

import fits_factory as factory
import pytest
import sqlalchemy as sa
from fits_factory import Tree, later
from warehouse import (
    aomuse,
    contents,
    exposure,
    exposure_id,
    load_whole,
    open_issues,
    query,
    rows,
    scalar,
)

Whole = dict[int, dict[str, Any]]


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path / "night")


@pytest.fixture(scope="session")
def whole(tmp_path_factory, sqlite_template):
    return load_whole(tmp_path_factory.mktemp("whole"), sqlite_template)


def count(engine: sa.Engine, table: str) -> int:
    return int(scalar(engine, f"SELECT COUNT(*) FROM {table}"))


def load(url: str, *roots: Path | str, code: int = 0) -> str:
    """Load, check the exit code and return what was printed on standard output."""
    done = aomuse(url, "load", *roots)
    assert done.code == code, done.text
    assert (done.err == "") == (code == 0)
    return done.out


def without_times(table: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Leave out the tables whose rows tell where a file was found, and when."""
    places = ("source_file", "known_file")
    return {name: found for name, found in table.items() if name not in places}


# Nothing new


def test_a_second_load_changes_nothing(engine, db_url, tree):
    tree.add(1)
    tree.add(2)
    load(db_url, tree.root)
    before = contents(engine)
    out = load(db_url, tree.root)
    assert "0 loaded, 0 completed, 0 replaced, 2 unchanged, 0 failed; 0 rows" in out
    assert contents(engine) == before
    runs = query(
        engine,
        "SELECT outcome, exposures_found, exposures_loaded, exposures_unchanged FROM load_run"
        " ORDER BY id",
    )
    assert runs == [("complete", 2, 2, 0), ("complete", 2, 0, 2)]


def test_both_engines_hold_the_same(engine, db_url, tree, whole):
    """``whole`` was loaded into SQLite."""
    files = [tree.add(number) for number in (1, 2, 3)]
    load(db_url, tree.root)
    assert {f.number: exposure(engine, f.archive_id) for f in files} == whole


def test_a_new_time_alone_keeps_the_rows(engine, db_url, tree):
    files = tree.add(1)
    load(db_url, tree.root)
    before = contents(engine)
    for path in files.all:
        later(path)
    assert "1 unchanged" in load(db_url, tree.root)
    after = contents(engine)
    assert without_times(after) == without_times(before)
    times = {row["path"]: row["mtime_ns"] for row in rows(engine, "source_file")}
    assert times == {str(path): path.stat().st_mtime_ns for path in files.all}


def test_reload_reads_everything_again(engine, db_url, tree, whole):
    files = tree.add(1)
    load(db_url, tree.root)
    number = exposure_id(engine, files.archive_id)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE source_sample SET flux = 1")
        connection.exec_driver_sql("DELETE FROM sparta_atm")
    done = aomuse(db_url, "load", "--reload", tree.root)
    assert done.code == 0
    assert "1 replaced" in done.out
    assert exposure_id(engine, files.archive_id) == number
    assert exposure(engine, files.archive_id) == whole[1]
    assert rows(engine, "load_run")[1]["exposures_replaced"] == 1


# What was missing appears


@pytest.mark.parametrize("role", factory.ROLES)
def test_a_missing_file_completes_its_exposure_later(role, engine, db_url, tree, whole):
    files = tree.add(1, without=[role])
    load(db_url, tree.root)
    assert [code for code, _ in open_issues(engine, "warning")] == (
        [f"{role}_missing"] * (2 if role == "reduced" else 1)
    )
    number = exposure_id(engine, files.archive_id)
    assert count(engine, "source_file") == 3

    tree.add(1)
    assert "1 completed" in load(db_url, tree.root)
    assert exposure_id(engine, files.archive_id) == number
    assert exposure(engine, files.archive_id) == whole[1]
    assert count(engine, "exposure") == 1
    assert open_issues(engine, "warning") == []


@pytest.mark.parametrize("missing", [("raw", "prm", "psf"), ("reduced", "prm", "psf"), ("raw",)])
def test_an_exposure_grows_file_by_file(missing, engine, db_url, tree, whole):
    files = tree.add(1, without=missing)
    load(db_url, tree.root)
    number = exposure_id(engine, files.archive_id)
    for place in range(1, len(missing) + 1):
        tree.add(1, without=missing[place:])
        load(db_url, tree.root)
    assert exposure_id(engine, files.archive_id) == number
    assert exposure(engine, files.archive_id) == whole[1]
    assert count(engine, "exposure") == 1


@pytest.mark.parametrize("role", factory.ROLES)
@pytest.mark.parametrize("first", ["most", "one"])
def test_a_companion_lies_in_another_root(role, first, engine, db_url, tmp_path, whole):
    most, one = Tree(tmp_path / "most"), Tree(tmp_path / "one")
    files = most.add(1, without=[role])
    one.add(1, without=[other for other in factory.ROLES if other != role])
    order = [most.root, one.root] if first == "most" else [one.root, most.root]
    for root in order:
        load(db_url, root)
    assert count(engine, "exposure") == 1
    assert exposure(engine, files.archive_id) == whole[1]
    assert open_issues(engine, "warning") == []
    assert "1 unchanged" in load(db_url, most.root, one.root)


def test_all_companions_in_other_roots_at_once(engine, db_url, tmp_path, whole):
    roots = []
    for role in factory.ROLES:
        tree = Tree(tmp_path / role)
        tree.add(1, without=[other for other in factory.ROLES if other != role])
        roots.append(tree.root)
    load(db_url, *roots)
    assert exposure(engine, factory.archive_id(1)) == whole[1]


# Files that change


@pytest.mark.parametrize("role", factory.ROLES)
def test_a_changed_file_replaces_the_rows(role, engine, db_url, tree, whole):
    files, other = tree.add(1), tree.add(2)
    load(db_url, tree.root)
    number = exposure_id(engine, files.archive_id)
    changed = {
        "reduced": factory.reduced(1, EXPTIME=1234.5),
        "raw": factory.raw(1, channels=2),
        "prm": factory.prm(seed=77),
        "psf": factory.psf(seed=77, sources=(3, 18, 19)),
    }
    factory.write(files.file(role), changed[role])
    assert "1 replaced, 1 unchanged" in load(db_url, tree.root)
    assert exposure_id(engine, files.archive_id) == number
    after = exposure(engine, files.archive_id)
    assert after != whole[1]
    assert exposure(engine, other.archive_id) == whole[2]
    differs = {table for table in after if after[table] != whole[1][table]}
    expected = {
        "reduced": {"exposure", "header_card"},
        "raw": {"header"},
        "prm": {"psf_parameter", "psf_parameter_summary"},
        "psf": {"source", "source_sample", "source_summary"},
    }
    assert expected[role] <= differs
    factory.write(files.file(role), factory._valid(role, 1, role == "raw"))
    assert "1 replaced" in load(db_url, tree.root)
    assert exposure(engine, files.archive_id) == whole[1]


def test_same_size_and_time_is_taken_for_the_same_but_not_by_reload(engine, db_url, tree):
    files = tree.add(1)
    load(db_url, tree.root)
    stat = files.prm.stat()
    content = factory.to_bytes(factory.prm(seed=9))
    assert len(content) == stat.st_size
    files.prm.write_bytes(content)
    later(files.prm, (stat.st_mtime_ns - files.prm.stat().st_mtime_ns) / 1e9)
    values = query(engine, "SELECT value FROM psf_parameter ORDER BY parameter, layer")
    aomuse(db_url, "load", "--reload", tree.root)
    assert query(engine, "SELECT value FROM psf_parameter ORDER BY parameter, layer") != values


def test_pixels_alone_do_not_count(engine, db_url, tree):
    """Cubes are gigabytes; nothing of their pixels is in the database."""
    files = tree.add(1)
    load(db_url, tree.root)
    before = without_times(contents(engine))
    factory.edit_bytes(files.reduced, lambda data: data[:-2880] + b"\1" * 32 + data[-2848:])
    later(files.reduced)
    assert "1 unchanged" in load(db_url, tree.root)
    assert without_times(contents(engine)) == before


# Files that move or go away


def test_a_tree_that_was_moved(engine, db_url, tree, tmp_path):
    tree.add(1)
    tree.add(2)
    load(db_url, tree.root)
    before = contents(engine)
    moved = tmp_path / "archive" / "2018-08-12"
    moved.parent.mkdir()
    tree.root.rename(moved)
    assert "2 unchanged" in load(db_url, moved)
    assert without_times(contents(engine)) == without_times(before)
    assert all(row["path"].startswith(f"{moved}/") for row in rows(engine, "source_file"))


def test_a_file_that_was_renamed(engine, db_url, tree, whole):
    files = tree.add(1)
    load(db_url, tree.root)
    number = exposure_id(engine, files.archive_id)
    for path in (files.reduced, files.prm, files.psf):
        path.rename(path.with_name(path.name.replace("DATACUBE", "CUBE")))
    load(db_url, tree.root)
    assert exposure_id(engine, files.archive_id) == number
    assert count(engine, "exposure") == 1
    assert query(engine, "SELECT name, prm_file, psf_file FROM psf_fit") == [
        ("CUBE_0001", "CUBE_0001.prm.fits", "CUBE_0001.psf.fits")
    ]
    assert {row["name"] for row in rows(engine, "source_file")} == {
        "CUBE_0001.fits",
        "CUBE_0001.prm.fits",
        "CUBE_0001.psf.fits",
        files.raw.name,
    }
    assert exposure(engine, files.archive_id)["source_sample"] == whole[1]["source_sample"]


def test_a_file_that_was_compressed(engine, db_url, tree):
    """MUSE….fits becomes MUSE….fits.fz: another file in place of one that has gone."""
    files = tree.add(1, raw_suffix=".fits")
    load(db_url, tree.root)
    number = exposure_id(engine, files.archive_id)
    files.raw.unlink()
    tree.add(1)
    done = aomuse(db_url, "load", tree.root)
    assert done.code in (0, 1)
    if done.code == 1:
        # The rows of the old file would go: the user is asked.
        assert [code for code, _ in open_issues(engine)] == ["companion_gone"]
        assert aomuse(db_url, "load", "--reload", tree.root).code == 0
    assert exposure_id(engine, files.archive_id) == number
    names = {row["name"] for row in rows(engine, "source_file") if row["role"] == "raw"}
    assert names == {f"{files.archive_id}.fits.fz"}
    assert open_issues(engine) == []


def test_rows_are_not_given_up_for_a_file_that_has_gone(engine, db_url, tree, whole):
    files, other = tree.add(1), tree.add(2)
    load(db_url, tree.root)
    held = exposure(engine, files.archive_id)
    files.raw.unlink()
    assert "2 unchanged" in load(db_url, tree.root)

    factory.write(files.prm, factory.prm(seed=77))
    done = aomuse(db_url, "load", tree.root)
    assert done.code == 1
    assert len(done.errors) == 1
    assert str(files.raw) in done.err
    assert "--reload" in done.err
    assert [code for code, _ in open_issues(engine)] == ["companion_gone"]
    assert exposure(engine, files.archive_id) == held
    assert exposure(engine, other.archive_id) == whole[2]

    tree.add(1, without=["reduced", "prm", "psf"])
    assert "1 replaced" in load(db_url, tree.root)
    after = exposure(engine, files.archive_id)
    assert after["sparta_atm"] == held["sparta_atm"]
    assert after["psf_parameter"] != held["psf_parameter"]
    assert open_issues(engine) == []


def test_reload_goes_on_without_what_has_gone(engine, db_url, tree):
    files = tree.add(1)
    load(db_url, tree.root)
    files.raw.unlink()
    factory.write(files.prm, factory.prm(seed=77))
    assert aomuse(db_url, "load", "--reload", tree.root).code == 0
    assert count(engine, "sparta_atm") == 0
    assert [code for code, _ in open_issues(engine, "warning")] == ["raw_missing"]
    assert open_issues(engine) == []


def test_a_corrected_provenance_leaves_nothing_behind(engine, db_url, tree, whole):
    """The cube named the wrong raw file; its rows move to the exposure it is of."""
    wrong, right = factory.archive_id(40), factory.archive_id(1)
    files = tree.add(1)
    content = files.reduced.read_bytes()
    factory.set_card(files.reduced, 0, "PROV1", f"'{wrong}.fits'")
    load(db_url, tree.root)
    assert exposure_id(engine, wrong) is not None
    files.reduced.write_bytes(content)
    load(db_url, tree.root)
    assert exposure(engine, right) == whole[1]
    paths = [row["path"] for row in rows(engine, "source_file")]
    assert len(paths) == len(set(paths)) == 4
    assert count(engine, "psf_fit") == 1


@pytest.mark.parametrize("role", ["prm", "psf"])
def test_a_good_file_that_goes_bad_is_told(role, engine, db_url, tree, whole):
    files = tree.add(1)
    load(db_url, tree.root)
    number = exposure_id(engine, files.archive_id)
    files.file(role).write_bytes(files.file(role).read_bytes()[:4000])
    load(db_url, tree.root, code=1)
    assert open_issues(engine) == [("truncated", str(files.file(role)))]
    tree.restore(files)
    load(db_url, tree.root)
    assert exposure_id(engine, files.archive_id) == number
    assert exposure(engine, files.archive_id) == whole[1]


def test_a_cube_goes_bad_and_its_raw_file_changes(engine, db_url, tree, whole):
    """Raw file and analysis then are found apart, but belong to one known exposure."""
    files = tree.add(1)
    load(db_url, tree.root)
    number = exposure_id(engine, files.archive_id)
    files.reduced.write_bytes(b"")
    factory.write(files.raw, factory.raw(1, channels=2))
    factory.write(files.prm, factory.prm(seed=8))
    aomuse(db_url, "load", tree.root)
    assert count(engine, "exposure") == 1
    paths = [row["path"] for row in rows(engine, "source_file")]
    assert len(paths) == len(set(paths))
    tree.restore(files)
    load(db_url, tree.root)
    assert exposure_id(engine, files.archive_id) == number
    assert exposure(engine, files.archive_id) == whole[1]
    assert count(engine, "exposure") == 1


# Removing what a test tree holds must not be what makes it pass


def test_an_empty_tree_is_not_an_error(engine, db_url, tree):
    files = tree.add(1)
    load(db_url, tree.root)
    before = without_times(contents(engine))
    shutil.rmtree(tree.root / "single")
    for path in (files.raw, files.prm, files.psf):
        path.unlink()
    out = load(db_url, tree.root)
    assert "0 loaded" in out
    assert without_times(contents(engine)) == before
