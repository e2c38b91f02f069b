"""Compare table columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from aomuse.stored.tables import StoredColumn
from aomuse.verify.comparison import Comparison
from aomuse.verify.table_values import FieldValues, table_values


def compare_table(
    result: Comparison,
    where: str,
    stream: BinaryIO,
    header_start: int,
    columns: list[StoredColumn],
    header: Any,
) -> None:
    """Compare the columns of a table, value for value; its header is at a byte of the file."""
    definition, fields = table_values(stream, header_start)
    if definition.rows != header.table_row_count:
        result.tell(f"{where} rows", definition.rows, header.table_row_count)
        return
    names = [field.name for field in definition.fields]
    if names != [column.format.name for column in columns]:
        result.tell(f"{where} columns", names, [column.format.name for column in columns])
        return
    for field, column in zip(fields, columns, strict=True):
        ours, theirs = field.definition.keywords, astuple(column.format)
        result.values += 1
        if ours != theirs:
            result.tell(f"{where} definition of column {column.format.position}", ours, theirs)
        differences = list(_column_differences(field, column, result))
        result.tell_some(f"{where} column {column.format.name}", differences)


def _column_differences(
    field: FieldValues, column: StoredColumn, result: Comparison
) -> Iterator[tuple[str, object, object]]:
    values, nulls = field.values, field.nulls
    if column.shape.variable:
        rows = zip(values, nulls, column.values, column.nulls, strict=True)
        for row, (one, missing, other, missing_other) in enumerate(rows):
            result.values += len(one)
            ours, theirs = _cells(one, missing), _cells(other, missing_other)
            if repr(ours) != repr(theirs):
                yield f"row {row}", ours, theirs
        return
    result.values += values.size
    if values.shape != column.values.shape:
        yield "shape", values.shape, column.values.shape
        return
    if not values.size:
        return
    kind = field.definition.kind
    wrong = _differ(values, column.values, kind)
    if kind != "float":
        # NULL of a float is NaN.
        wrong = np.where(nulls | column.nulls, nulls != column.nulls, wrong)
    for place in np.argwhere(wrong):
        row = int(place[0])
        element = f" element {tuple(int(i) for i in place[1:])}" if values.ndim > 1 else ""
        at = tuple(place)
        in_file = _item(values[at], nulls[at])
        yield f"row {row}{element}", in_file, _item(column.values[at], column.nulls[at])


def _cells(values: Any, nulls: Any) -> list[object]:
    """Return a list with None where there is no value; NaN is one of floats."""
    cells = values.astype(object)
    missing = np.broadcast_to(nulls, values.shape)
    if values.dtype.kind != "f":
        cells[missing] = None
    return list(cells.tolist())


def _differ(values: npt.NDArray[Any], stored: npt.NDArray[Any], kind: str) -> npt.NDArray[np.bool_]:
    """Return where two arrays differ; NaN equals NaN, and 0.0 differs from -0.0."""
    if kind == "complex":
        real = _differ(values.real, stored.real, "float")
        return real | _differ(values.imag, stored.imag, "float")
    if kind == "float":
        both = np.isnan(values) & np.isnan(stored)
        different = (values != stored) | (np.signbit(values) != np.signbit(stored))
        return np.asarray(~both & different, dtype=np.bool_)
    if kind == "bool" and stored.dtype != np.bool_:
        return np.ones(values.shape, np.bool_)
    return np.asarray(values != stored, dtype=np.bool_)


def _item(value: Any, null: Any) -> object:
    if null:
        return None
    return value.item() if isinstance(value, np.generic) else value
