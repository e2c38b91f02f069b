"""Trees of any layout: files are recognised by their headers."""

import shutil
from pathlib import Path
from typing import Any
from unittest.mock import patch

import fits_factory as factory
import pytest
from astropy.io import fits
from backends import on_sqlite, one_on_mariadb
from companion_files import write_catalog, write_log
from fits_factory import Files, Tree

from aomuse.discover import headers

pytestmark = pytest.mark.usefixtures("slow")


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path / "usual")


def as_product(path: Path, **cards: Any) -> Path:
    """Give a file the keywords of the observatory's products."""
    with fits.open(path, mode="update", disable_image_compression=True) as opened:
        for keyword, value in cards.items():
            opened[0].header[keyword.replace("_", " ")] = value
    return path


def move(files: Files, folders: dict[str, Path], names: dict[str, str] | None = None) -> None:
    """Move the files of an exposure, and let headers tell what they are."""
    if files.reduced.exists():
        as_product(files.reduced, ESO_PRO_CATG="DATACUBE_FINAL")
    for role in factory.ROLES:
        path = files.file(role)
        if path.exists():
            folders[role].mkdir(parents=True, exist_ok=True)
            shutil.move(path, folders[role] / (names or {}).get(role, path.name))


def flat(root: Path) -> dict[str, Path]:
    return dict.fromkeys(factory.ROLES, root)


LAYOUTS = {
    "flat": flat,
    "by night": lambda root: flat(root / "2018-08-12"),
    "other names": lambda root: {
        "reduced": root / "cubes",
        "raw": root / "exposures" / "night1",
        "prm": root / "pampelmuse",
        "psf": root / "pampelmuse",
    },
    "all below a folder called raw": lambda root: {
        "reduced": root / "cubes",
        "raw": root / "raw",
        "prm": root / "cubes",
        "psf": root / "fits" / "psf",
    },
}


@one_on_mariadb("layout", LAYOUTS)
def test_the_same_rows_as_in_the_usual_layout(db, tree, tmp_path, layout):
    root = tmp_path / "other"
    for number in (1, 2):
        files = tree.add(number)
        as_product(files.reduced, ESO_PRO_CATG="DATACUBE_FINAL")
    db.load(tree.root)
    usual = [db.exposure(factory.archive_id(number)) for number in (1, 2)]
    db.execute("DELETE FROM exposure")

    for number in (1, 2):
        move(tree.add(number), LAYOUTS[layout](root))
    db.load(root)
    assert [db.exposure(factory.archive_id(number)) for number in (1, 2)] == usual
    db.succeed("verify", root)
    assert "2 unchanged" in db.run("load", root).out


@on_sqlite
def test_renamed_files(db, tree, tmp_path):
    names = {"reduced": "a.fits", "raw": "b.fits.fz", "prm": "a.prm.fits", "psf": "a.psf.fits"}
    move(tree.add(1), flat(tmp_path / "other"), names)
    db.load(tmp_path / "other")
    assert db.query("SELECT archive_id FROM exposure") == [(factory.archive_id(1),)]
    roles = {row["role"]: row["name"] for row in db.rows("source_file")}
    assert roles == names


def add_others(root: Path) -> dict[str, str]:
    """Write the companions of science exposures; return the reasons by name."""
    sky, calibration = factory.raw(5), factory.raw(6)
    sky[0].header["ESO DPR TYPE"] = "SKY"
    calibration[0].header["ESO DPR CATG"] = "CALIB"
    combined = factory.reduced(1, PROV2=f"{factory.archive_id(2)}.fits")
    combined[0].header["ESO PRO CATG"] = "DATACUBE_FINAL"
    files = {
        "sky.fits.fz": (sky, "ESO DPR TYPE is SKY"),
        "bias.fits.fz": (calibration, "ESO DPR CATG is CALIB"),
        "COMBINED.fits": (combined, "combined from several exposures (PROV2)"),
    }
    for product in ("PIXTABLE_OBJECT", "MASTER_BIAS", "LINE_CATALOG", "SKY_LINES", "STD_RESPONSE",
                    "TRACE_TABLE"):  # fmt: skip
        primary = fits.PrimaryHDU()
        primary.header["HIERARCH ESO PRO CATG"] = product
        files[f"{product}.fits"] = (fits.HDUList([primary]), f"ESO PRO CATG is {product}")
    files["plot.fits"] = (
        fits.HDUList([fits.PrimaryHDU()]),
        "its header has neither ESO PRO CATG nor ESO DPR CATG",
    )
    for name, (hdus, _) in files.items():
        factory.write(root / name, hdus)
    return {name: why for name, (_, why) in files.items()}


