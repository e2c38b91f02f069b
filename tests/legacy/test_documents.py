"""The seed's documents as methods of the objects of a session."""

import json

import pytest
import sqlalchemy as sa
from backends import on_sqlite
from fits_factory import Tree
from sqlalchemy.orm import Session
from warehouse import aomuse

from aomuse.errors import AomuseError
from aomuse.models import Exposure, PsfFit, PsfParameter


def same(one: object, other: object) -> bool:
    return json.dumps(one) == json.dumps(other)


@pytest.fixture
def exported(engine, db_url, tmp_path):
    tree = Tree(tmp_path / "night")
    tree.add(1)
    assert aomuse(db_url, "load", tree.root).code == 0
    assert aomuse(db_url, "export", "seed-json", tmp_path / "out").code == 0
    (file,) = (tmp_path / "out").iterdir()
    found: dict[str, object] = json.loads(file.read_text())
    return found


def test_they_equal_the_export(engine, exported):
    with Session(engine) as session:
        exposure = session.scalars(sa.select(Exposure)).one()
        fit = exposure.psf_fits[0]
        assert same(exposure.data(), exported["data"])
        assert same(fit.psf_params(), exported["psfParams"])
        assert same(fit.sources(), exported["sources"])
        # The rows are there as well.
        assert [f"PM_{source.pampelmuse_id}" for source in fit.sources] == list(fit.sources() or {})


@on_sqlite
@pytest.mark.usefixtures("exported")
def test_they_show_what_the_session_has_changed(engine):
    with Session(engine) as session:
        fit = session.scalars(sa.select(PsfFit)).one()
        row = session.get_one(PsfParameter, (fit.id, "fwhm", 2))
        row.value = 2.5
        params = fit.psf_params()
        assert params is not None
        assert params["fwhm"][2] == 2.5


@on_sqlite
@pytest.mark.usefixtures("exported")
def test_an_object_of_no_session_says_so(engine):
    with Session(engine) as session:
        exposure = session.scalars(sa.select(Exposure)).one()
        fit = exposure.psf_fits[0]
        sources = fit.sources
        assert len(sources) > 0
    for ask in (exposure.data, fit.psf_params, sources):
        with pytest.raises(AomuseError, match="is detached: fetch and use it inside a session"):
            ask()


def test_a_session_that_aomuse_did_not_make_says_so():
    with Session(sa.create_engine("sqlite://")) as session:
        exposure = Exposure()
        session.add(exposure)
        with pytest.raises(AomuseError, match=r"aomuse\.connect\(url\)"):
            exposure.data()
