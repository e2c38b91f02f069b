"""PSFs from stored telemetry: equal to muse-psfr on the file, and beside PampelMuse's fit."""

import datetime as dt
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from backends import on_sqlite
from fits_factory import Tree, edit, raw, reduced, write
from telemetry import usable
from warehouse import insert

from aomuse.predict import predict, psfr, sparta_table
from aomuse.predict.exposures import WORTH_WORKERS_SAMPLES

pytestmark = pytest.mark.usefixtures("slow")

LIMITS = "8 < L0 < 30 m, 0 < ground layer < 1, seeing > 0, zenith distance 0 deg"
MADE = dt.datetime(2018, 8, 14)
NO_SAMPLE = f"no sample of SPARTA_ATM_DATA is within the limits: {LIMITS}"


def without_table(hdus: fits.HDUList) -> None:
    del hdus["SPARTA_ATM_DATA"]


def all_lasers(quantity: str, value: float) -> Callable[[fits.HDUList], None]:
    def change(hdus: fits.HDUList) -> None:
        for laser in range(1, 5):
            hdus["SPARTA_ATM_DATA"].data[f"LGS{laser}_{quantity}"] = value

    return change


def with_nan(hdus: fits.HDUList) -> None:
    """Give lasers what real telemetry has at times: NaN, zeros, and values that no model takes."""
    usable(hdus)
    table = hdus["SPARTA_ATM_DATA"].data
    table["LGS1_SEEING"][0] = np.nan
    table["LGS2_SEEING"][1] = np.inf
    table["LGS3_TUR_GND"][1] = 1.0


def without_column(hdus: fits.HDUList) -> None:
    hdus["SPARTA_ATM_DATA"].columns.del_col("LGS3_L0")


def repeated(hdus: fits.HDUList) -> None:
    """Let SPARTA repeat its estimates often enough to be worth worker processes."""
    usable(hdus)
    table = hdus["SPARTA_ATM_DATA"]
    times = WORTH_WORKERS_SAMPLES // len(table.data)
    table.data = np.tile(table.data, times)


#: Mode of each exposure, and what is done to its raw file.
EXPOSURES = (
    ("WFM-AO-N", usable),
    ("NFM-AO-N", usable),
    ("WFM-AO-N", without_table),
    ("WFM-AO-E", all_lasers("L0", 0)),
)


def write_night(root: Path, *changes: Callable[[fits.HDUList], None]) -> Path:
    """Write exposures whose raw files are changed, and give their root."""
    tree = Tree(root)
    for number, change in enumerate(changes, start=1):
        files = tree.add(number)
        write(files.raw, raw(number, full=True))
        edit(files.raw, change)
    return tree.root


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = write_night(tmp_path_factory.mktemp("predict"), *(change for _, change in EXPOSURES))
    for number, (mode, _) in enumerate(EXPOSURES, start=1):
        cube = reduced(number, ESO__INS__MODE=mode)
        write(root / "single" / f"DATACUBE_{number:04d}.fits", cube)
    return root


@pytest.fixture
def number(db, root, load_once):
    """Give the number of the first exposure, which can be predicted."""
    load_once(root)
    return db.scalar("SELECT MIN(id) FROM exposure WHERE instrument_mode = 'WFM-AO-N'")


@pytest.mark.usefixtures("number")
def test_the_table_comes_back_as_it_was_in_the_file(db):
    raw_files = db.query("SELECT exposure_id, path FROM source_file WHERE role = 'raw'")
    assert len(raw_files) == len(EXPOSURES)
    for exposure_id, path in raw_files:
        with db.engine.connect() as connection:
            table = sparta_table(connection, exposure_id)
        with fits.open(path) as hdus:
            if "SPARTA_ATM_DATA" not in hdus:
                assert table is None
                continue
            expected = Table.read(hdus["SPARTA_ATM_DATA"])
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

        found = muse_psfr.compute_psf_from_sparta(
            str(path), lbda=np.array(psfr.WAVELENGTHS_NM), n_jobs=1, verbose=False
        )
    return [
        (float(row["lbda"]), float(row["fwhm"][0]), float(row["n"]))
        for row in found["FIT_MEAN"].data
    ]


