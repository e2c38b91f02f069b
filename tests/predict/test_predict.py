"""PSFs from stored telemetry: equal to muse-psfr on the file, and beside PampelMuse's fit."""

import warnings

import numpy as np
import pytest
import sqlalchemy as sa
from astropy.io import fits
from astropy.table import Table
from backends import on_sqlite
from fits_factory import Tree, edit, raw, reduced, write
from loaded import Loaded
from telemetry import usable
from warehouse import TABLES

from aomuse.predict import predict, psfr, sparta_table
from aomuse.predict.exposures import WORTH_WORKERS_SAMPLES

pytestmark = pytest.mark.usefixtures("slow")


def without_table(hdus: fits.HDUList) -> None:
    del hdus["SPARTA_ATM_DATA"]


def lasers_off(hdus: fits.HDUList) -> None:
    table = hdus["SPARTA_ATM_DATA"].data
    for laser in range(1, 5):
        table[f"LGS{laser}_L0"] = 0


#: Mode of each exposure, and what is done to its raw file.
EXPOSURES = (
    ("WFM-AO-N", usable),
    ("NFM-AO-N", usable),
    ("WFM-AO-N", without_table),
    ("WFM-AO-E", lasers_off),
)


@pytest.fixture
def tree(tmp_path):
    tree = Tree(tmp_path / "night")
    for number, (mode, change) in enumerate(EXPOSURES, start=1):
        files = tree.add(number)
        cube = reduced(number)
        cube[0].header["ESO INS MODE"] = mode
        write(files.file("reduced"), cube)
        write(files.file("raw"), raw(number, full=True))
        edit(files.file("raw"), change)
    return tree


def loaded(db: Loaded, tree: Tree) -> int:
    """Load, and give the first exposure of WFM-AO-N."""
    db.load(tree.root)
    return db.scalar("SELECT MIN(id) FROM exposure WHERE instrument_mode = 'WFM-AO-N'")


def stored_table(engine: sa.Engine, exposure_id: int) -> Table | None:
    with engine.connect() as connection:
        return sparta_table(connection, exposure_id)


def test_the_table_comes_back_as_it_was_in_the_file(db, tree):
    loaded(db, tree)
    raw_files = db.query("SELECT exposure_id, path FROM source_file WHERE role = 'raw'")
    assert len(raw_files) == len(EXPOSURES)
    for exposure_id, path in raw_files:
        with fits.open(path) as hdus:
            there = "SPARTA_ATM_DATA" in hdus
            expected = Table.read(hdus["SPARTA_ATM_DATA"]) if there else None
        table = stored_table(db.engine, exposure_id)
        if expected is None:
            assert table is None
            continue
        assert table is not None
        assert table.colnames == expected.colnames
        for name in table.colnames:
            assert table[name].dtype == expected[name].dtype.newbyteorder("=")
            assert table[name].unit == expected[name].unit
            np.testing.assert_array_equal(table[name], expected[name])


@pytest.fixture(scope="module")
def reconstructed(tmp_path_factory):
    """Give wavelength, FWHM and beta that muse-psfr makes of the original file."""
    path = write(tmp_path_factory.mktemp("raw") / "raw.fits.fz", raw(1, full=True))
    edit(path, usable)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import muse_psfr

        wavelengths = np.array(psfr.WAVELENGTHS_NM)
        found = muse_psfr.compute_psf_from_sparta(
            str(path), lbda=wavelengths, n_jobs=1, verbose=False
        )
    return [
        (float(row["lbda"]), float(row["fwhm"][0]), float(row["n"]))
        for row in found["FIT_MEAN"].data
    ]


