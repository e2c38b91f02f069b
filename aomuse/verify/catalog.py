"""Compare catalogues: header, definitions of the columns, and every cell."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import numpy as np
import sqlalchemy as sa
from astropy.table import Column, Table
from sqlalchemy import Connection

from aomuse.exchange.column_format import ColumnFormat
from aomuse.exchange.files import catalog_extension
from aomuse.exchange.frames import Layout
from aomuse.exchange.stored_in import COLUMN_STORE
from aomuse.models import Header, TableColumn, TableLayout, TableValue
from aomuse.read.catalog import cells_of, header_lines, read_catalog, read_table
from aomuse.stored.exposure import StoredExposure
from aomuse.stored.rows import read_rows
from aomuse.stored.special import SpecialValues
from aomuse.verify.comparison import Comparison, same
from aomuse.verify.headers import compare_card_columns, described

_MAX_INT = 2**63

#: value_float, value_int and value_text of a cell.
_Cell = tuple[float | None, int | None, str | None]


def compare_catalog(
    result: Comparison, connection: Connection, stored: StoredExposure, file: Any, content: bytes
) -> None:
    """Compare a catalogue."""
    table = read_table(content, file.path)
    headers = connection.execute(
        sa.select(
            *Header.__table__.columns,
            TableLayout.extension_name.label("layout_name"),
            TableLayout.column_count,
            TableLayout.fingerprint,
        )
        .outerjoin(TableLayout, TableLayout.id == Header.table_layout_id)
        .where(Header.source_file_id == file.id)
    ).all()
    if len(headers) != 1:
        result.differences.append("it has no row in header: load it again with --reload")
        return
    header = headers[0]
    extension = catalog_extension(file.name)
    hdu, _ = read_catalog(content, file.path, extension)
    columns = connection.execute(
        sa.select(*TableColumn.__table__.columns)
        .where(TableColumn.table_layout_id == header.table_layout_id)
        .order_by(TableColumn.position)
    ).all()
    assert hdu.table is not None
    formats = hdu.table.formats
    layout = Layout(extension, formats, (COLUMN_STORE,) * len(formats))
    for name, in_file, in_database in (
        ("exposure_id", file.exposure_id, header.exposure_id),
        ("hdu_index", 0, header.hdu_index),
        ("extension_name", extension, header.extension_name),
        ("hdu_type", hdu.type, header.hdu_type),
        ("dimensions", f"{len(table.colnames)} x {len(table)}", header.dimensions),
        ("card_count", len(table.meta), header.card_count),
        ("text", header_lines(content), stored.card_images(header.id)),
        ("table_row_count", len(table), header.table_row_count),
        ("layout's extension_name", extension, header.layout_name),
        ("layout's column_count", len(table.colnames), header.column_count),
        ("layout's fingerprint", layout.fingerprint, header.fingerprint),
    ):
        _compare(result, f"header {name}", in_file, in_database)
    compare_card_columns(result, connection, file.id)
    cards = [(card.position, *described(card)) for card in stored.cards([header.id])[header.id]]
    for one, other in zip_longest(_cards(table), cards):
        _compare(result, "card", one, other)
    in_file = [_definition(form, table[form.name]) for form in formats]
    _compare(result, "columns", in_file, [tuple(column)[2:] for column in columns])
    if [column.name for column in columns] != table.colnames:
        return
    cells = _stored(connection, stored.special, header.id)
    for column in columns:
        differences = _differences(table[column.name], cells.pop(column.id, {}), result)
        result.tell_some(f"column {column.name}", list(differences))
    if cells:
        result.tell("values of other columns", 0, sum(map(len, cells.values())))


def _compare(result: Comparison, where: str, in_file: object, in_database: object) -> None:
    result.values += len(in_file) if isinstance(in_file, list) else 1
    if not same(in_file, in_database):
        result.tell(where, in_file, in_database)


def _definition(form: ColumnFormat, column: Column) -> tuple[Any, ...]:
    """Return what table_column should have of a column, behind its ids."""
    return (
        form.position,
        column.name,
        form.format,
        None if column.unit is None else str(column.unit),
        None,
        None,
        form.zero,
        column.format or None,
        form.dimensions,
        column.description or None,
        form.datatype,
        COLUMN_STORE,
    )


def _cards(table: Table) -> list[tuple[object, ...]]:
    """Return the metadata as cards; what is not a number or a text is JSON."""
    cards: list[tuple[object, ...]] = []
    for position, (key, content) in enumerate(table.meta.items()):
        value = content
        number = isinstance(value, float) or (isinstance(value, int) and abs(value) < _MAX_INT)
        if not (number or value is None or isinstance(value, str)):
            value = json.dumps(value, default=str)
        kind, text = ("undefined", "") if value is None else (type(value).__name__, repr(value))
        cards.append((position, str(key)[:80], kind, text, ""))
    return cards


def _stored(
    connection: Connection, special: SpecialValues, header: int
) -> dict[int, dict[tuple[int, int], _Cell]]:
    """Return the cells of a catalogue by column, then by row and element."""
    names = ("value_float", "value_int", "value_text")
    of_header = TableValue.header_id == header
    found = read_rows(connection, special, "table_value", names, of_header)
    cells: dict[int, dict[tuple[int, int], _Cell]] = {}
    rows = zip(*(values.tolist() for values in found.values()), strict=True)
    for _, column, row, element, number, integer, text in rows:
        exact = None if math.isnan(number) else number
        cells.setdefault(column, {})[row, element] = exact, integer, text
    return cells


def _differences(
    column: Column, stored: dict[tuple[int, int], _Cell], result: Comparison
) -> Iterator[tuple[str, object, object]]:
    values, missing = cells_of(column)
    result.values += values.size
    left = dict(stored)
    for row in range(len(values)):
        flat, absent = np.atleast_1d(values[row]).reshape(-1), np.atleast_1d(missing[row]).ravel()
        if flat.dtype.kind == "c":
            flat, absent = flat.view(flat.real.dtype), np.repeat(absent, 2)
        for element, (value, is_missing) in enumerate(zip(flat.tolist(), absent, strict=True)):
            found = left.pop((row, element), None)
            if is_missing:
                if found is not None:
                    yield f"row {row}", None, _shown(found)
            elif found is None or not all(map(same, _cell(value), found)):
                yield f"row {row}", value, _shown(found)
    for (row, _), found in left.items():
        yield f"row {row}", None, _shown(found)


def _cell(value: Any) -> _Cell:
    """Return a value of the file as table_value should have it."""
    if isinstance(value, float):
        return value, None, None
    if isinstance(value, bool | int):
        return (None, int(value), None) if value < _MAX_INT else (None, None, str(value))
    return None, None, str(value)


def _shown(cell: _Cell | None) -> object:
    """Return the one value that a cell should have, else all."""
    filled = [value for value in cell or () if value is not None]
    return cell if len(filled) > 1 else next(iter(filled), None)
