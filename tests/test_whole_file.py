"""Files named by stored text stay in their folder, and none is seen half written."""

from pathlib import PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aomuse.whole_file import safe_name, whole_file

OUTSIDE = ("", ".", "..", "../x", "/etc/passwd", "a/../../b", "..\\x", "C:\\x", "C:x")
ODD = ("nul", "NUL.fits", "com1.prm.fits", "x.", "x ", ".hidden", "a\0b", "a\nb", "a\x1b[31mb")
LONG = ("x" * 240, "x" * 5000, "\u03c3" * 240, "\U0001d6fc" * 250, "a\u202eb", "%2E%2E")


@pytest.mark.parametrize("text", [*OUTSIDE, "\\\\host\\x", *ODD, *LONG])
def test_a_name_stays_in_its_folder(tmp_path, text):
    name = safe_name(text)
    folder = tmp_path / "folder"
    folder.mkdir()
    place = folder / f"{name}.json"
    place.write_text("it")
    assert list(folder.iterdir()) == [place]
    assert list(tmp_path.iterdir()) == [folder]
    assert PureWindowsPath(f"{name}.json").name == f"{name}.json"
    assert not PureWindowsPath(f"{name}.json").is_reserved()
    assert name.isprintable()


def test_a_plain_name_stays_as_it_is():
    for name in ("DATACUBE_FINAL_NGC6397_0001.prm.fits", "M 54", "\u03c3 Oct", "Barnard's star"):
        assert safe_name(name) == name


@given(st.lists(st.text(max_size=300), min_size=2, max_size=5, unique=True))
def test_two_texts_are_two_names(texts):
    assert len({safe_name(text) for text in texts}) == len(texts)


def test_long_names_that_differ_at_their_ends():
    names = [safe_name("x" * length) for length in range(190, 1100)]
    assert len(set(names)) == len(names)
    assert max(len(name.encode()) for name in names) <= 200


@pytest.fixture
def place(tmp_path):
    return tmp_path / "new.json"


def test_a_new_file_is_the_users_own(place):
    with whole_file(place) as file:
        file.write("it")
        assert not place.exists()
        assert [path.stat().st_mode & 0o777 for path in place.parent.iterdir()] == [0o600]
    assert (place.read_text(), place.stat().st_mode & 0o777) == ("it", 0o600)


def test_a_file_that_is_replaced_keeps_its_permissions(place):
    place.write_text("before")
    place.chmod(0o644)
    with whole_file(place) as file:
        file.write("it")
    assert (place.read_text(), place.stat().st_mode & 0o777) == ("it", 0o644)


def test_what_fails_leaves_what_was_there(place):
    def interrupted() -> None:
        with whole_file(place) as file:
            file.write("half")
            raise KeyboardInterrupt

    place.write_text("before")
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (list(place.parent.iterdir()), place.read_text()) == ([place], "before")


def test_a_link_is_replaced_and_not_what_it_points_to(place):
    precious = place.with_name("precious")
    precious.write_text("kept")
    place.symlink_to(precious)
    with whole_file(place) as file:
        file.write("it")
    assert (place.is_symlink(), place.read_text(), precious.read_text()) == (False, "it", "kept")
