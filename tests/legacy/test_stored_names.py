"""Names that the database holds are texts: none of them is a path out of the export's folder."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from backends import on_sqlite
from loaded import tree_of

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
def twice(db, tmp_path):
    """Give a warehouse of two exposures with an analysis each."""
    db.load(tree_of(tmp_path / "night", 2).root)
    return db


def files_in(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def test_every_file_stays_in_the_folder(twice, tmp_path):
    """Both analyses have the name: the second one goes below a folder of its model's name."""
    for number, name in enumerate(NAMES):
        with twice.engine.begin() as connection:
            update = sa.text("UPDATE psf_fit SET prm_file = :name, model = '../../m'")
            connection.execute(update, {"name": name})
        before, out = files_in(tmp_path), tmp_path / "deep" / str(number)
        done = twice.succeed("export", "seed-json", out)
        assert len(done.out.splitlines()) == 3
        written = files_in(tmp_path) - before
        assert len(written) == 2
        assert written == files_in(out)
        assert {path.stat().st_mode & 0o777 for path in written} == {0o600}
        assert not Path("/tmp/aomuse-absolute.prm.fits.json").exists()


def test_a_link_out_of_the_folder_is_not_followed(twice, tmp_path):
    twice.execute("UPDATE psf_fit SET prm_file = 'same.prm.fits'")
    elsewhere, out = tmp_path / "elsewhere", tmp_path / "out"
    elsewhere.mkdir()
    out.mkdir()
    (out / twice.scalar("SELECT DISTINCT model FROM psf_fit")).symlink_to(elsewhere)
    assert "is a link out of" in twice.fail("export", "seed-json", out, code=2)
    assert list(elsewhere.iterdir()) == []
