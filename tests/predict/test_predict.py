"""PSFs from stored telemetry: equal to muse-psfr on the file, and beside PampelMuse's fit."""

import warnings

import numpy as np
import pytest
import sqlalchemy as sa
from astropy.io import fits
from astropy.table import Table
from fits_factory import Tree, edit, raw, reduced, write
from loaded import Loaded
from warehouse import TABLES

from aomuse.predict import psfr, sparta_table


def usable(hdus: fits.HDUList) -> None:
    """Give lasers 1 to 3 an atmosphere that can be reconstructed; laser 4 is off."""
    table = hdus["SPARTA_ATM_DATA"].data
    for laser in range(1, 5):
        on = laser < 4
        table[f"LGS{laser}_SEEING"] = [0.7 + 0.1 * laser, 0.9] if on else 0
        table[f"LGS{laser}_TUR_GND"] = [0.6, 0.7 + 0.01 * laser] if on else 0
        table[f"LGS{laser}_L0"] = [17.3, 21.9] if on else 0


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
            str(path), lbda=wavelengths, n_jobs=2, verbose=False
        )
    return [
        (float(row["lbda"]), float(row["fwhm"][0]), float(row["n"]))
        for row in found["FIT_MEAN"].data
    ]


def test_predictions(db, tree, reconstructed):
    number = loaded(db, tree)
    done = db.run("predict")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1] == "1 exposure predicted, 3 without a prediction"

    # What muse-psfr makes of the file.
    got = db.query(
        "SELECT wavelength_nm, fwhm_arcsec, beta FROM psf_prediction_layer"
        " WHERE exposure_id = :i ORDER BY row_index",
        i=number,
    )
    assert got == reconstructed
    (head,) = [r for r in db.rows("psf_prediction") if r["exposure_id"] == number]
    assert (head["package"], head["package_version"]) == ("muse-psfr", psfr.package_version())
    assert (head["sparta_row_count"], head["reason"]) == (2, None)
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
        (
            "WFM-AO-E",
            "no sample of SPARTA_ATM_DATA has a usable seeing, ground layer and outer scale",
        ),
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


def test_without_the_package_one_line_says_what_to_install(db, monkeypatch):
    monkeypatch.setattr(psfr, "PACKAGE", "muse-psfr-that-is-not-installed")
    done = db.run("predict")
    message = "aomuse: muse-psfr is not installed: pip install 'aomuse[psfr]'\n"
    assert (done.code, done.err) == (2, message)