def test_predictions(db, tree, reconstructed):
    number = loaded(db, tree)
    done = db.succeed("predict")
    assert done.out.splitlines()[-1] == "1 exposure predicted, 3 without a prediction"

    # What muse-psfr makes of the file.
    got = db.query(
        "SELECT wavelength_nm, fwhm_arcsec, beta FROM psf_prediction_layer"
        " WHERE exposure_id = :i ORDER BY row_index",
        i=number,
    )
    assert got == [pytest.approx(layer, rel=1e-6) for layer in reconstructed]
    (head,) = [r for r in db.rows("psf_prediction") if r["exposure_id"] == number]
    assert (head["package"], head["package_version"]) == ("muse-psfr", psfr.package_version())
    assert (head["sparta_row_count"], head["sparta_rows_rejected"], head["reason"]) == (2, 0, None)
    assert (head["laser_sample_count"], head["laser_samples_rejected"]) == (6, 2)
    assert head["limits"] == (
        "8 < L0 < 30 m, 0 < ground layer < 1, seeing > 0, zenith distance 0 deg"
    )
    # Row 1: lasers 1 to 3 see 0.8, 0.9 and 1.0; row 2: 0.9 each.
    assert head["seeing_arcsec"] == pytest.approx((0.9 + 0.9) / 2, rel=1e-6)
    assert head["l0_m"] == pytest.approx((17.3 + 21.9) / 2, rel=1e-6)
    assert head["ground_layer_fraction"] == pytest.approx((0.6 + 0.72) / 2, rel=1e-6)

    run = db.query(
        "SELECT outcome, exposures_found, exposures_completed, exposures_unchanged, row_count"
        " FROM load_run WHERE command = 'predict'"
    )
    assert run == [("complete", 4, 1, 3, 4 + len(reconstructed))]

    # What cannot be predicted says why.
    reasons = db.query(
        "SELECT e.instrument_mode, p.reason FROM psf_prediction p"
        " JOIN exposure e ON e.id = p.exposure_id WHERE p.reason IS NOT NULL"
        " ORDER BY e.date_obs_utc"
    )
    assert reasons == [
        ("NFM-AO-N", "the model holds for WFM-AO only, and the mode is NFM-AO-N"),
        ("WFM-AO-N", "there is no SPARTA_ATM_DATA"),
        ("WFM-AO-E", f"no sample of SPARTA_ATM_DATA is within the limits: {head['limits']}"),
    ]

    # It is made once, and goes with the telemetry it was made from.
    before = db.rows("psf_prediction")
    again = db.run("predict")
    assert again.out == "0 exposures predicted, 0 without a prediction\n"
    assert db.rows("psf_prediction") == before
    db.load(tree.root, "--reload")
    assert db.rows("psf_prediction") == db.rows("psf_prediction_layer") == []


def test_the_view_compares_with_the_nearest_layer(db, tree):
    number = loaded(db, tree)
    fit = db.query("SELECT id FROM psf_fit WHERE exposure_id = :i", i=number)[0][0]
    layers = db.query("SELECT layer, wavelength_nm FROM psf_layer WHERE psf_fit_id = :f", f=fit)
    values = {
        (name, layer): value
        for name, layer, value in db.query(
            "SELECT parameter, layer, value FROM psf_parameter WHERE psf_fit_id = :f", f=fit
        )
    }
    # Wavelengths between the layers of the file, and one beyond them.
    step = layers[1][1] - layers[0][1]
    wanted = [layers[0][1], layers[3][1] + 0.3 * step, layers[-1][1] + 5 * step]
    prediction = {"exposure_id": number, "package": "muse-psfr", "package_version": "1.0"}
    prediction["predicted_utc"] = sa.func.current_timestamp()

    with db.engine.begin() as connection:
        connection.execute(sa.insert(TABLES["psf_prediction"]).values(prediction))
        for index, wavelength in enumerate(wanted):
            layer = (number, index, wavelength, 0.5, 2.0)
            connection.execute(sa.insert(TABLES["psf_prediction_layer"]).values(layer))
    got = db.query(
        "SELECT wavelength_nm, delivered_fwhm_arcsec, fwhm_difference_arcsec, delivered_beta"
        " FROM v_psf_prediction ORDER BY wavelength_nm"
    )
    fwhm = [0.2 * values["fwhm", layer] for layer in (0, 3)]
    assert got == [
        (wanted[0], fwhm[0], fwhm[0] - 0.5, values["beta", 0]),
        (wanted[1], fwhm[1], fwhm[1] - 0.5, values["beta", 3]),
        (wanted[2], None, None, None),
    ]


@on_sqlite
def test_without_the_package_one_line_says_what_to_install(db, monkeypatch):
    monkeypatch.setattr(psfr, "PACKAGE", "muse-psfr-that-is-not-installed")
    done = db.run("predict")
    message = "aomuse: muse-psfr is not installed: pip install 'aomuse[psfr]'\n"
    assert (done.code, done.err) == (2, message)


def with_nan(hdus: fits.HDUList) -> None:
    """Give lasers what real telemetry has at times: NaN, zeros, and values that no model takes."""
    usable(hdus)
    table = hdus["SPARTA_ATM_DATA"].data
    table["LGS1_SEEING"][0] = np.nan
    table["LGS2_SEEING"][1] = np.inf
    table["LGS3_TUR_GND"][1] = 1.0


def without_column(hdus: fits.HDUList) -> None:
    hdus["SPARTA_ATM_DATA"].columns.del_col("LGS3_L0")


