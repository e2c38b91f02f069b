"""Binary and ASCII tables, column by column, as the FITS standard defines their values."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.io import fits

from aomuse.errors import FileError
from aomuse.exchange.column_format import ColumnFormat
from aomuse.exchange.content import TableContent
from aomuse.exchange.issue import Issue, Severity
from aomuse.fits.ascii_values import ascii_values
from aomuse.fits.column_definitions import (
    Column,
    UnusableHeaderError,
    read_columns,
    read_keywords,
)
from aomuse.fits.column_values import NOT_ASCII, UnusableHeapError, Values, binary_values

#: Lengths of the text columns of table_column.
MAX_TEXT, MAX_FORMAT = 255, 64
_OF_COLUMNS = ("column_definition", "column_values")
#: Columns that an issue names.
_MOST_NAMES = 5
#: Rows that may have no bytes.
_MAX_EMPTY_ROWS = 1_000_000

Bytes = npt.NDArray[np.uint8]


def read_table(hdu: Any, path: str, extension: str) -> tuple[TableContent, list[Issue]]:
    """Return the columns of a table."""
    is_ascii = isinstance(hdu, fits.TableHDU)
    keywords = read_keywords(hdu.header)
    if hdu.header.get("ZTABLE") is True:
        why = (
            "its tables are compressed (ZTABLE), which aomuse does not read: run funpack on the "
            "file and load again"
        )
        raise FileError("compressed_table", path, why, extension)
    try:
        columns = read_columns(keywords, is_ascii=is_ascii)
        _require_fitting(columns, keywords, is_ascii=is_ascii)
        rows, heap = _bytes(hdu, keywords)
    except UnusableHeaderError as error:
        why = f"{error}: the header is damaged, get the file again"
        raise FileError("bad_header", path, why, extension) from None
    for column in columns:
        _require_short(column.form, path, extension)
    found: list[Values] = []
    try:
        for column in columns:
            values = ascii_values(column, rows) if is_ascii else binary_values(column, rows, heap)
            found.append(values)
    except UnusableHeapError as error:
        raise FileError("damaged", path, f"{error}: get the file again", extension) from None
    issues = _issues(list(zip(columns, found, strict=True)), path, extension)
    table = TableContent(
        tuple(column.form for column in columns),
        tuple(values.values for values in found),
        tuple(values.nulls for values in found),
        len(rows),
    )
    return table, issues


def _require_fitting(columns: list[Column], keywords: dict[str, Any], *, is_ascii: bool) -> None:
    """Refuse columns that do not take the rows that the header has."""
    width, rows = keywords["NAXIS1"], keywords["NAXIS2"]
    if is_ascii:
        out = next((c for c in columns if c.start + c.width > width), None)
        if out:
            raise UnusableHeaderError(
                f"column {out.form.name} ends at byte {out.start + out.width} of a row of {width}"
            )
    elif (taken := sum(column.width for column in columns)) != width:
        raise UnusableHeaderError(
            f"its columns take {taken} bytes a row, but its rows have {width}"
        )
    if width == 0 and rows > _MAX_EMPTY_ROWS:
        raise UnusableHeaderError(f"NAXIS2 is {rows}, but a row has no bytes")


def _bytes(hdu: Any, keywords: dict[str, Any]) -> tuple[Bytes, Bytes]:
    """Return the bytes of a table's rows, and of its heap."""
    width, rows = keywords["NAXIS1"], keywords["NAXIS2"]
    end = width * rows + keywords.get("PCOUNT", 0)
    heap = keywords.get("THEAP", width * rows)
    if not width * rows <= heap <= max(end, width * rows):
        raise UnusableHeaderError(f"THEAP is {heap}, but the heap is at {width * rows} to {end}")
    info = hdu.fileinfo()
    info["file"].seek(info["datLoc"])
    content = np.frombuffer(info["file"].read(end) if end else b"", np.uint8)
    if len(content) < end:
        raise UnusableHeaderError(f"it has {len(content)} bytes in place of {end}")
    return content[: width * rows].reshape(rows, width), content[heap:]


def _issues(columns: list[tuple[Column, Values]], path: str, extension: str) -> list[Issue]:
    """Return what is odd about columns: what is the same in many is said once."""
    remarks: dict[tuple[Severity, str, str], list[str]] = defaultdict(list)
    for column, values in columns:
        code = "column_definition"
        for remark in column.remarks:
            remarks["warning", code, remark].append(column.form.name)
        code = "column_values"
        for severity, remark in values.remarks:
            of_kind = "not_ascii" if remark == NOT_ASCII else code
            remarks[severity, of_kind, remark].append(column.form.name)
    return [
        Issue(severity, code, f"{_named(names)}: {remark}", path, extension)
        for (severity, code, remark), names in remarks.items()
    ]


def _named(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"column{'s' * (len(names) > 1)} {', '.join(names[:_MOST_NAMES])}{more}"


def merged(issues: list[Issue]) -> list[Issue]:
    """Return the issues of a file; what many of its tables have in their columns is said once."""
    alike: dict[tuple[str, str], list[Issue]] = {}
    for issue in issues:
        same = issue.message if issue.code in _OF_COLUMNS else str(id(issue))
        alike.setdefault((issue.code, same), []).append(issue)
    return [
        first
        if not others
        else replace(first, message=f"{first.message} (so in {len(others)} more HDUs)")
        for first, *others in alike.values()
    ]


def _require_short(form: ColumnFormat, path: str, extension: str) -> None:
    """Refuse a definition that does not fit into table_column."""
    texts = (form.name, form.unit, form.null_value, form.display, form.dimensions)
    if any(len(text or "") > MAX_TEXT for text in texts) or len(form.format) > MAX_FORMAT:
        why = (
            f"the definition of column {form.position} is longer than {MAX_TEXT} characters: give "
            "the column a shorter TTYPE, TUNIT, TDISP, TDIM or TFORM"
        )
        raise FileError("bad_header", path, why, extension[:MAX_TEXT])
