"""Values of variable length: what leads out of the heap is an error, not a shorter value."""

from pathlib import Path

import fits_factory as factory
import numpy as np
import pytest
from astropy.io import fits
from fits_factory import set_card

from aomuse.discover.tree import find_again
from aomuse.errors import FileError
from aomuse.exchange.content import FileContent
from aomuse.read.fits_file import read_fits

ROWS = [[1.5, 2.5], [3.5], [], [4.5, 5.5, 6.5]]


def heaped(tmp_path: Path, rows: list[list[float]] | None = None, letter: str = "P") -> Path:
    """Write a raw file whose last table has a column of variable length, after one of bytes."""
    arrays = np.array([np.array(row, np.float64) for row in rows or ROWS], dtype=object)
    table = fits.BinTableHDU.from_columns(
        [
            fits.Column("N", "1B", array=np.arange(len(arrays), dtype=np.uint8)),
            fits.Column("V", f"{letter}D()", array=arrays),
        ],
        name="HEAPED",
    )
    hdus = factory.raw(1)
    hdus.append(table)
    return factory.write(tmp_path / "raw" / "X.fits", hdus)


def set_descriptor(path: Path, row: int, count: int, offset: int, letter: str = "P") -> None:
    data = bytearray(path.read_bytes())
    with fits.open(path) as opened:
        start = opened["HEAPED"].fileinfo()["datLoc"]
    kind = ">i4" if letter == "P" else ">i8"
    width = 9 if letter == "P" else 17
    place = start + row * width + 1
    data[place : place + width - 1] = np.array([count, offset], kind).tobytes()
    path.write_bytes(data)


def read(path: Path) -> FileContent:
    return read_fits(find_again(path, "raw"))


def values(path: Path) -> list[list[float]]:
    table = read(path).hdu("HEAPED").table
    return [np.asarray(row).tolist() for row in table.values[1]]


@pytest.mark.parametrize("letter", ["P", "Q"])
def test_a_healthy_heap(letter, tmp_path):
    assert values(heaped(tmp_path, letter=letter)) == ROWS


def test_a_heap_that_is_used_twice(tmp_path):
    path = heaped(tmp_path)
    set_descriptor(path, 1, 2, 0)
    set_descriptor(path, 2, 0, 2**31 - 1)  # nothing, from anywhere
    assert values(path) == [[1.5, 2.5], [1.5, 2.5], [], [4.5, 5.5, 6.5]]


@pytest.mark.parametrize(
    ("letter", "count", "offset"),
    [
        *(("P", 2, 40), ("P", 7, 0), ("P", 1, 41), ("P", -1, 0), ("P", 1, -8)),
        *(("P", 2**31 - 1, 0), ("Q", 2**62, 0), ("Q", 1, 2**62), ("Q", 2**61, 2**62)),
        *(("Q", -(2**62), 0), ("Q", 2, -(2**62))),
    ],
)
def test_a_descriptor_that_leads_out_of_the_heap(letter, count, offset, tmp_path):
    path = heaped(tmp_path, letter=letter)
    set_descriptor(path, 3, count, offset, letter)
    with pytest.raises(FileError, match=f"column V of row 4 asks for {count} values") as caught:
        read(path)
    assert (caught.value.code, caught.value.extension) == ("damaged", "HEAPED")
    assert "48 bytes" in caught.value.why


@pytest.mark.parametrize(
    ("keyword", "value", "code"),
    [
        *(("PCOUNT", "40", "damaged"), ("PCOUNT", "0", "damaged")),
        *(("THEAP", "-9", "damaged"), ("THEAP", "35", "damaged"), ("THEAP", "99999", "damaged")),
    ],
)
def test_a_heap_that_is_elsewhere(keyword, value, code, tmp_path):
    path = heaped(tmp_path)
    if keyword == "THEAP":
        factory.set_image(path, "HEAPED", "TTYPE1", f"THEAP   = {value}")
    else:
        set_card(path, "HEAPED", keyword, value)
    with pytest.raises(FileError) as caught:
        read(path)
    assert caught.value.code == code


def test_a_small_heap_that_is_claimed_many_times(tmp_path):
    rows = [[float(i) for i in range(500)]] + [[0.5]] * 200
    path = heaped(tmp_path, rows)
    for row in range(1, 201):
        set_descriptor(path, row, 500, 0)
    with pytest.raises(FileError, match="100,500 values") as caught:
        read(path)
    assert caught.value.code == "too_large"
