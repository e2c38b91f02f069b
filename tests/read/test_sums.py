"""DATASUM and CHECKSUM are checked where a header has them."""

import warnings
from pathlib import Path

import fits_factory as factory
import pytest
from astropy.io import fits
from fits_factory import edit_bytes, set_card
from reading import read

from aomuse.exchange.issue import Issue


@pytest.fixture
def summed(tmp_path):
    """Give a raw file of which every HDU has both sums."""
    hdus = factory.raw(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for hdu in hdus:
            hdu.add_checksum()
    return factory.write(tmp_path / "raw" / "X.fits.fz", hdus)


def issues(path: Path) -> list[Issue]:
    return [issue for issue in read(path).issues if issue.code == "checksum"]


def flip(path: Path, name: int | str, place: int) -> None:
    """Change a bit of a byte of the data of an HDU."""
    with fits.open(path) as opened:
        place += int(opened[name].fileinfo()["datLoc"])
    edit_bytes(path, lambda data: data[:place] + bytes([data[place] ^ 0x40]) + data[place + 1 :])


def test_sums_that_fit(summed):
    assert issues(summed) == []


def test_a_bit_of_the_data(summed):
    datasum = fits.getheader(summed, "SGS_DATA")["DATASUM"]
    flip(summed, "SGS_DATA", 9)
    (found,) = issues(summed)
    assert (found.severity, found.extension) == ("warning", "SGS_DATA")
    assert f"DATASUM is {datasum}, but its data have the sum " in found.message


def test_a_bit_of_the_header(summed):
    edit_bytes(summed, lambda data: data.replace(b"NGC 3201", b"nGC 3201", 1))
    (found,) = issues(summed)
    assert found.extension == "PRIMARY"
    assert found.message.startswith("CHECKSUM is ")


@pytest.mark.parametrize("value", ["''", "'0'", "T", "'abc'", ""])
def test_sums_that_are_none(value, summed):
    flip(summed, "AG_DATA", 0)
    set_card(summed, "AG_DATA", "CHECKSUM", value)
    set_card(summed, "AG_DATA", "DATASUM", value if value != "'0'" else "'x'")
    assert issues(summed) == []


def test_large_data_are_summed_in_pieces(tmp_path):
    table = fits.BinTableHDU.from_columns([fits.Column("X", "1D", array=[0.1] * 900_000)])
    table.add_checksum()
    path = factory.write(tmp_path / "raw" / "X.fits", fits.HDUList([*factory.raw(1)[:1], table]))
    assert issues(path) == []
    flip(path, 1, 4_900_000)
    assert len(issues(path)) == 1
