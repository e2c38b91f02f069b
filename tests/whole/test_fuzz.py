"""Valid files with damaged bytes: loaded, or named in one line; the rest is untouched.

``pytest --hypothesis-profile torture tests/whole/test_fuzz.py`` tries more, and others each time.
"""

import random
from typing import Any

import fits_factory as factory
import pytest
from fits_factory import Tree
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warehouse import load_whole

TORTURE = settings.get_current_profile_name() == "torture"
BLOCK, CARD = 2880, 80

#: Values that a damaged or hostile header may give a keyword.
NASTY = (
    *("-1", "0", "1", "2", "999", "-2880", "2147483648", "9223372036854775808", "9" * 60),
    *("1E400", "-0.0", "NaN", "T", "F", "''", "'?'", "'1PJ(9)'", "'0D'", "'999999999D'"),
    *("'PM_3'", "'PSFPARS'", "'SPARTA_ATM_DATA'", "'(1,2,3)'", "(1.0, 2.0)", "", "/ nothing"),
    *("'it''s'", "'", "'&'", "1 2 3", "\x00\x01", "\xe9\xff", "'BINTABLE'", "'TABLE   '"),
)


def bytes_anywhere(data: bytearray, draw: random.Random) -> None:
    for _ in range(draw.choice((1, 1, 3, 20))):
        data[draw.randrange(len(data))] = draw.randrange(256)


def bytes_in_header(data: bytearray, draw: random.Random) -> None:
    starts = [i for i in range(0, len(data), BLOCK) if data[i : i + 8].strip().isalnum()]
    start = draw.choice(starts)
    for _ in range(draw.choice((1, 2, 8))):
        data[min(start + draw.randrange(BLOCK), len(data) - 1)] = draw.randrange(32, 127)


def value_of_a_card(data: bytearray, draw: random.Random) -> None:
    cards = [i for i in range(0, len(data) - CARD, CARD) if data[i + 8 : i + 10] == b"= "]
    start = draw.choice(cards)
    value = draw.choice(NASTY).encode("latin-1")
    data[start + 10 : start + CARD] = value.ljust(CARD - 10)[: CARD - 10]


def swapped_cards(data: bytearray, draw: random.Random) -> None:
    cards = [i for i in range(0, len(data) - CARD, CARD) if data[i + 8 : i + 10] == b"= "]
    one, other = draw.choice(cards), draw.choice(cards)
    data[one : one + CARD], data[other : other + CARD] = (
        data[other : other + CARD],
        data[one : one + CARD],
    )


def cut(data: bytearray, draw: random.Random) -> None:
    del data[draw.randrange(len(data)) :]


def range_removed(data: bytearray, draw: random.Random) -> None:
    start = draw.randrange(len(data))
    del data[start : start + draw.choice((1, 7, CARD, BLOCK, 5000))]


def range_repeated(data: bytearray, draw: random.Random) -> None:
    start = draw.randrange(len(data))
    piece = data[start : start + draw.choice((1, 7, CARD, BLOCK, 5000))]
    data[start:start] = piece


def range_overwritten(data: bytearray, draw: random.Random) -> None:
    start = draw.randrange(len(data))
    length = min(draw.choice((4, CARD, 400, BLOCK)), len(data) - start)
    data[start : start + length] = bytes([draw.choice((0, 32, 255))]) * length


def blocks_swapped(data: bytearray, draw: random.Random) -> None:
    count = len(data) // BLOCK
    one, other = (BLOCK * draw.randrange(count) for _ in range(2))
    data[one : one + BLOCK], data[other : other + BLOCK] = (
        data[other : other + BLOCK],
        data[one : one + BLOCK],
    )


DAMAGE = (
    *(bytes_anywhere, bytes_in_header, value_of_a_card, value_of_a_card, swapped_cards, cut),
    *(range_removed, range_repeated, range_overwritten, blocks_swapped),
)


def damaged(content: bytes, seed: int) -> tuple[bytes, list[str]]:
    """Return damaged bytes, and the names of what was done to them."""
    draw = random.Random(seed)
    data = bytearray(content)
    done = []
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        if len(data) < BLOCK:
            break
        damage = draw.choice(DAMAGE)
        damage(data, draw)
        done.append(damage.__name__)
    return bytes(data), done


class Rows(dict[int, Any]):
    """Rows of exposures, which a failing example need not print."""

    def __repr__(self) -> str:
        return "Rows(...)"


@pytest.fixture(scope="session")
def whole(tmp_path_factory, sqlite_template):
    return Rows(load_whole(tmp_path_factory.mktemp("whole"), sqlite_template, without=["raw"]))


@pytest.fixture
def tree(tmp_path):
    tree = Tree(tmp_path / "night")
    tree.add(2, without=["raw"])
    return tree


@settings(
    max_examples=settings().max_examples if TORTURE else 20,
    derandomize=not TORTURE,
    suppress_health_check=list(HealthCheck),
)
@given(role=st.sampled_from(factory.ROLES), seed=st.integers(0, 2**32))
def test_damaged_bytes(db, tree, whole, role, seed):
    with db.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM exposure")
        connection.exec_driver_sql("DELETE FROM load_issue")
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
    assert db.exposure(factory.archive_id(2)) == whole[2], said
    told = {path for _, path in errors}
    loaded = db.loaded_paths()
    assert {str(p) for p in files.all if p.exists()} <= loaded | told or "left out" in done.out, (
        said
    )
    half = db.scalar(
        "SELECT COUNT(*) FROM header h JOIN source_file f ON f.id = h.source_file_id"
        " WHERE f.outcome <> 'loaded'"
    )
    assert half == 0, said
