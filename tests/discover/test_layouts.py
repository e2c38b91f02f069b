"""Trees of any layout: files are recognised by their headers."""

import shutil
from pathlib import Path
from unittest.mock import patch

import fits_factory as factory
import pytest
from astropy.io import fits
from backends import on_sqlite, one_on_mariadb
from companion_files import write_catalog, write_log
from fits_factory import Files, Tree
from warehouse import rows_of_one_load

from aomuse.discover import headers

pytestmark = pytest.mark.usefixtures("slow")


@pytest.fixture
def root(tmp_path):
    """Give the folder of a tree that is laid out otherwise."""
    return tmp_path / "other"


def as_product(cube: Path) -> None:
    """Give a cube the keyword of the observatory's products."""
    fits.setval(cube, "ESO PRO CATG", value="DATACUBE_FINAL")


def move(files: Files, folders: dict[str, Path], names: dict[str, str] | None = None) -> None:
    """Move the files of an exposure, and let headers tell what they are."""
    as_product(files.reduced)
    for role in factory.ROLES:
        path = files.file(role)
        if path.exists():
            folders[role].mkdir(parents=True, exist_ok=True)
            path.rename(folders[role] / (names or {}).get(role, path.name))


def flat(root: Path) -> dict[str, Path]:
    return dict.fromkeys(factory.ROLES, root)


#: Where cube, raw file, prm and psf are.
LAYOUTS = {
    "flat": (".", ".", ".", "."),
    "by night": ("2018-08-12",) * 4,
    "other names": ("cubes", "exposures/night1", "pampelmuse", "pampelmuse"),
    "all below a folder called raw": ("cubes", "raw", "cubes", "fits/psf"),
}


@pytest.fixture(scope="module")
def usual(tmp_path_factory, sqlite_template):
    """Give the rows of two exposures in the usual layout."""
    folder = tmp_path_factory.mktemp("usual")
    tree = Tree(folder / "night")
    for number in (1, 2):
        as_product(tree.add(number).reduced)
    return rows_of_one_load(tree, folder / "aomuse.db", sqlite_template)


@one_on_mariadb("layout", LAYOUTS)
def test_the_same_rows_as_in_the_usual_layout(db, tree, root, layout, usual):
    folders = dict(zip(factory.ROLES, map(root.joinpath, LAYOUTS[layout]), strict=True))
    for number in (1, 2):
        move(tree.add(number), folders)
    db.load(root)
    assert db.exposures() == usual
    db.succeed("verify", root)
    assert "2 unchanged" in db.run("load", root).out


def add_others(root: Path) -> dict[str, str]:
    """Write the companions of science exposures; return the reasons by path."""
    sky, calibration, plot = factory.raw(5), factory.raw(6), fits.PrimaryHDU()
    sky[0].header["ESO DPR TYPE"] = "SKY"
    calibration[0].header["ESO DPR CATG"] = "CALIB"
    combined = factory.reduced(
        1, PROV2=f"{factory.archive_id(2)}.fits", ESO__PRO__CATG="DATACUBE_FINAL"
    )
    files = {
        "sky.fits.fz": (sky, "ESO DPR TYPE is SKY"),
        "bias.fits.fz": (calibration, "ESO DPR CATG is CALIB"),
        "COMBINED.fits": (combined, "combined from several exposures (PROV2)"),
        "plot.fits": (plot, "its header has neither ESO PRO CATG nor ESO DPR CATG"),
    }
    for product in ("PIXTABLE_OBJECT", "MASTER_BIAS", "LINE_CATALOG", "SKY_LINES", "STD_RESPONSE",
                    "TRACE_TABLE"):  # fmt: skip
        primary = fits.PrimaryHDU()
        primary.header["HIERARCH ESO PRO CATG"] = product
        files[f"{product}.fits"] = (primary, f"ESO PRO CATG is {product}")
    return {
        str(factory.write(root / name, fits.HDUList(hdus))): why
        for name, (hdus, why) in files.items()
    }


