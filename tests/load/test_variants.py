"""Trees of every shape that are loaded whole: models, doubles, roots."""

from typing import Any

import fits_factory as factory
import pytest
import sqlalchemy as sa
from astropy.io import fits
from backends import on_sqlite
from fits_factory import Tree
from warehouse import query

Whole = dict[int, dict[str, Any]]


def fits_of(engine: sa.Engine) -> list[tuple[Any, ...]]:
    return query(engine, "SELECT name, model, layer_count FROM psf_fit ORDER BY name, model")


def test_two_analyses_of_one_raw_file(db, tree):
    tree.add(1, name="A")
    other = tree.add(1, name="B")
    for path in (other.reduced, other.prm, other.psf):
        # The same bytes would be a copy.
        fits.setval(path, "RERUN", value=True)
    db.load(tree.root)
    assert db.count("exposure") == 1
    assert fits_of(db.engine) == [("A", "moffat", 5), ("B", "moffat", 5)]
    assert db.count("source_sample") == 2 * 2 * 5
    assert db.query("SELECT analysisFile FROM v_seed_exposure ORDER BY 1") == [
        ("A.prm.fits",),
        ("B.prm.fits",),
    ]


@on_sqlite
def test_moffat_and_maoppy(db, tree):
    tree.add(1, analysis="2018_moffat")
    tree.add(1, analysis="2018_maoppy")
    db.load(tree.root)
    assert fits_of(db.engine) == [("DATACUBE_0001", "maoppy", 5), ("DATACUBE_0001", "moffat", 5)]


@on_sqlite
def test_a_moffat_folder_beside_an_analysis_that_is_moffat(db, tree, whole):
    """The folder tells one model, the parameters the other: they are the same."""
    files, good = tree.add(1), tree.add(2)
    tree.add(1, analysis="moffat")
    done = db.run("load", tree.root)
    assert done.code in (0, 1)
    assert all("DATACUBE_0001" in line and "prm" in line for line in done.errors), done.err
    assert db.exposure(good.archive_id) == whole[2]
    assert db.exposure(files.archive_id)["source_sample"] != []
    loaded = db.loaded_paths()
    assert {str(files.reduced), str(files.raw)} <= loaded


@on_sqlite
def test_a_night_that_was_copied_as_a_whole(db, tree, whole):
    files = tree.add(1, folder="2018-08-12")
    tree.add(1, folder="backup")
    db.load(tree.root)
    assert db.exposure(files.archive_id) == whole[1]
    assert {code for code, _ in db.open_issues("note")} >= {"copy"}


@on_sqlite
def test_copies_that_differ_are_an_error_and_the_first_is_loaded(db, tree, whole):
    files = tree.add(1)
    other = tree.root / "raw" / "z" / files.raw.name
    factory.write(other, factory.raw(1, channels=2))
    (tree.root / "raw" / "a").mkdir()
    first = tree.root / "raw" / "a" / files.raw.name
    files.raw.rename(first)
    assert str(other) in db.fail("load", tree.root)
    assert db.open_issues() == [("duplicate_archive_id", str(other))]
    assert db.exposure(files.archive_id) == whole[1]
    assert db.run("load", tree.root).code == 1
    other.unlink()
    db.load(tree.root)
    assert db.open_issues() == []


def test_cubes_of_two_targets_with_one_provenance(db, tree, whole):
    first, second = tree.add(1), tree.add(2)
    good = second.reduced.read_bytes()
    factory.set_card(second.reduced, 0, "PROV1", f"'{first.archive_id}.fits'")
    assert str(second.reduced) in db.fail("load", tree.root)
    assert db.exposure(first.archive_id) == whole[1]
    second.reduced.write_bytes(good)
    db.load(tree.root)
    assert db.exposure(first.archive_id) == whole[1]
    assert db.exposure(second.archive_id) == whole[2]
    assert db.count("exposure") == 2


@on_sqlite
def test_sky_and_combined_cubes_are_left_out(db, tree, whole):
    files = tree.add(1)
    cube = factory.reduced(1, PROV2=f"{factory.archive_id(2)}.fits")
    factory.write(tree.root / "single" / "COMBINED.fits", cube)
    sky = factory.raw(5)
    sky[0].header["ESO DPR TYPE"] = "SKY"
    factory.write(tree.root / "raw" / f"{factory.archive_id(5)}.fits", sky)
    done = db.load(tree.root)
    assert "left out: 2 files" in done.out
    assert db.exposure(files.archive_id) == whole[1]
    assert db.count("exposure") == 1


@on_sqlite
def test_roots_that_overlap_are_loaded_once(db, tree, tmp_path, monkeypatch, whole):
    files = tree.add(1)
    monkeypatch.chdir(tmp_path)
    db.load("night", tree.root, tmp_path, tree.root / "raw")
    assert db.exposure(files.archive_id) == whole[1]
    assert {row["path"] for row in db.rows("source_file")} == {str(p) for p in files.all}