def test_what_is_left_out_is_counted_and_told_on_request(db, tree, tmp_path):
    root = tmp_path / "other"
    move(tree.add(1), flat(root))
    reasons = add_others(root)
    done = db.load(root)
    assert "1 loaded" in done.out
    assert f"left out: {len(reasons)} files" in done.out
    assert "1 ESO DPR TYPE is SKY" in done.out
    told = db.run("load", root, "--show-left-out")
    planned = db.run("load", root, "--dry-run")
    for name, why in reasons.items():
        assert f"left out: {root / name}: {why}" in told.out
        assert f"left out: {root / name}: {why}" in planned.out
    assert dict(
        db.query("SELECT path, left_out_reason FROM known_file WHERE left_out_reason <> ''")
    ) == {str(root / name): why for name, why in reasons.items()}


@one_on_mariadb("is_usual", [False, True])
def test_a_cube_that_is_called_raman(db, tree, tmp_path, is_usual):
    """Its header told what it is, also when another root brings the rest of the exposure."""
    files = tree.add(1, without=["raw"], name="RAMAN_FIELD")
    root = tree.root
    if not is_usual:
        root = tmp_path / "flat"
        move(files, flat(root))
    db.load(root)
    other = Tree(tmp_path / "other")
    other.add(1, without=["reduced", "prm", "psf"])
    assert "1 completed" in db.succeed("load", other.root).out
    found = db.query("SELECT role FROM source_file ORDER BY role")
    assert found == [("prm",), ("psf",), ("raw",), ("reduced",)]
    assert db.run("verify").code == 0


@on_sqlite
def test_what_belongs_to_files_that_are_left_out(db, tree):
    """The archive gives a log with every raw file, those of the sky too."""
    tree.add(1)
    sky = tree.add(2, without=["reduced", "prm", "psf"], raw_suffix=".fits")
    cube = tree.add(3, without=["raw"])
    for path, keyword, value in (
        (sky.raw, "ESO DPR TYPE", "SKY"),
        (cube.reduced, "PROV2", "MUSE.2018-08-13T00:04:07.123.fits"),
    ):
        with fits.open(path, mode="update") as opened:
            opened[0].header[keyword] = value
    paths = [write_log(tree, number=2), write_catalog(cube, "_f606w.detections.cat")]
    orphan = write_log(tree, number=9)
    done = db.load(tree.root, "--show-left-out")
    for path in paths:
        assert f"left out: {path}: it belongs to a file that is left out" in done.out
    assert "2 it belongs to a file that is left out" in done.out
    told = db.run("status", "--issues").out
    assert [path in told for path in map(str, (*paths, orphan))] == [False, False, True]


@on_sqlite
def test_calibration_products_within_single(db, tree):
    tree.add(1)
    for name in ("PIXTABLE_OBJECT", "MASTER_BIAS", "STD_TELLURIC"):
        factory.write(tree.root / "single" / f"{name}.fits", factory.reduced(3))
        as_product(tree.root / "single" / f"{name}.fits", ESO_PRO_CATG=name)
    assert "left out: 3 files" in db.succeed("load", tree.root).out


def test_each_header_is_read_once_and_remembered(db, tree, tmp_path):
    root = tmp_path / "other"
    for number in (1, 2):
        move(tree.add(number), flat(root))
    add_others(root)
    opened: list[str] = []
    original = headers.read_identity

    def counted(file: Any) -> Any:
        opened.append(file.path.name)
        return original(file)

    with patch.object(headers, "read_identity", counted):
        db.load(root)
        assert len(opened) == len(set(opened)) == 14
        opened.clear()
        db.load(root)
        assert opened == []
        factory.later(root / "sky.fits.fz")
        (root / "plot.fits").unlink()
        db.load(root)
        assert opened == ["sky.fits.fz"]
    assert db.scalar("SELECT COUNT(*) FROM known_file WHERE path LIKE '%plot.fits'") == 0


