"""An exposure while its rows are made: what all parts of normalizing share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from aomuse.exchange.column_format import ColumnFormat
from aomuse.exchange.content import ExposureContent, FileContent, HduContent
from aomuse.exchange.frames import Layout, NormalizedExposure
from aomuse.exchange.issue import Issue, Severity
from aomuse.exchange.stored_in import COLUMN_STORE

_INT64_MAX = np.iinfo(np.int64).max


@dataclass
class Draft:
    """The content of an exposure, read, and what has become of it so far.

    ``layouts`` has the fingerprint of each table that is done, by path and HDU.
    """

    content: ExposureContent
    out: NormalizedExposure
    layouts: dict[tuple[str, int], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        files = self.content.files
        self.file_numbers = {file.path: number for number, file in enumerate(files)}
        places = ((file.path, hdu.index) for file in files for hdu in file.hdus)
        self._headers = {place: number for number, place in enumerate(places)}

    def header(self, file: FileContent, hdu: HduContent) -> int:
        """Return the local number of an HDU's header."""
        return self._headers[file.path, hdu.index]

    def issue(
        self,
        severity: Severity,
        code: str,
        message: str,
        file: FileContent | None,
        extension: str | None = None,
    ) -> None:
        """Add an issue."""
        path = file.path if file else None
        self.out.issues.append(Issue(severity, code, message, path, extension))

    def store_table(
        self,
        file: FileContent,
        hdu: HduContent,
        homes: Mapping[int, str],
        extension: str | None = None,
    ) -> None:
        """Note the layout of a table, and put the columns without a typed home into table_value.

        ``homes`` says by the place of a column where its values are; ``extension`` is a name that
        several tables of one layout share.
        """
        table = hdu.table
        assert table is not None
        stored_in = tuple(homes.get(i, COLUMN_STORE) for i in range(len(table.formats)))
        layout = Layout(extension or hdu.key, table.formats, stored_in)
        fingerprint = self.out.layout(layout)
        self.layouts[file.path, hdu.index] = fingerprint
        columns = [
            _stored_column(i + 1, table.values[i], table.nulls[i], table.formats[i])
            for i, home in enumerate(stored_in)
            if home == COLUMN_STORE and table.row_count
        ]
        if columns:
            rows = _joined(columns, header=self.header(file, hdu), layout=fingerprint)
            self.out.add("table_value", rows)

    def store_other_tables(self, file: FileContent) -> None:
        """Put the tables of a file that are not done yet into the column store."""
        for hdu in file.hdus:
            if hdu.table is not None and (file.path, hdu.index) not in self.layouts:
                self.store_table(file, hdu, {})


@dataclass(frozen=True)
class _StoredColumn:
    """The elements of a column: an array for each column of table_value."""

    position: int
    row_index: npt.NDArray[np.int64]
    element: npt.NDArray[np.int64]
    value_float: npt.NDArray[np.float64]
    value_int: npt.NDArray[np.int64]
    int_missing: npt.NDArray[np.bool_]
    value_text: npt.NDArray[np.object_]


def _joined(columns: list[_StoredColumn], *, header: int, layout: str) -> dict[str, Any]:
    """Return one row for each element of the columns of a table."""

    def all_of(name: str) -> npt.NDArray[Any]:
        return np.concatenate([getattr(column, name) for column in columns])

    counts = [len(column.row_index) for column in columns]
    return {
        "row_index": all_of("row_index").astype(np.int32),
        "element": all_of("element").astype(np.int32),
        "value_float": all_of("value_float"),
        "value_int": pd.arrays.IntegerArray(all_of("value_int"), all_of("int_missing")),
        "value_text": all_of("value_text"),
        "column_position": np.repeat([column.position for column in columns], counts),
        "header": np.full(sum(counts), header),
        "layout": np.full(sum(counts), layout, dtype=object),
    }


def _stored_column(
    position: int,
    values: npt.NDArray[Any],
    nulls: npt.NDArray[np.bool_] | None,
    form: ColumnFormat,
) -> _StoredColumn:
    """Return the elements of a column of any shape and type."""
    rows = len(values)
    is_list = values.dtype == object and values.ndim == 1 and rows > 0
    if is_list and isinstance(values[0], np.ndarray):
        # A variable-length column: an array for each row.
        lengths = np.array([len(array) for array in values])
        flat = np.concatenate(values)
        row_index = np.repeat(np.arange(rows), lengths)
        element = np.arange(len(flat)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        mask = None if nulls is None else np.concatenate(nulls)
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
    arrays = (row_index, element, *_typed(flat, mask))
    if mask is not None and form.datatype is not None:
        # A catalogue distinguishes an empty cell from NaN: the empty one has no row.
        present = ~np.repeat(mask, len(flat) // len(mask))
        arrays = tuple(array[present] for array in arrays)  # type: ignore[assignment]  # as many as before
    return _StoredColumn(position, *arrays)


def _typed(
    flat: npt.NDArray[Any], mask: npt.NDArray[np.bool_] | None
) -> tuple[
    npt.NDArray[np.float64],
    npt.NDArray[np.int64],
    npt.NDArray[np.bool_],
    npt.NDArray[np.object_],
]:
    """Return elements as floats, integers, where these are missing, and texts."""
    size = len(flat)
    no_float = np.full(size, np.nan)
    no_int = np.zeros(size, np.int64), np.ones(size, np.bool_)
    no_text = np.full(size, None, dtype=object)
    missing = np.zeros(size, np.bool_) if mask is None else mask
    if flat.dtype.kind == "f":
        return flat.astype(np.float64), *no_int, no_text
    is_object = flat.dtype == object
    is_integer = is_object and all(isinstance(value, int) for value in flat)
    if flat.dtype == np.uint64 or is_integer:
        beyond = ((flat > _INT64_MAX) | (flat < -_INT64_MAX - 1)).astype(np.bool_) & ~missing
        text = np.full(size, None, dtype=object)
        text[beyond] = flat[beyond].astype(str)
        integers = np.where(beyond | missing, 0, flat).astype(np.int64)
        return no_float, integers, beyond | missing, text
    if flat.dtype.kind in "iub":
        integers = np.where(missing, 0, flat).astype(np.int64)
        return no_float, integers, missing, no_text
    text = flat.copy() if is_object else flat.astype(str).astype(object)
    text[missing] = None
    return no_float, *no_int, text
