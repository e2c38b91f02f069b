"""Table columns without a typed home become rows of table_value."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from aomuse.exchange.content import ColumnFormat, HduContent, TableContent
from aomuse.exchange.frames import Layout, NormalizedExposure
from aomuse.exchange.stored_in import COLUMN_STORE

_INT64_MAX = np.iinfo(np.int64).max


def store_columns(
    out: NormalizedExposure, header: int, table: TableContent, layout: Layout
) -> None:
    """Add the columns of a table that have no typed home to the column store."""
    fingerprint = out.layout(layout)
    frames = [
        _column_frame(table.values[i], table.nulls[i], table.formats[i]).assign(
            column_position=i + 1
        )
        for i, place in enumerate(layout.stored_in)
        if place == COLUMN_STORE and table.row_count
    ]
    if frames:
        frame = pd.concat(frames, ignore_index=True)
        out.add("table_value", frame.assign(header=header, layout=fingerprint))


def generic_layout(hdu: HduContent) -> Layout:
    """Return the layout of a table whose columns all go into the column store."""
    assert hdu.table is not None
    return Layout(hdu.name, hdu.table.formats, (COLUMN_STORE,) * len(hdu.table.formats))


def _column_frame(
    values: npt.NDArray[Any], nulls: npt.NDArray[np.bool_] | None, form: ColumnFormat
) -> pd.DataFrame:
    """Return one row for each element of a column of any shape and type."""
    rows = len(values)
    if values.dtype == object:
        # A variable-length column: an array for each row.
        parts = [np.asarray(value).reshape(-1) for value in values]
        lengths = np.array([len(part) for part in parts])
        flat = np.concatenate(parts) if lengths.any() else np.empty(0)
        row_index = np.repeat(np.arange(rows), lengths)
        element = np.arange(len(flat)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        mask = None
    else:
        flat = values.reshape(rows, -1)
        width = flat.shape[1]
        row_index = np.repeat(np.arange(rows), width)
        element = np.tile(np.arange(width), rows)
        flat = flat.reshape(-1)
        mask = None if nulls is None else nulls.reshape(-1)
    if flat.dtype.kind == "c":
        flat = np.stack([flat.real, flat.imag], axis=1).reshape(-1)
        row_index = np.repeat(row_index, 2)
        element = np.stack([2 * element, 2 * element + 1], axis=1).reshape(-1)
    value_float, value_int, value_text = _typed(flat, mask)
    frame = pd.DataFrame(
        {
            "row_index": row_index.astype(np.int32),
            "element": element.astype(np.int32),
            "value_float": value_float,
            "value_int": value_int,
            "value_text": value_text,
        }
    )
    if mask is None or form.datatype is None:
        return frame
    # A catalogue tells an empty cell from one that holds NaN: the empty one has no row.
    return frame[~np.repeat(mask, len(frame) // len(mask))]


def _typed(
    flat: npt.NDArray[Any], mask: npt.NDArray[np.bool_] | None
) -> tuple[npt.NDArray[np.float64], pd.arrays.IntegerArray, npt.NDArray[np.object_]]:
    size = len(flat)
    no_float = np.full(size, np.nan)
    no_int = pd.arrays.IntegerArray(np.zeros(size, np.int64), np.ones(size, np.bool_))
    no_text = np.full(size, None, dtype=object)
    missing = np.zeros(size, np.bool_) if mask is None else mask
    if flat.dtype.kind == "f":
        return flat.astype(np.float64), no_int, no_text
    if flat.dtype.kind == "u" and flat.dtype.itemsize == 8 and (flat > _INT64_MAX).any():
        beyond = (flat > _INT64_MAX) & ~missing
        text = flat.astype(str).astype(object)
        text[~beyond] = None
        integers = np.where(beyond | missing, 0, flat).astype(np.int64)
        return no_float, pd.arrays.IntegerArray(integers, beyond | missing), text
    if flat.dtype.kind in "iub":
        integers = np.where(missing, 0, flat).astype(np.int64)
        return no_float, pd.arrays.IntegerArray(integers, missing.copy()), no_text
    text = flat.astype(str).astype(object)
    text[missing] = None
    return no_float, no_int, text
