"""Names that the database holds are texts: none of them is a path out of the export's folder."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from backends import on_sqlite
from fits_factory import Tree
from warehouse import aomuse, succeed

pytestmark = on_sqlite

NAMES = (
    "../../out.prm.fits",
    "/tmp/aomuse-absolute.prm.fits",
    "C:\\absolute.prm.fits",
    "a\x00b.prm.fits",
    "x" * 244 + ".prm.fits",
    "..",
    "NUL.prm.fits",
    "a\x1b[31mb\nc.prm.fits",
)


@pytest.fixture
def twice(engine, db_url, tmp_path):
    """Two exposures with an analysis each."""
    tree = Tree(tmp_path / "night")
    for number in (1, 2):
        tree.add(number)
    assert aomuse(db_url, "load", tree.root).code == 0
    return engine


def test_every_file_stays_in_the_folder(twice, db_url, tmp_path):
    """Both analyses have the name: the second one goes below a folder of its model's name."""
    for number, name in enumerate(NAMES):
        with twice.begin() as connection:
            update = sa.text("UPDATE psf_fit SET prm_file = :name, model = '../../m'")
            connection.execute(update, {"name": name})
        before = {path for path in tmp_path.rglob("*") if path.is_file()}
        out = tmp_path / "deep" / str(number)
        done = succeed(db_url, "export", "seed-json", out)
        assert len(done.out.splitlines()) == 3
        written = {path for path in tmp_path.rglob("*") if path.is_file()} - before
        assert len(written) == 2
        assert all(path.is_relative_to(out) for path in written)
        assert {path.stat().st_mode & 0o777 for path in written} == {0o600}
        assert not Path("/tmp/aomuse-absolute.prm.fits.json").exists()


def test_a_link_out_of_the_folder_is_not_followed(twice, db_url, tmp_path):
    with twice.begin() as connection:
        connection.execute(sa.text("UPDATE psf_fit SET prm_file = 'same.prm.fits'"))
        model = connection.scalars(sa.text("SELECT DISTINCT model FROM psf_fit")).one()
    elsewhere, out = tmp_path / "elsewhere", tmp_path / "out"
    elsewhere.mkdir()
    out.mkdir()
    (out / model).symlink_to(elsewhere)
    done = aomuse(db_url, "export", "seed-json", out)
    assert (done.code, len(done.errors)) == (2, 1)
    assert "is a link out of" in done.err
    assert list(elsewhere.iterdir()) == []
