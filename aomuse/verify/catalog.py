"""Compare catalogues: header, definitions of the columns, and every cell."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from astropy.table import Column
from sqlalchemy import Connection

from aomuse.exchange.content import ColumnFormat
from aomuse.exchange.files import catalog_extension
from aomuse.exchange.frames import COLUMN_STORE, Layout
from aomuse.models import Header, HeaderCard, Keyword, TableColumn, TableLayout, TableValue
from aomuse.read.catalog import cells_of, header_lines, read_catalog, read_table
from aomuse.stored import card_images
from aomuse.stored.special import SpecialValues
from aomuse.verify.comparison import Comparison, same

#: Differences of one column that are told one by one; the rest is counted.
_TOLD = 5
_MAX_INT = 2**63

#: value_float, value_int and value_text of a cell.
_Cell = tuple[float | None, int | None, str | None]


def compare_catalog(result: Comparison, connection: Connection, file: Any, content: bytes) -> None:
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
        ("hdu_type", "ecsv", header.hdu_type),
        ("dimensions", f"{len(table.colnames)} x {len(table)}", header.dimensions),
        ("card_count", len(table.meta), header.card_count),
        ("text", header_lines(content), card_images(connection, header.id)),
        ("table_row_count", len(table), header.table_row_count),
        ("layout's extension_name", extension, header.layout_name),
        ("layout's column_count", len(table.colnames), header.column_count),
        ("layout's fingerprint", layout.fingerprint, header.fingerprint),
    ):
        _compare(result, f"header {name}", in_file, in_database)
    special = SpecialValues(connection, file.exposure_id)
    _compare_cards(result, connection, special, header.id, hdu.cards)
    in_file = [_definition(form, table[form.name]) for form in formats]
    _compare(result, "columns", in_file, [tuple(column)[2:] for column in columns])
    if [column.name for column in columns] != table.colnames:
        return
    stored = _stored(connection, special, header.id)
    for column in columns:
        differences = list(_differences(table[column.name], stored.pop(column.id, {}), result))
        for place, ours, theirs in differences[:_TOLD]:
            result.tell(f"column {column.name} row {place}", ours, theirs)
        if len(differences) > _TOLD:
            more = len(differences) - _TOLD
            result.differences.append(f"column {column.name}: {more} more values differ")
    if stored:
        result.tell("values of other columns", 0, sum(map(len, stored.values())))


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


def _compare_cards(
    result: Comparison, connection: Connection, special: SpecialValues, header: int, cards: Any
) -> None:
    """Compare the metadata, which are cards."""
    rows = connection.execute(
        sa.select(
            HeaderCard.position,
            Keyword.name,
            Keyword.comment,
            HeaderCard.value_type,
            HeaderCard.value_int,
            HeaderCard.value_float,
            HeaderCard.value_text,
        )
        .join(Keyword)
        .where(HeaderCard.header_id == header)
        .order_by(HeaderCard.position)
    ).all()
    in_database = [
        (
            *row[:5],
            special.value(
                "header_card", "value_float", f"{header}/{row.position}", row.value_float
            ),
            row.value_text,
        )
        for row in rows
    ]
    names = ("position", "keyword", "comment", "value_type", "value_int", "value_float")
    in_file = [
        tuple(_plain(card[name]) for name in (*names, "value_text"))
        for card in cards.to_dict("records")
    ]
    _compare(result, "number of cards", len(in_file), len(in_database))
    for ours, theirs in zip(in_file, in_database, strict=False):
        result.values += 1
        if not all(map(same, ours, theirs)):
            result.tell(f"card {ours[0]}", ours[1:], theirs[1:])


def _plain(value: Any) -> Any:
    """Return a cell of a frame as the database gives it: NaN and NA are None."""
    plain = value.item() if isinstance(value, np.generic) else value
    return None if plain is pd.NA or (isinstance(plain, float) and math.isnan(plain)) else plain


def _stored(
    connection: Connection, special: SpecialValues, header: int
) -> dict[int, dict[tuple[int, int], _Cell]]:
    """Return the cells of a catalogue by column, then by row and element."""
    cells: dict[int, dict[tuple[int, int], _Cell]] = {}
    for column, row, element, number, integer, text in connection.execute(
        sa.select(
            TableValue.table_column_id,
            TableValue.row_index,
            TableValue.element,
            TableValue.value_float,
            TableValue.value_int,
            TableValue.value_text,
        ).where(TableValue.header_id == header)
    ):
        key = f"{header}/{column}/{row}/{element}"
        exact = special.value("table_value", "value_float", key, number)
        cells.setdefault(column, {})[row, element] = exact, integer, text
    return cells


def _differences(
    column: Column, stored: dict[tuple[int, int], _Cell], result: Comparison
) -> Iterator[tuple[int, object, object]]:
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
                    yield row, None, _shown(found)
            elif found is None or not all(map(same, _cell(value), found)):
                yield row, value, _shown(found)
    for (row, _), found in left.items():
        yield row, None, _shown(found)


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
