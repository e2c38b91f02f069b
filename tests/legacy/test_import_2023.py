"""Databases of the successors: two analyses, the sky, catalogues, Raman headers, processed rows."""

import datetime as dt
import json
from typing import Any

import sqlalchemy as sa
from backends import on_sqlite
from old_databases import ENCODINGS, PROCESSED_2023, database_2023, exact
from warehouse import aomuse, contents, open_issues, query, scalar, succeed

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


def columns_of(document: dict[str, Any], encode: Any = json.dumps) -> dict[str, Any]:
    """Give what the script of 2023 made of the same files."""
    data = dict(document["data"])
    return {
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


def maoppy_of(document: dict[str, Any]) -> dict[str, Any]:
    """Give a second analysis of the same cube, as MAOPPY would name its parameters."""
    params = dict(document["psfParams"])
    names = {"beta": "r0", "fwhm": "bck", "e": "amp", "theta": "alpha"}
    sources = {
        name: {column: [2 * value for value in values] for column, values in table.items()}
        for name, table in document["sources"].items()
    }
    return {
        "pampelmuse_params": {names.get(name, name): values for name, values in params.items()},
        "prm_filename": document["analysisFile"],
        "sources": sources,
    }


def test_what_goes_in_comes_out(other_url, documents, db_url, export, engine):
    # Documents are encoded once on one engine, and twice on the other.
    encode = ENCODINGS["once" if engine.dialect.name == "sqlite" else "twice"]
    document, old = documents[0], database_2023(other_url)
    maoppy = maoppy_of(document)
    number = old.add(
        document["targetName"],
        **columns_of(document, encode),
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
    succeed(db_url, "import-blobs", old.url)
    assert old.rows() == before
    second = document | {
        "psfParams": maoppy["pampelmuse_params"],
        "sources": maoppy["sources"],
    }
    exported = sorted(export(), key=lambda d: "r0" in d["psfParams"])
    assert exact(exported) == exact([document, second])
    models = query(engine, "SELECT prm_file, model FROM psf_fit ORDER BY model")
    assert models == [(document["analysisFile"], model) for model in ("maoppy", "moffat")]
    weather = query(engine, "SELECT sky_condition, comment FROM night_weather ORDER BY time_utc")
    assert weather == [("Clear", "wind from N"), ("ThinCirrus", None)]
    sky = query(engine, "SELECT start_condition, end_condition FROM v_sky_condition")
    assert sky == [("Clear", "ThinCirrus")]
    catalog = query(
        engine,
        "SELECT c.name, v.row_index, v.value_float, v.value_int, v.value_text FROM table_value v"
        " JOIN table_column c ON c.id = v.table_column_id JOIN header h ON h.id = v.header_id"
        " JOIN source_file f ON f.id = h.source_file_id WHERE f.role = 'catalog'"
        " ORDER BY v.row_index, c.position",
    )
    cells = [
        next((v for v in (number, integer, text) if v is not None), None)
        for _, _, number, integer, text in catalog
    ]
    assert cells == [1, 265.17, -53.67, 17.25, "fitted", 1, 4, 265.18, -53.68, None, "", 0]
    assert scalar(engine, "SELECT COUNT(*) FROM v_catalog_source") >= len(CATALOG)
    cards = query(
        engine,
        "SELECT k.name, c.value_text, c.value_float FROM header_card c"
        " JOIN keyword k ON k.id = c.keyword_id JOIN header h ON h.id = c.header_id"
        " JOIN source_file f ON f.id = h.source_file_id WHERE f.role = 'raman' ORDER BY position",
    )
    assert cards == [("ESO PRO CATG", "RAMAN_IMAGES", None), ("EXPTIME", None, 600.0)]
    raw_header = query(
        engine,
        "SELECT k.name FROM header_card c JOIN keyword k ON k.id = c.keyword_id"
        " JOIN header h ON h.id = c.header_id JOIN source_file f ON f.id = h.source_file_id"
        " WHERE f.role = 'raw' AND h.extension_name = 'PRIMARY' ORDER BY c.position",
    )
    lines = [(name,) for name in RAW_HEADER for _ in range(2 if name == "HISTORY" else 1)]
    assert raw_header == lines
    assert scalar(engine, "SELECT COUNT(*) FROM special_value WHERE value = '-0.0'") >= 1
    row = json.loads(scalar(engine, "SELECT content FROM imported_document WHERE document = 'row'"))
    assert row["sky_comment_end"] == "None"
    assert row["id"] == number
    assert row["psf_table"] == encode({"name": ["a"], "value": [1]})


@on_sqlite
def test_a_catalogue_as_text(old_2023, documents, db_url, engine):
    texts = {0: ECSV, 1: json.dumps(ECSV), 2: json.dumps("no catalogue at all")}
    for number, text in texts.items():
        columns = columns_of(documents[number]) | {
            "observation_time": START + dt.timedelta(hours=number),
            "pampelmuse_catalog": text,
        }
        old_2023.add(documents[number]["targetName"], **columns)
    succeed(db_url, "import-blobs", old_2023.url)
    units = query(
        engine,
        "SELECT DISTINCT c.name, c.unit FROM table_column c"
        " JOIN table_layout l ON l.id = c.table_layout_id WHERE l.extension_name = 'DETECTIONS'"
        " ORDER BY c.name",
    )
    assert units == [("id", None), ("mag", "mag")]
    ids = scalar(
        engine,
        "SELECT COUNT(*) FROM source_file WHERE role = 'catalog' AND outcome = 'imported'",
    )
    assert ids == 2
    assert [code for code, _ in open_issues(engine, "warning")].count("blob_shape") == 1
    kept = query(
        engine, "SELECT content FROM imported_document WHERE document = 'pampelmuse_catalog'"
    )
    assert kept == [(json.dumps("no catalogue at all"),)]


@on_sqlite
def test_shapes_that_no_table_holds_are_kept_whole(old_2023, documents, db_url, engine):
    names = ("raw_exposure_header", "raw_exposure_data", "raman_image_header", "maoppy_data")
    blobs = {name: json.dumps([name]) for name in names}
    old_2023.add(documents[0]["targetName"], **columns_of(documents[0]) | blobs)
    succeed(db_url, "import-blobs", old_2023.url)
    kept = query(engine, "SELECT document, content FROM imported_document WHERE kind = 'whole'")
    assert {name: text for name, text in kept if name != "row"} == blobs
    assert [code for code, _ in open_issues(engine, "warning")].count("blob_shape") == len(blobs)


@on_sqlite
def test_nothing_by_all_its_names(old_2023, documents, db_url, export):
    nothing = [None, "null", '"null"', "None", "", '""', '"None"', "  "]
    columns = columns_of(documents[0])
    blobs = ["raw_exposure_header", "raw_exposure_data", "pampelmuse_params", "sources"]
    blobs += ["pampelmuse_catalog", "raman_image_header", "maoppy_data", "psf_table"]
    columns |= dict(zip(blobs, nothing, strict=True))
    old_2023.add(documents[0]["targetName"], **columns)
    succeed(db_url, "import-blobs", old_2023.url)
    (found,) = export()
    tables = ("SGS_DATA", "AG_DATA", "ASM_DATA", "SPARTA_ATM_DATA", "SPARTA_CN2_DATA")
    data = {"PRIMARY": documents[0]["data"]["PRIMARY"]} | dict.fromkeys(tables)
    nothing_else = {"data": data, "psfParams": None, "sources": None}
    assert exact(found) == exact(documents[0] | nothing_else)


def test_times_of_the_sky(documents, sqlite_url, db_url, engine):
    """Seconds from midnight, a clock, a time as text, and none that can be read."""
    url = sqlite_url()
    old = sa.create_engine(url, poolclass=sa.NullPool)
    times = [(-1800.0, "00:20"), ("2018-08-12 23:30:00", "2018-08-13T00:20:00.5"), ("dusk", 1e9)]
    with old.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE Target (id INTEGER PRIMARY KEY, target_name TEXT)")
        connection.exec_driver_sql("INSERT INTO Target VALUES (1, 'M 54')")
        connection.exec_driver_sql(
            "CREATE TABLE Exposure (id INTEGER PRIMARY KEY, observation_time TEXT, obs_id INTEGER,"
            " insMode TEXT, datacube_header TEXT, sky_condition_start_time, sky_condition_start,"
            " sky_condition_end_time, sky_condition_end, target INTEGER)"
        )
        for number, (first, last) in enumerate(times, 1):
            connection.exec_driver_sql(
                "INSERT INTO Exposure"
                " VALUES (?, ?, 7, 'NFM-AO-N', NULL, ?, 'Clear', ?, 'Windy', 1)",
                (number, f"2018-08-12 23:5{number}:30", first, last),
            )
    old.dispose()
    succeed(db_url, "import-blobs", url)
    found = query(
        engine,
        "SELECT e.ob_id, e.instrument_mode, t.name, w.time_utc FROM night_weather w"
        " JOIN exposure e ON e.id = w.exposure_id JOIN target t ON t.id = e.target_id"
        " ORDER BY e.id, w.row_index",
    )
    assert {row[:3] for row in found} == {(7, "NFM-AO-N", "M 54")}
    with engine.connect() as connection:
        from aomuse.models import NightWeather

        stored = connection.scalars(
            sa.select(NightWeather.time_utc).order_by(
                NightWeather.exposure_id, NightWeather.row_index
            )
        ).all()
    assert stored == [
        dt.datetime(2018, 8, 12, 23, 30),
        dt.datetime(2018, 8, 13, 0, 20),
        dt.datetime(2018, 8, 12, 23, 30),
        dt.datetime(2018, 8, 13, 0, 20, 0, 500_000),
        None,
        None,
    ]
    again = aomuse(db_url, "import-blobs", url)
    assert "3 unchanged" in again.out


@on_sqlite
def test_processed_exposures_are_kept(old_2023, documents, db_url, engine):
    number = old_2023.add(documents[0]["targetName"], **columns_of(documents[0]))
    processed = {
        "observation_time": START,
        "insmode": "WFM-AO-N",
        "ngs_flux": 12.5,
        "degraded": False,
        "num_sources": 3,
        "sgs_data": json.dumps({"a": [1.5]}),
        "sparta_iq_los_500nm": 0.72,
    }
    with old_2023.engine.begin() as connection:
        connection.execute(sa.insert(PROCESSED_2023).values(exposure=number, **processed))
        connection.execute(sa.insert(PROCESSED_2023).values(exposure=None, **processed))
    done = aomuse(db_url, "import-blobs", old_2023.url)
    assert done.code == 1
    assert "without an exposure" in done.err
    row = json.loads(scalar(engine, "SELECT content FROM imported_document WHERE document = 'row'"))
    (kept,) = row["processed_exposure"]
    assert (kept["ngs_flux"], kept["sparta_iq_los_500nm"]) == (12.5, 0.72)
    assert kept["sgs_data"] == processed["sgs_data"]
    assert kept["observation_time"].replace(" ", "T").startswith("2018-08-12T23:57:30")
    before = contents(engine, but=("load_run", "load_issue"))
    assert aomuse(db_url, "import-blobs", old_2023.url).code == 1
    assert contents(engine, but=("load_run", "load_issue")) == before
    assert [code for code, _ in open_issues(engine)] == ["processed_stray"]
