"""Binary and ASCII tables, column by column."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.io import fits

from aomuse.errors import FileError
from aomuse.exchange.column_format import ColumnFormat
from aomuse.exchange.content import TableContent
from aomuse.exchange.issue import Issue

#: Lengths of the text columns of table_column.
MAX_TEXT, MAX_FORMAT = 255, 64


def read_table(hdu: Any, path: str, extension: str) -> tuple[TableContent, list[Issue]]:
    """Return the columns of a table as astropy shows them."""
    data = hdu.data
    width = hdu.columns.dtype.itemsize
    if isinstance(hdu, fits.BinTableHDU) and width != hdu.header["NAXIS1"]:
        why = (
            f"its columns take {width} bytes a row, but its rows have {hdu.header['NAXIS1']}: the "
            "header is damaged, get the file again"
        )
        raise FileError("bad_header", path, why, extension)
    issues: list[Issue] = []
    row_count = 0 if data is None else len(data)
    formats, values, nulls = [], [], []
    for index, column in enumerate(hdu.columns):
        formats.append(_format(index, column, hdu.header))
        _require_short(formats[-1], path, extension)
        if data is None:
            column_values: npt.NDArray[Any] = np.empty(0)
        else:
            column_values = read_column(data, index)
            if column_values.dtype.kind == "U" and not all(map(str.isascii, column_values.flat)):
                why = f"column {column.name} has text that is not ASCII: it is read as Latin-1"
                note = Issue("note", "not_ascii", why, path, extension)
                issues.append(note)
        nulls.append(None if data is None else _nulls(data, index, column, column_values))
        values.append(_native(column_values))
    return TableContent(tuple(formats), tuple(values), tuple(nulls), row_count), issues


def _format(index: int, column: Any, header: fits.Header) -> ColumnFormat:
    def text(name: str) -> str | None:
        value = header.get(f"{name}{index + 1}")
        return None if value is None else str(value)

    def number(name: str) -> float | None:
        value = header.get(f"{name}{index + 1}")
        return float(value) if isinstance(value, int | float) else None

    return ColumnFormat(
        position=index + 1,
        name=str(column.name),
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
