"""DATASUM and CHECKSUM are checked where a header has them."""

import warnings
from collections.abc import Callable
from pathlib import Path

import fits_factory as factory
import pytest
from astropy.io import fits
from fits_factory import edit_bytes, set_card

from aomuse.discover.tree import find_again
from aomuse.exchange.issue import Issue
from aomuse.read.fits_file import read_fits


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
    return [
        issue for issue in read_fits(find_again(path, "raw")).issues if issue.code == "checksum"
    ]


def data_start(path: Path, name: str) -> int:
    with fits.open(path) as opened:
        return int(opened[name].fileinfo()["datLoc"])


def flip(place: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:place] + bytes([data[place] ^ 0x40]) + data[place + 1 :]


def test_sums_that_fit(summed):
    assert issues(summed) == []


def test_a_bit_of_the_data(summed):
    datasum = fits.getheader(summed, "SGS_DATA")["DATASUM"]
    edit_bytes(summed, flip(data_start(summed, "SGS_DATA") + 9))
    (found,) = issues(summed)
    assert (found.severity, found.extension) == ("warning", "SGS_DATA")
    assert f"DATASUM is {datasum}, but its data have the sum " in found.message


def test_a_bit_of_the_header(summed):
    start = factory.header_start(summed, 0)
    place = summed.read_bytes().index(b"NGC 3201", start)
    edit_bytes(summed, flip(place))
    (found,) = issues(summed)
    assert found.extension == "PRIMARY"
    assert found.message.startswith("CHECKSUM is ")


@pytest.mark.parametrize("value", ["''", "'0'", "T", "'abc'", ""])
def test_sums_that_are_none(value, summed):
    edit_bytes(summed, flip(data_start(summed, "AG_DATA")))
    set_card(summed, "AG_DATA", "CHECKSUM", value)
    set_card(summed, "AG_DATA", "DATASUM", value if value != "'0'" else "'x'")
    assert issues(summed) == []


def test_large_data_are_summed_in_pieces(tmp_path):
    table = fits.BinTableHDU.from_columns([fits.Column("X", "1D", array=[0.1] * 900_000)])
    table.add_checksum()
    path = factory.write(tmp_path / "raw" / "X.fits", fits.HDUList([*factory.raw(1)[:1], table]))
    assert issues(path) == []
    edit_bytes(path, flip(5_000_000))
    assert len(issues(path)) == 1
