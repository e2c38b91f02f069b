"""An exposure from AOMUSE 2020's dictionaries is stored as if it had been loaded."""

import json
import math
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from backends import on_sqlite
from fits_factory import Tree
from sqlalchemy.orm import Session
from warehouse import aomuse, contents, execute, exposure, query, rows, scalar

from aomuse.database import Database
from aomuse.db import create_engine
from aomuse.errors import AomuseError, DatabaseError
from aomuse.models import Exposure, PsfFit, Target

#: The dummies of the seed's README.
DATA = {"PRIMARY": {"RA": 221.0, "DEC": 19.1, "ESO INS MODE": "testMode"}, "ETC": "etc"}
PSF_PARAMS = {name: [1, 2, 3] for name in ("beta", "e", "theta", "fwhm", "wavelength")}
QUANTITIES = ("snr", "flux", "fwhm", "beta", "xc", "yc")
SOURCES = {
    "PM_1": {name: [1, 2, 3] for name in QUANTITIES},
    "PM_2": {name: [1, 2, 3] for name in QUANTITIES},
    "ETC": "etc",
}
NAMES = {
    "target": "testTarget",
    "instrument_mode": "testMode",
    "raw_file": "testRaw",
    "prm_file": "testAnalysis",
}
#: Of these an exposure that was not stored may have left rows: they belong to none.
SHARED = ("load_run", "metric", "target", "keyword", "table_layout", "table_column")
DOCUMENTS: dict[str, Any] = {"data": DATA, "psf_params": PSF_PARAMS, "sources": SOURCES}


@pytest.fixture
def db(engine):
    return Database(engine)


def documents(db: Database, number: int) -> list[str]:
    """Give the three documents as JSON, which tells types and the order of keys."""
    with db.session() as session:
        found = session.get_one(Exposure, number)
        fit = found.psf_fits[0]
        return [json.dumps(each()) for each in (found.data, fit.psf_params, fit.sources)]


def test_the_dummies_of_the_seed(db, db_url, engine, tmp_path):
    number = db.add_exposure(**NAMES, **DOCUMENTS)
    assert documents(db, number) == [json.dumps(d) for d in DOCUMENTS.values()]
    with db.session() as session:
        found = session.get_one(Exposure, number)
        assert (found.ra_deg, found.dec_deg, found.tau0_s) == (221.0, 19.1, None)
        assert (found.raw_file, found.instrument_mode) == ("testRaw", "testMode")
        assert found.target is not None
        assert found.target.name == "testTarget"
        assert [issue.severity for issue in found.issues if issue.severity == "error"] == []
    assert query(engine, "SELECT * FROM v_seed_exposure") == [
        (1, number, "testTarget", "testMode", "testAnalysis", "testRaw")
    ]
    medians = (
        "SELECT s.quantity, s.median FROM source_summary s JOIN wavelength_window w "
        "ON w.id = s.wavelength_window_id WHERE w.name = 'all' AND pampelmuse_id = 2"
    )
    assert sorted(query(engine, medians)) == sorted((name, 2.0) for name in QUANTITIES)
    count = "SELECT value FROM exposure_metric JOIN metric ON id = metric_id WHERE name = :n"
    assert query(engine, count, n="num_sources") == [(2.0,)]
    (run,) = rows(engine, "load_run")
    assert (run["command"], run["outcome"], run["exposures_loaded"]) == ("add", "complete", 1)
    assert aomuse(db_url, "export", "seed-json", tmp_path).code == 0
    document = {"targetName": "testTarget", "insMode": "testMode", "analysisFile": "testAnalysis"}
    document |= {"rawFile": "testRaw", "data": DATA, "psfParams": PSF_PARAMS, "sources": SOURCES}
    assert (tmp_path / "testAnalysis.json").read_text() == json.dumps(document)


