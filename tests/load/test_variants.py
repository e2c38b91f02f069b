"""Trees of every shape that are loaded whole: models, doubles, roots."""

import fits_factory as factory
import sqlalchemy as sa
from astropy.io import fits
from backends import on_sqlite
from fits_factory import Tree


def test_two_analyses_of_one_raw_file(db, tree):
    tree.add(1, name="A")
    other = tree.add(1, name="B")
    for path in (other.reduced, other.prm, other.psf):
        # The same bytes would be a copy.
        fits.setval(path, "RERUN", value=True)
    db.load(tree.root)
    assert db.count("exposure") == 1
    found = db.query("SELECT name, model, layer_count FROM psf_fit ORDER BY name")
    assert found == [("A", "moffat", 5), ("B", "moffat", 5)]
    assert db.count("source_sample") == 2 * 2 * 5
    shown = db.query("SELECT analysisFile FROM v_seed_exposure ORDER BY 1")
    assert shown == [("A.prm.fits",), ("B.prm.fits",)]


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
    assert {str(files.reduced), str(files.raw)} <= db.loaded_paths()


@on_sqlite
def test_copies_that_differ_are_an_error_and_the_first_is_loaded(db, tree, whole):
    files = tree.add(1)
    first, other = (tree.root / "raw" / folder / files.raw.name for folder in "az")
    factory.write(other, factory.raw(1, channels=2))
    factory.write(first, files.raw.read_bytes())
    files.raw.unlink()
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


NAMES = [
    *('O\'Neill "quoted"', "100% ;DROP TABLE exposure; --", "a\\b:c?d", "Ünïcödé ☄", "x" * 200),
    *(" M54", "M54", "m54"),  # which are three
]


def test_names_that_break_statements(db, tmp_path):
    roots = [tmp_path / name[:60] for name in NAMES]
    targets = [name.encode("ascii", "replace").decode()[:40] for name in NAMES]
    for number, (root, name) in enumerate(zip(roots, NAMES, strict=True), 1):
        cube = factory.reduced(number, ESO__OBS__TARG__NAME=targets[number - 1])
        factory.write(Tree(root).add(number, name=name[:120]).reduced, cube)
    db.load(*roots)
    assert db.query("SELECT name FROM target ORDER BY id") == [(name,) for name in targets]
    names = db.query("SELECT name FROM psf_fit ORDER BY id")
    assert names == [(name[:120],) for name in NAMES]
    assert f"{len(NAMES)} unchanged" in db.load(*roots).out
    assert db.run("status").code == 0


def test_tables_named_like_views(db, tree):
    """The views of such tables must not take the place of ours."""
    names = ("PSF", "SPARTA_ATM", "SOURCE_SAMPLE", "EXPOSURE", "SELECT")
    for number, name in enumerate(names, 1):
        prm = factory.prm(seed=number)
        prm["SOURCES"].name = name
        factory.write(tree.add(number).prm, prm)
    db.load(tree.root)
    counts = [db.count(view) for view in ("v_psf", "v_source_sample", "v_exposure")]
    assert counts == [5 * len(names), 10 * len(names), len(names)]
    shown = db.query("SELECT DISTINCT beta IS NULL, fwhm IS NULL FROM v_psf WHERE layer = 0")
    assert shown == [(0, 0)]
    inspector = sa.inspect(db.engine)
    columns = [{c["name"] for c in inspector.get_columns(v)} for v in inspector.get_view_names()]
    assert sum({"status", "id"} <= found for found in columns) == len(names)


#: A load predicts no PSF, there is neither catalogue nor night log, one exposure alone has no twin,
#: and its few layers reach no wavelength of the metrics.
WITHOUT_ROWS = {
    *("v_psf_prediction", "v_catalog_source", "v_night_file", "v_twin", "v_twin_any_mode"),
    *("v_gain", "v_residual", "v_residual_summary", "v_strehl"),
}


def test_a_table_too_wide_for_a_view(db, tree):
    """More columns than a view of either engine takes; the values are kept all the same."""
    wide = [fits.Column(f"C{i:03d}", "32E", array=[list(range(32))]) for i in range(150)]
    prm = factory.prm()
    prm.append(fits.BinTableHDU.from_columns(wide, name="WIDE"))
    factory.write(tree.add(1).prm, prm)
    db.load(tree.root)
    assert db.scalar("SELECT COUNT(*) FROM table_value WHERE value_float = 31") == 150
    for view in sa.inspect(db.engine).get_view_names():
        found = db.query(f"SELECT * FROM {view} LIMIT 1")
        assert len(found) == (view not in WITHOUT_ROWS), view
    assert db.run("migrate").code == 0


def test_parameters_with_odd_names(db, tree):
    names = ("r0", "it's", "a:b", "50%", "back\\slash", "SELECT", "1st")
    factory.write(tree.add(1).prm, factory.prm(parameters=names))
    db.load(tree.root)
    assert {row["parameter"] for row in db.rows("psf_parameter")} == set(names)
    assert db.query("SELECT model FROM psf_fit") == [("unknown",)]
    for column in sa.inspect(db.engine).get_columns("v_psf"):
        assert len(db.query(f"SELECT {column['name']} FROM v_psf")) == 5, column
    values = db.query("SELECT value FROM psf_parameter WHERE parameter = 'r0' ORDER BY layer")
    assert db.query("SELECT r0 FROM v_psf ORDER BY layer") == values


def test_a_parameter_whose_name_holds_a_nul(db, tree):
    """A FITS string may; SQL text may not."""
    content = factory.to_bytes(factory.prm(parameters=("be?ta", "fwhm")))
    tree.add(1).prm.write_bytes(content.replace(b"be?ta", b"be\0ta"))
    db.load(tree.root)
    assert db.count("psf_parameter") == 10
    assert db.query("SELECT fwhm IS NULL FROM v_psf WHERE layer = 0") == [(0,)]
    assert db.run("migrate").code == 0