@on_sqlite
def test_a_dry_run_writes_nothing_and_shows_the_plan(db, tree, tmp_path):
    root = tmp_path / "other"
    files = tree.add(1, without=["psf"])
    move(files, flat(root))
    log = write_log(tree).rename(root / f"{files.archive_id}.NL.txt")
    done = db.succeed("load", root, "--dry-run")
    assert db.count("known_file") == 0
    assert db.count("load_run") == 0
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
def test_two_candidates_for_one_role_are_told(db, tree, tmp_path):
    root = tmp_path / "other"
    files = tree.add(1)
    move(files, flat(root))
    other = factory.raw(1)
    other[1].header["COMMENT"] = "not the same"
    factory.write(root / "again" / f"{files.archive_id}.fits.fz", other)
    shutil.copy(root / files.prm.name, root / "again" / files.prm.name)
    db.succeed("load", root)
    told = dict(db.query("SELECT path, code FROM load_issue WHERE code <> 'keyword_missing'"))
    assert told[str(root / "again" / files.raw.name)] == "farther"
    assert told[str(root / "again" / files.prm.name)] == "copy"

    twin = root / f"x{files.raw.name}"
    factory.write(twin, other)
    line = db.fail("load", root)
    assert str(twin) in line
    assert str(root / files.raw.name) in line


@on_sqlite
def test_the_same_names_in_two_nights(db, tree, tmp_path):
    """Each night numbers its cubes anew: the nearest cube is the one that was analysed."""
    root = tmp_path / "other"
    for number in (1, 2):
        names = {role: f"cube{'' if role == 'reduced' else '.' + role}.fits"
                 for role in ("reduced", "prm", "psf")}  # fmt: skip
        folders = {
            "reduced": root / f"night{number}" / "cubes",
            "raw": root / f"night{number}",
            "prm": root / f"night{number}" / "fits",
            "psf": root / f"night{number}" / "fits",
        }
        move(tree.add(number), folders, names)
    db.load(root)
    for row in db.rows("exposure"):
        paths = [
            path
            for (path,) in db.query(
                "SELECT path FROM source_file WHERE exposure_id = :id", id=row["id"]
            )
        ]
        assert len(paths) == 4
        assert len({Path(path).relative_to(root).parts[0] for path in paths}) == 1


@one_on_mariadb("models", [("maoppy", "moffat"), ("NFM_maoppy_v2", "fits-moffat")])
def test_nfm_fitted_twice(db, tree, tmp_path, models):
    root = tmp_path / "other"
    files = tree.add(1)
    maoppy = factory.prm(parameters=("r0", "bck", "amp", "alpha", "ratio", "theta", "beta"))
    other_sources = fits.HDUList(
        [
            fits.PrimaryHDU(),
            *(factory.source(n, columns=("snr", "flux", "strehl", "xc", "yc")) for n in (3, 17)),
        ]
    )
    move(files, {**flat(root), "prm": root / models[1], "psf": root / models[1]})
    factory.write(root / models[0] / f"{files.name}.prm.fits", maoppy)
    factory.write(root / models[0] / f"{files.name}.psf.fits", other_sources)
    db.succeed("load", root)
    assert db.query("SELECT model FROM psf_fit ORDER BY model") == [("maoppy",), ("moffat",)]
    names = db.query(
        "SELECT DISTINCT p.parameter FROM psf_parameter p JOIN psf_fit f ON f.id = p.psf_fit_id"
        " WHERE f.model = 'maoppy'"
    )
    assert {name for (name,) in names} == {"r0", "bck", "amp", "alpha", "ratio", "theta", "beta"}
    kept = db.query("SELECT COUNT(*) FROM table_column WHERE name = 'strehl'")
    assert kept == [(1,)]
    assert db.run("verify").code == 0
    out = tmp_path / "json"
    assert db.run("export", "seed-json", out).code == 0
    assert len(list(out.iterdir())) == 2

    shutil.rmtree(root / models[0])
    db.run("load", root, "--reload")
    assert db.query("SELECT model FROM psf_fit") == [("moffat",)]
    assert db.count("exposure") == 1


def test_files_that_are_none(db, tree, tmp_path):
    root = tmp_path / "other"
    move(tree.add(1), flat(root))
    bad = {
        "cut.fits": (b"SIMPLE  =                    T".ljust(2880), "truncated"),
        "empty.fits": (b"", "empty"),
        "page.fits": (b"<html>", "not_fits"),
    }
    for name, (content, _) in bad.items():
        (root / name).write_bytes(content)
    done = db.run("load", root)
    assert (done.code, len(done.errors)) == (1, len(bad))
    assert all(any(str(root / name) in line for line in done.errors) for name in bad)
    assert sorted(db.open_issues()) == sorted((code, str(root / n)) for n, (_, code) in bad.items())
    assert db.count("psf_fit") == 1
    for name in bad:
        (root / name).unlink()
    db.load(root)
    assert db.open_issues() == []