def test_what_is_left_out_is_counted_and_told_on_request(db, tree, root):
    move(tree.add(1), flat(root))
    reasons = add_others(root)
    done = db.load(root)
    assert "1 loaded" in done.out
    assert f"left out: {len(reasons)} files" in done.out
    assert "1 ESO DPR TYPE is SKY" in done.out
    told = db.run("load", root, "--show-left-out")
    planned = db.run("load", root, "--dry-run")
    for path, why in reasons.items():
        assert f"left out: {path}: {why}" in told.out
        assert f"left out: {path}: {why}" in planned.out
    known = "SELECT path, left_out_reason FROM known_file WHERE left_out_reason <> ''"
    assert dict(db.query(known)) == reasons


@one_on_mariadb("is_usual", [False, True])
def test_a_cube_that_is_called_raman(db, tree, root, tmp_path, is_usual):
    """Its header told what it is, also when another root brings the rest of the exposure."""
    files = tree.add(1, without=["raw"], name="RAMAN_FIELD")
    if not is_usual:
        move(files, flat(root))
    db.load(tree.root if is_usual else root)
    other = Tree(tmp_path / "later")
    other.add(1, without=["reduced", "prm", "psf"])
    assert "1 completed" in db.succeed("load", other.root).out
    assert {row["role"] for row in db.rows("source_file")} == set(factory.ROLES)
    assert db.count("source_file") == 4
    assert db.run("verify").code == 0


@on_sqlite
def test_what_belongs_to_files_that_are_left_out(db, tree):
    """The archive gives a log with every raw file, those of the sky too."""
    tree.add(1)
    sky = tree.add(2, without=["reduced", "prm", "psf"], raw_suffix=".fits")
    cube = tree.add(3, without=["raw"])
    fits.setval(sky.raw, "ESO DPR TYPE", value="SKY")
    fits.setval(cube.reduced, "PROV2", value="MUSE.2018-08-13T00:04:07.123.fits")
    paths = [write_log(tree, number=2), write_catalog(cube, "_f606w.detections.cat")]
    orphan = write_log(tree, number=9)
    done = db.load(tree.root, "--show-left-out")
    for path in paths:
        assert f"left out: {path}: it belongs to a file that is left out" in done.out
    assert "2 it belongs to a file that is left out" in done.out
    told = db.run("status", "--issues").out
    assert [str(path) in told for path in (*paths, orphan)] == [False, False, True]


@on_sqlite
def test_calibration_products_within_single(db, tree):
    tree.add(1)
    for name in ("PIXTABLE_OBJECT", "MASTER_BIAS", "STD_TELLURIC"):
        cube = factory.reduced(3, ESO__PRO__CATG=name)
        factory.write(tree.root / "single" / f"{name}.fits", cube)
    assert "left out: 3 files" in db.succeed("load", tree.root).out


def test_each_header_is_read_once_and_remembered(db, tree, root):
    for number in (1, 2):
        move(tree.add(number), flat(root))
    add_others(root)
    with patch.object(headers, "read_identity", wraps=headers.read_identity) as read:

        def opened() -> list[str]:
            """Give the names of the files that a load opens."""
            read.reset_mock()
            db.load(root)
            return [call.args[0].path.name for call in read.call_args_list]

        first = opened()
        assert len(first) == len(set(first)) == 14
        assert opened() == []
        factory.later(root / "sky.fits.fz")
        (root / "plot.fits").unlink()
        assert opened() == ["sky.fits.fz"]
    assert db.scalar("SELECT COUNT(*) FROM known_file WHERE path LIKE '%plot.fits'") == 0


@on_sqlite
def test_a_dry_run_writes_nothing_and_shows_the_plan(db, tree, root):
    files = tree.add(1, without=["psf"])
    move(files, flat(root))
    log = write_log(tree).rename(root / f"{files.archive_id}.NL.txt")
    done = db.succeed("load", root, "--dry-run")
    assert (db.count("known_file"), db.count("load_run")) == (0, 0)
    assert done.out.splitlines() == [
        f"{files.archive_id}: new",
        f"  reduced   {root / files.reduced.name}",
        f"  raw       {root / files.raw.name}",
        f"  prm       {root / files.prm.name}",
        f"  night_log {log}",
        "  without   catalog, raman",
        f"  warning: {root / files.prm.name}: the PampelMuse source file that belongs to it "
        f"({files.name}.psf.fits) was not found: the rest is loaded, and a later load completes "
        "the exposure",
        "dry run, nothing was written: 1 new",
    ]


