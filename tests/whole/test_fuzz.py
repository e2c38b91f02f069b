"""Valid files with damaged bytes: loaded, or named in one line; the rest is untouched.

``pytest --hypothesis-profile torture tests/whole/test_fuzz.py`` tries more, and others each time.
"""

from collections.abc import Callable
from typing import Any

import fits_factory as factory
import pytest
from backends import on_sqlite
from fits_factory import Tree
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from loaded import Loaded

from scripts.torture.damage import damaged

TORTURE = settings.get_current_profile_name() == "torture"


@pytest.fixture
def tree(tmp_path):
    tree = Tree(tmp_path / "night")
    tree.add(2, without=["raw"])
    return tree


@pytest.fixture
def good(light):
    """Tell whether the other exposure is whole; a failing example need not print its rows."""
    return lambda db: db.exposure(factory.archive_id(2)) == light[2]


def examples(count: int) -> Callable[[Any], Any]:
    """Try this many damages of any file, or those of the profile."""
    tried = settings(
        max_examples=settings().max_examples if TORTURE else count,
        derandomize=not TORTURE,
        suppress_health_check=list(HealthCheck),
    )
    damages = given(role=st.sampled_from(factory.ROLES), seed=st.integers(0, 2**32))
    return lambda test: tried(damages(test))


@on_sqlite
@examples(30)
def test_damaged_bytes(db, tree, good, role, seed):
    load_damaged(db, tree, good, role, seed)


@pytest.mark.parametrize("backend", ["mariadb"])
@examples(8)
def test_damaged_bytes_on_mariadb(db, tree, good, role, seed):
    load_damaged(db, tree, good, role, seed)


def load_damaged(
    db: Loaded, tree: Tree, good: Callable[[Loaded], bool], role: str, seed: int
) -> None:
    db.execute("DELETE FROM exposure", "DELETE FROM load_issue")
    files = tree.add(1)
    path = files.file(role)
    content, what = damaged(path.read_bytes(), seed)
    path.write_bytes(content)

    done = db.run("load", "--workers", 1, tree.root)

    said = f"{role} {seed} {what}\n{done.text}"
    assert done.code in (0, 1), said
    assert all(line.startswith("error: ") for line in done.errors), said
    assert (done.code == 1) == bool(done.errors), said
    errors = db.open_issues()
    assert len(errors) == len(done.errors), said
    assert "not_stored" not in {code for code, _ in errors}, said
    assert good(db), said
    seen = db.loaded_paths() | {path for _, path in errors}
    assert seen >= {str(p) for p in files.all} or "left out" in done.out, said
    half = "FROM header h JOIN source_file f ON f.id = h.source_file_id WHERE f.outcome <> 'loaded'"
    assert db.scalar(f"SELECT COUNT(*) {half}") == 0, said
