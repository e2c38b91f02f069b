"""Databases of 2020 and of the successors: in, and out again as they were.

The successors have two analyses, the sky, catalogues, Raman headers and processed rows.
"""

import datetime as dt
import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest
import sqlalchemy as sa
from backends import on_sqlite
from fits_factory import write
from old_databases import (
    OldDatabase,
    assert_as_from_files,
    assert_sessions_show,
    database_2020,
    database_2023,
    encoded_twice,
    exact,
)
from warehouse import aomuse, query, succeed

from aomuse.models import NightWeather

FITS = "SELECT id, exposure_id, name, model, prm_file FROM psf_fit ORDER BY id"


@pytest.fixture
def old(old_2020, documents):
    """Give a database with the documents of the night."""
    for document in documents:
        old_2020.add_document(document)
    return old_2020


def test_what_goes_in_from_2020_comes_out(other_url, documents, db):
    old = database_2020(other_url)
    for document, encode in zip(documents, (json.dumps, encoded_twice, json.dumps), strict=True):
        old.add_document(document, encode)
    before = old.rows()
    db.imports(old, "3 loaded")
    assert exact(db.export()) == exact(documents)
    assert old.rows() == before
    assert_sessions_show(db.url, documents)
    with db.unchanged():
        db.imports(old, "0 loaded, 0 completed, 0 replaced, 3 unchanged")


def test_typed_tables_hold_what_files_would_have_given(old, night, db):
    db.imports(old)
    loaded = sa.create_engine(night.url)
    assert_as_from_files(db.engine, loaded)
    targets = "SELECT archive_id, name FROM exposure e JOIN target t ON t.id = target_id ORDER BY 1"
    assert db.query(targets) == query(loaded, targets)
    loaded.dispose()
    # Nothing of these is odd enough to be kept as text.
    kept = db.query("SELECT DISTINCT document, kind FROM imported_document")
    assert kept == [("row", "whole")]


@on_sqlite
def test_a_changed_row_is_imported_again_under_its_ids(old, documents, db):
    db.imports(old)
    before = db.query(FITS)
    changed = documents[1]
    next(iter(changed["sources"].values()))["snr"][0] = 7.5
    changed["insMode"] = "NFM-AO-N"
    old.change(2, sources=json.dumps(changed["sources"]), insmode="NFM-AO-N")
    db.imports(old, "1 replaced, 2 unchanged")
    assert exact(db.export()) == exact(documents)
    assert db.query(FITS) == before


@on_sqlite
def test_provenance_names_table_and_row_and_no_password(other_url, documents, db):
    old = database_2020(other_url)
    number = old.add_document(documents[0])
    done = db.imports(old)
    password = sa.make_url(old.url).password
    assert password
    assert password not in done.text + repr(db.contents(but=()))
    files = db.query("SELECT role, outcome, mtime_ns, path FROM source_file")
    assert {file[:3] for file in files} == {
        (role, "imported", None) for role in ("reduced", "raw", "prm", "psf", "row")
    }
    for *_, path in files:
        assert path.startswith("import:")
        assert f"#exposure/{number}" in path
    assert db.scalar("SELECT command FROM load_run") == "import-blobs"
    assert db.scalar("SELECT COUNT(*) FROM header WHERE card_images IS NOT NULL") == 0


def test_files_replace_an_import_and_keep_its_ids(old, night, db):
    db.imports(old)
    ids = "SELECT id, archive_id FROM exposure ORDER BY id"
    before = db.query(ids), db.query(FITS)
    assert "3 exposures imported" in db.succeed("verify").out

    assert "3 replaced" in db.load(night.root).out
    assert (db.query(ids), db.query(FITS)) == before
    assert db.scalar("SELECT COUNT(*) FROM source_file WHERE path LIKE 'import:%'") == 0
    assert db.count("imported_document") == 0
    db.succeed("verify")
    assert exact(db.export()) == exact(night.documents)
    assert "3 unchanged" in db.load(night.root).out

    with db.unchanged("load_issue"):  # documents do not take the place of files
        db.imports(old)
    assert db.codes("note").count("exposure_from_files") == 3


