"""Databases of the successors: two analyses, the sky, catalogues, Raman headers, processed rows."""

import datetime as dt
import json
import sqlite3
from contextlib import closing
from typing import Any

import sqlalchemy as sa
from backends import on_sqlite
from old_databases import OldDatabase, database_2023, encoded_twice, exact
from warehouse import aomuse, succeed

from aomuse.models import NightWeather

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


def maoppy_of(document: dict[str, Any]) -> dict[str, Any]:
    """Give a second analysis of the same cube, as MAOPPY would name its parameters."""
    names = {"beta": "r0", "fwhm": "bck", "e": "amp", "theta": "alpha"}
    return {
        "pampelmuse_params": {names.get(n, n): v for n, v in document["psfParams"].items()},
        "prm_filename": document["analysisFile"],
        "sources": {
            name: {column: [2 * value for value in values] for column, values in table.items()}
            for name, table in document["sources"].items()
        },
    }


def kept_row(db: Any) -> dict[str, Any]:
    """Give the plain columns of the one row that was imported."""
    kept = db.scalar("SELECT content FROM imported_document WHERE document = 'row'")
    row: dict[str, Any] = json.loads(kept)
    return row


def test_what_goes_in_comes_out(other_url, documents, db):
    # Documents are encoded once on one engine, and twice on the other.
    encode = json.dumps if db.engine.dialect.name == "sqlite" else encoded_twice
    document, old = documents[0], database_2023(other_url)
    maoppy = maoppy_of(document)
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
    second = {"psfParams": maoppy["pampelmuse_params"], "sources": maoppy["sources"]}
    exported = sorted(db.export(), key=lambda d: "r0" in d["psfParams"])
    assert exact(exported) == exact([document, document | second])
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
