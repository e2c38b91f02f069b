"""Which files make an exposure: folders, dates, models, roots, doubles and what is left out."""

import shutil
from pathlib import Path

import fits_factory as factory
import pytest
from fits_factory import Files, Tree

from aomuse.discover import discover, find_again
from aomuse.discover.identity import read_identity
from aomuse.exchange.files import Discovery


def paths(discovery: Discovery) -> list[set[Path]]:
    return [{file.path for file in files.files} for files in discovery.exposures]


def told(discovery: Discovery) -> list[tuple[str, str, str | None]]:
    """Give severity, code and path of all issues."""
    said = [issue for files in discovery.exposures for issue in files.issues]
    return sorted((i.severity, i.code, i.path) for i in [*discovery.issues, *said])


def assert_found(roots: list[Path], *expected: Files) -> Discovery:
    """Compare the exposures with those expected; there is nothing to say of them."""
    found = discover(roots)
    assert (paths(found), told(found)) == ([set(files.all) for files in expected], []), roots
    return found


def test_a_whole_exposure(tree):
    files = tree.add(1)
    (found,) = assert_found([tree.root], files).exposures
    assert (found.archive_id, found.raw_file) == (files.archive_id, f"{files.archive_id}.fits.fz")
    assert [(f.role, f.path, f.size) for f in found.files] == [
        (role, files.file(role), files.file(role).stat().st_size) for role in factory.ROLES
    ]


#: How each exposure of a tree was added.
TREES = {
    "raw files without compression": [{"raw_suffix": ".fits"}],
    "dates": [{"folder": "2018-08-12"}, {"folder": "2018-08-13/late"}],
    "names that contain prm and psf": [{"name": "X.prm.psf_prm.fits.prm"}],
    "a name twice": [{"name": "C", "folder": "2018-08-12"}, {"name": "C", "folder": "2018-08-13"}],
}


@pytest.mark.parametrize("how", TREES)
def test_exposures_by_folder_and_name(tree, how):
    added = [tree.add(number, **options) for number, options in enumerate(TREES[how], 1)]
    found = assert_found([tree.root], *added).exposures
    assert [exposure.fits[0].name for exposure in found] == [files.name for files in added]
    # As the seed named it, compressed or not.
    assert [e.raw_file for e in found] == [f"{files.archive_id}.fits.fz" for files in added]


def test_names_in_capitals(tree):
    for path in tree.add(1).all:
        path.rename(path.with_name(path.name.replace(".fits", ".FITS")))
    (found,) = discover([tree.root]).exposures
    assert len(found.files) == 4


def test_folders_at_any_depth_and_others_beside_them(tmp_path):
    tree = Tree(tmp_path / "a" / "b")
    files = tree.add(1)
    (tmp_path / "a" / "plots").mkdir()
    shutil.copy(files.reduced, tmp_path / "a" / "plots" / "X.fits")
    (tree.root / "analysis" / "notes.txt").write_text("looks good")
    (tree.root / "raw" / f"{files.archive_id}.log").write_text("no night log")
    (tree.root / "single" / ".DATACUBE_0002.fits.swp").write_text("editor")
    (tree.root / "single" / ".hidden.fits").write_text("half a download")
    assert_found([tmp_path], files)


@pytest.mark.parametrize(
    "folders",
    [
        {"NFM_moffat": "moffat", "NFM_maoppy": "maoppy"},
        {"maoppy_vs_moffat/moffat": "moffat", "maoppy_vs_moffat/maoppy/last_run": "maoppy"},
    ],
)
def test_the_innermost_folder_tells_the_model(tree, folders):
    models = {tree.add(1, analysis=folder).prm: model for folder, model in folders.items()}
    (found,) = discover([tree.root]).exposures
    assert {fit.prm.path: fit.model for fit in found.fits} == models
    assert all(fit.reduced and fit.psf and fit.name == "DATACUBE_0001" for fit in found.fits)
    assert found.issues == ()


