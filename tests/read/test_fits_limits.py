"""What a file can cost is bounded by its size."""

from pathlib import Path

import fits_factory as factory
import numpy as np
import pytest
from astropy.io import fits

from aomuse.discover.tree import find_again
from aomuse.errors import FileError
from aomuse.read.fits_file import read_fits

CARDS = (
    *("XTENSION= 'BINTABLE'", "BITPIX  = 8", "NAXIS   = 2", "NAXIS1  = 1", "NAXIS2  = 1"),
    *("PCOUNT  = 0", "GCOUNT  = 1", "TFIELDS = 1", "TFORM1  = 'B'"),
)


def small_table(number: int) -> bytes:
    """Give a table of one value, whose definition is its own."""
    cards = [*CARDS, f"TTYPE1  = 'C{number}'", f"EXTNAME = 'E{number}'", "END"]
    return "".join(card.ljust(80) for card in cards).ljust(2880).encode() + bytes(2880)


def refusal(path: Path) -> FileError:
    with pytest.raises(FileError) as caught:
        read_fits(find_again(path, "raw"))
    return caught.value


def test_tables_without_end(tmp_path):
    content = factory.to_bytes(factory.raw(1)) + b"".join(map(small_table, range(600)))
    error = refusal(factory.write(tmp_path / "raw" / "X.fits", content))
    assert error.code == "too_large"
    assert "more columns than the limit" in error.why


def test_bits_are_values(tmp_path):
    hdus = factory.raw(1)
    bits = fits.Column("BITS", "8000X", array=np.zeros((200, 8000), np.bool_))
    hdus.append(fits.BinTableHDU.from_columns([bits], name="MASK"))
    error = refusal(factory.write(tmp_path / "raw" / "X.fits", hdus))
    assert (error.code, error.extension) == ("bad_header", "MASK")
    assert error.why.startswith("it claims 200 rows of 8,000 values, but the whole file has ")


def test_columns_of_no_width(tmp_path):
    """Their values take no bytes, but a row each."""
    hdus = factory.raw(1)
    hdus.append(
        fits.BinTableHDU.from_columns(
            [fits.Column("N", "1B", array=np.zeros(4000, np.uint8))], name="FLAT"
        )
    )
    path = factory.write(tmp_path / "raw" / "X.fits", hdus)
    factory.set_card(path, "FLAT", "TFIELDS", "900")
    error = refusal(path)
    assert (error.code, error.extension) == ("bad_header", "FLAT")


def test_many_bad_cards_are_counted(tmp_path):
    cards = ["SIMPLE  =                    T", "BITPIX  = 8", "NAXIS   = 0"]
    cards += [f"K{i:<7}= 1.2.3" for i in range(500)] + ["END"]
    text = "".join(card.ljust(80) for card in cards)
    content = text.ljust(-(-len(text) // 2880) * 2880).encode()
    path = factory.write(tmp_path / "single" / "X.fits", content)
    issues = read_fits(find_again(path, "reduced")).issues
    assert len(issues) == 21
    assert issues[-1].message == "480 more cards of the header are like these"
