"""Header cards: every one of them, in order, with its type."""

import warnings
from collections.abc import Callable
from typing import Any

import fits_factory as factory
import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from hypothesis import example, given, settings
from hypothesis import strategies as st
from reading import NO_PIXELS, header, read, told

from aomuse.exchange.cards import first_values
from aomuse.exchange.content import FileContent, HduContent, cards_frame
from aomuse.fits.cards import read_rows, read_shown_rows
from aomuse.fits.plain_cards import read_plain
from aomuse.simulate import simulate


@pytest.fixture
def of_cards(tmp_path) -> Callable[..., FileContent]:
    """Give what writes and reads a header with these card images after the mandatory ones."""
    path = tmp_path / "single" / "X.fits"
    return lambda *images: read(factory.write(path, header(*NO_PIXELS, *images)), "reduced")


@pytest.fixture
def cube(tmp_path):
    return factory.write(tmp_path / "single" / "X.fits", factory.reduced(1))


def rows(hdu: HduContent, start: int = len(NO_PIXELS)) -> list[tuple[Any, ...]]:
    """Give keyword, type, value and comment of each card."""
    return [(r[1], r[3], first_values([r])[r[1]], r[2]) for r in hdu.card_rows[start:]]


GOLDEN = [
    ("EXPTIME =                600.0 / [s] time", ("EXPTIME", "float", 600.0, "[s] time")),
    ("COUNT   =                   42", ("COUNT", "int", 42, "")),
    ("NEG     =                  -42 /", ("NEG", "int", -42, "")),
    ("ZERO    =                 -0.0", ("ZERO", "float", -0.0, "")),
    ("BIG     =               1E+308", ("BIG", "float", 1e308, "")),
    ("TINY    =               5E-324", ("TINY", "float", 5e-324, "")),
    ("FORTRAN =              1.5D+03", ("FORTRAN", "float", 1500.0, "")),
    ("LONG    =  9223372036854775807", ("LONG", "int", 2**63 - 1, "")),
    ("LONGER  =  9223372036854775808", ("LONGER", "int", 2**63, "")),
    (f"HUGE    = -{'9' * 60}", ("HUGE", "int", -(10**60 - 1), "")),
    ("YES     =                    T / logical", ("YES", "bool", True, "logical")),
    ("NO      =                    F", ("NO", "bool", False, "")),
    ("TEXT    = 'it''s / a text' / a comment", ("TEXT", "str", "it's / a text", "a comment")),
    ("EMPTY   = ''", ("EMPTY", "str", "", "")),
    ("BLANKS  = '   '", ("BLANKS", "str", "", "")),
    ("LEAD    = '  x  '", ("LEAD", "str", "  x", "")),
    ("NUMBER  = '42      '", ("NUMBER", "str", "42", "")),
    ("UNDEF   =                      / no value", ("UNDEF", "undefined", None, "no value")),
    ("CPLX    =           (1.0, 2.0)", ("CPLX", "complex", 1 + 2j, "")),
    ("HISTORY  reduced = 'by' / me", ("HISTORY", "commentary", " reduced = 'by' / me", "")),
    ("COMMENT", ("COMMENT", "commentary", "", "")),
    ("         free text", ("", "commentary", " free text", "")),
    ("HIERARCH ESO INS MODE = 'WFM-AO-N' / mode", ("ESO INS MODE", "str", "WFM-AO-N", "mode")),
    ("HIERARCH ESO AOS TT LOOP ST = T / closed", ("ESO AOS TT LOOP ST", "bool", True, "closed")),
    ("DATE-OBS= '2018-08-13T00:05:07.100'", ("DATE-OBS", "str", "2018-08-13T00:05:07.100", "")),
    ("HISTORY = 'x' / y", ("HISTORY", "commentary", "= 'x' / y", "")),
    ("COMMENT = 5", ("COMMENT", "commentary", "= 5", "")),
    ("        = 5", ("", "commentary", "= 5", "")),
    ("history = 'x'", ("HISTORY", "commentary", "= 'x'", "")),
    ("OBJECT  = 'TILEID: 1106' / target", ("OBJECT", "str", "TILEID: 1106", "target")),
    ("OBJECT  = 'it''s: 1' / target", ("OBJECT", "str", "it's: 1", "target")),
    ("object  = 'TILEID: 1106' / target", ("OBJECT", "str", "TILEID: 1106", "target")),
    ("HIERARCH ESO OBS NAME = 'P: 12'", ("ESO OBS NAME", "str", "P: 12", "")),
    ("DP1     = 'AXIS.1: 2' / a distortion", ("DP1.AXIS.1", "float", 2.0, "a distortion")),
    # repeats are kept
    ("COUNT   =                   43", ("COUNT", "int", 43, "")),
    ("COUNT   =                   42", ("COUNT", "int", 42, "")),
    ("HISTORY two", ("HISTORY", "commentary", "two", "")),
    *[("", ("", "commentary", "", ""))] * 2,
]


