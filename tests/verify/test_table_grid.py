"""Every kind of column comes back as the FITS standard defines it; astropy and cfitsio agree.

One file has a column for each TFORM with each TNULL, TSCAL, TZERO and TDIM, of fixed and variable
length, and fields of ASCII tables. tests/column_grid.py computes what the standard says of them.
Where another reader departs from the standard, a table below says how: the standard decides.
"""

import io
import math
import re
import warnings
from collections.abc import Iterator
from typing import Any

import astropy
import column_grid
import fits_factory as factory
import fitsio
import numpy as np
import pytest
import sqlalchemy as sa
from astropy.io import fits
from column_grid import GridColumn
from fits_factory import Tree

from aomuse import pipeline
from aomuse.models import Header
from aomuse.stored.exposure import StoredExposure
from aomuse.verify import verify

TABLES, HEAP = column_grid.grid()

#: Columns that astropy reads otherwise, by pattern of their names.
ASTROPY = {
    "X_plain_(array|part|misfit)": "does not know TDIM of bits",
    "K_(scaled|zero|moved).*": "takes every TZERO of 64 bits for 2^63, and fails",
    "[CM]_(scaled|zero)_.*": "discards the imaginary part of what it scales",
    "A_behind_nul": "shows what follows the NUL that ends a string",
    "[PQ].*_(scaled|zero|unsigned|moved).*": "scales the first row of a list, and no other",
    "[PQ]A": "shows what follows the NUL that ends a string",
    "I_null_of_digits": "takes a field for TNULL that has other blanks",
    "F_no_point": "does not know decimals without a point",
    "E_blank": "takes a blank field for NaN; it is 0",
}
if int(astropy.__version__.partition(".")[0]) < 8:
    ASTROPY["[PQ]L.*"] = "shows the letters of a list of logicals as numbers"
#: Columns that astropy cannot read at all, such as integers beyond 64 bits and exponents without
#: a letter; some spoil the columns beside them, too.
NOT_ASTROPY = "[PQ]X.*|A_part|A_one_axis|[PQ]J_none|I_long|E_bare_exponent"

#: Columns that cfitsio reads otherwise.
CFITSIO = {
    "[ED]_(plain|scaled|zero)_.*": "takes infinities for undefined values",
    "J_null_out_of_range_.*": "cuts TNULL to 32 bits",
    "K_(plain|null|moved|unsigned).*": "the expression makes doubles of integers",
    "I_null_of_digits": "the expression compares numbers with TNULL, not fields",
}
#: Columns that cfitsio cannot read at all, or not in an expression.
NOT_CFITSIO = "I_long|E_bare_exponent|.*_(none|misfit|part)"


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    tree = Tree(tmp_path_factory.mktemp("grid"))
    files = tree.add(1, without=["reduced", "prm", "psf"])
    factory.edit_bytes(files.raw, lambda content: content + b"".join(map(alone, TABLES)))
    return tree.root


def alone(name: str, columns: list[GridColumn] | None = None) -> bytes:
    chosen = TABLES[name] if columns is None else columns
    heap = HEAP if name == "GRID_LISTS" else b""
    return column_grid.table(name, chosen, heap, is_ascii=name == "GRID_ASCII")


def file_of(name: str, columns: list[GridColumn]) -> bytes:
    return fits.PrimaryHDU().header.tostring().encode() + alone(name, columns)


