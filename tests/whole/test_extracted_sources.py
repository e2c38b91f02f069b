"""SOURCES of PampelMuse: all extracted sources, joined with the PSF stars and the catalogue."""

import numpy as np
import pytest
from astropy.io import fits
from backends import on_sqlite, one_on_mariadb
from fits_factory import edit, psf, sources_table, write
from warehouse import aomuse, contents, execute, open_issues, query, scalar

from aomuse import schema
from aomuse.database import Database

#: Ids of Gaia DR3 have up to 19 digits; the last one is the largest of 64 bits.
GAIA = (4295806720, 6917528997577384320, 2**63 - 1)


def with_sources(files, table, ids=()):
    """Put a table into the parameter file, and PSF stars into the other."""
    with fits.open(files.prm, mode="update") as opened:
        opened["SOURCES"] = table
    if ids:
        write(files.psf, psf(sources=ids))
    return files


@pytest.fixture
def night(tree):
    """Four extracted sources, of which two are PSF stars."""
    table = sources_table(
        ID=("1K", [*GAIA, 7]),
        ra=("1D deg", [154.1, 154.2, 154.3, 154.4]),
        dec=("1D deg", [-46.1, -46.2, -46.3, -46.4]),
        x=("1D pix", [1.5, 2.5, 3.5, np.nan]),
        y=("1E pix", [10.5, 20.5, 30.5, 40.5]),
        magnitude=("1E mag", [15.5, 16.25, 17.5, np.inf]),
        status=("1J", [3, 2, 3, -1]),
        specrow=("1I", [0, 1, 2, 2]),
        weight=("1D", [1.0, 0.5, 0.25, 0.0]),
    )
    return with_sources(tree.add(1), table, (GAIA[0], GAIA[2]))


def test_every_source_has_a_row(night, tree, engine, db_url):
    assert aomuse(db_url, "load", tree.root).code == 0
    assert open_issues(engine, "warning") == [("channels_missing", str(night.raw))]
    rows = query(
        engine,
        "SELECT pampelmuse_id, ra_deg, dec_deg, x_pixel, y_pixel, magnitude, status, spectrum_row,"
        " is_psf_star, sample_count, spectrum_file FROM v_extracted_source ORDER BY row_index",
    )
    prm = str(night.prm)
    assert rows == [
        (GAIA[0], 154.1, -46.1, 1.5, 10.5, 15.5, 3, 0, 1, 5, prm),
        (GAIA[1], 154.2, -46.2, 2.5, 20.5, 16.25, 2, 1, 0, None, prm),
        (GAIA[2], 154.3, -46.3, 3.5, 30.5, 17.5, 3, 2, 1, 5, prm),
        (7, 154.4, -46.4, None, 40.5, None, -1, 2, 0, None, prm),
    ]
    special = "SELECT row_key, value FROM special_value WHERE table_name = 'extracted_source'"
    assert query(engine, special) == [("1/3", "+inf")]
    frame = Database(engine).extracted_sources()
    assert frame["pampelmuse_id"].tolist() == [*GAIA, 7]
    assert frame["magnitude"].tolist() == [15.5, 16.25, 17.5, np.inf]
    assert frame["is_psf_star"].tolist() == [True, False, True, False]
    assert frame.attrs["units"]["dec_deg"] == "deg"
    # The table itself stays as it is, with what has no column.
    assert query(engine, "SELECT id, weight FROM v_sources ORDER BY row_index")[1] == (GAIA[1], 0.5)
    assert aomuse(db_url, "verify", tree.root).code == 0


@on_sqlite
def test_verify_finds_a_row_that_differs_from_the_file(night, tree, engine, db_url):
    assert aomuse(db_url, "load", tree.root).code == 0
    for change in (
        "UPDATE extracted_source SET magnitude = 1 WHERE row_index = 1",
        "UPDATE extracted_source SET pampelmuse_id = 4295806721 WHERE row_index = 0",
        "DELETE FROM extracted_source WHERE row_index = 2",
    ):
        execute(engine, change)
    done = aomuse(db_url, "verify", tree.root)
    assert done.code == 1
    assert "[SOURCES] rows in extracted_source" in done.text
    execute(
        engine,
        "UPDATE extracted_source SET row_index = 2 WHERE row_index = 3",
        "INSERT INTO extracted_source (psf_fit_id, row_index) VALUES (1, 3)",
    )
    done = aomuse(db_url, "verify", tree.root)
    assert "extracted_source.magnitude row 1" in done.text
    assert "extracted_source.pampelmuse_id row 0" in done.text


