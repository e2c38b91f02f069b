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


def codes(discovery: Discovery) -> list[str]:
    said = [issue for files in discovery.exposures for issue in files.issues]
    return sorted(issue.code for issue in [*discovery.issues, *said])


def assert_found(roots: list[Path], *expected: Files) -> None:
    """Compare the exposures with those expected; there is nothing to say of them."""
    found = discover(roots)
    assert (paths(found), codes(found)) == ([set(files.all) for files in expected], []), roots


def test_a_whole_exposure(tree):
    files = tree.add(1)
    (found,) = discover([tree.root]).exposures
    assert found.archive_id == files.archive_id
    assert found.raw_file == f"{files.archive_id}.fits.fz"
    assert [(f.role, f.path) for f in found.files] == [
        (role, files.file(role)) for role in factory.ROLES
    ]
    assert found.issues == ()
    assert {f.size for f in found.files} == {path.stat().st_size for path in files.all}


@pytest.mark.parametrize("suffix", [".fits", ".fits.fz"])
def test_raw_files_are_compressed_or_not(suffix, tree):
    files = tree.add(1, raw_suffix=suffix)
    (found,) = discover([tree.root]).exposures
    assert found.raw.path == files.raw
    assert found.raw_file == f"{files.archive_id}.fits.fz", "as the seed named it"


def test_names_in_capitals(tree):
    files = tree.add(1)
    for path in files.all:
        path.rename(path.with_name(path.name.replace(".fits", ".FITS")))
    (found,) = discover([tree.root]).exposures
    assert len(found.files) == 4


def test_date_folders(tree):
    first, second = tree.add(1, folder="2018-08-12"), tree.add(2, folder="2018-08-13/late")
    assert_found([tree.root], first, second)


def test_the_same_cube_name_in_two_dates(tree):
    first = tree.add(1, folder="2018-08-12", name="CUBE")
    second = tree.add(2, folder="2018-08-13", name="CUBE")
    assert_found([tree.root], first, second)


def test_names_that_contain_prm_and_psf(tree):
    files = tree.add(1, name="X.prm.psf_prm.fits.prm")
    (found,) = discover([tree.root]).exposures
    assert {f.path for f in found.files} == set(files.all)
    assert found.fits[0].name == "X.prm.psf_prm.fits.prm"


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


def test_two_models_of_one_cube(tree):
    files = tree.add(1, analysis="NFM_moffat")
    tree.add(1, analysis="NFM_maoppy")
    (found,) = discover([tree.root]).exposures
    assert sorted(fit.model or "" for fit in found.fits) == ["maoppy", "moffat"]
    assert {fit.name for fit in found.fits} == {files.name}
    assert all(fit.reduced and fit.prm and fit.psf for fit in found.fits)
    assert found.issues == ()


def test_the_innermost_folder_tells_the_model(tree):
    tree.add(1, analysis="maoppy_vs_moffat/moffat")
    tree.add(1, analysis="maoppy_vs_moffat/maoppy/last_run")
    (found,) = discover([tree.root]).exposures
    models = {fit.model: fit.prm.path.parent.name for fit in found.fits if fit.prm}
    assert models == {"moffat": "moffat", "maoppy": "last_run"}
    assert found.issues == ()


def test_two_reductions_of_one_raw_file(tree):
    for name in ("A", "B"):
        files = tree.add(1, name=name)
        for role, hdus in (("reduced", factory.reduced()), ("prm", factory.prm())):
            hdus[0].header["HISTORY"] = name
            factory.write(files.file(role), hdus)
    (found,) = discover([tree.root]).exposures
    assert [file.stem for file in found.reduced] == ["A", "B"]
    assert {(fit.name, fit.reduced.stem) for fit in found.fits if fit.reduced} == {
        ("A", "A"),
        ("B", "B"),
    }


# Roots


def test_roots_that_overlap(tree, tmp_path, monkeypatch):
    files = tree.add(1)
    monkeypatch.chdir(tmp_path)
    for roots in (
        [tree.root, tree.root],
        [tree.root, tree.root / "raw"],
        [tree.root / "single", tree.root / "raw", tree.root / "analysis"],
        [tmp_path, tree.root],
        [tree.root, tmp_path],
        [Path("night")],
        [Path("night/../night"), tree.root],
    ):
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
        assert codes(found) == []


def test_relative_roots_give_absolute_paths(tree, monkeypatch):
    files = tree.add(1)
    for here, root in ((tree.root.parent, "night"), (tree.root, "."), (tree.root / "raw", "..")):
        monkeypatch.chdir(here)
        assert paths(discover([Path(root)])) == [set(files.all)]