@on_sqlite
def test_files_that_are_less_than_the_documents(old_2020, night, db, tmp_path):
    """A cube alone does not replace an import, and an import does not replace the cube."""
    document, cube = night.documents[0], night.files[0].reduced
    old_2020.add_document(document)
    part = write(tmp_path / "part" / "single" / cube.name, cube.read_bytes()).parent.parent
    db.imports(old_2020)
    with db.unchanged("load_issue", "known_file"):
        assert db.run("load", part).code == 1
        assert "import_incomplete" in db.codes()
    assert db.run("load", "--reload", part).code == 0
    assert db.count("psf_fit") == 0

    with db.unchanged("load_issue"):
        assert document["analysisFile"] in db.fail("import-blobs", old_2020.url)
    assert db.codes() == ["exposure_from_files"]


# The successors

#: A raw primary header as the script stored it, without COMMENT.
RAW_HEADER = {
    "SIMPLE": True,
    "BITPIX": 8,
    "NAXIS": 0,
    "UTC": 86250.0,
    "EXPTIME": 600.0,
    "ARCFILE": "MUSE.2018-08-12T23:57:30.000.fits",
    "HISTORY": ["one", "two"],
    "ESO ADA ABSROT START": -0.0,
}
CATALOG = [
    {"id": 1, "ra": 265.17, "dec": -53.67, "f606w": 17.25, "status": "fitted", "psf_star": True},
    {"id": 4, "ra": 265.18, "dec": -53.68, "f606w": float("nan"), "status": "", "psf_star": False},
]
ECSV = """# %ECSV 1.0
# ---
# datatype:
# - {name: id, datatype: int64}
# - {name: mag, unit: mag, datatype: float64}
# schema: astropy-2.0
id mag
3 17.5
7 ""
"""
START = dt.datetime(2018, 8, 12, 23, 57, 30)


def add(old: OldDatabase, document: dict[str, Any], encode: Any = json.dumps, **others: Any) -> int:
    """Add what the script of 2023 made of the same files, with other columns; give the id."""
    data = dict(document["data"])
    columns = {
        "observation_time": START,
        "obs_id": 2_001_234,
        "insmode": document["insMode"],
        "datacube_header": encode(data.pop("PRIMARY")),
        "raw_exposure_header": encode(RAW_HEADER),
        "raw_exposure_data": encode(data),
        "raw_exposure_filename": document["rawFile"],
        "prm_filename": document["analysisFile"],
        "pampelmuse_params": encode(document["psfParams"]),
        "sources": encode(document["sources"]),
    }
    return old.add(document["targetName"], **columns | others)


def kept_row(db: Any) -> dict[str, Any]:
    """Give the plain columns of the one row that was imported."""
    kept = db.scalar("SELECT content FROM imported_document WHERE document = 'row'")
    row: dict[str, Any] = json.loads(kept)
    return row