def test_ids_of_64_bits_stay_whole_everywhere(night, tree, engine, db_url):
    assert aomuse(db_url, "load", tree.root).code == 0
    ids = [GAIA[0], GAIA[2]]
    for table in ("source", "source_sample", "source_summary", "v_source_sample"):
        found = query(engine, f"SELECT DISTINCT pampelmuse_id FROM {table} ORDER BY 1")
        assert [row[0] for row in found] == ids, table
    names = "SELECT extension_name FROM header WHERE extension_name LIKE 'PM%' ORDER BY hdu_index"
    assert query(engine, names) == [(f"PM_{number}",) for number in ids]
    frame = Database(engine).sources(ids=[GAIA[2]])
    assert frame["pampelmuse_id"].tolist() == [GAIA[2]] * 5
    with fits.open(night.psf) as opened:
        np.testing.assert_array_equal(frame["xc_pixel"], opened[f"PM_{GAIA[2]}"].data["xc"])


@on_sqlite
def test_an_id_beyond_64_bits_is_kept_and_reported(tree, engine, db_url):
    files = tree.add(1)
    write(files.psf, psf(sources=(3, 2**63)))
    assert aomuse(db_url, "load", tree.root).code == 0
    (message,) = query(engine, "SELECT message FROM load_issue WHERE code = 'source_name'")
    assert "64 bits" in message[0]
    assert scalar(engine, "SELECT COUNT(*) FROM source") == 1
    assert aomuse(db_url, "verify", tree.root).code == 0


@one_on_mariadb(
    ("column", "expected", "why"),
    [
        (("1D", [17.0, 3.5, np.nan]), [17, None, None], "2 rows without a whole number as id"),
        (("19A", [str(GAIA[1]), "3", "star 1"]), [GAIA[1], 3, None], "1 row without a whole"),
        (("1J", [17, 3, 17]), [17, 3, None], "1 row with the id of an earlier row"),
        (("2J", [[1, 2], [3, 4], [5, 6]]), [None] * 3, "no column id of one number a row"),
    ],
    ids=["floats", "texts", "repeated", "vector"],
)
def test_ids_of_other_kinds(column, expected, why, tree, engine, db_url):
    with_sources(tree.add(1), sources_table(id=column, status=("1J", [3, 3, 2])))
    assert aomuse(db_url, "load", tree.root).code == 0
    ids = query(engine, "SELECT pampelmuse_id FROM extracted_source ORDER BY row_index")
    assert [row[0] for row in ids] == expected
    (message,) = query(engine, "SELECT message FROM load_issue WHERE code = 'sources_column'")
    assert why in message[0]


@on_sqlite
def test_another_unit_is_not_taken_for_the_usual_one(tree, engine, db_url):
    table = sources_table(
        id=("1J", [3, 17]), ra=("1D rad", [2.5, 2.6]), mag=("1D", [15.0, 16.0]), x=("1D mm", [1, 2])
    )
    with_sources(tree.add(1), table)
    assert aomuse(db_url, "load", tree.root).code == 0
    rows = query(engine, "SELECT ra_deg, x_pixel, magnitude FROM extracted_source")
    assert rows == [(None, None, 15.0), (None, None, 16.0)]
    found = query(engine, "SELECT message FROM load_issue WHERE code = 'sources_column'")
    assert [text.split(":")[0] for (text,) in found] == [
        "column ra is in rad, not in deg",
        "column x is in mm, not in pix",
    ]


@on_sqlite
def test_a_status_in_words_stays_in_the_view_of_the_table(tree, engine, db_url):
    table = sources_table(id=("1J", [3, 17, 5]), status=("10A", ["psf star", "psf star", "faint"]))
    with_sources(tree.add(1), table)
    assert aomuse(db_url, "load", tree.root).code == 0
    rows = query(engine, "SELECT status, is_psf_star FROM v_extracted_source ORDER BY row_index")
    assert rows == [(None, 1), (None, 1), (None, 0)]
    assert scalar(engine, "SELECT status FROM v_sources WHERE id = 5") == "faint"


def test_what_was_loaded_before_gets_its_rows_at_migration(night, tree, engine, db_url):
    write(night.psf, psf(sources=(7,)))
    assert aomuse(db_url, "load", tree.root).code == 0
    before = contents(engine)
    assert len(before["extracted_source"]) == 4
    schema.downgrade(engine, "0017")
    schema.upgrade(engine)
    after = contents(engine)
    assert after["extracted_source"] == before["extracted_source"]
    assert after["special_value"] == before["special_value"]


@on_sqlite
def test_the_magnitude_may_be_called_after_its_passband(tree, engine, db_url):
    table = sources_table(id=("1J", [3, 17]), F814W=("1E mag", [15.5, 16.25]))
    files = with_sources(tree.add(1), table)

    def configure(hdus):
        hdus[0].header["HIERARCH PAMPELMUSE catalog passband"] = "f814w"

    edit(files.prm, configure)
    assert aomuse(db_url, "load", tree.root).code == 0
    rows = query(engine, "SELECT magnitude FROM v_extracted_source ORDER BY row_index")
    assert rows == [(15.5,), (16.25,)]
    assert aomuse(db_url, "verify", tree.root).code == 0
