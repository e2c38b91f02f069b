"""What is changed through the objects of a session is as if the files had said so."""

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from astropy.io import fits
from backends import on_sqlite, one_on_mariadb
from fits_factory import LAYERS, Files, Tree, edit, write
from loaded import Loaded, rows_of_one_load
from sqlalchemy.orm import Session, object_session

from aomuse.errors import AomuseError
from aomuse.models import Exposure, SourceSample

#: Of a changed file other bytes are kept: they are the file's own, and stay.
BYTES = {"source_file", "header", "keyword"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """Write two exposures, and give the files of the first; nobody changes them."""
    tree = Tree(tmp_path_factory.mktemp("changes"))
    files, _ = tree.add(1), tree.add(2)
    return files


@pytest.fixture
def files(shared, load_once):
    load_once(shared.reduced.parents[1])
    return shared


@pytest.fixture
def as_if(tmp_path, sqlite_template):
    """Give a function that changes a file, and returns the rows of a load that saw no other.

    It is a load into SQLite: both engines hold the same.
    """

    def load_changed(role: str, change: Callable[[fits.HDUList], None]) -> Any:
        tree = Tree(tmp_path / "changed")
        files = tree.add(1)
        edit(files.file(role), change)
        return rows_of_one_load(tree, tmp_path / "other.db", sqlite_template)[files.archive_id]

    return load_changed


@contextlib.contextmanager
def changing(db: Loaded, files: Files) -> Iterator[Exposure]:
    """Give an exposure to change, and commit."""
    with Session(db.engine) as session:
        select = sa.select(Exposure).where(Exposure.archive_id == files.archive_id)
        yield session.scalars(select).one()
        session.commit()


def same(one: dict[str, list[Any]], other: dict[str, list[Any]]) -> None:
    assert one.keys() == other.keys()
    for name in one.keys() - BYTES:
        assert repr(one[name]) == repr(other[name]), name


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
    with changing(db, files) as exposure:
        for keyword, value in values.items():
            exposure.set_header(keyword, value)

    def change(hdus: fits.HDUList) -> None:
        for keyword, value in values.items():
            hdus[0].header[keyword.replace(".", " ").removeprefix("HIERARCH ")] = value

    same(db.exposure(files.archive_id), as_if("reduced", change))


@on_sqlite
def test_a_header_value_that_no_card_has(db, files):
    with changing(db, files) as exposure:
        with pytest.raises(AomuseError, match="the header PRIMARY has no keyword 'ESO TEL AIRM"):
            exposure.set_header("ESO TEL AIRM START", 1.5)
        exposure.set_header("ESO TEL AIRM START", 1.5, new=True)
        exposure.set_header("ESO TEL AIRM END", 2.5, new=True)
        assert exposure.airmass_start == 1.5
        data = exposure.data()["PRIMARY"]
        assert (data["ESO TEL AIRM START"], list(data)[-1]) == (1.5, "ESO TEL AIRM END")
        header = next(h for h in exposure.headers if h.file.role == "reduced" and h.hdu_index == 0)
        assert header.card_count == len(header.cards)
    number = db.exposure_id(files.archive_id)
    select = f"SELECT airmass FROM v_exposure_metrics WHERE exposure_id = {number}"
    assert db.scalar(select) == 2.0


@on_sqlite
def test_other_headers_than_the_first(db, files):
    with changing(db, files) as exposure:
        mode = exposure.instrument_mode
        exposure.set_header("BITPIX", 8, extension="CHAN01")
        exposure.set_header("ESO INS MODE", "changed", file="raw")
        data = exposure.data()
        assert data["CHAN01"]["BITPIX"] == 8
        assert exposure.instrument_mode == data["PRIMARY"]["ESO INS MODE"] == mode
        with pytest.raises(AomuseError, match="has an extension 'CHAN'"):
            exposure.set_header("BITPIX", 8, extension="CHAN")
        with pytest.raises(AomuseError, match="has no night_log file"):
            exposure.set_header("BITPIX", 8, file="night_log")


@on_sqlite
def test_an_undefined_value(db, files):
    with changing(db, files) as exposure:
        exposure.set_header("RA", None)
        exposure.set_header("ESO INS MODE", None)
        assert (exposure.ra_deg, exposure.instrument_mode) == (None, None)
        assert exposure.data()["PRIMARY"]["RA"] is None


#: Not all of them a DOUBLE column holds on every engine.
VALUES = [1.5, -0.0, math.inf, math.nan, 0.1 + 0.2]


def test_a_psf_parameter(db, files, as_if):
    with changing(db, files) as exposure:
        (fit,) = exposure.psf_fits
        # What is written over leaves nothing behind.
        fit.set_parameter("fwhm", [-math.inf] * LAYERS)
        fit.set_parameter("fwhm", [*VALUES[:-1], 7.0])
        fit.set_parameter("fwhm", VALUES[-1], layer=LAYERS - 1)
        assert repr(fit.psf_params()["fwhm"]) == repr(VALUES)

    def change(hdus: fits.HDUList) -> None:
        hdus["PSFPARS"].data["polyfit"][1] = VALUES

    same(db.exposure(files.archive_id), as_if("prm", change))


@pytest.mark.parametrize("quantity", ["flux", "fwhm"])
def test_a_source(db, files, as_if, quantity):
    with changing(db, files) as exposure:
        (fit,) = exposure.psf_fits
        key = {"psf_fit_id": fit.id, "pampelmuse_id": 17, "layer": 0}
        sample = object_session(exposure).get_one(SourceSample, key)
        fit.set_source(17, quantity, VALUES)
        assert getattr(sample, quantity) == 1.5
        assert repr(fit.sources()["PM_17"][quantity]) == repr(VALUES)

    def change(hdus: fits.HDUList) -> None:
        hdus["PM_17"].data[quantity] = VALUES

    same(db.exposure(files.archive_id), as_if("psf", change))


@on_sqlite
def test_what_does_not_fit_changes_nothing(db, files):
    before = db.contents()
    with changing(db, files) as exposure:
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
                exposure.set_header(keyword, value)
        (fit,) = exposure.psf_fits
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
    assert db.contents() == before


@on_sqlite
def test_a_column_of_integers_takes_no_fraction(db, tmp_path):
    tree = Tree(tmp_path / "night")
    files = tree.add(1)
    columns = [fits.Column("snr", "1J", array=range(LAYERS)), fits.Column("flux", "1D")]
    table = fits.BinTableHDU.from_columns(columns, name="PM_3")
    write(files.psf, fits.HDUList([fits.PrimaryHDU(), table]))
    db.load(tree.root)
    with changing(db, files) as exposure:
        (fit,) = exposure.psf_fits
        with pytest.raises(AomuseError, match=r"the column snr holds whole numbers, and not 0\.5"):
            fit.set_source(3, "snr", 0.5, layer=0)
        fit.set_source(3, "snr", 6, layer=0)
        assert repr(fit.sources()["PM_3"]["snr"][0]) == "6"


def test_what_is_not_committed_is_not_changed(db, files):
    before = db.contents()
    with changing(db, files) as exposure:
        exposure.set_header("RA", 1.0)
        exposure.psf_fits[0].set_parameter("e", 0.25, layer=0)
        exposure.psf_fits[0].set_source(3, "snr", 2.0, layer=0)
        object_session(exposure).rollback()
    assert db.contents() == before


def test_verify_tells_of_a_change_and_a_load_takes_it_back(db, files):
    before = db.exposure(files.archive_id)
    with changing(db, files) as exposure:
        exposure.set_header("RA", 200.0)
    root = files.reduced.parents[1]
    done = db.run("verify", root)
    assert done.code == 1
    assert "RA" in done.text
    db.load(root, "--reload")
    same(db.exposure(files.archive_id), before)
    assert db.count("exposure") == 2