def test_what_goes_in_from_2023_comes_out(other_url, documents, db):
    # Documents are encoded once on one engine, and twice on the other.
    encode = json.dumps if db.engine.dialect.name == "sqlite" else encoded_twice
    document, old = documents[0], database_2023(other_url)
    # A second analysis of the same cube, as MAOPPY would name its parameters.
    names = {"beta": "r0", "fwhm": "bck", "e": "amp", "theta": "alpha"}
    params = {names.get(name, name): values for name, values in document["psfParams"].items()}
    sources = {
        name: {column: [2 * value for value in values] for column, values in table.items()}
        for name, table in document["sources"].items()
    }
    second = document | {"psfParams": params, "sources": sources}
    maoppy = {"pampelmuse_params": params, "sources": sources}
    maoppy |= {"prm_filename": document["analysisFile"]}
    number = add(
        old,
        document,
        encode,
        pampelmuse_catalog=encode(CATALOG),
        raman_image_header=encode({"ESO PRO CATG": "RAMAN_IMAGES", "EXPTIME": 600.0}),
        maoppy_data=encode(maoppy),
        psf_table=encode({"name": ["a"], "value": [1]}),
        sky_condition_start_time=-900.0,
        sky_condition_start="Clear",
        sky_comment_start="wind from N",
        sky_condition_end_time=420.0,
        sky_condition_end="ThinCirrus",
        sky_comment_end="None",
    )
    before = old.rows()
    db.imports(old)
    assert old.rows() == before
    exported = sorted(db.export(), key=lambda d: "r0" in d["psfParams"])
    assert exact(exported) == exact([document, second])
    models = db.query("SELECT prm_file, model FROM psf_fit ORDER BY model")
    assert models == [(document["analysisFile"], model) for model in ("maoppy", "moffat")]
    weather = db.query("SELECT sky_condition, comment FROM night_weather ORDER BY time_utc")
    assert weather == [("Clear", "wind from N"), ("ThinCirrus", None)]
    sky = db.query("SELECT start_condition, end_condition FROM v_sky_condition")
    assert sky == [("Clear", "ThinCirrus")]
    catalog = db.query(
        "SELECT v.value_float, v.value_int, v.value_text FROM table_value v"
        " JOIN table_column c ON c.id = v.table_column_id JOIN header h ON h.id = v.header_id"
        " JOIN source_file f ON f.id = h.source_file_id WHERE f.role = 'catalog'"
        " ORDER BY v.row_index, c.position"
    )
    cells = [next((value for value in row if value is not None), None) for row in catalog]
    assert cells == [1, 265.17, -53.67, 17.25, "fitted", 1, 4, 265.18, -53.68, None, "", 0]
    assert db.count("v_catalog_source") >= len(CATALOG)
    raman = db.query(
        "SELECT keyword, value, value_number FROM v_header WHERE file_role = 'raman'"
        " ORDER BY position"
    )
    assert raman[0] == ("ESO PRO CATG", "RAMAN_IMAGES", None)
    assert [(keyword, number) for keyword, _, number in raman[1:]] == [("EXPTIME", 600.0)]
    raw = db.query(
        "SELECT keyword FROM v_header WHERE file_role = 'raw' AND extension_name = 'PRIMARY'"
        " ORDER BY position"
    )
    lines = [(name,) for name in RAW_HEADER for _ in range(2 if name == "HISTORY" else 1)]
    assert raw == lines
    assert db.scalar("SELECT COUNT(*) FROM special_value WHERE value = '-0.0'") >= 1
    row = kept_row(db)
    assert (row["sky_comment_end"], row["id"]) == ("None", number)
    assert row["psf_table"] == encode({"name": ["a"], "value": [1]})


@on_sqlite
def test_a_catalogue_as_text(old_2023, documents, db):
    texts = (ECSV, json.dumps(ECSV), json.dumps("no catalogue at all"))
    for number, text in enumerate(texts):
        time = START + dt.timedelta(hours=number)
        add(old_2023, documents[number], observation_time=time, pampelmuse_catalog=text)
    db.imports(old_2023)
    units = db.query(
        "SELECT DISTINCT c.name, c.unit FROM table_column c"
        " JOIN table_layout l ON l.id = c.table_layout_id WHERE l.extension_name = 'DETECTIONS'"
        " ORDER BY c.name"
    )
    assert units == [("id", None), ("mag", "mag")]
    assert db.query("SELECT outcome FROM source_file WHERE role = 'catalog'") == [("imported",)] * 2
    assert db.codes("warning").count("blob_shape") == 1
    kept = db.query("SELECT content FROM imported_document WHERE document = 'pampelmuse_catalog'")
    assert kept == [(texts[2],)]


@on_sqlite
def test_shapes_that_no_table_holds_are_kept_whole(old_2023, documents, db):
    names = ("raw_exposure_header", "raw_exposure_data", "raman_image_header", "maoppy_data")
    blobs = {name: json.dumps([name]) for name in names}
    add(old_2023, documents[0], **blobs)
    db.imports(old_2023)
    kept = db.query("SELECT document, content FROM imported_document WHERE kind = 'whole'")
    assert {name: text for name, text in kept if name != "row"} == blobs
    assert db.codes("warning").count("blob_shape") == len(blobs)


