"""Cards as text, read back with astropy."""

import doctest

import pytest
from astropy.io import fits

from aomuse.simulate import cards
from aomuse.simulate.cards import card, commentary, header


@pytest.mark.parametrize("keyword", ["EXPTIME", "ESO TEL AIRM END", "ESO OCS SGS ASM GL900 AVG"])
@pytest.mark.parametrize(
    "value",
    [True, False, 0, -12, 1755413, 30.0, -0.5, 1.062, 57920.06593596, 4.8e-06, 1e-05, 1.5e300,
     "", "F", "Barnard's star", "NGC 6397", "2018-08-13T00:05:07.120"],
)  # fmt: skip
def test_values_come_back_with_their_types(keyword, value):
    text = card(keyword, value, "what it is")
    assert len(text) == 80
    read = fits.Card.fromstring(text)
    read.verify("exception")
    assert (read.keyword, read.value, read.comment) == (keyword, value, "what it is")
    assert type(read.value) is type(value)


def test_an_undefined_value_stays_undefined():
    read = fits.Card.fromstring(card("ESO TEL AMBI IWV", None, "no reading"))
    assert isinstance(read.value, fits.card.Undefined)
    assert read.comment == "no reading"


@pytest.mark.parametrize("length", [50, 60, 66, 120, 133, 300])
def test_long_strings_continue(length):
    value = "".join(chr(97 + i % 26) for i in range(length))
    text = card("ESO PRO REC2 PARAM8 VALUE", value, "filters")
    assert len(text) % 80 == 0
    read = fits.Header.fromstring(text)
    assert len(text) == 80 * (1 + text.count("CONTINUE"))
    assert read["ESO PRO REC2 PARAM8 VALUE"] == value


def test_a_long_comment_is_cut():
    text = card("ESO DET DID", "ESO-VLT-DIC.NGCDCS,ESO-VLT-DIC.NGCCON", "word " * 20)
    assert len(text) == 80


def test_headers_fill_blocks():
    block = header([commentary("HISTORY", "x"), commentary("")] * 20)
    assert len(block) == 2 * 2880
    assert block.rstrip().endswith(b"END")


def test_examples():
    assert doctest.testmod(cards).failed == 0
