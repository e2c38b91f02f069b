"""Compare table columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from typing import Any

import numpy as np
import numpy.typing as npt

from aomuse.stored.tables import StoredColumn
from aomuse.verify.comparison import Comparison


def compare_table(
    result: Comparison,
    where: str,
    hdu: Any,
    names: list[str],
    values: dict[str, Any],
    columns: list[StoredColumn],
    header: Any,
) -> None:
    """Compare the columns of a table, value for value; ``values`` are those of its cards."""
    data = hdu.data
    rows = 0 if data is None else len(data)
    if rows != header.table_row_count:
        result.tell(f"{where} rows", rows, header.table_row_count)
        return
    if names != [column.format.name for column in columns]:
        result.tell(f"{where} columns", names, [column.format.name for column in columns])
        return
    for index, column in enumerate(columns):
        ours, theirs = _definition(hdu, index, names[index], values), astuple(column.format)
        result.values += 1
        if ours != theirs:
            result.tell(f"{where} definition of column {index + 1}", ours, theirs)
        if not rows:
            continue
        differences = list(_column_differences(data, index, hdu, column, result))
        result.tell_some(f"{where} column {column.format.name}", differences)


def _definition(hdu: Any, index: int, name: str, values: dict[str, Any]) -> tuple[object, ...]:
    """Return a column's place and name, and its TFORM, TUNIT, …; a catalogue alone has more."""
    form, unit, null, display, dimensions = (
        None if (value := values.get(f"{keyword}{index + 1}")) is None else str(value)
        for keyword in ("TFORM", "TUNIT", "TNULL", "TDISP", "TDIM")
    )
    scale, zero = (
        float(value)
        if isinstance(value := values.get(f"{keyword}{index + 1}"), int | float)
        else None
        for keyword in ("TSCAL", "TZERO")
    )
    form = form or str(hdu.columns[index].format)
    return (index + 1, name, form, unit, null, scale, zero, display, dimensions, None, None)


def _column_differences(
    data: Any, index: int, hdu: Any, column: StoredColumn, result: Comparison
) -> Iterator[tuple[str, object, object]]:
    try:
        values = np.asarray(data.field(index))
    except UnicodeDecodeError:
        values = np.asarray(data)[data.dtype.names[index]]
    if values.dtype.kind == "S":
        values = np.char.decode(values, "latin-1")
    if values.dtype == object:
        shapes = [np.asarray(part).tolist() for part in values]
        stored = [part.tolist() for part in column.values]
        result.values += sum(len(part) for part in shapes)
        for row, (one, other) in enumerate(zip(shapes, stored, strict=True)):
            if repr(one) != repr(other):
                yield f"row {row}", one, other
        return
    result.values += values.size
    if values.shape != column.values.shape:
        yield "shape", values.shape, column.values.shape
        return
    wrong = _differ(values, column.values)
    if values.dtype == np.bool_ and str(hdu.columns[index].format).strip().endswith("L"):
        undefined = np.asarray(data)[data.dtype.names[index]].reshape(values.shape) == 0
        wrong |= undefined != column.nulls
    for place in np.argwhere(wrong):
        row = int(place[0])
        element = f" element {tuple(int(i) for i in place[1:])}" if values.ndim > 1 else ""
        yield f"row {row}{element}", _item(values[tuple(place)]), _item(column.values[tuple(place)])


def _differ(values: npt.NDArray[Any], stored: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Return where two arrays differ; NaN equals NaN, and 0.0 differs from -0.0."""
    kinds = values.dtype.kind, stored.dtype.kind
    if kinds == ("f", "f"):
        wide = values.astype(np.float64)
        both = np.isnan(wide) & np.isnan(stored)
        different = (wide != stored) | (np.signbit(wide) != np.signbit(stored))
        return np.asarray(~both & different, dtype=np.bool_)
    if kinds == ("c", "c"):
        wide = values.astype(np.complex128)
        return _differ(wide.real, stored.real) | _differ(wide.imag, stored.imag)
    if "b" in kinds and kinds != ("b", "b"):
        return np.ones(values.shape, np.bool_)
    text = values.dtype.kind == "U"
    plain = values.astype(object)
    types = [isinstance(v, str) == text for v in stored.reshape(-1)]
    return np.asarray(plain != stored, dtype=np.bool_) | ~np.array(types, np.bool_).reshape(
        values.shape
    )


def _item(value: Any) -> object:
    return value.item() if isinstance(value, np.generic) else value
