"""Tables, column by column, as they are in the file.

The values of every kind of column are in tests/verify/test_table_grid.py, as the standard has them.
"""

from pathlib import Path
from typing import Any

import fits_factory as factory
import numpy as np
import pytest
import reading
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from aomuse.exchange.content import FileContent, TableContent


def read(folder: Path, content: fits.HDUList | bytes, role: str = "prm") -> FileContent:
    return reading.read(factory.write(folder / "analysis" / f"X.{role}.fits", content), role)


def as_file(*columns: fits.Column, **options: Any) -> bytes:
    table = fits.BinTableHDU.from_columns(list(columns), name="T", **options)
    return factory.to_bytes(fits.HDUList([fits.PrimaryHDU(), table]))


def read_table(folder: Path, *columns: fits.Column, **options: Any) -> TableContent:
    return read(folder, as_file(*columns, **options)).hdu("T").table


def test_formats_are_kept_verbatim(tmp_path):
    table = read_table(
        tmp_path,
        fits.Column("A b", "1J", unit="m/s", null=-99, disp="I6", array=[1, -99]),
        fits.Column("v", "6E", dim="(2,3)", array=np.arange(12.0).reshape(2, 3, 2)),
        fits.Column("u", "1I", bzero=32768, array=np.array([0, 65535], np.uint16)),
    )
    assert table.row_count == 2
    first, vector, unsigned = table.formats
    assert (first.position, first.name, first.format) == (1, "A b", "1J")
    assert (first.unit, first.null_value, first.display) == ("m/s", "-99", "I6")
    assert (vector.format, vector.dimensions) == ("6E", "(2,3)")
    assert (unsigned.zero, unsigned.scale) == (32768.0, None)
    assert table.values[1].shape == (2, 3, 2)
    assert table.values[2].tolist() == [0, 65535]
    assert table.nulls[0].tolist() == [False, True]
    assert table.nulls[1:] == (None, None)


def test_strings_that_are_not_ascii(tmp_path):
    content = as_file(fits.Column("s", "8A", array=["caf?", "plain"]))
    found = read(tmp_path, content.replace(b"caf?", b"caf\xe9"))
    assert found.hdu("T").table.values[0].tolist() == ["café", "plain"]
    assert [(i.severity, i.code, i.extension) for i in found.issues] == [("note", "not_ascii", "T")]


def test_no_rows(tmp_path):
    columns = [fits.Column("a", "1D"), fits.Column("v", "4E"), fits.Column("s", "8A")]
    table = read_table(tmp_path, *columns, nrows=0)
    assert (table.row_count, len(table.formats)) == (0, 3)
    assert [len(v) for v in table.values] == [0, 0, 0]


def test_a_psf_file_reads_the_same_as_its_tables_one_by_one(tmp_path):
    """Tables that repeat a layout take a short cut; nothing may differ from astropy's own way."""
    hdus = factory.psf(sources=(3, 17, 200))
    hdus[2].header["COMMENT"] = "the second is special"
    hdus.append(factory.source(5, layers=4))
    hdus.append(factory.source(6, columns=("flux", "snr")))
    hdus.append(factory.source(7))
    hdus[-1].header["EXTVER"] = 2
    content = read(tmp_path, hdus, "psf")
    with fits.open(tmp_path / "analysis" / "X.psf.fits") as opened:
        for mine, theirs in zip(content.hdus[1:], opened[1:], strict=True):
            names = theirs.columns.names
            assert (mine.name, mine.card_count) == (theirs.name, len(theirs.header))
            assert [f.name for f in mine.table.formats] == names
            assert [f.format for f in mine.table.formats] == [*theirs.header["TFORM*"].values()]
            for values, name in zip(mine.table.values, names, strict=True):
                np.testing.assert_array_equal(values, theirs.data[name])
                assert values.dtype == theirs.data[name].dtype.newbyteorder("=")


# Any table that astropy can write

#: Letters of FITS and of numpy.
DTYPES = {"B": "u1", "I": "i2", "J": "i4", "K": "i8", "E": "f4", "D": "f8", "C": "c8", "M": "c16"}
DTYPES["L"] = "?"


