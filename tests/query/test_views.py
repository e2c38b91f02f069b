"""The views: what an analyst sees of a loaded tree, on both engines."""

import datetime as dt

import fits_factory as factory
import numpy as np
import pytest
import sqlalchemy as sa
from astropy.io import fits

from aomuse.exchange.stored_in import COLUMN_STORE
from aomuse.query.wide import wide_views

#: Scale of the pixels of each exposure of the night, arcsec: wide field and narrow field.
SCALES = {1: 0.2, 2: 0.025}
FIRST = "exposure_id = (SELECT id FROM exposure ORDER BY date_obs_utc LIMIT 1)"


@pytest.fixture
def own_files(db, tree):
    """Give files that are loaded, to change at will."""
    files = tree.add(1)
    db.load(tree.root)
    return files


def test_v_header(db, night):
    del night
    found = db.query(
        "SELECT keyword, file_role, extension_name, value, value_number, value_type FROM v_header"
        f" WHERE {FIRST} AND keyword IN ('ESO AOS TT LOOP ST', 'ESO INS MODE')"
        " ORDER BY keyword, file_role"
    )
    assert found == [
        ("ESO AOS TT LOOP ST", "reduced", "PRIMARY", "T", 1, "bool"),
        ("ESO INS MODE", "raw", "PRIMARY", "WFM-AO-N", None, "str"),
        ("ESO INS MODE", "reduced", "PRIMARY", "WFM-AO-N", None, "str"),
    ]
    numbers = "SELECT DISTINCT value_number, value_type FROM v_header WHERE keyword = 'EXPTIME'"
    assert db.query(numbers) == [(600.0, "float")]
    # SQLite would mix integers and floats in one column.
    numbers = db.query("SELECT value_number FROM v_header WHERE value_number IS NOT NULL")
    assert {type(number) for (number,) in numbers} == {float}


def test_v_source_sample(db, night):
    wavelengths = [(4.75e-7 + i * 1.25e-10) * 10**9 for i in range(5)]
    for number, scale in SCALES.items():
        target = f"NGC 3201 p{number}"
        found = db.query(
            "SELECT layer, wavelength_nm, fwhm_pixel, fwhm_arcsec, model FROM v_source_sample"
            " WHERE pampelmuse_id = 17 AND target = :target ORDER BY layer",
            target=target,
        )
        fwhm = fits.getdata(night.files[number].psf, "PM_17")["fwhm"].tolist()
        arcsec = pytest.approx([scale * value for value in fwhm])
        columns = [list(range(5)), wavelengths, fwhm, arcsec, ["moffat"] * 5]
        assert [list(column) for column in zip(*found, strict=True)] == columns


def test_v_psf(db, night):
    found = db.query(
        f"SELECT beta, fwhm, e, theta, fwhm_arcsec FROM v_psf WHERE {FIRST} ORDER BY layer"
    )
    table = fits.getdata(night.files[1].prm, "PSFPARS")
    columns = dict(zip(table["name"], table["polyfit"].tolist(), strict=True))
    assert [row[:4] for row in found] == list(
        zip(*(columns[name] for name in factory.MOFFAT), strict=True)
    )
    assert found[0][4] == pytest.approx(0.2 * columns["fwhm"][0])


def test_v_sparta_atm_leaves_out_lasers_that_are_off(db, night):
    del night
    select = (
        "SELECT row_index, lasers_on, r0_m, l0_m, strehl FROM v_sparta_atm"
        f" WHERE {FIRST} ORDER BY row_index"
    )
    # r0 of laser n is n metres, which cannot be.
    assert db.query(select) == [
        (0, 3, None, 2.0625, 2.25),
        (1, 3, None, 2.0625 + 1 / 128, 2.25 + 1 / 128),
    ]
    db.execute(
        "UPDATE sparta_atm SET r0_m = 0.25 * lgs, strehl = 45.0 * (lgs - 1)",
        "UPDATE sparta_atm SET l0_m = 1000.0 WHERE lgs = 3 AND row_index = 1",
        "UPDATE sparta_atm SET tur_gnd = 0.0 WHERE lgs = 2 AND row_index = 1",
    )
    # The fourth laser is off. A Strehl ratio of 0 is measured, one of 135 % is not.
    assert db.query(select) == [(0, 3, 0.5, 2.0625, 45.0), (1, 2, 0.5, 1.0703125, 45.0)]


def test_v_sgs_data(db, night):
    del night
    found = db.query(
        "SELECT row_index, time_utc, guide_flux, note, sec FROM v_sgs_data"
        f" WHERE {FIRST} ORDER BY row_index"
    )
    # SQLite's views have times as texts.
    as_time = dt.datetime.fromisoformat
    assert [(i, as_time(str(time)), *row) for i, time, *row in found] == [
        (i, dt.datetime(2018, 8, 13, 0, 1, i, 417 + 1000 * i), i / 3, f"it's {i}",
         factory.NIGHT + 60 + i)
        for i in range(3)
    ]  # fmt: skip