def test_predictions(db, root, number, reconstructed):
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
    expected = {
        "package": "muse-psfr",
        "package_version": psfr.package_version(),
        "sparta_row_count": 2,
        "sparta_rows_rejected": 0,
        "laser_sample_count": 6,
        "laser_samples_rejected": 2,
        "reason": None,
        "limits": LIMITS,
        # Row 1: lasers 1 to 3 see 0.8, 0.9 and 1.0; row 2: 0.9 each.
        "seeing_arcsec": pytest.approx((0.9 + 0.9) / 2, rel=1e-6),
        "l0_m": pytest.approx((17.3 + 21.9) / 2, rel=1e-6),
        "ground_layer_fraction": pytest.approx((0.6 + 0.72) / 2, rel=1e-6),
    }
    assert {name: head[name] for name in expected} == expected

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
        ("WFM-AO-E", NO_SAMPLE),
    ]

    # It is made once, and goes with the telemetry it was made from.
    before = db.rows("psf_prediction")
    assert db.run("predict").out == "0 exposures predicted, 0 without a prediction\n"
    assert db.rows("psf_prediction") == before
    db.load(root, "--reload")
    assert db.rows("psf_prediction") == db.rows("psf_prediction_layer") == []


def test_the_view_compares_with_the_nearest_layer(db, number):
    fit = db.scalar("SELECT id FROM psf_fit WHERE exposure_id = :i", i=number)
    layers = db.query("SELECT layer, wavelength_nm FROM psf_layer WHERE psf_fit_id = :f", f=fit)
    parameters = "SELECT parameter, layer, value FROM psf_parameter WHERE psf_fit_id = :f"
    values = {(name, layer): value for name, layer, value in db.query(parameters, f=fit)}
    # Wavelengths between the layers of the file, and one beyond them.
    step = layers[1][1] - layers[0][1]
    wanted = [layers[0][1], layers[3][1] + 0.3 * step, layers[-1][1] + 5 * step]
    of = {"exposure_id": number}
    made = {"package": "muse-psfr", "package_version": "1.0", "predicted_utc": MADE}
    insert(db.engine, "psf_prediction", of | made)
    predicted = of | {"fwhm_arcsec": 0.5, "beta": 2.0}
    rows = [{"row_index": index, "wavelength_nm": nm} for index, nm in enumerate(wanted)]
    insert(db.engine, "psf_prediction_layer", *(predicted | row for row in rows))
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


@on_sqlite
def test_what_no_model_takes_stops_neither_its_exposure_nor_the_next(db, tmp_path):
    changes = (with_nan, all_lasers("SEEING", np.nan), without_column)
    db.load(write_night(tmp_path, *changes, usable, usable))
    # Rows that do not fit together.
    broken = db.scalar("SELECT id FROM exposure ORDER BY date_obs_utc LIMIT 1 OFFSET 3")
    db.execute(f"DELETE FROM sparta_atm WHERE exposure_id = {broken} AND row_index = 1 AND lgs = 2")
    done = db.run("predict", "--workers", "1")
    assert done.code == 1
    (line,) = done.errors
    _, _, error = line.partition("  error: ")
    said = "2 exposures predicted, 2 without a prediction, 1 failed"
    assert done.out.splitlines()[-1] == said
    assert db.query(
        "SELECT p.sparta_row_count, p.sparta_rows_rejected, p.laser_sample_count,"
        " p.laser_samples_rejected, p.reason FROM psf_prediction p"
        " JOIN exposure e ON e.id = p.exposure_id ORDER BY e.date_obs_utc"
    ) == [
        (2, 0, 3, 5, None),
        (None, None, None, None, NO_SAMPLE),
        (None, None, None, None, "SPARTA_ATM_DATA has no column LGS3_L0"),
        (None, None, None, None, error),
        (2, 0, 6, 2, None),
    ]
    layers = db.query("SELECT fwhm_arcsec, beta FROM psf_prediction_layer")
    assert len(layers) == 2 * len(psfr.WAVELENGTHS_NM)
    assert all(0.3 < fwhm < 1 and 1 < beta < 5 for fwhm, beta in layers)
    # It is done with, until somebody asks for it.
    assert db.run("predict").out == "0 exposures predicted, 0 without a prediction\n"
    again = db.run("predict", "--recompute", "--workers", "1")
    assert (again.code, again.errors) == (1, [line])


@on_sqlite
@pytest.mark.usefixtures("processes")
def test_workers_make_the_same(db, tmp_path):
    db.load(write_night(tmp_path, repeated, with_nan, without_table))
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
