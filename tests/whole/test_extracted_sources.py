"""SOURCES of PampelMuse: all extracted sources, joined with the PSF stars and the catalogue."""

import numpy as np
import pytest
from astropy.io import fits
from backends import on_sqlite
from fits_factory import edit, psf, sources_table, write

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


def test_every_source_has_a_row(night, tree, db):
    db.load(tree.root)
    assert db.open_issues("warning") == [("channels_missing", str(night.raw))]
    rows = db.query(
        "SELECT pampelmuse_id, ra_deg, dec_deg, x_pixel, y_pixel, magnitude, status, spectrum_row,"
        " is_psf_star, sample_count, spectrum_file FROM v_extracted_source ORDER BY row_index"
    )
    prm = str(night.prm)
    assert rows == [
        (GAIA[0], 154.1, -46.1, 1.5, 10.5, 15.5, 3, 0, 1, 5, prm),
        (GAIA[1], 154.2, -46.2, 2.5, 20.5, 16.25, 2, 1, 0, None, prm),
        (GAIA[2], 154.3, -46.3, 3.5, 30.5, 17.5, 3, 2, 1, 5, prm),
        (7, 154.4, -46.4, None, 40.5, None, -1, 2, 0, None, prm),
    ]
    special = "SELECT row_key, value FROM special_value WHERE table_name = 'extracted_source'"
    assert db.query(special) == [("1/3", "+inf")]
    frame = Database(db.engine).extracted_sources()
    assert frame["pampelmuse_id"].tolist() == [*GAIA, 7]
    assert frame["magnitude"].tolist() == [15.5, 16.25, 17.5, np.inf]
    assert frame["is_psf_star"].tolist() == [True, False, True, False]
    assert frame.attrs["units"]["dec_deg"] == "deg"
    # The table itself stays as it is, with what has no column.
    assert db.query("SELECT id, weight FROM v_sources ORDER BY row_index")[1] == (GAIA[1], 0.5)
    # Ids of 64 bits stay whole everywhere.
    ids = [GAIA[0], GAIA[2]]
    for table in ("source", "source_sample", "source_summary", "v_source_sample"):
        found = db.query(f"SELECT DISTINCT pampelmuse_id FROM {table} ORDER BY 1")
        assert [row[0] for row in found] == ids, table
    names = "SELECT extension_name FROM header WHERE extension_name LIKE 'PM%' ORDER BY hdu_index"
    assert db.query(names) == [(f"PM_{number}",) for number in ids]
    frame = Database(db.engine).sources(ids=[GAIA[2]])
    assert frame["pampelmuse_id"].tolist() == [GAIA[2]] * 5
    with fits.open(night.psf) as opened:
        np.testing.assert_array_equal(frame["xc_pixel"], opened[f"PM_{GAIA[2]}"].data["xc"])
    db.succeed("verify", tree.root)


@on_sqlite
def test_verify_finds_a_row_that_differs_from_the_file(night, tree, db):
    db.load(tree.root)
    db.execute(
        "UPDATE extracted_source SET magnitude = 1 WHERE row_index = 1",
        "UPDATE extracted_source SET pampelmuse_id = 4295806721 WHERE row_index = 0",
        "DELETE FROM extracted_source WHERE row_index = 2",
    )
    done = db.run("verify", tree.root)
    assert done.code == 1
    assert "[SOURCES] rows in extracted_source" in done.text
    db.execute(
        "UPDATE extracted_source SET row_index = 2 WHERE row_index = 3",
        "INSERT INTO extracted_source (psf_fit_id, row_index) VALUES (1, 3)",
    )
    done = db.run("verify", tree.root)
    assert "extracted_source.magnitude row 1" in done.text
    assert "extracted_source.pampelmuse_id row 0" in done.text


#: Columns of ids, the ids that are known of them, and what is said of the column.
IDS = [
    (("1D", [17.0, 3.5, np.nan]), [17, None, None], "2 rows without a whole number as id"),
    (("19A", [str(GAIA[1]), "3", "star 1"]), [GAIA[1], 3, None], "1 row without a whole"),
    (("1J", [17, 3, 17]), [17, 3, None], "1 row with the id of an earlier row"),
    (("2J", [[1, 2], [3, 4], [5, 6]]), [None] * 3, "no column id of one number a row"),
]


def test_ids_of_other_kinds(tree, db):
    for number, (column, _, _) in enumerate(IDS):
        files = tree.add(number, without=["raw"])
        with_sources(files, sources_table(id=column, status=("1J", [3, 3, 2])))
    db.load(tree.root)
    ids = db.query("SELECT pampelmuse_id FROM extracted_source ORDER BY psf_fit_id, row_index")
    assert [number for (number,) in ids] == [number for _, known, _ in IDS for number in known]
    issues = db.query("SELECT message FROM load_issue WHERE code = 'sources_column' ORDER BY path")
    assert all(said in text for (text,), (_, _, said) in zip(issues, IDS, strict=True))


@on_sqlite
def test_columns_of_other_kinds(tree, db):
    ids = ("1J", [3, 17])
    units = {"ra": ("1D rad", [2.5, 2.6]), "mag": ("1D", [15, 16]), "x": ("1D mm", [1, 2])}
    with_sources(tree.add(1), sources_table(id=ids, **units))
    words = ("10A", ["psf star", "faint"])
    with_sources(tree.add(2), sources_table(id=("1J", [3, 5]), status=words))
    passband = tree.add(3)
    with_sources(passband, sources_table(id=ids, F814W=("1E mag", [15.5, 16.25])))

    def configure(hdus):
        hdus[0].header["HIERARCH PAMPELMUSE catalog passband"] = "f814w"

    edit(passband.prm, configure)
    write(tree.add(4).psf, psf(sources=(3, 2**63)))
    db.load(tree.root)
    assert db.query(
        "SELECT ra_deg, x_pixel, magnitude, status, is_psf_star FROM v_extracted_source"
        " ORDER BY exposure_id, row_index"
    ) == [
        # Another unit is not taken for the usual one.
        *((None, None, 15.0, None, 1), (None, None, 16.0, None, 1)),
        # A status in words stays in the view of the table.
        *((None, None, None, None, 1), (None, None, None, None, 0)),
        # The magnitude may be called after its passband.
        *((None, None, 15.5, None, 1), (None, None, 16.25, None, 1)),
        *((None, None, None, 3, 1), (None, None, None, 2, 0)),
    ]
    # An id beyond 64 bits is kept as a table alone, and reported.
    assert "64 bits" in db.scalar("SELECT message FROM load_issue WHERE code = 'source_name'")
    assert db.count("source") == 2 * 3 + 1
    assert db.scalar("SELECT id FROM v_sources WHERE status = 'faint'") == 5
    issues = db.query("SELECT message FROM load_issue WHERE code = 'sources_column' ORDER BY id")
    assert [text.split(":")[0] for (text,) in issues] == [
        "column ra is in rad, not in deg",
        "column x is in mm, not in pix",
    ]
    db.succeed("verify", tree.root)


def test_what_was_loaded_before_gets_its_rows_at_migration(night, tree, db):
    write(night.psf, psf(sources=(7,)))
    db.load(tree.root)
    before = db.contents()
    assert len(before["extracted_source"]) == 4
    schema.downgrade(db.engine, "0017")
    schema.upgrade(db.engine)
    after = db.contents()
    for table in ("extracted_source", "special_value"):
        assert after[table] == before[table]