def plain(value: Any) -> Any:
    """Give a value so that two are equal only if they are the same; NaN is no value."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, complex):
        return plain(value.real), plain(value.imag)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return value if isinstance(value, str) else repr(value)


def test_what_is_stored_is_what_the_standard_says(engine, night):
    pipeline.load(engine, [night])
    wrong = []
    with engine.connect() as connection:
        stored = StoredExposure(connection, 1)
        headers = dict(connection.execute(sa.select(Header.extension_name, Header.id)).all())
        kinds = dict(connection.execute(sa.select(Header.extension_name, Header.hdu_type)).all())
        assert (kinds["GRID_FIXED"], kinds["GRID_ASCII"]) == ("binary_table", "ascii_table")
        for table, columns in TABLES.items():
            found = stored.table(headers[table])
            assert [c.format.name for c in found] == [column.name for column in columns]
            for column, back in zip(columns, found, strict=True):
                rows = list(map(stored_row, back.values, back.nulls))
                shape = None if back.shape.variable else back.values.shape[1:]
                expected = [[plain(value) for value in row] for row in column.rows]
                if (rows, shape) != (expected, column.shape):
                    wrong.append((column.name, rows, expected, shape))
    assert wrong == []
    assert not [d for result in verify(engine) for d in result.differences]


def stored_row(values: Any, nulls: Any) -> list[Any]:
    missing = np.broadcast_to(nulls, np.shape(values))
    cells = zip(np.ravel(values), np.ravel(missing), strict=True)
    return [None if null else plain(value) for value, null in cells]


def agrees(value: Any, expected: Any) -> bool:
    """Return whether a reader shows a value; what stands where there is none is its own affair."""
    if isinstance(value, np.generic):
        value = value.item()
    if expected is None:
        return True
    if isinstance(expected, complex):
        pairs = ((value.real, expected.real), (value.imag, expected.imag))
        return isinstance(value, complex) and all(a == b or (a != a and b != b) for a, b in pairs)
    return bool(value == expected or (value != value and expected != expected))


def departing(read: dict[str, Any], columns: list[GridColumn]) -> Iterator[tuple[str, Any, Any]]:
    """Give the columns that a reader shows otherwise."""
    for column in columns:
        for row, expected in zip(read[column.name], column.rows, strict=True):
            shown = list(np.ravel(row))
            if len(shown) != len(expected) or not all(map(agrees, shown, expected)):
                yield column.name, shown, expected


def but(columns: list[GridColumn], *left_out: str) -> list[GridColumn]:
    return [column for column in columns if not re.fullmatch("|".join(left_out), column.name)]


@pytest.mark.parametrize("table", TABLES)
def test_astropy_agrees_with_the_standard(table):
    columns = but(TABLES[table], NOT_ASTROPY)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with fits.open(io.BytesIO(file_of(table, columns))) as hdus:
            agreeing = but(columns, *ASTROPY)
            field = hdus[1].data.field
            read = {c.name: np.asarray(field(columns.index(c))) for c in agreeing}
    assert list(departing(read, agreeing)) == []


@pytest.mark.parametrize("table", ["GRID_FIXED", "GRID_ASCII"])
def test_cfitsio_agrees_with_the_standard(table, tmp_path):
    """cfitsio's own arithmetic reads the columns: an expression for each makes doubles of them."""
    columns = [c for c in but(TABLES[table], NOT_CFITSIO) if c.letter in "BIJKEDF"]
    path, expressions = tmp_path / "grid.fits", tmp_path / "expressions"
    path.write_bytes(file_of(table, columns))
    expressions.write_text("".join(f"Z{c.name} = (double){c.name};\n" for c in columns))
    with fitsio.FITS(f"{path}[1][col @{expressions}]") as hdus:
        computed = hdus[1].read()
    read = {column.name: computed[f"Z{column.name}"] for column in columns}
    assert list(departing(read, but(columns, *CFITSIO))) == []
    if table == "GRID_ASCII":
        # NULL is 0 in expressions of these.
        return
    for column in columns:
        nulls = [[value is None for value in row] for row in column.rows]
        if column.letter in "BIJK" and not column.name.startswith("J_null_out_of_range"):
            shown = np.isnan(read[column.name]).reshape(np.shape(nulls))
            assert shown.tolist() == nulls, column.name


def test_cfitsio_agrees_on_lists(tmp_path):
    """Of numbers that are not scaled; fitsio crashes on some others."""
    columns = [c for c in TABLES["GRID_LISTS"] if re.fullmatch("[PQ][BIJKEDCM]_plain", c.name)]
    path = tmp_path / "grid.fits"
    path.write_bytes(file_of("GRID_LISTS", columns))
    with fitsio.FITS(str(path), vstorage="object") as hdus:
        read = {c.name: hdus[1].read_column(place) for place, c in enumerate(columns)}
    assert list(departing(read, columns)) == []
