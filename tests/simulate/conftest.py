"""One small tree for all tests of the simulation."""

from pathlib import Path

import pytest

from aomuse.simulate import simulate

LAYERS = 40


@pytest.fixture(scope="session")
def tree(tmp_path_factory):
    """Give a night without glitches, which have a test of their own."""
    return simulate(tmp_path_factory.mktemp("night"), sources=3, layers=LAYERS, clean=True)


@pytest.fixture(scope="session")
def real_header():
    """Find the real reduced file that developers may have beside the repository."""
    folder = Path(__file__).parents[2].parent / "shared" / "data"
    files = sorted(folder.glob("MUSE.*.fits"))
    if not files:
        pytest.skip(f"no real header in {folder}")
    return files[0]