def test_what_a_load_gave_back_makes_the_same_rows(
    db, db_url, engine, tmp_path, new_database, at_head
):
    tree = Tree(tmp_path / "night")
    files = tree.add(1)
    assert aomuse(db_url, "load", tree.root).code == 0
    with db.session() as session:
        found = session.scalars(sa.select(Exposure)).one()
        fit = found.psf_fits[0]
        assert found.target is not None
        names = {"target": found.target.name, "instrument_mode": found.instrument_mode}
        names |= {"raw_file": found.raw_file, "prm_file": fit.prm_file}
        given = {"data": found.data(), "psf_params": fit.psf_params(), "sources": fit.sources()}
    url = at_head(new_database())
    other = Database(create_engine(url))
    number = other.add_exposure(**names, **given)
    assert documents(other, number) == documents(db, 1)
    added, loaded = exposure(other.engine, files.archive_id), exposure(engine, files.archive_id)
    for name in (
        *("exposure", "sparta_atm", "sparta_cn2", "sparta_cn2_layer", "asm", "sgs", "ag"),
        *("psf_layer", "psf_parameter", "psf_parameter_summary", "source", "source_sample"),
        *("source_summary", "psf_field", "exposure_metric", "psf_fit_metric"),
        *("exposure_laser_metric", "exposure_laser"),
    ):
        assert added[name], name
        if name in ("psf_parameter", "source"):
            # fit_value and the header are not in the documents
            assert len(added[name]) == len(loaded[name])
            continue
        assert repr(added[name]) == repr(loaded[name]), name
    # The files replace it, and it keeps its number.
    assert aomuse(url, "load", tree.root).code == 0
    assert query(other.engine, "SELECT id FROM exposure") == [(number,)]
    assert exposure(other.engine, files.archive_id).keys() == loaded.keys()
    assert aomuse(url, "verify", tree.root).code == 0
    other.engine.dispose()


@on_sqlite
def test_arrays_are_lists(db):
    values = np.array([0.5, np.nan, -0.0, np.inf])
    params = {"fwhm": values, "beta": values[::-1], "wavelength": np.arange(4.0)}
    number = db.add_exposure(**NAMES, data={"PRIMARY": {"RA": np.float32(1.5)}}, psf_params=params)
    with db.session() as session:
        found = session.get_one(Exposure, number)
        assert found.data() == {"PRIMARY": {"RA": 1.5}}
        wanted = json.dumps({name: array.tolist() for name, array in params.items()})
        assert json.dumps(found.psf_fits[0].psf_params()) == wanted


@on_sqlite
def test_a_target_that_is_there_gets_another_exposure(db):
    with db.session() as session:
        session.add(Target(name="testTarget"))
        session.commit()
    first = db.add_exposure(target="testTarget", raw_file="one")
    second = db.add_exposure(target="testTarget", prm_file="test")
    with db.session() as session:
        target = session.scalars(sa.select(Target)).one()
        assert [each.id for each in target.exposures] == [first, second]
        assert [len(each.psf_fits) for each in target.exposures] == [0, 1]
        assert target.exposures[0].data() is None


@on_sqlite
def test_what_is_there_already_is_refused(db, db_url, engine, tmp_path):
    tree = Tree(tmp_path / "night")
    files = tree.add(1)
    assert aomuse(db_url, "load", tree.root).code == 0
    db.add_exposure(**NAMES)
    before = contents(engine)
    for given in (
        {"target": "x", "raw_file": "testRaw"},
        {"target": "x", "raw_file": f"{files.archive_id}.fits"},
        {"target": "x", "data": {"PRIMARY": {"PROV1": f"{files.archive_id}.fits"}}},
    ):
        with pytest.raises(AomuseError, match="already exists, with the id"):
            db.add_exposure(**given)  # type: ignore[arg-type]
    assert contents(engine) == before


def test_what_no_database_holds_is_refused(db, engine):
    before = contents(engine, but=SHARED)
    for given, message in (
        ({"target": ""}, "target is ''"),
        ({"target": None}, "target is None"),
        ({"target": "x" * 256}, "1 to 255 characters"),
        ({"target": "x", "instrument_mode": "x" * 65}, "1 to 64 characters"),
        ({"target": "x", "data": "{}"}, "json.loads"),
        ({"target": "x", "data": {"PRIMARY": {"RA": object()}}}, "a value that JSON cannot"),
        ({"target": "x", "data": {"PRIMARY": {"OBJECT": "\ud800"}}}, "surrogate"),
    ):
        with pytest.raises(AomuseError, match=message):
            db.add_exposure(**given)  # type: ignore[arg-type]
    assert contents(engine, but=SHARED) == before