@st.composite
def columns(draw: st.DrawFn) -> list[tuple[str, str, Any]]:
    rows = draw(st.integers(0, 4))
    made = []
    for i in range(draw(st.integers(1, 5))):
        letter = draw(st.sampled_from(sorted(DTYPES)))
        width = draw(st.integers(1, 4))
        shape = (rows,) if width == 1 else (rows, width)
        values = draw(hnp.arrays(DTYPES[letter], shape))
        made.append((f"C{i}", f"{width}{letter}", values))
    return made


@settings(max_examples=80, deadline=None, derandomize=True)
@given(made=columns())
def test_any_table(made, tmp_path_factory):
    table = read_table(
        tmp_path_factory.mktemp("any"),
        *(fits.Column(name, form, array=values) for name, form, values in made),
    )
    assert table.row_count == len(made[0][2])
    for (name, form, values), got, column in zip(made, table.values, table.formats, strict=True):
        assert column.name == name
        assert column.format in (form, form.removeprefix("1"))
        np.testing.assert_array_equal(got, values)
        assert got.dtype.isnative
        if values.dtype.kind == "f":
            np.testing.assert_array_equal(np.signbit(got), np.signbit(values))


# What a header or field says that FITS does not allow


def with_cards(content: bytes, *cards: str) -> bytes:
    """Add cards to the last header of a file, which has room for them."""
    images = b"".join(card.encode().ljust(80) for card in (*cards, "END"))
    place = content.rindex(b"END".ljust(len(images)))
    return content[:place] + images + content[place + len(images) :]


def test_formats_in_lower_case(tmp_path):
    content = as_file(
        fits.Column("J", "2J", array=[[1, 2], [3, 4]]), fits.Column("A", "3A", array=["abc", "d"])
    )
    content = content.replace(b"'2J      '", b"'2j      '").replace(b"'3A      '", b"'3a      '")
    table = read(tmp_path, content).hdu("T").table
    assert [form.format for form in table.formats] == ["2j", "3a"]
    assert [values.tolist() for values in table.values] == [[[1, 2], [3, 4]], ["abc", "d"]]


def test_keywords_that_do_not_count_are_named(tmp_path):
    columns = {
        "x": ("1D", [7.0, 2.5]),
        "y": ("1E", [7.0, 2.5]),
        "text": ("2A", ["ab", "c"]),
        "n": ("2J", [[7, 8], [9, 10]]),
    }
    content = as_file(*(fits.Column(name, f, array=v) for name, (f, v) in columns.items()))
    cards = ("TNULL1  = 7", "TNULL2  = 7", "TZERO3  = 5.0", "TNULL4  = 'none'", "TDIM4   = '(3)'")
    found = read(tmp_path, with_cards(content, *cards))
    table = found.hdu("T").table
    assert [values.tolist() for values in table.values] == [v for _, v in columns.values()]
    assert table.nulls == (None,) * 4
    assert set(reading.told(found)) == {("warning", "column_definition")}
    assert [i.message for i in found.issues] == [
        "column x: TNULL is ignored: FITS has none for format D",
        "column y: TNULL is ignored: FITS has none for format E",
        "column text: TZERO is ignored: FITS has none for format A",
        "column n: TDIM is ignored: (3) does not fit into 2J",
        "column n: TNULL is ignored: it is not an integer",
    ]


def test_what_many_tables_have_is_said_once(tmp_path):
    hdus = factory.psf(sources=range(1, 30))
    for hdu in hdus[1:]:
        hdu.header["TNULL1"] = 3
    (issue,) = read(tmp_path, hdus, "psf").issues
    assert issue.extension == "PM_1"
    assert issue.message.endswith("FITS has none for format E (so in 28 more HDUs)")


def test_logicals_that_are_none_are_null_and_named(tmp_path):
    content = as_file(fits.Column("l", "1L", array=[True, False, True]))
    found = read(tmp_path, content.replace(b"TFT", b"T1T"))
    assert found.hdu("T").table.nulls[0].tolist() == [False, True, False]
    assert reading.told(found) == [("warning", "column_values")]


