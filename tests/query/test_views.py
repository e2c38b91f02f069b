"""The views: what an analyst sees of a loaded tree, on both engines."""

import datetime as dt
from pathlib import Path

import fits_factory as factory
import numpy as np
import pytest
from astropy.io import fits
from fits_factory import Files, Tree
from warehouse import succeed


def night_of_one(folder: Path) -> Files:
    files = Tree(folder / "night").add(1)
    factory.write(files.raw, factory.raw(1, full=True))
    return files


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return night_of_one(tmp_path_factory.mktemp("shared"))


@pytest.fixture
def files(shared, load_once):
    """Give the files of an exposure that is loaded, for tests that leave them as they are."""
    load_once(shared.reduced.parents[1])
    return shared


@pytest.fixture
def own_files(db, tmp_path):
    """Give files that are loaded, to change at will."""
    files = night_of_one(tmp_path)
    db.load(files.reduced.parents[1])
    return files


def load_again(url: str, files: Files) -> None:
    succeed(url, "load", files.reduced.parent.parent)


def as_time(value: object) -> dt.datetime:
    """Give a time of either engine: SQLite's views have texts."""
    return value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value))


def test_v_exposure(db, files):
    ((row),) = db.query(
        "SELECT target, night, archive_id, instrument_mode, seeing_arcsec, psf_fit_count,"
        " source_count, open_issue_count, airmass FROM v_exposure"
    )
    assert (row[0], str(row[1])[:10]) == ("NGC 3201 p1", "2018-08-12")
    assert row[2:] == (files.archive_id, "WFM-AO-N", 0.625, 1, 2, 2, None)


def test_v_header(db, files):
    found = db.query(
        "SELECT file_role, extension_name, value, value_number, value_type FROM v_header"
        " WHERE keyword = :k ORDER BY file_role",
        k="ESO INS MODE",
    )
    assert found == [
        ("raw", "PRIMARY", "WFM-AO-N", None, "str"),
        ("reduced", "PRIMARY", "WFM-AO-N", None, "str"),
    ]
    ((number, kind),) = db.query(
        "SELECT value_number, value_type FROM v_header WHERE keyword = 'EXPTIME'"
    )
    assert (number, kind) == (600.0, "float")
    ((text, number),) = db.query(
        "SELECT value, value_number FROM v_header WHERE keyword = 'ESO AOS TT LOOP ST'"
    )
    assert (text, number) == ("T", 1)
    # SQLite would mix integers and floats in one column.
    numbers = db.query("SELECT value_number FROM v_header WHERE value_number IS NOT NULL")
    assert {type(number) for (number,) in numbers} == {float}


def test_v_source_sample(db, files):
    found = db.query(
        "SELECT pampelmuse_id, layer, wavelength_nm, fwhm_pixel, fwhm_arcsec, target, model"
        " FROM v_source_sample WHERE pampelmuse_id = 17 ORDER BY layer"
    )
    with fits.open(files.psf) as opened:
        fwhm = opened["PM_17"].data["fwhm"].tolist()
    assert [row[1] for row in found] == list(range(5))
    assert [row[2] for row in found] == [(4.75e-7 + i * 1.25e-10) * 10**9 for i in range(5)]
    assert [row[3] for row in found] == fwhm
    assert [row[4] for row in found] == pytest.approx([0.2 * value for value in fwhm])
    assert {row[5:] for row in found} == {("NGC 3201 p1", "moffat")}


def test_v_psf(db, files):
    found = db.query("SELECT layer, beta, fwhm, e, theta, fwhm_arcsec FROM v_psf ORDER BY 1")
    with fits.open(files.prm) as opened:
        table = opened["PSFPARS"].data
        columns = dict(zip(table["name"], table["polyfit"].tolist(), strict=True))
    assert [list(row[1:5]) for row in found] == [
        [columns[name][layer] for name in factory.MOFFAT] for layer in range(5)
    ]
    assert found[0][5] == pytest.approx(0.2 * columns["fwhm"][0])


def test_v_sparta_atm_leaves_out_lasers_that_are_off(db, files):
    select = "SELECT row_index, lasers_on, r0_m, l0_m, strehl FROM v_sparta_atm ORDER BY row_index"
    # r0 of laser n is n metres, which cannot be.
    assert db.query(select) == [
        (0, 3, None, 2.0625, 2.25),
        (1, 3, None, 2.0625 + 1 / 128, 2.25 + 1 / 128),
    ]
    db.execute("UPDATE sparta_atm SET r0_m = 0.25 * lgs, strehl = 45.0 * (lgs - 1)")
    db.execute("UPDATE sparta_atm SET l0_m = 1000.0 WHERE lgs = 3 AND row_index = 1")
    db.execute("UPDATE sparta_atm SET tur_gnd = 0.0 WHERE lgs = 2 AND row_index = 1")
    # The fourth laser is off. A Strehl ratio of 0 is measured, one of 135 % is not.
    assert db.query(select) == [(0, 3, 0.5, 2.0625, 45.0), (1, 2, 0.5, 1.0703125, 45.0)]