def test_links_that_lead_round_in_a_circle(tree):
    files = tree.add(1)
    (tree.root / "raw" / "again").symlink_to(tree.root, target_is_directory=True)
    (tree.root / "single" / "self").symlink_to(".", target_is_directory=True)
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
    issues = {(issue.severity, issue.code, issue.path) for issue in found.issues}
    assert issues == {("note", "copy", str(path)) for path in copies.all}


def test_raw_files_of_one_name_that_differ(tree):
    files = tree.add(1, without=["raw"])
    first = tree.root / "raw" / "2018-08-12" / files.raw.name
    second = tree.root / "raw" / "2018-08-13" / files.raw.name
    factory.write(first, factory.raw(1))
    factory.write(second, factory.raw(1, channels=2))
    found = discover([tree.root])
    (issue,) = found.issues
    assert (issue.severity, issue.code, issue.path) == (
        "error",
        "duplicate_archive_id",
        str(second),
    )
    assert str(first) in issue.message
    assert paths(found) == [{first, files.reduced, files.prm, files.psf}]


def test_raw_files_of_one_name_of_which_one_is_nearer(tree):
    files = tree.add(1, folder="2018-08-13")
    factory.write(tree.root / "raw" / "2018-08-12" / files.raw.name, factory.raw(1, channels=2))
    found = discover([tree.root])
    assert paths(found) == [set(files.all)]
    assert [(issue.severity, issue.code) for issue in found.issues] == [("warning", "farther")]


def test_a_raw_file_with_and_without_compression(tree):
    tree.add(1)
    tree.add(1, raw_suffix=".fits")
    found = discover([tree.root])
    assert len(found.exposures) == 1
    assert [issue.code for issue in found.issues] == ["duplicate_archive_id"]


def test_two_targets_that_name_one_raw_file(tree):
    files = tree.add(1)
    other = tree.root / "single" / "OTHER.fits"
    cube = factory.reduced(1)
    cube[0].header["ESO OBS TARG NAME"] = "47 Tuc"
    factory.write(other, cube)
    found = discover([tree.root])
    (issue,) = found.issues
    assert (issue.severity, issue.code, issue.path) == ("error", "duplicate_archive_id", str(other))
    assert "47 Tuc" in issue.message
    assert paths(found) == [set(files.all)]


def test_two_analyses_of_one_cube_without_models(tree):
    tree.add(1, analysis="first")
    tree.add(1, analysis="second", without=["raw", "reduced"])
    found = discover([tree.root])
    assert len(found.exposures) == 1
    assert {issue.severity for issue in found.issues} == {"note"}, "they are copies"
    factory.write(tree.root / "analysis" / "second" / "DATACUBE_0001.prm.fits", factory.prm(seed=9))
    found = discover([tree.root])
    assert "error" in {issue.severity for issue in found.issues}


# Left out


@pytest.mark.parametrize(
    ("keyword", "value"),
    [("ESO DPR TYPE", "SKY"), ("ESO DPR CATG", "CALIB"), ("ESO DPR TYPE", "OBJECT,SKY")],
)
def test_raw_files_that_are_no_science(keyword, value, tree):
    files = tree.add(1)
    sky = factory.raw(5)
    sky[0].header[keyword] = value
    path = tree.root / "raw" / f"{factory.archive_id(5)}.fits.fz"
    factory.write(path, sky)
    found = discover([tree.root])
    assert paths(found) == [set(files.all)]
    assert [(file.path, value in why) for file, why in found.left_out] == [(path, True)]
    assert codes(found) == []


def test_the_analysis_of_a_combined_cube_does_not_wait_for_it(tree):
    """The cube is there: it would be wrong to say that it was not found."""
    tree.add(1)
    cube = factory.reduced(1, PROV2=f"{factory.archive_id(2)}.fits")
    factory.write(tree.root / "single" / "COMBINED.fits", cube)
    factory.write(tree.root / "analysis" / "COMBINED.prm.fits", factory.prm())
    found = discover([tree.root])
    assert "reduced_missing" not in codes(found)


# Identity


def test_arcfile_stands_in_for_prov1(tree):
    cube = factory.reduced(1, PROV1=None, ARCFILE=f"{factory.archive_id(1)}.fits")
    factory.write(tree.root / "single" / "X.fits", cube)
    (found,) = discover([tree.root]).exposures
    assert found.archive_id == factory.archive_id(1)
    assert found.raw_file is None


def test_a_product_of_the_archive_names_no_exposure(tree):
    cube = factory.reduced(1, PROV1=None, ARCFILE="ADP.2018-09-01T12:00:00.000.fits")
    factory.write(tree.root / "single" / "X.fits", cube)
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
    cube = factory.reduced(1)
    cube[0].header["DATE-OBS"] = date_obs or ""
    path = tree.root / "single" / "X.fits"
    factory.write(path, cube)
    identity = read_identity(find_again(path, "reduced"))
    assert (identity.start_utc and identity.start_utc.isoformat()) == start
    assert identity.mjd_utc is not None
