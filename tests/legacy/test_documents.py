"""The seed's documents as methods of the objects of a session."""

import pytest
import sqlalchemy as sa
from old_databases import assert_sessions_show
from sqlalchemy.orm import Session

from aomuse import connect
from aomuse.errors import AomuseError
from aomuse.models import Exposure, PsfFit, PsfParameter


@pytest.fixture
def session(night):
    """Give a session of the night, in which nothing is committed."""
    db = connect(night.url)
    with db.session() as session:
        yield session
    db.engine.dispose()


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
