"""Header cards: every one of them, in order, with its type."""

import math
import warnings
from pathlib import Path
from typing import Any

import fits_factory as factory
import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

from aomuse.discover.tree import find_again
from aomuse.exchange.cards import CardRow, first_values
from aomuse.exchange.content import HduContent, cards_frame
from aomuse.fits.cards import read_rows
from aomuse.read.fits_file import read_fits


def primary(path: Path) -> HduContent:
    return read_fits(find_again(path, "reduced")).hdus[0]


def write_cards(tmp_path: Path, *images: str) -> Path:
    """Write a file whose header has these card images after the mandatory ones."""
    cards = ["SIMPLE  =                    T", "BITPIX  =                    8"]
    cards += ["NAXIS   =                    0", *images, "END"]
    text = "".join(card.ljust(80) for card in cards)
    return factory.write(
        tmp_path / "single" / "X.fits", text.ljust(-(-len(text) // 2880) * 2880).encode("latin-1")
    )


def rows(hdu: HduContent) -> list[tuple[Any, ...]]:
    return [(row[1], row[3], value_of(row), row[2]) for row in hdu.card_rows[3:]]


def value_of(row: CardRow) -> Any:
    return first_values([row])[row[1]]


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
]


@pytest.mark.parametrize(("image", "expected"), GOLDEN, ids=[g[0][:30].strip() for g in GOLDEN])
def test_a_card(image, expected, tmp_path):
    (found,) = rows(primary(write_cards(tmp_path, image)))
    assert found == expected
    if expected[1] == "float":
        assert math.copysign(1, found[2]) == math.copysign(1, expected[2])


def test_all_of_them_at_once_in_order(tmp_path):
    hdu = primary(write_cards(tmp_path, *(image for image, _ in GOLDEN)))
    assert rows(hdu) == [expected for _, expected in GOLDEN]
    assert hdu.cards["position"].tolist() == list(range(len(GOLDEN) + 3))
    assert hdu.card_count == len(GOLDEN) + 3


def test_repeats_are_kept(tmp_path):
    images = ["A       = 1", "HISTORY one", "A       = 2", "HISTORY two", "", "", "A       = 1"]
    assert [row[:3] for row in rows(primary(write_cards(tmp_path, *images)))] == [
        ("A", "int", 1),
        ("HISTORY", "commentary", "one"),
        ("A", "int", 2),
        ("HISTORY", "commentary", "two"),
        ("", "commentary", ""),
        ("", "commentary", ""),
        ("A", "int", 1),
    ]


def test_a_string_over_several_cards_is_one(tmp_path):
    images = [
        "LONGSTR = 'The quick brown fox jumps over the lazy dog, which did no&'",
        "CONTINUE  't mind at all; it''s&'",
        "CONTINUE  ' only a dog' / a comment",
        "NEXT    = 1",
    ]
    first, second = rows(primary(write_cards(tmp_path, *images)))
    text = "The quick brown fox jumps over the lazy dog, which did not mind at all; it's only a dog"
    assert first == ("LONGSTR", "str", text, "a comment")
    assert second[:3] == ("NEXT", "int", 1)


@pytest.mark.parametrize(
    "image", ["BAD     = 1.2.3", "BAD     = 'no end", "BAD     = what is this", "BAD     = 1 2"]
)
def test_a_card_that_cannot_be_parsed_is_kept_as_text(image, tmp_path):
    path = write_cards(tmp_path, image, "GOOD    = 1")
    content = read_fits(find_again(path, "reduced"))
    bad, good = content.hdus[0].cards.iloc[3:].to_dict("records")
    assert bad["keyword"] == "BAD"
    if bad["value_type"] == "unparsed":
        assert bad["value_text"] == image[10:]
        assert [(i.severity, i.code) for i in content.issues] == [("warning", "card")]
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
def test_text_that_is_not_ascii(text, codec, quote, tmp_path):
    """A doubled quote, which takes the card past the short way, changes nothing."""
    image = f"OBJECT  = '{text}{quote}' / {text}".encode(codec)
    path = write_cards(tmp_path, image.decode("latin-1"), "GOOD    = 1")
    content = read_fits(find_again(path, "reduced"))
    first, second = rows(content.hdus[0])
    assert first == ("OBJECT", "str", text + quote[:1], text)
    assert second[:3] == ("GOOD", "int", 1)
    assert [(i.severity, i.code) for i in content.issues] == [("warning", "not_ascii")]


def test_a_long_string_that_is_not_ascii(tmp_path):
    images = [
        "OBJECT  = 'δ Cas and a star that is called &' / first",
        "CONTINUE  'φ Oct' / δ",
        "OBSERVER= 'Muñoz'",
    ]
    shown = [image.encode(c).decode("latin-1") for image, c in zip(images, CODECS, strict=True)]
    first, second = rows(primary(write_cards(tmp_path, *shown)))
    assert first == ("OBJECT", "str", "δ Cas and a star that is called φ Oct", "first δ")
    assert second == ("OBSERVER", "str", "Muñoz", "")


CODECS = ("utf-8", "utf-8", "latin-1")


@pytest.mark.parametrize("character", ["\n", "\0", "\t", "\x7f"])
def test_a_control_character_costs_one_card(character, tmp_path):
    image = f"OBJECT  = 'NGC 1{character}' / name"
    comment = f"GOOD    = 1 / x{character}y"
    path = write_cards(tmp_path, image, comment, f"HISTORY a{character}b")
    content = read_fits(find_again(path, "reduced"))
    bad, good, history = rows(content.hdus[0])
    assert bad == ("OBJECT", "unparsed", None, "")
    assert content.hdus[0].cards["value_text"].iloc[3] == image[10:]
    assert good == ("GOOD", "int", 1, f"x{character}y")
    assert history == ("HISTORY", "commentary", f"a{character}b", "")
    assert [(i.severity, i.code) for i in content.issues] == [("warning", "card")]


def test_sizes_that_are_written_as_floats(tmp_path):
    path = factory.write(tmp_path / "single" / "X.fits", factory.reduced(1))
    factory.set_image(path, "DATA", "NAXIS1", "NAXIS1  =                  4.0")
    content = read_fits(find_again(path, "reduced"))
    assert content.hdu("DATA").dimensions.startswith("4 x ")
    assert [(i.code, i.extension) for i in content.issues] == [("card", "DATA")]


@pytest.mark.parametrize(("value", "is_named"), [("T", False), ("F", True), ("999", True)])
def test_a_file_that_says_it_is_no_standard_fits(tmp_path, value, is_named):
    path = factory.write(tmp_path / "single" / "X.fits", factory.reduced(1))
    content = path.read_bytes()
    path.write_bytes(f"SIMPLE  = {value:>20}".encode().ljust(80) + content[80:])
    issues = read_fits(find_again(path, "reduced")).issues
    assert [(i.severity, i.code) for i in issues] == [("warning", "card")] * is_named


def test_images_are_kept_to_the_byte(tmp_path):
    path = write_cards(tmp_path, "odd     =    1/x", "COMMENT \x7f\xe9", "A       =  'x'  /  y  ")
    content = path.read_bytes()
    assert primary(path).card_images == content[: content.index(b"END".ljust(80))]


def test_compressed_images_show_what_a_user_sees(tmp_path):
    path = factory.write(tmp_path / "raw" / "X.fits.fz", factory.raw(1))
    channel = read_fits(find_again(path, "raw")).hdu("CHAN01")
    assert (channel.type, channel.dimensions) == ("compressed_image", "8 x 8")
    keywords = channel.cards["keyword"].tolist()
    assert not {"ZIMAGE", "ZNAXIS", "TFIELDS"} & set(keywords)
    assert b"ZIMAGE  =" in channel.card_images
    assert "COMMENT" in keywords


def test_the_frame_has_types_even_when_empty():
    rows, issues = read_rows(b"", "x", "PRIMARY")
    frame = cards_frame(rows)
    assert issues == []
    assert len(frame) == 0
    assert frame["value_float"].dtype == np.float64
    assert frame["value_int"].dtype == pd.Int64Dtype()


# Any header that astropy can write

printable = st.text(st.characters(min_codepoint=32, max_codepoint=126))
keyword = st.from_regex(r"[A-Z][A-Z0-9_-]{0,7}", fullmatch=True).filter(
    lambda k: k not in {"SIMPLE", "BITPIX", "NAXIS", "END", "CONTINUE", "COMMENT", "HISTORY"}
)
hierarch = st.from_regex(r"ESO( [A-Z][A-Z0-9]{0,7}){2,4}", fullmatch=True)
value = st.one_of(
    st.booleans(),
    st.integers(-(10**40), 10**40),
    st.floats(allow_nan=False, allow_infinity=False),
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


def as_shown(card: fits.Card) -> tuple[str, Any, str] | None:
    """Give a card as a user sees it; None if astropy cannot read what it has written."""
    try:
        return card.keyword, card.value, card.comment
    except fits.VerifyError:
        return None


@settings(max_examples=150, deadline=None, derandomize=True)
@given(cards=st.lists(card, max_size=25))
def test_any_header(cards, tmp_path_factory):
    hdu = fits.PrimaryHDU()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, content, comment in cards:
            try:
                hdu.header.append(fits.Card(name, content, comment), end=True)
                str(hdu.header.cards[-1])
            except ValueError:  # too long for one card
                del hdu.header[-1]
        path = factory.write(
            tmp_path_factory.mktemp("any") / "single" / "X.fits", fits.HDUList([hdu])
        )
        found = primary(path)
        with fits.open(path) as opened:
            expected = [as_shown(c) for c in opened[0].header.cards]
    got = [(row[1], value_of(row), row[2]) for row in found.card_rows]
    assert len(got) == len(expected)
    for mine, theirs in zip(got, expected, strict=True):
        if theirs is None:
            continue
        undefined = isinstance(theirs[1], fits.card.Undefined)
        assert mine == (theirs[0], None if undefined else theirs[1], theirs[2])
        if not undefined and theirs[0] not in ("HISTORY", "COMMENT", ""):
            assert type(mine[1]) is type(theirs[1])
            assert str(mine[1]) == str(theirs[1])  # -0.0
