"""Cards read the short way are what astropy says of them."""

import warnings

import numpy as np
from astropy.io import fits
from hypothesis import example, given
from hypothesis import strategies as st

from aomuse.exchange.content import cards_frame
from aomuse.fits.cards import read_rows, read_shown_rows
from aomuse.fits.plain_cards import read_plain
from aomuse.simulate import simulate


def astropys(card: fits.Card) -> tuple[str, str, str]:
    if card.image[:8].strip() in ("", "COMMENT", "HISTORY"):
        return card.image[:8].strip(), repr(card.image[8:].rstrip()), ""
    record = card.field_specifier is not None and not card.rawkeyword.startswith(("DP", "DQ"))
    keyword, value = (card.rawkeyword, card.rawvalue) if record else (str(card.keyword), card.value)
    return keyword, repr(value), str(card.comment)


def ours(image: str) -> tuple[str, str, str] | None:
    row = read_plain(0, image)
    if row is None:
        return None
    _, keyword, comment, kind, integer, number, text = row
    value = {"str": text, "commentary": text, "int": integer, "float": number}.get(kind)
    return keyword, repr(bool(integer)) if kind == "bool" else repr(value), comment


def agree(image: str) -> bool:
    """Return whether the card was read the short way, which then has to be the right one."""
    found = ours(image)
    if found is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert found == astropys(fits.Card.fromstring(image)), image
    return found is not None


KEYWORDS = st.one_of(
    st.from_regex(r"[A-Z][A-Z0-9_-]{0,7}", fullmatch=True).map(lambda k: f"{k:<8}="),
    st.from_regex(r"ESO( [A-Z0-9]{1,6}){1,4}", fullmatch=True).map(lambda k: f"HIERARCH {k} ="),
    st.text("HIERARCH ESO=abc_-01.", max_size=20),
)
VALUES = st.one_of(
    st.integers().map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.from_regex(r"[+-]?\d{0,20}\.?\d{0,20}([ED][+-]?\d{1,3})?", fullmatch=True),
    st.sampled_from(["T", "F", "TRUE", "t", "", "NaN", "(1.0, 2.0)", "'", "''", "' '", "'a''b'"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30).map(
        lambda text: f"'{text}'"
    ),
)
ENDS = st.one_of(
    st.just(""),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30).map(" / ".__add__),
    st.text(" /'=x", max_size=8),
)


@given(KEYWORDS, st.sampled_from(["", " ", "   "]), VALUES, ENDS)
@example("KEY     =", " ", "'DP.AXIS: 2.0'", "")
@example("DP1     =", " ", "'AXIS.1: 2.0'", "")
@example("COMMENT =", " ", "'x'", "")
@example("        =", " ", "5", " / x")
@example("KEY     =", " ", "'long &'", "")
@example("KEY     =", " ", "''", " / '")
@example("KEY     =", " ", "-0.0", "/")
@example("KEY     =", " ", "1D5", " /x")
@example("HIERARCH ABC =", "", "1.", "")
@example("HIERARCH KEY =", " ", "'x'", "")
def test_any_card(keyword, gap, value, end):
    agree(f"{keyword}{gap}{value}{end}"[:80].ljust(80))


def test_nearly_all_cards_of_a_real_header(shared_data):
    header = fits.getheader(shared_data / "MUSE.2017-06-16T01:34:56.867.fits")
    read = [agree(card.image) for card in header.cards]
    assert sum(read) >= len(read) - 5


def test_frames_are_the_same_either_way(tmp_path):
    (exposure,) = simulate(tmp_path, exposures=1, sources=1, layers=2)
    with fits.open(exposure.reduced) as hdus:
        header = hdus[0].header
        images = header.tostring(endcard=False, padding=False).encode("ascii")
        short, long = (
            cards_frame(rows)
            for rows, _ in (read_rows(images, "", ""), read_shown_rows(header, {}, "", ""))
        )
    assert len(short) == len(header) > 1600
    assert short.equals(long)
    assert np.array_equal(short.dtypes, long.dtypes)
