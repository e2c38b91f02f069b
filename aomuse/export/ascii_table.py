"""The data of an ASCII table from its columns' values (FITS 4.0, section 7.2)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from aomuse.errors import RebuildError
from aomuse.export.binary_table import padded
from aomuse.export.numbers import unscaled
from aomuse.export.unsaid import Trait
from aomuse.fits.column_definitions import Column
from aomuse.fits.structure import Extent
from aomuse.stored.tables import StoredColumn


def ascii_table(
    extent: Extent, columns: Sequence[Column], stored: Sequence[StoredColumn]
) -> tuple[npt.NDArray[np.uint8], set[Trait]]:
    """Return the data of a table; between its columns are blanks."""
    width, count = extent.size("NAXIS1"), extent.size("NAXIS2")
    data = np.full(extent.data_size, ord(" "), np.uint8)
    rows = data[: width * count].reshape(count, width)
    for column, values in zip(columns, stored, strict=True):
        content = b"".join(_fields(column, values))
        fields = np.frombuffer(content, np.uint8).reshape(count, column.width)
        rows[:, column.start : column.start + column.width] = fields
    return data, {"text"} if any(column.letter != "A" for column in columns) else set()


def _fields(column: Column, stored: StoredColumn) -> Iterator[bytes]:
    values: Any = stored.values
    if column.letter == "I" and stored.shape.kind == "int":
        values = [int(value) - int(column.zero) for value in values]
    elif column.letter == "I":
        values = unscaled(values, column.scale, column.zero, np.int64).tolist()
    elif column.letter != "A":
        values = unscaled(values, column.scale, column.zero, np.float64).tolist()
    width = column.width
    # What cannot be read is NULL: stars, as programs write what does not fit.
    null = "*" * width if column.null is None else str(column.null)
    for row, value in enumerate(values):
        if stored.nulls[row] or (isinstance(value, float) and math.isnan(value)):
            yield padded(null, width, b" ")
        elif column.letter == "A":
            yield padded(value, width, b"\0")
        else:
            texts = [str(value)] if column.letter == "I" else _texts(column, value)
            fitting = next((text for text in texts if len(text) <= width), None)
            if fitting is None:
                raise RebuildError(
                    f"column {column.form.name} of row {row} is {value!r}, which does not fit into "
                    f"{width} characters"
                )
            yield fitting.rjust(width).encode()


def _texts(column: Column, value: float) -> Iterator[str]:
    """Yield ways to write a number, the one that TFORM asks for first."""
    letter, decimals = column.letter, column.type.decimals
    usual = f"{value:.{decimals}{'f' if letter == 'F' else 'E'}}"
    if math.isinf(value) or float(usual) == value:
        yield usual.replace("E", "D") if letter == "D" else usual
    shortest = repr(value).upper()
    mantissa, mark, exponent = shortest.partition("E")
    if "." not in mantissa:
        mantissa += "."
    for short in (mantissa, mantissa.removesuffix("0"), mantissa.replace("0.", ".", 1)):
        yield f"{short}{mark}{exponent}"