@pytest.mark.parametrize(
    "name",
    ['O\'Neill "quoted"', "100% ;DROP TABLE exposure; --", "a\\b:c?d", "Ünïcödé ☄", "x" * 200],
)
def test_names_that_break_statements(db, name, tmp_path):
    tree = Tree(tmp_path / name[:60])
    tree.add(1, name=name.replace("/", "_")[:120])
    cube = factory.reduced(1)
    cube[0].header["ESO OBS TARG NAME"] = name.encode("ascii", "replace").decode()[:40]
    path = next((tree.root / "single").iterdir())
    factory.write(path, cube)
    db.load(tree.root)
    assert db.query("SELECT name FROM target") == [(name.encode("ascii", "replace").decode()[:40],)]
    assert db.query("SELECT name FROM psf_fit") == [(name[:120],)]
    assert db.count("exposure") == 1
    again = db.run("load", tree.root)
    assert "1 unchanged" in again.out
    assert db.run("status").code == 0


def test_targets_that_differ_by_case_and_blanks(db, tree):
    names = ["M54", "m54", " M54"]
    for number, name in enumerate(names, 1):
        files = tree.add(number)
        cube = factory.reduced(number)
        cube[0].header["ESO OBS TARG NAME"] = name
        factory.write(files.reduced, cube)
    db.load(tree.root)
    assert sorted(db.query("SELECT name FROM target")) == sorted((n,) for n in names)


@pytest.mark.parametrize("extension", ["PSF", "SPARTA_ATM", "SOURCE_SAMPLE", "EXPOSURE", "SELECT"])
def test_tables_named_like_views(db, extension, tree):
    """The views of such tables must not take the place of ours."""
    files = tree.add(1)

    def rename(hdus: Any) -> None:
        hdus["SOURCES"].name = extension

    factory.edit(files.prm, rename)
    db.load(tree.root)
    assert db.count("v_psf") == 5
    assert db.count("v_source_sample") == 10
    assert db.count("v_exposure") == 1
    assert db.query("SELECT beta IS NULL, fwhm IS NULL FROM v_psf WHERE layer = 0") == [(0, 0)]
    views = [v for v in sa.inspect(db.engine).get_view_names() if v.startswith("v_")]
    shown = [
        v
        for v in views
        if {"status", "id"} <= {c["name"] for c in sa.inspect(db.engine).get_columns(v)}
    ]
    assert len(shown) == 1


def test_a_table_too_wide_for_a_view(db, tree):
    """More columns than a view of either db.engine takes; the values are kept all the same."""
    from astropy.io import fits

    files = tree.add(1)

    def widen(hdus: fits.HDUList) -> None:
        made = [
            fits.Column(f"C{i:03d}", "32E", array=[[float(j) for j in range(32)]])
            for i in range(150)
        ]
        hdus.append(fits.BinTableHDU.from_columns(made, name="WIDE"))

    factory.edit(files.prm, widen)
    db.load(tree.root)
    assert db.scalar("SELECT COUNT(*) FROM table_value WHERE value_float = 31") == 150
    for view in sa.inspect(db.engine).get_view_names():
        # A load predicts no PSF, there is neither catalogue nor night log, one exposure alone has
        # no twin, and its few layers reach no wavelength of the metrics.
        absent = view in {
            *("v_psf_prediction", "v_catalog_source", "v_night_file"),
            *("v_twin", "v_twin_any_mode"),
            *("v_gain", "v_residual", "v_residual_summary", "v_strehl"),
        }
        expected = 0 if absent else 1
        assert len(db.query(f"SELECT * FROM {view} LIMIT 1")) == expected, view
    assert db.run("migrate").code == 0


def test_parameters_with_odd_names(db, tree):
    files = tree.add(1)
    names = ("r0", "it's", "a:b", "50%", "back\\slash", "SELECT", "1st")
    factory.write(files.prm, factory.prm(parameters=names))
    db.load(tree.root)
    assert set(db.query("SELECT DISTINCT parameter FROM psf_parameter")) == {
        (name,) for name in names
    }
    assert db.query("SELECT model FROM psf_fit") == [("unknown",)]
    columns = [c["name"] for c in sa.inspect(db.engine).get_columns("v_psf")]
    for name in columns:
        assert len(db.query(f"SELECT {name} FROM v_psf")) == 5, name
    values = db.query("SELECT value FROM psf_parameter WHERE parameter = 'r0' ORDER BY layer")
    assert db.query("SELECT r0 FROM v_psf ORDER BY layer") == values


def test_a_parameter_whose_name_holds_a_nul(db, tree):
    """A FITS string may; SQL text may not."""
    files = tree.add(1)
    content = factory.to_bytes(factory.prm(parameters=("be?ta", "fwhm")))
    files.prm.write_bytes(content.replace(b"be?ta", b"be\0ta"))
    db.load(tree.root)
    assert db.count("psf_parameter") == 10
    assert db.query("SELECT fwhm IS NULL FROM v_psf WHERE layer = 0") == [(0,)]
    assert db.run("migrate").code == 0
