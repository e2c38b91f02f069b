"""Copies and links count once, whatever their names; what was made from a cube has its rank."""

import shutil
from pathlib import Path

import fits_factory as factory
import pytest
from backends import on_sqlite, one_on_mariadb
from companion_files import write_catalog, write_log
from fits_factory import Files

from aomuse.discover import discover

MARKS = (" (1)", " - Copy", " (copy)", "_backup")


def copy(path: Path, to: Path) -> Path:
    shutil.copyfile(path, to)
    return to


def marked(path: Path, mark: str) -> Path:
    """Give the name that a system gives to a copy: the mark before the last ending."""
    for ending in (".fits.fz", ".prm.fits", ".psf.fits", ".fits", ".NL.txt", ".detections.cat"):
        if path.name.endswith(ending):
            return path.with_name(path.name.removesuffix(ending) + mark + ending)
    raise AssertionError(path)


MAKE = {
    "copy": copy,
    "hard link": lambda path, to: to.hardlink_to(path) or to,
    "symbolic link": lambda path, to: to.symlink_to(path) or to,
}


#: Each way to make a copy, and each name that copies get.
COPIES = [
    *(("copy", mark) for mark in MARKS),
    *((make, MARKS[0]) for make in MAKE if "link" in make),
]


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


@pytest.mark.parametrize("name", ["X.prm (1).fits", "X.fits (1).fz", "X.NL (1).txt"])
def test_marks_within_the_ending(tree, name):
    files = tree.add(1)
    of = {"X.prm (1).fits": files.prm, "X.fits (1).fz": files.raw, "X.NL (1).txt": write_log(tree)}
    path = of[name]
    stem = path.name.split(name[1:4])[0]
    twin = copy(path, path.with_name(name.replace("X", stem, 1)))
    assert [(i.code, i.path) for i in discover([tree.root]).issues] == [("copy", str(twin))]


def test_a_copy_that_wget_numbered(tree):
    files = tree.add(1)
    twin = copy(files.raw, files.raw.with_name(f"{files.raw.name}.1"))
    assert [(i.code, i.path) for i in discover([tree.root]).issues] == [("copy", str(twin))]


@on_sqlite
def test_copies_that_an_earlier_version_loaded_as_cubes_go(db, tree):
    files = tree.add(1)
    other = marked(files.reduced, "_x")
    cube = factory.reduced(1)
    cube[0].header["HISTORY"] = "more"
    factory.write(other, cube)
    db.load(tree.root)
    assert db.scalar("SELECT COUNT(*) FROM source_file WHERE role = 'reduced'") == 2
    copy(files.reduced, other)
    assert "1 replaced" in db.load(tree.root).out
    assert db.loaded_paths() == set(map(str, files.all))


def test_the_cube_of_the_analysis_counts(tree):
    """An archive's name, and a link to it with the name that PampelMuse was given."""
    files = tree.add(1)
    archived = files.reduced.rename(files.reduced.with_name("ADP.fits"))
    files.reduced.symlink_to(archived)
    found = discover([tree.root])
    assert [cube.path for cube in found.exposures[0].reduced] == [files.reduced]
    assert [(i.code, i.path) for i in found.issues] == [("copy", str(archived))]
    assert found.exposures[0].issues == ()


def test_a_copy_of_an_analysis_whose_cube_is_not_there(tree):
    files = tree.add(1)
    copies = [copy(p, p.with_name(p.name.replace("DATACUBE", "OTHER"))) for p in files.all[2:]]
    found = discover([tree.root])
    assert len(found.exposures) == 1
    assert [(i.code, i.path) for i in found.issues] == [("copy", str(path)) for path in copies]


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
    path = marked(files.file(role), " (1)")
    factory.write(path, hdus)
    found = discover([tree.root])
    assert [(i.severity, i.code, i.path) for i in found.issues] == [
        ("error", "duplicate_archive_id", str(path))
    ]
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


def add_derived(tree) -> Files:
    """Write a cube, its analyses, and what was made from it, which sorts before it."""
    tree.add(1, name="X", analysis="maoppy")
    tree.add(1, name="X", analysis="moffat")
    for tail in ("-cor", "_ZAP"):
        cube, prm = factory.reduced(1), factory.prm()
        for hdus in (cube, prm):
            hdus[0].header["HISTORY"] = tail
        factory.write(tree.root / "single" / f"X{tail}.fits", cube)
        factory.write(tree.root / "analysis" / f"X{tail}.prm.fits", prm)
    return tree.add(2)


def test_ranks_of_derived_cubes_and_their_analyses(db, tree):
    add_derived(tree)
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
    assert [Path(p).name for c, p in db.open_issues("warning") if c == "further_cube"] == [
        "X-cor.fits",
        "X_ZAP.fits",
    ]
    for view, condition in (
        ("v_psf_summary", "parameter = 'fwhm' AND wavelength_window = 'all' AND fit_rank = 1"),
        ("v_header", "keyword = 'OBJECT' AND file_role = 'reduced' AND file_rank = 1"),
    ):
        counts = db.query(
            f"SELECT exposure_id, COUNT(*) FROM {view} WHERE {condition} GROUP BY exposure_id"
        )
        assert [count for _, count in counts] == [1, 1]