def test_a_failure_on_the_way_leaves_nothing(db, engine):
    before = contents(engine, but=SHARED)

    stop = "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'cut off'"
    if engine.dialect.name == "sqlite":
        stop = "BEGIN SELECT RAISE(ABORT, 'cut off'); END"
    trigger = f"CREATE TRIGGER stop BEFORE INSERT ON imported_document FOR EACH ROW {stop}"
    execute(engine, trigger)
    with pytest.raises(DatabaseError, match=r"^the database says: .*cut off"):
        db.add_exposure(**NAMES, **DOCUMENTS)
    execute(engine, "DROP TRIGGER stop")
    assert contents(engine, but=SHARED) == before
    assert scalar(engine, "SELECT outcome FROM load_run") == "failed"
    db.add_exposure(**NAMES, **DOCUMENTS)


# What is changed later, in documents that no table holds exactly


def test_changes_count_where_an_import_kept_text(db):
    data = {"PRIMARY": {"RA": [1, 2], "DEC": 19.1}, "CHAN01": {"GAIN": {"a": 1}, "BITPIX": 8}}
    params = {"fwhm": [1.0, None, 3.0], "beta": [1.0, 2.0, 3.0], "note": "odd"}
    sources = {"PM_1": {name: [1.0, None, 3.0] for name in QUANTITIES}, "PM_2": "odd"}
    number = db.add_exposure(**NAMES, data=data, psf_params=params, sources=sources)
    with db.session() as session:
        found = session.get_one(Exposure, number)
        fit = found.psf_fits[0]
        assert (found.data(), fit.psf_params(), fit.sources()) == (data, params, sources)
        found.set_header("RA", 200.0)
        found.set_header("GAIN", 2, extension="CHAN01")
        found.set_header("OBJECT", "new", new=True)
        fit.set_parameter("fwhm", [2.0, 3.0, math.inf])
        fit.set_source(1, "snr", 5.0, layer=0)
        fit.set_source(1, "flux", [4.0, 5.0, 6.0])
        session.commit()
        assert found.data() == {
            "PRIMARY": {"RA": 200.0, "DEC": 19.1, "OBJECT": "new"},
            "CHAN01": {"GAIN": 2, "BITPIX": 8},
        }
        assert found.ra_deg == 200.0
        assert fit.psf_params() == params | {"fwhm": [2.0, 3.0, math.inf]}
        after = fit.sources()
        assert after is not None
        assert after["PM_2"] == "odd"
        assert after["PM_1"]["flux"] == [4.0, 5.0, 6.0]
        assert after["PM_1"]["xc"] == [1.0, None, 3.0]
        assert repr(after["PM_1"]["snr"]) == "[5.0, nan, 3.0]"


@on_sqlite
def test_a_change_that_fails_changes_nothing(db, engine):
    number = db.add_exposure(**NAMES, **DOCUMENTS)
    before = contents(engine)
    with db.session() as session:
        found = session.get_one(Exposure, number)
        with pytest.raises(AomuseError, match="is a number"):
            found.set_header("ESO TEL AMBI TAU0", "soon", new=True)
        with pytest.raises(AomuseError, match=r"holds whole numbers, and not 2\.5"):
            found.psf_fits[0].set_source(1, "snr", [2.5, 3, 4])
        session.commit()
    assert contents(engine) == before


@on_sqlite
def test_an_exposure_made_of_objects_has_no_header(db):
    with Session(db.engine) as session:
        target = Target(name="testTarget")
        found = Exposure(target=target, instrument_mode="testMode")
        fit = PsfFit(exposure=found, name="test", model="moffat", prm_file="test")
        session.add(target)
        with pytest.raises(AomuseError, match=r"db\.add_exposure"):
            found.set_header("RA", 1.0)
        with pytest.raises(AomuseError, match="no PSF parameter"):
            fit.set_parameter("fwhm", [1.0])
