"""A file as a whole: what it is, its checksum, its HDUs."""

import hashlib
import warnings
from pathlib import Path

import fits_factory as factory
import numpy as np
import pytest
from astropy.io import fits
from fits_factory import edit_bytes, set_card
from reading import read, refusal

from aomuse.exchange.issue import Issue
from aomuse.fits.structure import file_checksum


@pytest.fixture
def psf(tmp_path):
    return factory.write(tmp_path / "analysis" / "X.psf.fits", factory.psf())


def test_the_checksum_of_a_file_without_pixels_is_its_sha256(psf):
    content, stat = read(psf, "psf"), psf.stat()
    assert content.sha256 == hashlib.sha256(psf.read_bytes()).hexdigest()
    assert content.sha256 == file_checksum(psf, str(psf))
    assert (content.size, content.mtime_ns) == (stat.st_size, stat.st_mtime_ns)


def test_the_checksum_leaves_out_pixels_and_nothing_else(tmp_path):
    hdus = factory.reduced(1)
    path = factory.write(tmp_path / "single" / "X.fits", hdus)
    first = file_checksum(path, "x")
    hdus["DATA"].data[:] = 7
    assert file_checksum(factory.write(path, hdus), "x") == first
    hdus["DATA"].header["BUNIT"] = "adu"
    assert file_checksum(factory.write(path, hdus), "x") != first


def test_pixels_are_never_read(tmp_path, monkeypatch):
    path = factory.write(tmp_path / "raw" / "X.fits.fz", factory.raw(1))

    def refuse(_: object) -> None:
        raise AssertionError("pixels were read")

    for kind in (fits.ImageHDU, fits.PrimaryHDU, fits.CompImageHDU):
        monkeypatch.setattr(kind, "data", property(refuse))
    assert len(read(path).hdus) == 7


def test_kinds_and_sizes(tmp_path):
    cube = fits.ImageHDU(np.zeros((2, 3), np.float32), name="SPARTA_TT_CUBE")
    hdus = fits.HDUList([*factory.raw(1), cube, fits.ImageHDU()])
    path = factory.write(tmp_path / "raw" / "X.fits.fz", hdus)
    assert [(h.index, h.name, h.type, h.dimensions) for h in read(path).hdus] == [
        (0, "PRIMARY", "primary", ""),
        (1, "CHAN01", "compressed_image", "8 x 8"),
        (2, "SPARTA_ATM_DATA", "binary_table", "6 x 2"),
        (3, "SPARTA_CN2_DATA", "binary_table", "13 x 2"),
        (4, "ASM_DATA", "binary_table", "4 x 2"),
        (5, "SGS_DATA", "binary_table", "4 x 3"),
        (6, "AG_DATA", "binary_table", "4 x 3"),
        (7, "SPARTA_TT_CUBE", "image", "3 x 2"),
        (8, "", "image", ""),
    ]


def test_errors_say_where_and_what(psf):
    edit_bytes(psf, lambda data: data[:-2880])
    error = refusal(psf, "psf")
    assert (error.code, error.extension) == ("truncated", "PM_17")
    assert str(error).startswith(f"{psf}[PM_17]: the file is cut short: ")
    assert "copy or download it again" in str(error)


# DATASUM and CHECKSUM are checked where a header has them


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


def test_a_bit_of_the_data(summed):
    assert issues(summed) == [], "all sums fit"
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