@on_sqlite
def test_two_candidates_for_one_role_are_told(db, tree, root):
    files = tree.add(1)
    move(files, flat(root))
    other = factory.raw(1)
    other[1].header["COMMENT"] = "not the same"
    farther = factory.write(root / "again" / files.raw.name, other)
    copy = shutil.copy(root / files.prm.name, root / "again" / files.prm.name)
    db.succeed("load", root)
    told = dict(db.query("SELECT path, code FROM load_issue WHERE code <> 'keyword_missing'"))
    assert (told[str(farther)], told[str(copy)]) == ("farther", "copy")

    twin = factory.write(root / f"x{files.raw.name}", other)
    line = db.fail("load", root)
    assert str(twin) in line
    assert str(root / files.raw.name) in line


@on_sqlite
def test_the_same_new_names_in_two_nights(db, tree, root):
    """Each night numbers its cubes anew: the nearest cube is the one that was analysed."""
    names = {"reduced": "a.fits", "raw": "b.fits.fz", "prm": "a.prm.fits", "psf": "a.psf.fits"}
    for number in (1, 2):
        night = root / f"night{number}"
        folders = {"reduced": night / "cubes", "raw": night}
        move(tree.add(number), folders | dict.fromkeys(("prm", "psf"), night / "fits"), names)
    db.load(root)
    found = db.query(
        "SELECT e.archive_id, f.role, f.path FROM source_file f"
        " JOIN exposure e ON e.id = f.exposure_id"
    )
    paths = {(name, role): Path(path).relative_to(root) for name, role, path in found}
    assert {key: (path.parts[0], path.name) for key, path in paths.items()} == {
        (factory.archive_id(number), role): (f"night{number}", name)
        for number in (1, 2)
        for role, name in names.items()
    }


@one_on_mariadb("models", [("maoppy", "moffat"), ("NFM_maoppy_v2", "fits-moffat")])
def test_nfm_fitted_twice(db, tree, root, tmp_path, models):
    files = tree.add(1)
    parameters = ("r0", "bck", "amp", "alpha", "ratio", "theta", "beta")
    columns = ("snr", "flux", "strehl", "xc", "yc")
    sources = [factory.source(number, columns=columns) for number in (3, 17)]
    move(files, {**flat(root), "prm": root / models[1], "psf": root / models[1]})
    maoppy = root / models[0]
    factory.write(maoppy / files.prm.name, factory.prm(parameters=parameters))
    factory.write(maoppy / files.psf.name, fits.HDUList([fits.PrimaryHDU(), *sources]))
    db.succeed("load", root)
    assert db.query("SELECT model FROM psf_fit ORDER BY model") == [("maoppy",), ("moffat",)]
    names = db.query(
        "SELECT DISTINCT p.parameter FROM psf_parameter p JOIN psf_fit f ON f.id = p.psf_fit_id"
        " WHERE f.model = 'maoppy'"
    )
    assert {name for (name,) in names} == set(parameters)
    assert db.scalar("SELECT COUNT(*) FROM table_column WHERE name = 'strehl'") == 1
    assert db.run("verify").code == 0
    out = tmp_path / "json"
    assert db.run("export", "seed-json", out).code == 0
    assert len(list(out.iterdir())) == 2

    shutil.rmtree(maoppy)
    db.run("load", root, "--reload")
    assert db.query("SELECT model FROM psf_fit") == [("moffat",)]
    assert db.count("exposure") == 1


def test_files_that_are_none(db, tree, root):
    move(tree.add(1), flat(root))
    bad = {
        "cut.fits": (b"SIMPLE  =                    T".ljust(2880), "truncated"),
        "empty.fits": (b"", "empty"),
        "page.fits": (b"<html>", "not_fits"),
    }
    codes = {factory.write(root / name, content): code for name, (content, code) in bad.items()}
    done = db.run("load", root)
    assert (done.code, len(done.errors)) == (1, len(bad))
    assert all(any(str(path) in line for line in done.errors) for path in codes)
    assert db.open_issues() == sorted((code, str(path)) for path, code in codes.items())
    assert db.count("psf_fit") == 1
    for path in codes:
        path.unlink()
    db.load(root)
    assert db.open_issues() == []