@on_sqlite
def test_nothing_by_all_its_names(old_2023, documents, db):
    nothing = [None, "null", '"null"', "None", "", '""', '"None"', "  "]
    blobs = ["raw_exposure_header", "raw_exposure_data", "pampelmuse_params", "sources"]
    blobs += ["pampelmuse_catalog", "raman_image_header", "maoppy_data", "psf_table"]
    add(old_2023, documents[0], **dict(zip(blobs, nothing, strict=True)))
    db.imports(old_2023)
    (found,) = db.export()
    tables = ("SGS_DATA", "AG_DATA", "ASM_DATA", "SPARTA_ATM_DATA", "SPARTA_CN2_DATA")
    data = {"PRIMARY": documents[0]["data"]["PRIMARY"]} | dict.fromkeys(tables)
    nothing_else = {"data": data, "psfParams": None, "sources": None}
    assert exact(found) == exact(documents[0] | nothing_else)


def test_times_of_the_sky(sqlite_url, db):
    """Seconds from midnight, a clock, a time as text, and none that can be read."""
    url = sqlite_url()
    times = [(-1800.0, "00:20"), ("2018-08-12 23:30:00", "2018-08-13T00:20:00.5"), ("dusk", 1e9)]
    with closing(sqlite3.connect(sa.make_url(url).database)) as old, old:
        old.executescript(
            "CREATE TABLE Target (id INTEGER PRIMARY KEY, target_name TEXT);"
            "INSERT INTO Target VALUES (1, 'M 54');"
            "CREATE TABLE Exposure (id INTEGER PRIMARY KEY, observation_time TEXT, obs_id INTEGER,"
            " insMode TEXT, datacube_header TEXT, sky_condition_start_time, sky_condition_start,"
            " sky_condition_end_time, sky_condition_end, target INTEGER)"
        )
        old.executemany(
            "INSERT INTO Exposure VALUES (?, ?, 7, 'NFM-AO-N', NULL, ?, 'Clear', ?, 'Windy', 1)",
            [(n, f"2018-08-12 23:5{n}:30", *both) for n, both in enumerate(times, 1)],
        )
    succeed(db.url, "import-blobs", url)
    found = db.query(
        "SELECT DISTINCT e.ob_id, e.instrument_mode, t.name FROM night_weather w"
        " JOIN exposure e ON e.id = w.exposure_id JOIN target t ON t.id = e.target_id"
    )
    assert found == [(7, "NFM-AO-N", "M 54")]
    order = (NightWeather.exposure_id, NightWeather.row_index)
    with db.engine.connect() as connection:
        stored = connection.scalars(sa.select(NightWeather.time_utc).order_by(*order)).all()
    assert stored == [
        dt.datetime(2018, 8, 12, 23, 30),
        dt.datetime(2018, 8, 13, 0, 20),
        dt.datetime(2018, 8, 12, 23, 30),
        dt.datetime(2018, 8, 13, 0, 20, 0, 500_000),
        None,
        None,
    ]
    assert "3 unchanged" in aomuse(db.url, "import-blobs", url).out


@on_sqlite
def test_processed_exposures_are_kept(old_2023, documents, db):
    number = add(old_2023, documents[0])
    processed = {
        "insmode": "WFM-AO-N",
        "ngs_flux": 12.5,
        "degraded": False,
        "num_sources": 3,
        "sgs_data": json.dumps({"a": [1.5]}),
        "sparta_iq_los_500nm": 0.72,
    }
    for exposure in (number, None):
        old_2023.insert(
            "processed_exposure", observation_time=START, exposure=exposure, **processed
        )
    assert "without an exposure" in db.fail("import-blobs", old_2023.url)
    (kept,) = kept_row(db)["processed_exposure"]
    assert kept.items() >= processed.items()
    assert kept["observation_time"].replace(" ", "T").startswith("2018-08-12T23:57:30")
    with db.unchanged("load_issue"):
        db.fail("import-blobs", old_2023.url)
    assert db.codes() == ["processed_stray"]
