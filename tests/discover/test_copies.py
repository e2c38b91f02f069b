"""Copies and links count once, whatever their names; what was made from a cube has its rank."""

import re
from pathlib import Path
from shutil import copyfile

import fits_factory as factory
import pytest
from backends import on_sqlite, one_on_mariadb
from companion_files import write_catalog, write_log

from aomuse.discover import discover
from aomuse.exchange.files import Discovery

MARKS = (" (1)", " - Copy", " (copy)", "_backup")


def marked(path: Path, mark: str) -> Path:
    """Give the name that a system gives to a copy: the mark before the endings."""
    return path.with_name(re.sub(r"(?=\.\D+$)", mark, path.name, count=1))


def told(found: Discovery) -> list[tuple[str, str, str | None]]:
    return [(issue.severity, issue.code, issue.path) for issue in found.issues]


MAKE = {
    "copy": copyfile,
    "hard link": lambda path, to: to.hardlink_to(path) or to,
    "symbolic link": lambda path, to: to.symlink_to(path) or to,
}
#: Each way to make a copy, and each name that copies get.
COPIES = [*(("copy", mark) for mark in MARKS), *((make, " (1)") for make in MAKE if "link" in make)]


@one_on_mariadb(("make", "mark"), COPIES)
def test_every_file_of_an_exposure_twice(db, tree, make, mark):
    files = tree.add(1)
    every = [*files.all, write_log(tree), write_catalog(files, ".detections.cat")]
    db.load(tree.root)
    rows = db.exposure(files.archive_id)
    # A log or catalogue called X_backup belongs to another raw file or cube.
    twice = every if mark != "_backup" else files.all
    copies = {str(MAKE[make](path, marked(path, mark))) for path in twice}
    assert "1 unchanged" in db.load(tree.root).out
    assert {p for (p,) in db.query("SELECT path FROM load_issue WHERE code = 'copy'")} == copies
    assert db.open_issues("warning") == [("channels_missing", str(files.raw))]
    db.load(tree.root, "--reload")
    assert db.exposure(files.archive_id) == rows
    assert db.loaded_paths() == set(map(str, every))


@pytest.mark.parametrize(
    ("role", "ending", "of_the_copy"),
    [
        ("prm", ".prm.fits", ".prm (1).fits"),
        ("raw", ".fits.fz", ".fits (1).fz"),
        ("raw", ".fits.fz", ".fits.fz.1"),  # of wget
        ("night_log", ".NL.txt", ".NL (1).txt"),
    ],
)
def test_marks_within_the_ending_or_behind_it(tree, role, ending, of_the_copy):
    files = tree.add(1)
    path = write_log(tree) if role == "night_log" else files.file(role)
    twin = copyfile(path, path.with_name(path.name.replace(ending, of_the_copy)))
    assert told(discover([tree.root])) == [("note", "copy", str(twin))]


@on_sqlite
def test_copies_that_an_earlier_version_loaded_as_cubes_go(db, tree):
    files = tree.add(1)
    other = marked(files.reduced, "_x")
    factory.write(other, factory.reduced(1, HISTORY="more"))
    db.load(tree.root)
    assert db.scalar("SELECT COUNT(*) FROM source_file WHERE role = 'reduced'") == 2
    copyfile(files.reduced, other)
    assert "1 replaced" in db.load(tree.root).out
    assert db.loaded_paths() == set(map(str, files.all))


def test_the_cube_of_the_analysis_counts(tree):
    """An archive's name, and a link to it with the name that PampelMuse was given."""
    files = tree.add(1)
    archived = files.reduced.rename(files.reduced.with_name("ADP.fits"))
    files.reduced.symlink_to(archived)
    found = discover([tree.root])
    assert [cube.path for cube in found.exposures[0].reduced] == [files.reduced]
    assert told(found) == [("note", "copy", str(archived))]
    assert found.exposures[0].issues == ()


