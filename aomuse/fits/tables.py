"""Binary and ASCII tables, column by column, as the FITS standard defines their values."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np

from aomuse.errors import FileError
from aomuse.exchange.column_format import ColumnFormat
from aomuse.exchange.content import TableContent
from aomuse.exchange.issue import Issue, Severity
from aomuse.fits.ascii_values import ascii_values
from aomuse.fits.column_definitions import (
    MAX_FORMAT,
    MAX_TEXT,
    Column,
    UnusableHeaderError,
    column_names,
    read_columns,
)
from aomuse.fits.column_values import NOT_ASCII, Bytes, Values, binary_values
from aomuse.fits.heap import require_heap
from aomuse.fits.structure import Extent, advice

_OF_COLUMNS = ("column_definition", "column_values")
#: Columns that an issue names.
_MOST_NAMES = 5


def read_table(
    stream: BinaryIO, extent: Extent, card_values: dict[str, Any], path: str, extension: str
) -> tuple[TableContent, list[Issue]]:
    """Return the columns of a table, given the values of its cards."""
    if card_values.get("ZTABLE") is True:
        why = (
            "its tables are compressed (ZTABLE), which aomuse does not read: run funpack on the "
            "file and load again"
        )
        raise FileError("compressed_table", path, why, extension)
    is_ascii = (extent.keyword("XTENSION") or "").rstrip() == "TABLE"
    names, problems = column_names(card_values, extent.size("TFIELDS"))
    issues = [Issue("warning", "column_name", why, path, extension) for why in problems]
    try:
        columns = read_columns(card_values, names, is_ascii=is_ascii)
        _require_fitting(columns, extent.size("NAXIS1"), is_ascii=is_ascii)
    except UnusableHeaderError as error:
        why = f"{error}: {advice(extent.card_images)}"
        raise FileError("bad_header", path, why, extension) from None
    for column in columns:
        _require_short(column.form, path, extension)
    rows, heap = _bytes(stream, extent, columns, path, extension)
    require_heap(columns, rows, len(heap), path, extension)
    found = [
        ascii_values(column, rows) if is_ascii else binary_values(column, rows, heap)
        for column in columns
    ]
    issues += _issues(list(zip(columns, found, strict=True)), path, extension)
    table = TableContent(
        tuple(column.form for column in columns),
        tuple(values.values for values in found),
        tuple(values.nulls for values in found),
        len(rows),
    )
    return table, issues


def _require_fitting(columns: list[Column], width: int, *, is_ascii: bool) -> None:
    """Refuse columns that do not take the rows that the header has."""
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


def _bytes(
    stream: BinaryIO, extent: Extent, columns: list[Column], path: str, extension: str
) -> tuple[Bytes, Bytes]:
    """Return the bytes of a table's rows, and of its heap."""
    width, rows = extent.size("NAXIS1"), extent.size("NAXIS2")
    table = width * rows
    stream.seek(extent.data_start)
    content = np.frombuffer(stream.read(extent.data_size) or b"", np.uint8)
    if len(content) < table:
        why = f"the table has {len(content)} bytes in place of {table}: copy or download it again"
        raise FileError("truncated", path, why, extension)
    start = table if extent.keyword("THEAP") is None else extent.size("THEAP")
    has_lists = any(column.type.inner for column in columns)
    if has_lists and not table <= start <= max(extent.data_size, table):
        why = f"THEAP is {start}, but the heap begins at {table} or behind"
        raise FileError("damaged", path, f"{why}: {advice(extent.card_images)}", extension)
    return content[:table].reshape(rows, width), content[max(start, table) :]


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
