"""What a file can cost is bounded by its size."""

import fits_factory as factory
import numpy as np
import pytest
from astropy.io import fits
from reading import NO_PIXELS, header, read, refusal

CARDS = (
    *("XTENSION= 'BINTABLE'", "BITPIX  = 8", "NAXIS   = 2", "NAXIS1  = 1", "NAXIS2  = 1"),
    *("PCOUNT  = 0", "GCOUNT  = 1", "TFIELDS = 1", "TFORM1  = 'B'"),
)


def small_table(number: int) -> bytes:
    """Give a table of one value, whose definition is its own."""
    return header(*CARDS, f"TTYPE1  = 'C{number}'", f"EXTNAME = 'E{number}'") + bytes(2880)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "raw" / "X.fits"


def with_table(name: str, column: fits.Column) -> fits.HDUList:
    return fits.HDUList([*factory.raw(1), fits.BinTableHDU.from_columns([column], name=name)])


def test_tables_without_end(path):
    content = factory.to_bytes(factory.raw(1)) + b"".join(map(small_table, range(600)))
    error = refusal(factory.write(path, content))
    assert error.code == "too_large"
    assert "more columns than the limit" in error.why


def test_bits_are_values(path):
    bits = fits.Column("BITS", "8000X", array=np.zeros((200, 8000), np.bool_))
    error = refusal(factory.write(path, with_table("MASK", bits)))
    assert (error.code, error.extension) == ("bad_header", "MASK")
    assert error.why.startswith("it claims 200 rows of 8,000 values, but the whole file has ")


def test_columns_of_no_width(path):
    """Their values take no bytes, but a row each."""
    numbers = fits.Column("N", "1B", array=np.zeros(4000, np.uint8))
    factory.write(path, with_table("FLAT", numbers))
    error = refusal(factory.set_card(path, "FLAT", "TFIELDS", "900"))
    assert (error.code, error.extension) == ("bad_header", "FLAT")


def test_many_bad_cards_are_counted(path):
    bad = [f"K{i:<7}= 1.2.3" for i in range(500)]
    issues = read(factory.write(path, header(*NO_PIXELS, *bad))).issues
    assert len(issues) == 21
    assert issues[-1].message == "480 more cards of the header are like these"
