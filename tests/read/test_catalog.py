"""Catalogues in ECSV: every type, unit and description; and what is no catalogue."""

import codecs
import io
import json

import numpy as np
import pytest
from astropy import units
from astropy.coordinates import SkyCoord
from astropy.table import Column, MaskedColumn, QTable, Table
from astropy.time import Time
from astropy.utils.masked import Masked

from aomuse.errors import FileError
from aomuse.exchange.content import HduContent
from aomuse.exchange.issue import Issue
from aomuse.read.catalog import header_lines, read_catalog

GOOD = b"# %ECSV 1.0\n# ---\n# datatype:\n# - {name: a, datatype: int64}\na\n1\n"


def read(content: bytes | Table) -> tuple[HduContent, list[Issue]]:
    if isinstance(content, Table):
        stream = io.StringIO()
        content.write(stream, format="ascii.ecsv")
        content = stream.getvalue().encode()
    return read_catalog(content, "X.se.cat", "SE")


def test_units_descriptions_and_types():
    table = Table(
        {
            "id": Column([3, 1], unit=None, description="number", dtype=np.int64),
            "ra": Column([1.5, -0.0], unit="deg", description="right ascension", format=".3f"),
            "name": Column(["a b", ""], dtype=str),
            "flux": MaskedColumn([np.nan, 2.0], mask=[False, True]),
        },
        meta={"cube": "X.fits", "count": 2, "scale": 0.2, "good": True, "nested": {"a": [1]},
              "nothing": None},
    )  # fmt: skip
    hdu, issues = read(table)
    assert (hdu.name, hdu.type, hdu.dimensions, issues) == ("SE", "ecsv", "4 x 2", [])
    assert [
        (f.name, f.format, f.unit, f.description, f.datatype, f.display) for f in hdu.table.formats
    ] == [
        ("id", "1K", None, "number", "int64", None),
        ("ra", "1D", "deg", "right ascension", "float64", ".3f"),
        ("name", "3A", None, None, "string", None),
        ("flux", "1D", None, None, "float64", None),
    ]
    values = [array.tolist() for array in hdu.table.values]
    assert repr(values[:3]) == "[[3, 1], [1.5, -0.0], ['a b', '']]"
    assert np.isnan(values[3][0])
    # An empty cell is a missing one in ECSV, a text's too, and is not NaN.
    assert hdu.table.nulls[:2] == (None, None)
    assert [nulls.tolist() for nulls in hdu.table.nulls[2:]] == [[False, True]] * 2
    cards = hdu.cards.set_index("keyword")
    assert list(cards["value_type"]) == ["str", "int", "float", "bool", "str", "undefined"]
    assert cards.loc["cube", "value_text"] == "X.fits"
    assert cards.loc["scale", "value_float"] == 0.2
    assert json.loads(cards.loc["nested", "value_text"]) == {"a": [1]}


def test_the_header_is_kept_to_the_byte():
    for begins in (b"", codecs.BOM_UTF8):
        content = begins + GOOD.replace(b"\n", b"\r\n")
        hdu, issues = read(content)
        expected = content.removesuffix(b"a\r\n1\r\n")
        assert hdu.card_images == header_lines(content) == expected
        assert issues == []


SEXTRACTOR = b"""#   1 NUMBER          Running object number
#   2 X_IMAGE         Object position along x              [pixel]
#   3 MAG_APER        Fixed aperture magnitude vector      [mag]
#   5 FLAGS           Extraction flags
#   6 ID_GAIA
         1    10.5   1.0  2.5   0  4295806720
         2    nan    1e400 -0.0  3  4295806721
"""


def test_a_catalogue_of_sextractor():
    hdu, issues = read(SEXTRACTOR)
    assert (hdu.name, hdu.type, hdu.dimensions, issues) == ("SE", "sextractor", "6 x 2", [])
    assert [(f.name, f.unit, f.description, f.datatype) for f in hdu.table.formats] == [
        ("NUMBER", None, "Running object number", "int64"),
        ("X_IMAGE", "pix", "Object position along x", "float64"),
        ("MAG_APER", "mag", "Fixed aperture magnitude vector", "float64"),
        ("MAG_APER_1", "mag", "Fixed aperture magnitude vector", "float64"),
        ("FLAGS", None, "Extraction flags", "int64"),
        ("ID_GAIA", None, None, "int64"),
    ]
    values = [array.tolist() for array in hdu.table.values]
    assert repr(values[:4]) == "[[1, 2], [10.5, nan], [1.0, inf], [2.5, -0.0]]"
    assert values[4:] == [[0, 3], [4295806720, 4295806721]]
    lines = SEXTRACTOR.splitlines(keepends=True)
    assert hdu.card_images == header_lines(SEXTRACTOR) == b"".join(lines[:5])


def test_catalogues_without_rows():
    hdu, _ = read(b"# 1 NUMBER\n# 2 X_IMAGE [pixel]\n")
    assert (hdu.dimensions, hdu.table.row_count) == ("2 x 0", 0)
    hdu, _ = read(Table({"x": np.array([], float)}))
    assert (hdu.table.row_count, len(hdu.table.values[0])) == (0, 0)


