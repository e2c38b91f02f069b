"""Values of variable length: what leads out of the heap is an error, not a shorter value."""

from pathlib import Path

import fits_factory as factory
import numpy as np
import pytest
from astropy.io import fits
from fits_factory import set_card, set_image
from reading import read, refusal

ROWS = [[1.5, 2.5], [3.5], [], [4.5, 5.5, 6.5]]


@pytest.fixture
def heaped(tmp_path):
    """Give what writes a raw file with a column of variable length, after one of bytes."""

    def write(rows: list[list[float]] = ROWS, letter: str = "P") -> Path:
        arrays = np.array([np.array(row, np.float64) for row in rows], dtype=object)
        numbers = fits.Column("N", "1B", array=np.arange(len(arrays), dtype=np.uint8))
        table = fits.BinTableHDU.from_columns(
            [numbers, fits.Column("V", f"{letter}D()", array=arrays)], name="HEAPED"
        )
        hdus = fits.HDUList([*factory.raw(1), table])
        return factory.write(tmp_path / "raw" / "X.fits", hdus)

    return write


def set_descriptors(path: Path, descriptors: dict[int, tuple[int, int]], letter: str = "P") -> None:
    """Set the count of values and their place in the heap, by row."""
    data = bytearray(path.read_bytes())
    with fits.open(path) as opened:
        start = opened["HEAPED"].fileinfo()["datLoc"]
    kind, width = (">i4", 9) if letter == "P" else (">i8", 17)
    for row, descriptor in descriptors.items():
        place = start + row * width + 1
        data[place : place + width - 1] = np.array(descriptor, kind).tobytes()
    path.write_bytes(data)


def values(path: Path) -> list[list[float]]:
    table = read(path).hdu("HEAPED").table
    return [np.asarray(row).tolist() for row in table.values[1]]


@pytest.mark.parametrize("letter", ["P", "Q"])
def test_a_healthy_heap(letter, heaped):
    assert values(heaped(letter=letter)) == ROWS


def test_a_heap_that_is_used_twice(heaped):
    path = heaped()
    set_descriptors(path, {1: (2, 0), 2: (0, 2**31 - 1)})  # nothing, from anywhere
    assert values(path) == [[1.5, 2.5], [1.5, 2.5], [], [4.5, 5.5, 6.5]]


@pytest.mark.parametrize(
    ("letter", "count", "offset"),
    [
        *(("P", 2, 40), ("P", 7, 0), ("P", 1, 41), ("P", -1, 0), ("P", 1, -8)),
        *(("P", 2**31 - 1, 0), ("Q", 2**62, 0), ("Q", 1, 2**62), ("Q", 2**61, 2**62)),
        *(("Q", -(2**62), 0), ("Q", 2, -(2**62))),
    ],
)
def test_a_descriptor_that_leads_out_of_the_heap(letter, count, offset, heaped):
    path = heaped(letter=letter)
    set_descriptors(path, {3: (count, offset)}, letter)
    error = refusal(path)
    assert (error.code, error.extension) == ("damaged", "HEAPED")
    assert f"column V of row 4 asks for {count} values" in error.why
    assert "48 bytes" in error.why


def test_a_heap_that_is_elsewhere(heaped):
    for count in ("40", "0"):
        assert refusal(set_card(heaped(), "HEAPED", "PCOUNT", count)).code == "damaged"
    for place in ("-9", "35", "99999"):
        path = set_image(heaped(), "HEAPED", "TTYPE1", f"THEAP   = {place}")
        assert refusal(path).code == "damaged"


def test_a_small_heap_that_is_claimed_many_times(heaped):
    path = heaped([[float(i) for i in range(500)]] + [[0.5]] * 200)
    set_descriptors(path, dict.fromkeys(range(1, 201), (500, 0)))
    error = refusal(path)
    assert error.code == "too_large"
    assert "100,500 values" in error.why
