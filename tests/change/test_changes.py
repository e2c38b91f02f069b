"""What is changed through the objects of a session is as if the files had said so."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from astropy.io import fits
from backends import on_sqlite, one_on_mariadb
from fits_factory import LAYERS, Files, Tree, edit
from sqlalchemy.orm import Session
from warehouse import aomuse, exposure

from aomuse.db import create_engine
from aomuse.errors import AomuseError
from aomuse.models import Exposure, PsfFit, SourceSample

#: Of a changed file other bytes are kept: they are the file's own, and stay.
BYTES = {"source_file", "header", "keyword"}

Change = Callable[[fits.HDUList], None]


@pytest.fixture
def files(db, tmp_path):
    tree = Tree(tmp_path / "night")
    files = tree.add(1)
    tree.add(2)
    db.load(tree.root)
    return files


@pytest.fixture
def as_if(files, at_head, tmp_path):
    """Give a function that changes a file, and returns the rows of a load that saw no other.

    It is a load into SQLite: both engines hold the same.
    """

    def load_changed(role: str, change: Change) -> Any:
        edit(files.file(role), change)
        other = at_head(f"sqlite:///{tmp_path / 'other.db'}")
        assert aomuse(other, "load", files.file("reduced").parents[1]).code == 0
        engine = create_engine(other)
        found = exposure(engine, files.archive_id)
        engine.dispose()
        return {name: rows for name, rows in found.items() if name not in BYTES}

    return load_changed


def now(engine: sa.Engine, files: Files) -> dict[str, list[tuple[Any, ...]]]:
    found = exposure(engine, files.archive_id)
    return {name: rows for name, rows in found.items() if name not in BYTES}


def first(session: Session, files: Files) -> Exposure:
    select = sa.select(Exposure).where(Exposure.archive_id == files.archive_id)
    return session.scalars(select).one()


def same(one: dict[str, list[Any]], other: dict[str, list[Any]]) -> None:
    assert one.keys() == other.keys()
    for name, table in one.items():
        assert repr(table) == repr(other[name]), name


@one_on_mariadb(
    "values",
    [
        {
            "RA": 200.0,
            "HIERARCH ESO TEL AMBI FWHM START": -0.0,
            "ESO.TEL.AMBI.FWHM.END": 1e-300,
            "DATE-OBS": "2018-08-13T00:01:08.5",
            "ESO INS MODE": "NFM-AO-N",
            "ESO AOS TT LOOP ST": False,
            "ESO OBS ID": 7,
        },
        {"RA": 200, "PROV1": "MUSE.2018-08-13T00:01:07.123.fits", "OBJECT": "elsewhere"},
    ],
    ids=["seven", "three"],
)
def test_header_values(db, values, files, as_if):
    with Session(db.engine) as session:
        for keyword, value in values.items():
            first(session, files).set_header(keyword, value)
        session.commit()

    def change(hdus: fits.HDUList) -> None:
        for keyword, value in values.items():
            hdus[0].header[keyword.replace(".", " ").removeprefix("HIERARCH ")] = value

    same(now(db.engine, files), as_if("reduced", change))


@on_sqlite
def test_a_header_value_that_no_card_has(db, files):
    with Session(db.engine) as session:
        found = first(session, files)
        metrics = {row["metric_id"]: row["value"] for row in db.rows("exposure_metric")}
        with pytest.raises(AomuseError, match="the header PRIMARY has no keyword 'ESO TEL AIRM"):
            found.set_header("ESO TEL AIRM START", 1.5)
        found.set_header("ESO TEL AIRM START", 1.5, new=True)
        found.set_header("ESO TEL AIRM END", 2.5, new=True)
        assert found.airmass_start == 1.5
        data = found.data()["PRIMARY"]
        assert (data["ESO TEL AIRM START"], list(data)[-1]) == (1.5, "ESO TEL AIRM END")
        header = next(h for h in found.headers if h.file.role == "reduced" and h.hdu_index == 0)
        assert header.card_count == len(header.cards)
        session.commit()
    after = db.query(
        "SELECT value FROM exposure_metric m JOIN exposure e ON e.id = m.exposure_id "
        "JOIN metric ON metric.id = metric_id WHERE name = 'airmass' AND archive_id = :name",
        name=files.archive_id,
    )
    assert after == [(2.0,)]
    assert metrics


@on_sqlite
def test_other_headers_than_the_first(db, files):
    with Session(db.engine) as session:
        found = first(session, files)
        mode = found.instrument_mode
        found.set_header("BITPIX", 8, extension="CHAN01")
        found.set_header("ESO INS MODE", "changed", file="raw")
        assert found.data()["CHAN01"]["BITPIX"] == 8
        assert found.instrument_mode == mode
        assert found.data()["PRIMARY"]["ESO INS MODE"] == mode
        with pytest.raises(AomuseError, match="has an extension 'CHAN'"):
            found.set_header("BITPIX", 8, extension="CHAN")
        with pytest.raises(AomuseError, match="has no night_log file"):
            found.set_header("BITPIX", 8, file="night_log")


@on_sqlite
def test_a_value_that_does_not_fit_changes_nothing(db, files):
    before = db.contents()
    with Session(db.engine) as session:
        for keyword, value in (
            ("RA", "12:00"),
            ("RA", True),
            ("ESO OBS ID", 1.5),
            ("ESO AOS TT LOOP ST", 1),
            ("DATE-OBS", "yesterday"),
            ("ESO INS MODE", ""),
            ("ESO INS MODE", "x" * 65),
            ("OBJECT", "x" * 256),
            ("HISTORY", "changed"),
        ):
            with pytest.raises(AomuseError):
                first(session, files).set_header(keyword, value)
        session.commit()
    assert db.contents() == before


@on_sqlite
def test_an_undefined_value(db, files):
    with Session(db.engine) as session:
        found = first(session, files)
        found.set_header("RA", None)
        found.set_header("ESO INS MODE", None)
        assert (found.ra_deg, found.instrument_mode) == (None, None)
        assert found.data()["PRIMARY"]["RA"] is None


#: Not all of them a DOUBLE column holds on every engine.
VALUES = [1.5, -0.0, math.inf, math.nan, 0.1 + 0.2]


def test_a_psf_parameter(db, files, as_if):
    values = VALUES
    with Session(db.engine) as session:
        fit = first(session, files).psf_fits[0]
        # What is written over leaves nothing behind.
        fit.set_parameter("fwhm", [-math.inf] * LAYERS)
        fit.set_parameter("fwhm", [*values[:-1], 7.0])
        fit.set_parameter("fwhm", values[-1], layer=LAYERS - 1)
        params = fit.psf_params()
        assert repr(params["fwhm"]) == repr(values)
        session.commit()

    def change(hdus: fits.HDUList) -> None:
        hdus["PSFPARS"].data["polyfit"][1] = values

    same(now(db.engine, files), as_if("prm", change))


@pytest.mark.parametrize("quantity", ["flux", "fwhm"])
def test_a_source(db, files, as_if, quantity):
    values = VALUES
    with Session(db.engine) as session:
        fit = first(session, files).psf_fits[0]
        sample = session.get_one(
            SourceSample, {"psf_fit_id": fit.id, "pampelmuse_id": 17, "layer": 0}
        )
        fit.set_source(17, quantity, values)
        assert getattr(sample, quantity) == 1.5
        sources = fit.sources()
        assert repr(sources["PM_17"][quantity]) == repr(values)
        session.commit()

    def change(hdus: fits.HDUList) -> None:
        hdus["PM_17"].data[quantity] = values

    same(now(db.engine, files), as_if("psf", change))


@on_sqlite
def test_what_does_not_fit_the_layers_changes_nothing(db, files):
    before = db.contents()
    with Session(db.engine) as session:
        fit = first(session, files).psf_fits[0]
        for ask, said in (
            (lambda: fit.set_parameter("fwhm", [1.0]), "5 layers, and 1 values"),
            (lambda: fit.set_parameter("fwhm", 1.0), "a number for each layer"),
            (lambda: fit.set_parameter("fwhm", 1.0, layer=LAYERS), "no layer 5"),
            (lambda: fit.set_parameter("fhwm", [1.0] * LAYERS), "did you mean fwhm"),
            (lambda: fit.set_parameter("fwhm", ["a"] * LAYERS), "'a' is no number"),
            (lambda: fit.set_source(3, "snr", "ab", layer=1), "'ab' is no number"),
            (lambda: fit.set_source(3, "SNR", [1.0] * LAYERS), "did you mean snr"),
            (lambda: fit.set_source(4, "snr", [1.0] * LAYERS), "no source 'PM_4'"),
        ):
            with pytest.raises(AomuseError, match=said):
                ask()
        session.commit()
    assert db.contents() == before


@on_sqlite
def test_a_column_of_integers_takes_no_fraction(db, tmp_path):
    files = Tree(tmp_path / "night").add(1)

    def change(hdus: fits.HDUList) -> fits.HDUList:
        columns = [
            fits.Column(
                c.name, "1J" if c.name == "snr" else c.format, array=hdus["PM_3"].data[c.name]
            )
            for c in hdus["PM_3"].columns
        ]
        table = fits.BinTableHDU.from_columns(columns, name="PM_3")
        return fits.HDUList([hdus[0], table])

    edit(files.psf, change)
    db.load(tmp_path / "night")
    with Session(db.engine) as session:
        fit = session.scalars(sa.select(PsfFit)).one()
        with pytest.raises(AomuseError, match=r"the column snr holds whole numbers, and not 0\.5"):
            fit.set_source(3, "snr", 0.5, layer=0)
        fit.set_source(3, "snr", 6, layer=0)
        sources = fit.sources()
        assert repr(sources["PM_3"]["snr"][0]) == "6"


def test_what_is_not_committed_is_not_changed(db, files):
    before = db.contents()
    with Session(db.engine) as session:
        found = first(session, files)
        found.set_header("RA", 1.0)
        found.psf_fits[0].set_parameter("e", 0.25, layer=0)
        found.psf_fits[0].set_source(3, "snr", 2.0, layer=0)
        session.rollback()
    assert db.contents() == before


def test_verify_tells_of_a_change_and_a_load_takes_it_back(db, files):
    before = now(db.engine, files)
    with Session(db.engine) as session:
        first(session, files).set_header("RA", 200.0)
        session.commit()
    root = files.reduced.parents[1]
    done = db.run("verify", root)
    assert done.code == 1
    assert "RA" in done.text
    db.load(root, "--reload")
    same(now(db.engine, files), before)
    assert db.count("exposure") == 2
