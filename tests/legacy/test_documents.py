"""The seed's documents: given for an exposure, which is as if loaded, and asked of its objects."""

import json
import math
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from backends import on_sqlite
from old_databases import README, assert_as_from_files, assert_sessions_show
from sqlalchemy.orm import Session
from warehouse import aomuse

from aomuse import connect
from aomuse.database import Database
from aomuse.db import create_engine
from aomuse.errors import AomuseError, DatabaseError
from aomuse.models import Exposure, PsfFit, PsfParameter, Target

DOCUMENTS: dict[str, Any] = dict(
    zip(("data", "psf_params", "sources"), README.values(), strict=True)
)
NAMES = {
    "target": "testTarget",
    "instrument_mode": "testMode",
    "raw_file": "testRaw",
    "prm_file": "testAnalysis",
}
#: Of these an exposure that was not stored may have left rows: they belong to none.
SHARED = ("metric", "target", "keyword", "table_layout", "table_column")


@pytest.fixture
def database(engine):
    return Database(engine)


def documents(database: Database, number: int) -> list[str]:
    """Give the three documents as JSON, which tells types and the order of keys."""
    with database.session() as session:
        found = session.get_one(Exposure, number)
        fit = found.psf_fits[0]
        return [json.dumps(each()) for each in (found.data, fit.psf_params, fit.sources)]


def test_the_dummies_of_the_seed(database, db, tmp_path):
    number = database.add_exposure(**NAMES, **DOCUMENTS)
    assert documents(database, number) == [json.dumps(d) for d in README.values()]
    assert db.query("SELECT ra_deg, dec_deg, tau0_s FROM exposure") == [(221.0, 19.1, None)]
    assert db.codes() == []
    assert db.query("SELECT * FROM v_seed_exposure") == [
        (1, number, "testTarget", "testMode", "testAnalysis", "testRaw")
    ]
    medians = (
        "SELECT s.quantity, s.median FROM source_summary s JOIN wavelength_window w "
        "ON w.id = s.wavelength_window_id WHERE w.name = 'all' AND pampelmuse_id = 2"
    )
    assert dict(db.query(medians)) == dict.fromkeys(README["sources"]["PM_2"], 2.0)
    count = "SELECT value FROM exposure_metric JOIN metric ON id = metric_id WHERE name = :n"
    assert db.query(count, n="num_sources") == [(2.0,)]
    (run,) = db.rows("load_run")
    assert (run["command"], run["outcome"], run["exposures_loaded"]) == ("add", "complete", 1)
    db.succeed("export", "seed-json", tmp_path)
    names = {"targetName": "testTarget", "insMode": "testMode", "analysisFile": "testAnalysis"}
    document = names | {"rawFile": "testRaw"} | README
    assert (tmp_path / "testAnalysis.json").read_text() == json.dumps(document)


def test_what_a_load_gave_back_makes_the_same_rows(database, db, tree, new_database, at_head):
    tree.add(1)
    db.load(tree.root)
    with database.session() as session:
        found = session.scalars(sa.select(Exposure)).one()
        fit = found.psf_fits[0]
        given = {"data": found.data(), "psf_params": fit.psf_params(), "sources": fit.sources()}
    ((_, _, *values),) = db.query("SELECT * FROM v_seed_exposure")
    names = dict(zip(("target", "instrument_mode", "prm_file", "raw_file"), values, strict=True))
    url = at_head(new_database())
    other = Database(create_engine(url))
    number = other.add_exposure(**names, **given)
    assert documents(other, number) == documents(database, 1)
    assert_as_from_files(other.engine, db.engine)
    # The files replace it, and it keeps its number.
    assert aomuse(url, "load", tree.root).code == 0
    with other.session() as session:
        assert session.scalars(sa.select(Exposure.id)).all() == [number]
    assert aomuse(url, "verify", tree.root).code == 0
    other.engine.dispose()


@on_sqlite
def test_arrays_are_lists(database):
    values = np.array([0.5, np.nan, -0.0, np.inf])
    params = {"fwhm": values, "beta": values[::-1], "wavelength": np.arange(4.0)}
    number = database.add_exposure(
        **NAMES, data={"PRIMARY": {"RA": np.float32(1.5)}}, psf_params=params
    )
    with database.session() as session:
        found = session.get_one(Exposure, number)
        assert found.data() == {"PRIMARY": {"RA": 1.5}}
        wanted = json.dumps({name: array.tolist() for name, array in params.items()})
        assert json.dumps(found.psf_fits[0].psf_params()) == wanted


@on_sqlite
def test_a_target_that_is_there_gets_another_exposure(database):
    with database.session() as session:
        session.add(Target(name="testTarget"))
        session.commit()
    first = database.add_exposure(target="testTarget", raw_file="one")
    second = database.add_exposure(target="testTarget", prm_file="test")
    with database.session() as session:
        target = session.scalars(sa.select(Target)).one()
        assert [each.id for each in target.exposures] == [first, second]
        assert [len(each.psf_fits) for each in target.exposures] == [0, 1]
        assert target.exposures[0].data() is None