def test_every_type_keeps_its_extremes():
    columns = {"bool": np.array([True, False, True])}
    for name in ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"):
        limits = np.iinfo(name)
        columns[name] = np.array([limits.min, 0, limits.max], name)
    for name in ("float32", "float64", "complex128"):
        limits = np.finfo(name)
        columns[name] = np.array([1 / 3, limits.tiny, limits.max], name)
    table = read(Table(columns))[0].table
    assert [form.datatype for form in table.formats] == list(columns)
    for found, (name, values) in zip(table.values, columns.items(), strict=True):
        np.testing.assert_array_equal(found, values, name)


def test_several_dimensions_and_objects():
    table = Table({"m": np.arange(12.0).reshape(2, 3, 2)})
    table["o"] = np.array([{"a": 1}, [1, None]], dtype=object)
    hdu, issues = read(table)
    np.testing.assert_array_equal(hdu.table.values[0], table["m"])
    assert (hdu.table.formats[0].format, hdu.table.formats[0].dimensions) == ("6D", "(2,3)")
    assert [json.loads(text) for text in hdu.table.values[1]] == [{"a": 1}, [1, None]]
    assert [issue.code for issue in issues] == ["catalog_objects"]


def test_times_and_coordinates_stay_the_columns_of_the_file():
    times = ["2018-08-13T00:00:00.000", "2018-08-13T00:00:01.000"]
    table = QTable(
        {
            "id": [3, 17],
            "time": Time(times),
            "place": SkyCoord([1, 2] * units.deg, [3, 4] * units.deg),
            "mag": [1.5, 2.5] * units.mag,
            "masked": Masked([1.0, 2.0] * units.s, mask=[False, True]),
        }
    )
    hdu, issues = read(table)
    assert issues == []
    assert [(f.name, f.unit, f.datatype) for f in hdu.table.formats] == [
        ("id", None, "int64"),
        ("time", None, "string"),
        ("place.ra", "deg", "float64"),
        ("place.dec", "deg", "float64"),
        ("mag", "mag", "float64"),
        ("masked", "s", "float64"),
    ]
    assert list(hdu.table.values[1]) == times
    assert list(hdu.table.values[3]) == [3.0, 4.0]
    # How astropy makes them again is in the metadata.
    (card,) = hdu.cards.itertuples()
    assert card.keyword == "__serialized_columns__"
    assert set(json.loads(card.value_text)) == {"time", "place", "mag", "masked"}


def test_a_catalogue_in_latin_1():
    content = GOOD.replace(b"int64}", b"int64, description: 10\xb0}")
    hdu, issues = read(content)
    assert hdu.table.formats[0].description == "10°"
    assert [(issue.code, issue.message) for issue in issues] == [
        ("not_ascii", f"byte {content.index(0xB0)} is not UTF-8: the text is read as Latin-1")
    ]
    assert hdu.card_images == content.removesuffix(b"a\n1\n")


def test_a_last_line_without_an_end_is_told():
    hdu, issues = read(GOOD.removesuffix(b"\n"))
    assert list(hdu.table.values[0]) == [1]
    assert [issue.code for issue in issues] == ["catalog_cut"]


LONG = GOOD.replace(b": a", b": X").replace(b"\na", b"\nX").replace(b"X", b"a" * 300)


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (b"NUMBER X_IMAGE\n1 2.5\n", "not_ecsv", "ASCII_HEAD"),
        (b"# NUMBER X_IMAGE\n1 2.5\n", "not_ecsv", "ascii.ecsv"),
        (b"# 1 NUMBER\n# 2 X_IMAGE\n1 2.5\n2\n", "damaged", "SExtractor"),
        (b"# 1 NUMBER\n# 999999999 X_IMAGE\n1 2.5\n", "too_large", "999 columns"),
        (b"# 1 NUMBER\n# 99999999999999999999 X_IMAGE\n1 2\n", "too_large", "999 columns"),
        (b"# 1 NUMBER\n" + b"1 " * 1500 + b"\n", "too_large", "999 columns"),
        (GOOD.replace(b"1\n", b"\xff\n"), "damaged", "failed to convert"),
        (GOOD.replace(b"# - {", b"# - [{"), "damaged", "astropy cannot read it"),
        (GOOD.replace(b"\na\n1", b"\nb\n1"), "damaged", "astropy cannot read it"),
        (GOOD.replace(b"\n1\n", b"\none\n"), "damaged", "astropy cannot read it"),
        (b"# %ECSV 1.0", "damaged", "astropy cannot read it"),
        (LONG, "bad_header", "longer than 255"),
    ],
)
def test_what_is_no_catalogue_is_told(content, code, says):
    with pytest.raises(FileError) as caught:
        read(content)
    assert caught.value.code == code
    assert says in caught.value.why
    assert "\n" not in caught.value.why