def all_nan(hdus: fits.HDUList) -> None:
    table = hdus["SPARTA_ATM_DATA"].data
    for laser in range(1, 5):
        table[f"LGS{laser}_SEEING"] = np.nan


@on_sqlite
def test_a_value_that_no_model_takes_stops_neither_its_exposure_nor_the_next(db, tmp_path):
    tree = Tree(tmp_path / "night")
    changes = (with_nan, all_nan, without_column, usable)
    for number, change in enumerate(changes, start=1):
        files = tree.add(number)
        write(files.file("raw"), raw(number, full=True))
        edit(files.file("raw"), change)
    db.load(tree.root)
    done = db.succeed("predict", "--workers", "1")
    assert done.out.splitlines()[-1] == "2 exposures predicted, 2 without a prediction"
    limits = "8 < L0 < 30 m, 0 < ground layer < 1, seeing > 0, zenith distance 0 deg"
    assert db.query(
        "SELECT p.sparta_row_count, p.sparta_rows_rejected, p.laser_sample_count,"
        " p.laser_samples_rejected, p.reason FROM psf_prediction p"
        " JOIN exposure e ON e.id = p.exposure_id ORDER BY e.date_obs_utc"
    ) == [
        (2, 0, 3, 5, None),
        (
            *(None, None, None, None),
            f"no sample of SPARTA_ATM_DATA is within the limits: {limits}",
        ),
        (None, None, None, None, "SPARTA_ATM_DATA has no column LGS3_L0"),
        (2, 0, 6, 2, None),
    ]
    layers = db.query("SELECT fwhm_arcsec, beta FROM psf_prediction_layer")
    assert len(layers) == 2 * len(psfr.WAVELENGTHS_NM)
    assert all(0.3 < fwhm < 1 and 1 < beta < 5 for fwhm, beta in layers)


@on_sqlite
def test_rows_that_do_not_fit_together_are_an_error_of_their_exposure_alone(db, tmp_path):
    tree = Tree(tmp_path / "night")
    for number in (1, 2):
        files = tree.add(number)
        write(files.file("raw"), raw(number, full=True))
        edit(files.file("raw"), usable)
    db.load(tree.root)
    first = db.scalar("SELECT MIN(id) FROM exposure")
    db.execute(f"DELETE FROM sparta_atm WHERE exposure_id = {first} AND row_index = 1 AND lgs = 2")
    done = db.run("predict", "--workers", "1")
    assert done.code == 1
    (line,) = done.errors
    assert "  error: " in line
    assert done.out.splitlines()[-1] == "1 exposure predicted, 0 without a prediction, 1 failed"
    reasons = [
        r["reason"] for r in sorted(db.rows("psf_prediction"), key=lambda r: r["exposure_id"])
    ]
    assert line.endswith(reasons[0])
    assert reasons[1] is None
    # It is done with, until somebody asks for it.
    assert db.run("predict").out == "0 exposures predicted, 0 without a prediction\n"
    again = db.run("predict", "--recompute", "--workers", "1")
    assert (again.code, again.errors) == (1, [line])


def repeated(hdus: fits.HDUList) -> None:
    """Let SPARTA repeat its estimates often enough to be worth worker processes."""
    usable(hdus)
    table = hdus["SPARTA_ATM_DATA"]
    times = WORTH_WORKERS_SAMPLES // len(table.data)
    table.data = np.tile(table.data, times)


@on_sqlite
@pytest.mark.usefixtures("processes")
def test_workers_make_the_same(db, tmp_path):
    tree = Tree(tmp_path / "night")
    for number, change in ((1, repeated), (2, with_nan), (3, without_table)):
        files = tree.add(number)
        write(files.file("raw"), raw(number, full=True))
        edit(files.file("raw"), change)
    db.load(tree.root)
    question = "SELECT * FROM psf_prediction_layer ORDER BY exposure_id, row_index"
    counts, layers = [], []
    for workers in (1, 2):
        summary = predict(db.engine, workers=workers, recompute=True)
        counts.append((summary.counts, summary.row_count))
        layers.append(db.query(question))
    assert counts[0] == counts[1]
    assert (counts[0][0]["replaced"], counts[0][0]["unchanged"]) == (2, 1)
    assert layers[0] == layers[1]
    assert len(layers[0]) == 2 * len(psfr.WAVELENGTHS_NM)
    # Rows that repeat weigh as often as they are there.
    rows = dict(db.query("SELECT exposure_id, sparta_row_count FROM psf_prediction"))
    assert sorted(filter(None, rows.values())) == [2, WORTH_WORKERS_SAMPLES]
