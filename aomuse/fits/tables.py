"""Binary and ASCII tables, column by column."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.io import fits

from aomuse.errors import FileError
from aomuse.exchange.column_format import ColumnFormat
from aomuse.exchange.content import TableContent
from aomuse.exchange.issue import Issue
from aomuse.exchange.outcome import counted
from aomuse.fits.heap import require_heap
from aomuse.fits.structure import Extent, advice

#: Lengths of the text columns of table_column.
MAX_TEXT, MAX_FORMAT = 255, 64
_REPEAT = re.compile(r"\s*(\d+)[A-Z]", re.IGNORECASE)


def read_table(
    hdu: Any, names: list[str], values_of: dict[str, Any], extent: Extent, path: str, extension: str
) -> tuple[TableContent, list[Issue]]:
    """Return the columns of a table as astropy shows them, by the names and values of its cards."""
    forms = [
        _format(i, name, column, values_of)
        for i, (name, column) in enumerate(zip(names, hdu.columns, strict=True))
    ]
    for form in forms:
        _require_short(form, path, extension)
    require_heap(hdu, [(form.name, form.format) for form in forms], extent, path, extension)
    data = hdu.data
    width = hdu.columns.dtype.itemsize
    if isinstance(hdu, fits.BinTableHDU) and width != hdu.header["NAXIS1"]:
        why = (
            f"its columns take {width} bytes a row, but its rows have {hdu.header['NAXIS1']}: "
            f"{advice(extent.card_images)}"
        )
        raise FileError("bad_header", path, why, extension)
    issues: list[Issue] = []
    row_count = 0 if data is None else len(data)
    values, nulls = [], []
    for index, column in enumerate(hdu.columns):
        if data is None:
            column_values: npt.NDArray[Any] = np.empty(0)
        else:
            column_values = read_column(data, index)
            if column_values.dtype.kind == "U" and not all(map(str.isascii, column_values.flat)):
                why = f"column {names[index]} has text that is not ASCII: it is read as Latin-1"
                note = Issue("note", "not_ascii", why, path, extension)
                issues.append(note)
        nulls.append(None if data is None else _nulls(data, index, column, column_values))
        values.append(_native(column_values))
    return TableContent(tuple(forms), tuple(values), tuple(nulls), row_count), issues


def require_possible(
    values_of: dict[str, Any], extent: Extent, size: int, path: str, extension: str
) -> None:
    """Refuse a table that claims more values than its whole file has bytes."""
    rows, columns = extent.size("NAXIS2"), range(1, extent.size("TFIELDS") + 1)
    repeats = (_REPEAT.match(str(values_of.get(f"TFORM{place}"))) for place in columns)
    per_row = sum(max(int(repeat[1]), 1) if repeat else 1 for repeat in repeats)
    if rows * max(per_row, 1) > size:
        why = (
            f"it claims {counted(rows, 'row')} of {counted(per_row, 'value')}, but the whole file "
            f"has {counted(size, 'byte')}: {advice(extent.card_images)}"
        )
        raise FileError("bad_header", path, why, extension)


def column_names(
    values_of: dict[str, Any], count: int, path: str, extension: str
) -> tuple[list[str], list[Issue]]:
    """Return the names of a table's columns; a column without a usable one is named by position."""
    given = [values_of.get(f"TTYPE{place}") for place in range(1, count + 1)]
    taken = {str(name).rstrip().lower() for name in given}
    names: list[str] = []
    issues = []
    for place, name in enumerate(given, start=1):
        if isinstance(name, str) and name.strip() and len(name) <= MAX_TEXT and name not in names:
            names.append(name)
            continue
        own = f"col{place}"
        while own in taken:
            own += "_"
        taken.add(own)
        names.append(own)
        what = "is missing" if name is None else f"is {str(name)[:40]!r}"
        why = f"TTYPE{place} {what}, which does not name a column: the column is called {own}"
        issues.append(Issue("warning", "column_name", why, path, extension))
    return names, issues


def _format(index: int, name: str, column: Any, values_of: dict[str, Any]) -> ColumnFormat:
    def text(keyword: str) -> str | None:
        value = values_of.get(f"{keyword}{index + 1}")
        return None if value is None else str(value)

    def number(keyword: str) -> float | None:
        value = values_of.get(f"{keyword}{index + 1}")
        return float(value) if isinstance(value, int | float) else None

    return ColumnFormat(
        position=index + 1,
        name=name,
        format=text("TFORM") or str(column.format),
        unit=text("TUNIT"),
        null_value=text("TNULL"),
        scale=number("TSCAL"),
        zero=number("TZERO"),
        display=text("TDISP"),
        dimensions=text("TDIM"),
    )


def _require_short(form: ColumnFormat, path: str, extension: str) -> None:
    """Refuse a definition that does not fit into table_column."""
    texts = (form.name, form.unit, form.null_value, form.display, form.dimensions)
    if any(len(text or "") > MAX_TEXT for text in texts) or len(form.format) > MAX_FORMAT:
        why = (
            f"the definition of column {form.position} is longer than {MAX_TEXT} characters: give "
            "the column a shorter TTYPE, TUNIT, TDISP, TDIM or TFORM"
        )
        raise FileError("bad_header", path, why, extension[:MAX_TEXT])


def read_column(data: Any, index: int) -> npt.NDArray[Any]:
    """Return a column as ``tolist()`` shows it: trailing blanks as the file has them."""
    try:
        values = np.asarray(data.field(index))
    except UnicodeDecodeError:
        values = np.asarray(data)[data.dtype.names[index]]
    return np.char.decode(values, "latin-1") if values.dtype.kind == "S" else values


def _nulls(
    data: Any, index: int, column: Any, values: npt.NDArray[Any]
) -> npt.NDArray[np.bool_] | None:
    if values.dtype == np.bool_ and str(column.format).strip().endswith("L"):
        # A logical has three states in the file (T, F, 0 for undefined); astropy shows two.
        raw = np.asarray(data)[data.dtype.names[index]]
        mask: npt.NDArray[np.bool_] = (raw == 0).reshape(values.shape)
    elif column.null is not None and values.dtype.kind in "iuf" and str(column.null).strip():
        shown = column.null
        if column.bscale not in (None, "", 1) or column.bzero not in (None, "", 0):
            shown = column.null * (column.bscale or 1) + (column.bzero or 0)
        mask = values == shown
    else:
        return None
    return mask if mask.any() else None


def _native(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if values.dtype.byteorder not in "=|" and not values.dtype.isnative:
        return values.astype(values.dtype.newbyteorder("="))
    return values