def test_every_card_in_order(of_cards):
    (hdu,) = of_cards(*(image for image, _ in GOLDEN)).hdus
    for found, (image, expected) in zip(rows(hdu), GOLDEN, strict=True):
        assert repr(found) == repr(expected), image  # 0.0 is not -0.0
    assert hdu.cards["position"].tolist() == list(range(hdu.card_count))
    assert hdu.card_count == len(NO_PIXELS) + len(GOLDEN)


GOOD = ("GOOD    = 1", ("GOOD", "int", 1, ""))


def test_a_string_over_several_cards_is_one(of_cards):
    content = of_cards(
        "LONGSTR = 'The quick brown fox jumps over the lazy dog, which did no&'",
        "CONTINUE  't mind at all; it''s&'",
        "CONTINUE  ' only a dog' / a comment",
        GOOD[0],
    )
    text = "The quick brown fox jumps over the lazy dog, which did not mind at all; it's only a dog"
    assert rows(content.hdus[0]) == [("LONGSTR", "str", text, "a comment"), GOOD[1]]


@pytest.mark.parametrize(
    "image", ["BAD     = 1.2.3", "BAD     = 'no end", "BAD     = what is this", "BAD     = 1 2"]
)
def test_a_card_that_cannot_be_parsed_is_kept_as_text(image, of_cards):
    content = of_cards(image, GOOD[0])
    bad, good = content.hdus[0].cards.iloc[3:].to_dict("records")
    assert bad["keyword"] == "BAD"
    if bad["value_type"] == "unparsed":
        assert bad["value_text"] == image[10:]
        assert told(content) == [("warning", "card")]
    assert good["value_int"] == 1
    assert content.hdus[0].card_images[3 * 80 : 4 * 80].decode() == image.ljust(80)


@pytest.mark.parametrize("quote", ["", "''"])
@pytest.mark.parametrize(
    ("text", "codec"),
    [
        *(("δ Cas", "utf-8"), ("φ Oct", "utf-8"), ("Muñoz", "utf-8"), ("0.5 °C: 2", "utf-8")),
        *(("Muñoz", "latin-1"), ("0.5 °C: 2", "latin-1")),
    ],
)
def test_text_that_is_not_ascii(text, codec, quote, of_cards):
    """A doubled quote, which takes the card past the short way, changes nothing."""
    image = f"OBJECT  = '{text}{quote}' / {text}".encode(codec)
    content = of_cards(image.decode("latin-1"), GOOD[0])
    assert rows(content.hdus[0]) == [("OBJECT", "str", text + quote[:1], text), GOOD[1]]
    assert told(content) == [("warning", "not_ascii")]


def test_a_long_string_that_is_not_ascii(of_cards):
    images = (
        "OBJECT  = 'δ Cas and a star that is called &' / first".encode(),
        "CONTINUE  'φ Oct' / δ".encode(),
        "OBSERVER= 'Muñoz'".encode("latin-1"),
    )
    assert rows(of_cards(*(image.decode("latin-1") for image in images)).hdus[0]) == [
        ("OBJECT", "str", "δ Cas and a star that is called φ Oct", "first δ"),
        ("OBSERVER", "str", "Muñoz", ""),
    ]


@pytest.mark.parametrize("character", ["\n", "\0", "\t", "\x7f"])
def test_a_control_character_costs_one_card(character, of_cards):
    bad = f"OBJECT  = 'NGC 1{character}' / name"
    content = of_cards(bad, f"GOOD    = 1 / x{character}y", f"HISTORY a{character}b")
    assert rows(content.hdus[0]) == [
        ("OBJECT", "unparsed", None, ""),
        ("GOOD", "int", 1, f"x{character}y"),
        ("HISTORY", "commentary", f"a{character}b", ""),
    ]
    assert content.hdus[0].cards["value_text"].iloc[3] == bad[10:]
    assert told(content) == [("warning", "card")]


def test_sizes_that_are_written_as_floats(cube):
    factory.set_image(cube, "DATA", "NAXIS1", "NAXIS1  =                  4.0")
    content = read(cube, "reduced")
    assert content.hdu("DATA").dimensions.startswith("4 x ")
    assert [(i.code, i.extension) for i in content.issues] == [("card", "DATA")]


@pytest.mark.parametrize(("value", "is_named"), [("T", False), ("F", True), ("999", True)])
def test_a_file_that_says_it_is_no_standard_fits(cube, value, is_named):
    factory.set_card(cube, 0, "SIMPLE", f"{value:>20}")
    assert told(read(cube, "reduced")) == [("warning", "card")] * is_named