def test_two_reductions_of_one_raw_file(tree):
    for name in ("A", "B"):
        files, prm = tree.add(1, name=name), factory.prm()
        prm[0].header["HISTORY"] = name
        factory.write(files.reduced, factory.reduced(HISTORY=name))
        factory.write(files.prm, prm)
    (found,) = discover([tree.root]).exposures
    assert [file.stem for file in found.reduced] == ["A", "B"]
    assert {(fit.name, fit.reduced.stem) for fit in found.fits} == {("A", "A"), ("B", "B")}


# Roots


def test_roots_that_overlap_or_are_relative(tree, tmp_path, monkeypatch):
    files = tree.add(1)
    for here, *roots in (
        (tmp_path, tree.root, tree.root),
        (tmp_path, tree.root, tree.root / "raw"),
        (tmp_path, tree.root / "single", tree.root / "raw", tree.root / "analysis"),
        (tmp_path, tmp_path, tree.root),
        (tmp_path, tree.root, tmp_path),
        (tmp_path, Path("night")),
        (tmp_path, Path("night/../night"), tree.root),
        (tree.root, Path()),
        (tree.root / "raw", Path("..")),
    ):
        monkeypatch.chdir(here)
        assert_found(roots, files)


@pytest.mark.parametrize("order", [1, -1])
def test_a_root_and_a_link_to_it(order, tree, tmp_path):
    files = tree.add(1)
    link = tmp_path / "link"
    link.symlink_to(tree.root, target_is_directory=True)
    for roots in ([link, tree.root], [tmp_path, tree.root]):
        found = discover(roots[::order])
        assert [{path.resolve() for path in one} for one in paths(found)] == [set(files.all)]
        assert len(found.exposures[0].files) == 4
        assert told(found) == []


def test_links_to_folders_add_nothing(tree):
    files = tree.add(1)
    (tree.root / "a_link").symlink_to("raw", target_is_directory=True)
    (tree.root / "raw" / "again").symlink_to(tree.root, target_is_directory=True)
    (tree.root / "single" / "self").symlink_to(".", target_is_directory=True)
    assert_found([tree.root], files)


def test_a_link_called_raw_says_what_is_in_it(tree):
    files = tree.add(1)
    (tree.root / "raw").rename(tree.root / "data")
    (tree.root / "raw").symlink_to("data")
    assert_found([tree.root], files)


def test_a_linked_file_is_found_where_the_link_is(tree, tmp_path):
    files = tree.add(1)
    elsewhere = tmp_path / "store" / "blob"
    elsewhere.parent.mkdir()
    files.raw.rename(elsewhere)
    files.raw.symlink_to(elsewhere)
    assert_found([tree.root], files)


# Doubles


def test_a_night_that_was_copied_as_a_whole(tree):
    files, copies = tree.add(1, folder="2018-08-12"), tree.add(1, folder="backup")
    found = discover([tree.root])
    assert paths(found) == [set(files.all)]
    assert len(found.exposures[0].fits) == 1
    assert told(found) == sorted(("note", "copy", str(path)) for path in copies.all)


def test_raw_files_of_one_name_that_differ(tree):
    files = tree.add(1, without=["raw"])
    first, second = (
        factory.write(tree.root / "raw" / date / files.raw.name, factory.raw(1, channels=channels))
        for date, channels in (("2018-08-12", 1), ("2018-08-13", 2))
    )
    found = discover([tree.root])
    assert told(found) == [("error", "duplicate_archive_id", str(second))]
    assert str(first) in found.issues[0].message
    assert paths(found) == [{first, files.reduced, files.prm, files.psf}]


def test_raw_files_of_one_name_of_which_one_is_nearer(tree):
    files = tree.add(1, folder="2018-08-13")
    path = tree.root / "raw" / "2018-08-12" / files.raw.name
    factory.write(path, factory.raw(1, channels=2))
    found = discover([tree.root])
    assert paths(found) == [set(files.all)]
    assert told(found) == [("warning", "farther", str(path))]


def test_a_raw_file_with_and_without_compression(tree):
    tree.add(1)
    tree.add(1, raw_suffix=".fits")
    found = discover([tree.root])
    assert len(found.exposures) == 1
    assert [code for _, code, _ in told(found)] == ["duplicate_archive_id"]