def test_a_copy_of_an_analysis_whose_cube_is_not_there(tree):
    files = tree.add(1)
    copies = [copyfile(p, p.with_name(p.name.replace("DATACUBE", "OTHER"))) for p in files.all[2:]]
    found = discover([tree.root])
    assert len(found.exposures) == 1
    assert told(found) == [("note", "copy", str(path)) for path in copies]


def test_a_file_whose_only_name_is_that_of_a_copy(tree):
    files = tree.add(1)
    for path in (files.reduced, files.raw, files.psf):
        path.rename(marked(path, " (2)"))
    (found,) = discover([tree.root]).exposures
    assert (len(found.files), found.issues) == (4, ())
    assert found.fits[0].reduced is not None


@pytest.mark.parametrize("role", factory.ROLES)
def test_a_file_named_like_a_copy_that_differs(tree, role):
    files = tree.add(1)
    hdus = getattr(factory, role)()
    hdus[0].header["HISTORY"] = "other"
    path = factory.write(marked(files.file(role), " (1)"), hdus)
    found = discover([tree.root])
    assert told(found) == [("error", "duplicate_archive_id", str(path))]
    assert {f.path for f in found.exposures[0].files} == set(files.all)


def test_numbered_names_of_different_exposures(tree):
    """Browsers number DATACUBE_FINAL.fits of several exposures like copies."""
    every = [tree.add(number, name=f"X{mark}") for number, mark in ((1, ""), (2, " (1)"))]
    found = discover([tree.root])
    assert [{f.path for f in e.files} for e in found.exposures] == [set(f.all) for f in every]
    assert found.issues == []


def test_pixels_that_differ_make_another_cube(tree):
    files = tree.add(1)
    cube = factory.reduced(1)
    cube[1].data[:] = 1.0
    factory.write(files.reduced.with_name("OTHER.fits"), cube)
    found = discover([tree.root])
    assert [cube.name for cube in found.exposures[0].reduced] == [files.reduced.name, "OTHER.fits"]


def test_ranks_of_derived_cubes_and_their_analyses(db, tree):
    """What was made from a cube sorts before it, and has later ranks."""
    tree.add(1, name="X", analysis="maoppy")
    tree.add(1, name="X", analysis="moffat")
    for tail in ("-cor", "_ZAP"):
        prm = factory.prm()
        prm[0].header["HISTORY"] = tail
        factory.write(tree.root / "single" / f"X{tail}.fits", factory.reduced(1, HISTORY=tail))
        factory.write(tree.root / "analysis" / f"X{tail}.prm.fits", prm)
    tree.add(2)
    db.load(tree.root)
    first = db.exposure_id(factory.archive_id(1))
    assert db.query(
        "SELECT name, file_rank FROM source_file WHERE role = 'reduced' AND exposure_id = :id"
        " ORDER BY file_rank",
        id=first,
    ) == [("X.fits", 1), ("X-cor.fits", 2), ("X_ZAP.fits", 3)]
    assert db.query(
        "SELECT name, model, fit_rank FROM psf_fit WHERE exposure_id = :id ORDER BY fit_rank",
        id=first,
    ) == [("X", "moffat", 1), ("X", "maoppy", 2), ("X-cor", "moffat", 3), ("X_ZAP", "moffat", 4)]
    further = [Path(p).name for code, p in db.open_issues("warning") if code == "further_cube"]
    assert further == ["X-cor.fits", "X_ZAP.fits"]
    for view, condition in (
        ("v_psf_summary", "parameter = 'fwhm' AND wavelength_window = 'all' AND fit_rank = 1"),
        ("v_header", "keyword = 'OBJECT' AND file_role = 'reduced' AND file_rank = 1"),
    ):
        counts = f"SELECT COUNT(*) FROM {view} WHERE {condition} GROUP BY exposure_id"
        assert db.query(counts) == [(1,), (1,)]