def test_images_are_kept_to_the_byte(of_cards):
    images = ("odd     =    1/x", "COMMENT \x7f\xe9", "A       =  'x'  /  y  ")
    content = header(*NO_PIXELS, *images)
    assert of_cards(*images).hdus[0].card_images == content[: content.index(b"END".ljust(80))]


def test_the_frame_has_types_even_when_empty():
    rows, issues = read_rows(b"", "x", "PRIMARY")
    frame = cards_frame(rows)
    assert (len(frame), issues) == (0, [])
    assert frame["value_float"].dtype == np.float64
    assert frame["value_int"].dtype == pd.Int64Dtype()


# Cards read the short way, and any header that astropy can write


def as_shown(card: fits.Card) -> tuple[str, str, str] | None:
    """Give keyword, value and comment as astropy shows them; None if it cannot read the card."""
    try:
        keyword, value = str(card.keyword), card.value
        if card.field_specifier is not None and not card.rawkeyword.startswith(("DP", "DQ")):
            keyword, value = card.rawkeyword, card.rawvalue  # no record
    except fits.VerifyError:
        return None
    undefined = isinstance(value, fits.card.Undefined)
    return keyword, "None" if undefined else repr(value), str(card.comment)


def agree(image: str) -> bool:
    """Return whether the card was read the short way, which then has to be the right one."""
    row = read_plain(0, image)
    if row is None:
        return False
    shown = image[:8].strip(), repr(image[8:].rstrip()), ""
    if shown[0] not in ("", "COMMENT", "HISTORY"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            shown = as_shown(fits.Card.fromstring(image))
    assert (row[1], repr(first_values([row])[row[1]]), row[2]) == shown, image
    return True


printable = st.text(st.characters(min_codepoint=32, max_codepoint=126))
finite = st.floats(allow_nan=False, allow_infinity=False)
word = st.from_regex(r"[A-Z][A-Z0-9_-]{0,7}", fullmatch=True)

STARTS = st.one_of(
    word.map(lambda k: f"{k:<8}="),
    st.from_regex(r"ESO( [A-Z0-9]{1,6}){1,4}", fullmatch=True).map(lambda k: f"HIERARCH {k} ="),
    st.text("HIERARCH ESO=abc_-01.", max_size=20),
)
VALUES = st.one_of(
    st.integers().map(str),
    finite.map(repr),
    st.from_regex(r"[+-]?\d{0,20}\.?\d{0,20}([ED][+-]?\d{1,3})?", fullmatch=True),
    st.sampled_from(["T", "F", "TRUE", "t", "", "NaN", "(1.0, 2.0)", "'", "''", "' '", "'a''b'"]),
    printable.map(lambda text: f"'{text[:30]}'"),
)
ENDS = st.one_of(
    st.just(""), printable.map(lambda text: f" / {text[:30]}"), st.text(" /'=x", max_size=8)
)


@given(STARTS, st.sampled_from(["", " ", "   "]), VALUES, ENDS)
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


keyword = word.filter(
    lambda k: k not in {"SIMPLE", "BITPIX", "NAXIS", "END", "CONTINUE", "COMMENT", "HISTORY"}
)
hierarch = st.from_regex(r"ESO( [A-Z][A-Z0-9]{0,7}){2,4}", fullmatch=True)
value = st.one_of(
    st.booleans(),
    st.integers(-(10**40), 10**40),
    finite,
    printable.map(lambda text: text[:150]),
    st.none(),
    st.complex_numbers(allow_nan=False, allow_infinity=False, max_magnitude=1e9),
)
card = st.one_of(
    st.tuples(keyword | hierarch, value, printable.map(lambda text: text[:20])),
    st.tuples(
        st.sampled_from(["HISTORY", "COMMENT", ""]), printable.map(lambda t: t[:70]), st.just("")
    ),
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(cards=st.lists(card, max_size=25))
def test_any_header(cards, tmp_path_factory):
    hdu = fits.PrimaryHDU()
    path = tmp_path_factory.mktemp("any") / "single" / "X.fits"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, content, comment in cards:
            try:
                hdu.header.append(fits.Card(name, content, comment), end=True)
                str(hdu.header.cards[-1])
            except ValueError:  # too long for one card
                del hdu.header[-1]
        found = rows(read(factory.write(path, fits.HDUList([hdu])), "reduced").hdus[0], start=0)
        with fits.open(path) as opened:
            expected = [as_shown(c) for c in opened[0].header.cards]
    for (name, _, value, comment), theirs in zip(found, expected, strict=True):
        assert theirs in (None, (name, repr(value), comment))  # repr: the type, and -0.0