def test_two_targets_that_name_one_raw_file(tree):
    files = tree.add(1)
    other = tree.root / "single" / "OTHER.fits"
    factory.write(other, factory.reduced(1, ESO__OBS__TARG__NAME="47 Tuc"))
    found = discover([tree.root])
    assert told(found) == [("error", "duplicate_archive_id", str(other))]
    assert "47 Tuc" in found.issues[0].message
    assert paths(found) == [set(files.all)]


def test_two_analyses_of_one_cube_without_models(tree):
    tree.add(1, analysis="first")
    other = tree.add(1, analysis="second", without=["raw", "reduced"])
    found = discover([tree.root])
    assert len(found.exposures) == 1
    assert {severity for severity, _, _ in told(found)} == {"note"}, "they are copies"
    factory.write(other.prm, factory.prm(seed=9))
    assert "error" in {severity for severity, _, _ in told(discover([tree.root]))}


# Left out


@pytest.mark.parametrize(
    ("keyword", "value"),
    [("ESO DPR TYPE", "SKY"), ("ESO DPR CATG", "CALIB"), ("ESO DPR TYPE", "OBJECT,SKY")],
)
def test_raw_files_that_are_no_science(keyword, value, tree):
    files = tree.add(1)
    sky = factory.raw(5)
    sky[0].header[keyword] = value
    path = factory.write(tree.root / "raw" / f"{factory.archive_id(5)}.fits.fz", sky)
    found = assert_found([tree.root], files)
    assert [(file.path, value in why) for file, why in found.left_out] == [(path, True)]


def test_the_analysis_of_a_combined_cube_does_not_wait_for_it(tree):
    """The cube is there: it would be wrong to say that it was not found."""
    tree.add(1)
    cube = factory.reduced(1, PROV2=f"{factory.archive_id(2)}.fits")
    factory.write(tree.root / "single" / "COMBINED.fits", cube)
    factory.write(tree.root / "analysis" / "COMBINED.prm.fits", factory.prm())
    assert "reduced_missing" not in {code for _, code, _ in told(discover([tree.root]))}


# Identity


def write_cube(tree: Tree, **cards: object) -> Path:
    return factory.write(tree.root / "single" / "X.fits", factory.reduced(1, **cards))


def test_arcfile_stands_in_for_prov1(tree):
    write_cube(tree, PROV1=None, ARCFILE=f"{factory.archive_id(1)}.fits")
    (found,) = discover([tree.root]).exposures
    assert (found.archive_id, found.raw_file) == (factory.archive_id(1), None)


def test_a_product_of_the_archive_names_no_exposure(tree):
    write_cube(tree, PROV1=None, ARCFILE="ADP.2018-09-01T12:00:00.000.fits")
    assert [issue.code for issue in discover([tree.root]).issues] == ["no_archive_id"]


def test_find_again(tree):
    files = tree.add(1)
    found = find_again(files.psf, "psf")
    assert (found.path, found.role, found.stem) == (files.psf, "psf", files.name)
    assert find_again(files.psf, "prm") is None
    assert find_again(tree.root / "x.fits", "raw") is None
    files.psf.unlink()
    assert find_again(files.psf, "psf") is None


@pytest.mark.parametrize(
    ("date_obs", "start"),
    [
        ("2018-08-13", None),
        ("2018-08-13T00:05:07.5", "2018-08-13T00:05:07.500000"),
        ("2018-08-13T00:05:07Z", "2018-08-13T00:05:07"),
        ("2018-08-13T02:05:07+02:00", "2018-08-13T00:05:07"),
        ("2016-12-31T23:59:60.5", "2017-01-01T00:00:00.500000"),
        ("2018/08/13-00:05:07", None),
        (None, None),
    ],
)
def test_the_start_by_date_obs(tree, date_obs, start):
    """A date alone is no midnight: MJD-OBS tells more."""
    path = write_cube(tree, DATE_OBS=date_obs or "")
    identity = read_identity(find_again(path, "reduced"))
    assert (identity.start_utc and identity.start_utc.isoformat()) == start
    assert identity.mjd_utc is not None
