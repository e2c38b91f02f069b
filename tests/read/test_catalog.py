"""Catalogues in ECSV: every type, unit and description; and what is no catalogue."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from astropy.table import Column, MaskedColumn, Table

from aomuse.errors import FileError
from aomuse.read.catalog import header_lines, read_catalog


def ecsv(table: Table) -> bytes:
    stream = io.StringIO()
    table.write(stream, format="ascii.ecsv")
    return stream.getvalue().encode()


def test_units_descriptions_and_types() -> None:
    table = Table(
        {
            "id": Column([3, 1], unit=None, description="number", dtype=np.int64),
            "ra": Column([1.5, -0.0], unit="deg", description="right ascension", format=".3f"),
            "name": Column(["a b", ""], dtype=str),
        },
        meta={"cube": "X.fits", "count": 2, "scale": 0.2, "good": True, "nested": {"a": [1]}},
    )
    content = ecsv(table)
    hdu, issues = read_catalog(content, "X.detections.cat", "DETECTIONS")
    assert issues == []
    assert (hdu.name, hdu.type, hdu.dimensions) == ("DETECTIONS", "ecsv", "3 x 2")
    assert hdu.table is not None
    assert [
        (f.name, f.format, f.unit, f.description, f.datatype, f.display) for f in hdu.table.formats
    ] == [
        ("id", "1K", None, "number", "int64", None),
        ("ra", "1D", "deg", "right ascension", "float64", ".3f"),
        ("name", "3A", None, None, "string", None),
    ]
    assert [list(values) for values in hdu.table.values] == [[3, 1], [1.5, -0.0], ["a b", ""]]
    assert np.signbit(hdu.table.values[1][1])
    # An empty cell is a missing one in ECSV, a text's too.
    assert hdu.table.nulls[:2] == (None, None)
    assert hdu.table.nulls[2] is not None
    assert hdu.table.nulls[2].tolist() == [False, True]
    cards = hdu.cards.set_index("keyword")
    assert list(cards["value_type"]) == ["str", "int", "float", "bool", "str"]
    assert cards.loc["cube", "value_text"] == "X.fits"
    assert cards.loc["scale", "value_float"] == 0.2
    assert json.loads(cards.loc["nested", "value_text"]) == {"a": [1]}


def test_the_header_is_kept_to_the_byte() -> None:
    content = b"# %ECSV 1.0\r\n# ---\r\n# datatype:\r\n# - {name: a, datatype: int64}\r\na\r\n1\r\n"
    hdu, _ = read_catalog(content, "x", "SE")
    assert hdu.card_images == header_lines(content) == content[: content.index(b"a\r\n1")]


@pytest.mark.parametrize(
    "dtype",
    [
        *("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"),
        *("float32", "float64", "bool", "complex128"),
    ],
)
def test_every_type_keeps_its_extremes(dtype: str) -> None:
    kind = np.dtype(dtype)
    if kind.kind in "iu":
        values = np.array([np.iinfo(kind).min, 0, np.iinfo(kind).max], kind)
    elif kind.kind == "b":
        values = np.array([True, False, True])
    else:
        values = np.array([1 / 3, np.finfo(kind).tiny, np.finfo(kind).max], kind)
    hdu, _ = read_catalog(ecsv(Table({"x": values})), "x", "SE")
    assert hdu.table is not None
    np.testing.assert_array_equal(hdu.table.values[0], values)
    assert hdu.table.formats[0].datatype == dtype


def test_an_empty_cell_is_not_nan() -> None:
    table = Table({"x": MaskedColumn([1.0, np.nan, 2.0], mask=[False, False, True])})
    hdu, _ = read_catalog(ecsv(table), "x", "SE")
    assert hdu.table is not None
    assert hdu.table.nulls[0] is not None
    assert hdu.table.nulls[0].tolist() == [False, False, True]
    assert np.isnan(hdu.table.values[0][1])


def test_several_dimensions_and_objects() -> None:
    table = Table({"m": np.arange(12.0).reshape(2, 3, 2)})
    table["o"] = np.array([{"a": 1}, [1, None]], dtype=object)
    hdu, issues = read_catalog(ecsv(table), "x", "SE")
    assert hdu.table is not None
    np.testing.assert_array_equal(hdu.table.values[0], table["m"])
    assert (hdu.table.formats[0].format, hdu.table.formats[0].dimensions) == ("6D", "(2,3)")
    assert [json.loads(text) for text in hdu.table.values[1]] == [{"a": 1}, [1, None]]
    assert [issue.code for issue in issues] == ["catalog_objects"]


def test_a_catalogue_without_rows() -> None:
    hdu, _ = read_catalog(ecsv(Table({"x": np.array([], float)})), "x", "SE")
    assert hdu.table is not None
    assert (hdu.table.row_count, len(hdu.table.values[0])) == (0, 0)


GOOD = b"# %ECSV 1.0\n# ---\n# datatype:\n# - {name: a, datatype: int64}\na\n1\n"


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (b"#   1 NUMBER  Running object number\n 1\n", "not_ecsv", "ascii.ecsv"),
        (GOOD.replace(b"1\n", b"\xff\n"), "damaged", "UTF-8"),
        (GOOD.replace(b"# - {", b"# - [{"), "damaged", "astropy cannot read it"),
        (GOOD.replace(b"\na\n1", b"\nb\n1"), "damaged", "astropy cannot read it"),
        (GOOD.replace(b"\n1\n", b"\none\n"), "damaged", "astropy cannot read it"),
        (b"# %ECSV 1.0", "damaged", "astropy cannot read it"),
        (GOOD.replace(b"name: a", b"name: " + b"a" * 300).replace(b"\na\n", b"\n" + b"a" * 300
         + b"\n"), "bad_header", "longer than 255"),
    ],
)  # fmt: skip
def test_what_is_no_catalogue_is_told(content: bytes, code: str, says: Any) -> None:
    with pytest.raises(FileError) as caught:
        read_catalog(content, "X.detections.cat", "DETECTIONS")
    assert caught.value.code == code
    assert says in caught.value.why
    assert "\n" not in caught.value.why