@on_sqlite
def test_what_is_there_already_is_refused(database, db, tree):
    raw_file = f"{tree.add(1).archive_id}.fits"
    db.load(tree.root)
    database.add_exposure(**NAMES)
    with db.unchanged():
        for given in (
            {"raw_file": "testRaw"},
            {"raw_file": raw_file},
            {"data": {"PRIMARY": {"PROV1": raw_file}}},
        ):
            with pytest.raises(AomuseError, match="already exists, with the id"):
                database.add_exposure(target="x", **given)


def test_what_no_database_holds_is_refused(database, db):
    with db.unchanged(*SHARED):
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
                database.add_exposure(**given)


def test_a_failure_on_the_way_leaves_nothing(database, db):
    stop = "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'cut off'"
    if db.engine.dialect.name == "sqlite":
        stop = "BEGIN SELECT RAISE(ABORT, 'cut off'); END"
    db.execute(f"CREATE TRIGGER stop BEFORE INSERT ON imported_document FOR EACH ROW {stop}")
    with (
        db.unchanged(*SHARED),
        pytest.raises(DatabaseError, match=r"^the database says: .*cut off"),
    ):
        database.add_exposure(**NAMES, **DOCUMENTS)
    db.execute("DROP TRIGGER stop")
    assert db.scalar("SELECT outcome FROM load_run") == "failed"
    database.add_exposure(**NAMES, **DOCUMENTS)


# What is changed later, in documents that no table holds exactly


def test_changes_count_where_an_import_kept_text(database):
    data = {"PRIMARY": {"RA": [1, 2], "DEC": 19.1}, "CHAN01": {"GAIN": {"a": 1}, "BITPIX": 8}}
    params = {"fwhm": [1.0, None, 3.0], "beta": [1.0, 2.0, 3.0], "note": "odd"}
    sources = {
        "PM_1": {key: [1.0, None, 3.0] for key in README["sources"]["PM_1"]},
        "PM_2": "odd",
    }
    number = database.add_exposure(**NAMES, data=data, psf_params=params, sources=sources)
    with database.session() as session:
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
        changed = {"snr": [5.0, math.nan, 3.0], "flux": [4.0, 5.0, 6.0]}
        assert repr(fit.sources()) == repr(sources | {"PM_1": sources["PM_1"] | changed})


@on_sqlite
def test_a_change_that_fails_changes_nothing(database, db):
    number = database.add_exposure(**NAMES, **DOCUMENTS)
    with db.unchanged(), database.session() as session:
        found = session.get_one(Exposure, number)
        with pytest.raises(AomuseError, match="is a number"):
            found.set_header("ESO TEL AMBI TAU0", "soon", new=True)
        with pytest.raises(AomuseError, match=r"holds whole numbers, and not 2\.5"):
            found.psf_fits[0].set_source(1, "snr", [2.5, 3, 4])
        session.commit()


@on_sqlite
def test_an_exposure_made_of_objects_has_no_header(database):
    with Session(database.engine) as session:
        target = Target(name="testTarget")
        found = Exposure(target=target, instrument_mode="testMode")
        fit = PsfFit(exposure=found, name="test", model="moffat", prm_file="test")
        session.add(target)
        with pytest.raises(AomuseError, match=r"db\.add_exposure"):
            found.set_header("RA", 1.0)
        with pytest.raises(AomuseError, match="no PSF parameter"):
            fit.set_parameter("fwhm", [1.0])


# The documents of objects of a session


@pytest.fixture
def session(night):
    """Give a session of the night, in which nothing is committed."""
    night = connect(night.url)
    with night.session() as session:
        yield session
    night.engine.dispose()


def test_they_equal_the_export(session, night):
    assert_sessions_show(night.url, night.documents)
    # The rows are there as well.
    for fit in session.scalars(sa.select(PsfFit)):
        assert [f"PM_{source.pampelmuse_id}" for source in fit.sources] == list(fit.sources() or {})


def test_they_show_what_the_session_has_changed(session):
    fit = session.get_one(PsfFit, 1)
    session.get_one(PsfParameter, (fit.id, "fwhm", 2)).value = 2.5
    params = fit.psf_params()
    assert params is not None
    assert params["fwhm"][2] == 2.5


def test_an_object_of_no_session_says_so(session):
    exposure = session.get_one(Exposure, 1)
    fit = exposure.psf_fits[0]
    sources = fit.sources
    assert len(sources) > 0
    session.close()
    for ask in (exposure.data, fit.psf_params, sources):
        with pytest.raises(AomuseError, match="is detached: fetch and use it inside a session"):
            ask()


def test_a_session_that_aomuse_did_not_make_says_so():
    with Session(sa.create_engine("sqlite://")) as session:
        exposure = Exposure()
        session.add(exposure)
        with pytest.raises(AomuseError, match=r"aomuse\.connect\(url\)"):
            exposure.data()