def test_numbers_that_are_none_are_null_and_named(tmp_path):
    columns = [fits.Column("n", "I6", ascii=True, array=[12, 34, 56])]
    table = fits.TableHDU.from_columns(columns, name="T")
    content = factory.to_bytes(fits.HDUList([fits.PrimaryHDU(), table]))
    found = read(tmp_path, content.replace(b"    34", b"  3 4 ").replace(b"    56", b"      "))
    table = found.hdu("T").table
    assert table.values[0].tolist() == [12, 0, 0]
    assert table.nulls[0].tolist() == [False, True, False]
    assert [(i.severity, i.message) for i in found.issues] == [
        ("note", "column n: 1 blank field: 0 in FITS unless TNULL is blank"),
        ("warning", "column n: 1 field not of format I6: NULL ('3 4' in row 1)"),
    ]


def test_a_compressed_table_is_one_error(tmp_path):
    content = with_cards(as_file(fits.Column("c", "1J", array=[1])), "ZTABLE  = T")
    error = reading.refusal(factory.write(tmp_path / "X.prm.fits", content), "prm")
    assert (error.code, error.extension) == ("compressed_table", "T")
    assert "funpack" in error.why


# Values of variable length: what leads out of the heap is an error, not a shorter value

LISTS = [[1.5, 2.5], [3.5], [], [4.5, 5.5, 6.5]]


@pytest.fixture
def heaped(tmp_path):
    """Give what writes a column of lists, after one of bytes.

    Some rows may get another count of values, and another place in the heap.
    """

    def write(
        *changed: tuple[int, int, int], lists: list[list[float]] = LISTS, letter: str = "P"
    ) -> Path:
        arrays = np.array([np.array(values) for values in lists], dtype=object)
        numbers = fits.Column("N", "1B", array=np.arange(len(lists), dtype=np.uint8))
        content = bytearray(as_file(numbers, fits.Column("V", f"{letter}D()", array=arrays)))
        form, size = (">i4", 8) if letter == "P" else (">i8", 16)
        for row, count, offset in changed:
            place = 2 * 2880 + row * (1 + size) + 1
            content[place : place + size] = np.array([count, offset], form).tobytes()
        return factory.write(tmp_path / "X.prm.fits", bytes(content))

    return write


def lists_of(path: Path) -> list[list[float]]:
    values = reading.read(path, "prm").hdu("T").table.values[1]
    return [np.asarray(row).tolist() for row in values]


@pytest.mark.parametrize("letter", ["P", "Q"])
def test_a_healthy_heap(letter, heaped):
    assert lists_of(heaped(letter=letter)) == LISTS


def test_a_heap_that_is_used_twice(heaped):
    path = heaped((1, 2, 0), (2, 0, 2**31 - 1))  # nothing, from anywhere
    assert lists_of(path) == [[1.5, 2.5], [1.5, 2.5], [], [4.5, 5.5, 6.5]]


@pytest.mark.parametrize(
    ("letter", "count", "offset"),
    [
        *(("P", 2, 40), ("P", 7, 0), ("P", 1, 41), ("P", -1, 0), ("P", 1, -8)),
        *(("P", 2**31 - 1, 0), ("Q", 2**62, 0), ("Q", 1, 2**62), ("Q", 2**61, 2**62)),
        *(("Q", -(2**62), 0), ("Q", 2, -(2**62))),
    ],
)
def test_a_descriptor_that_leads_out_of_the_heap(letter, count, offset, heaped):
    error = reading.refusal(heaped((3, count, offset), letter=letter), "prm")
    assert (error.code, error.extension) == ("damaged", "T")
    assert f"column V of row 4 asks for {count} values" in error.why
    assert "48 bytes" in error.why


@pytest.mark.parametrize(
    ("keyword", "card"),
    [
        *(("PCOUNT", "PCOUNT  = 40"), ("PCOUNT", "PCOUNT  = 0"), ("TTYPE1", "THEAP   = -9")),
        *(("TTYPE1", "THEAP   = 35"), ("TTYPE1", "THEAP   = 99999")),
    ],
)
def test_a_heap_that_is_elsewhere(keyword, card, heaped):
    path = factory.set_image(heaped(), "T", keyword, card)
    assert reading.refusal(path, "prm").code == "damaged"


def test_a_small_heap_that_is_claimed_many_times(heaped):
    lists = [[float(i) for i in range(500)], *[[0.5]] * 200]
    path = heaped(*((row, 500, 0) for row in range(1, 201)), lists=lists)
    error = reading.refusal(path, "prm")
    assert error.code == "too_large"
    assert "100,500 values" in error.why