def test_v_sgs_data(db, files):
    found = db.query(
        "SELECT row_index, time_utc, guide_flux, note, sec FROM v_sgs_data ORDER BY row_index"
    )
    assert [row[0] for row in found] == [0, 1, 2]
    assert as_time(found[1][1]) == dt.datetime(2018, 8, 13, 0, 1, 1, 1417)
    assert [row[2] for row in found] == [0.0, 1 / 3, 2 / 3]
    assert [row[3] for row in found] == ["it's 0", "it's 1", "it's 2"]
    assert found[2][4] == factory.NIGHT + 62


def test_v_seed_exposure(db, files):
    assert db.query("SELECT targetName, insMode, analysisFile, rawFile FROM v_seed_exposure") == [
        ("NGC 3201 p1", "WFM-AO-N", files.prm.name, f"{files.archive_id}.fits.fz")
    ]


def test_summaries_agree_with_the_samples(db, files):
    values = [
        value
        for (value,) in db.query(
            "SELECT flux FROM v_source_sample WHERE pampelmuse_id = 3 ORDER BY layer"
        )
        if value is not None
    ]
    assert len(values) == 4, "one is NaN"
    ((count, mean, median, p10, p90),) = db.query(
        "SELECT sample_count, mean, median, p10, p90 FROM v_source_summary"
        " WHERE pampelmuse_id = 3 AND quantity = 'flux' AND wavelength_window = 'all'"
    )
    assert count == 4
    assert mean == pytest.approx(np.mean(values))
    assert median == pytest.approx(np.median(values))
    assert (p10, p90) == pytest.approx(tuple(np.percentile(values, [10, 90])))
    assert db.count("v_psf_summary") == 8


def test_a_new_parameter_becomes_a_column(db, own_files):
    files = own_files
    factory.write(files.prm, factory.prm(parameters=("r0", "bck", "amp", "alpha")))
    load_again(db.url, files)
    with fits.open(files.prm) as opened:
        alpha = opened["PSFPARS"].data["polyfit"][3].tolist()
    assert [row[0] for row in db.query("SELECT alpha FROM v_psf ORDER BY layer")] == alpha
    assert db.query("SELECT DISTINCT beta, model FROM v_psf") == [(None, "maoppy")]


def test_a_new_column_and_another_layout_share_a_view(db, own_files):
    """An epoch that adds a column: one view shows the rows of both."""
    files = own_files
    tree = Tree(files.reduced.parent.parent)
    other = tree.add(2)

    def widen(hdus: fits.HDUList) -> None:
        old = hdus["SGS_DATA"]
        new = fits.Column("ORDER", "2D", array=[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
        hdus["SGS_DATA"] = fits.BinTableHDU.from_columns([*old.columns, new], name="SGS_DATA")

    factory.edit(other.raw, widen)
    load_again(db.url, files)
    found = db.query(
        "SELECT e.archive_id, v.row_index, v.guide_flux, v.order_0, v.order_1 FROM v_sgs_data v"
        " JOIN exposure e ON e.id = v.exposure_id ORDER BY 1, 2"
    )
    assert [row[3:] for row in found] == [(None, None)] * 3 + [(1.0, 2.0), (3.0, 4.0), (5.0, 6.0)]
    assert all(row[2] is not None for row in found)


def test_an_extension_gets_a_view_and_loses_it_again(db, own_files):
    files = own_files
    content = files.prm.read_bytes()
    table = fits.BinTableHDU.from_columns(
        [fits.Column("order", "1J", array=[7, 8]), fits.Column("2nd", "3A", array=["a", "b"])],
        name="NEW DATA-2",
    )
    factory.edit(files.prm, lambda hdus: hdus.append(table))
    load_again(db.url, files)
    assert db.query("SELECT row_index, order_, c_2nd FROM v_new_data_2 ORDER BY 1") == [
        (0, 7, "a"),
        (1, 8, "b"),
    ]
    files.prm.write_bytes(content)
    # A file that ends earlier than before could be cut: it takes the place of the longer one when
    # that is asked for.
    succeed(db.url, "load", "--reload", files.reduced.parent.parent)
    assert db.count("v_exposure") == 1


def test_numbers_of_an_nfm_exposure_are_scaled_for_it(db, own_files):
    files = own_files
    factory.set_image(
        files.reduced, 0, "HIERARCH ESO INS MODE", "HIERARCH ESO INS MODE = 'NFM-AO-N'"
    )
    load_again(db.url, files)
    ((ratio,),) = db.query(
        "SELECT MAX(fwhm_arcsec / fwhm_pixel) FROM v_source_sample WHERE layer = 0"
    )
    assert ratio == pytest.approx(0.025)