def test_v_seed_exposure(db, night):
    names = "targetName, insMode, analysisFile, rawFile"
    assert db.query(f"SELECT {names} FROM v_seed_exposure ORDER BY targetName") == [
        (f"NGC 3201 p{number}", mode, files.prm.name, f"{files.archive_id}.fits.fz")
        for (number, files), mode in zip(night.files.items(), ("WFM-AO-N", "NFM-AO-N"), strict=True)
    ]


def test_summaries_agree_with_the_samples(db, night):
    del night
    flux = db.query(f"SELECT flux FROM v_source_sample WHERE pampelmuse_id = 3 AND {FIRST}")
    values = [value for (value,) in flux if value is not None]
    assert len(values) == 4, "one is NaN"
    ((count, *statistics),) = db.query(
        f"SELECT sample_count, mean, median, p10, p90 FROM v_source_summary WHERE {FIRST}"
        " AND pampelmuse_id = 3 AND quantity = 'flux' AND wavelength_window = 'all'"
    )
    assert count == 4
    expected = [np.mean(values), *np.percentile(values, [50, 10, 90])]
    assert statistics == pytest.approx(expected)
    assert db.query(f"SELECT COUNT(*) FROM v_psf_summary WHERE {FIRST}") == [(8,)]


def test_a_new_parameter_becomes_a_column(db, tree, own_files):
    factory.write(own_files.prm, factory.prm(parameters=("r0", "bck", "amp", "alpha")))
    db.load(tree.root)
    alpha = fits.getdata(own_files.prm, "PSFPARS")["polyfit"][3].tolist()
    assert db.query("SELECT alpha, beta, model FROM v_psf ORDER BY layer") == [
        (value, None, "maoppy") for value in alpha
    ]


def test_a_new_column_and_another_layout_share_a_view(db, tree, own_files):
    """An epoch that adds a column: one view shows the rows of both."""
    del own_files

    def widen(hdus: fits.HDUList) -> None:
        old = hdus["SGS_DATA"]
        new = fits.Column("ORDER", "2D", array=[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
        hdus["SGS_DATA"] = fits.BinTableHDU.from_columns([*old.columns, new], name="SGS_DATA")

    factory.edit(tree.add(2).raw, widen)
    db.load(tree.root)
    flux = (0.0, 1 / 3, 2 / 3)
    found = db.query(
        "SELECT v.guide_flux, v.order_0, v.order_1 FROM v_sgs_data v"
        " JOIN exposure e ON e.id = v.exposure_id ORDER BY e.archive_id, v.row_index"
    )
    assert found == [
        *((value, None, None) for value in flux),
        *((value, 2 * i + 1.0, 2 * i + 2.0) for i, value in enumerate(flux)),
    ]


def test_an_extension_gets_a_view_which_is_empty_without_it(db, tree, own_files):
    content = own_files.prm.read_bytes()
    table = fits.BinTableHDU.from_columns(
        [fits.Column("order", "1J", array=[7, 8]), fits.Column("2nd", "3A", array=["a", "b"])],
        name="NEW DATA-2",
    )
    factory.edit(own_files.prm, lambda hdus: hdus.append(table))
    db.load(tree.root)
    found = db.query("SELECT row_index, order_, c_2nd FROM v_new_data_2 ORDER BY 1")
    assert found == [(0, 7, "a"), (1, 8, "b")]
    own_files.prm.write_bytes(content)
    # A file that ends earlier than before could be cut: it takes the place of the longer one when
    # that is asked for.
    db.load("--reload", tree.root)
    assert (db.count("v_exposure"), db.count("v_new_data_2")) == (1, 0)


@pytest.mark.parametrize("moment", [1, 2, 3])
def test_wide_views_while_a_loader_commits_a_layout(db, night, moment):
    """Between any two questions that they ask: none is a view of nothing."""
    del night
    (known, *_) = (row for row in db.rows("table_column") if row["stored_in"] == COLUMN_STORE)
    layout = {"extension_name": "LATE", "fingerprint": "f" * 64, "column_count": 1}
    asked = []

    def commit(connection, cursor, statement, *_):
        asked.append(statement)
        if len(asked) == moment:
            db.insert("table_layout", layout)
            number = db.scalar("SELECT id FROM table_layout WHERE extension_name = 'LATE'")
            db.insert("table_column", known | {"id": 10**6, "table_layout_id": number})

    with db.engine.connect() as connection:
        sa.event.listen(connection, "after_cursor_execute", commit)
        for view in wide_views(connection):
            connection.exec_driver_sql(f"{view.select(connection.dialect.name)} LIMIT 1").all()
    assert len(asked) > moment
