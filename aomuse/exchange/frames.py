"""The nouns of normalizing: an exposure as frames, and the layouts they refer to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass, field
from functools import cache, cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from aomuse.exchange.column_format import ColumnFormat
from aomuse.exchange.files import FoundFile
from aomuse.exchange.issue import Issue


@dataclass(frozen=True)
class Layout:
    """The layout of a table: its columns, and where the values of each are stored."""

    extension: str
    formats: tuple[ColumnFormat, ...]
    stored_in: tuple[str, ...]

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over all that the layout says."""
        text = repr((self.extension, _shown(self.formats), self.stored_in))
        return hashlib.sha256(text.encode()).hexdigest()


@cache
def _shown(formats: tuple[ColumnFormat, ...]) -> str:
    # A thousand sources share one tuple of formats.
    return repr([_plain(f) for f in formats])


def _plain(form: ColumnFormat) -> tuple[Any, ...]:
    # What only catalogues have is left out elsewhere: fingerprints of FITS tables stay the same.
    fields = astuple(form)
    return fields if form.datatype else fields[:-2]


#: A frame, or an array of numpy or pandas for each column: a frame of ten rows costs a millisecond.
Rows = pd.DataFrame | Mapping[str, Any]


@dataclass
class NormalizedExposure:
    """An exposure as rows, parents before children; NaN, NaT, None and NA are NULL.

    The rows name other rows by local numbers, which the loader replaces by the database's:
    ``file`` (source_file), ``header``, ``fit`` (psf_fit), ``layout`` (fingerprint) with
    ``column_position``, and ``keyword`` with ``comment``. ``exposure`` has the columns of the
    exposure's own row, ``failed`` the files that could not be loaded.
    """

    archive_id: str | None
    target: str | None
    exposure: dict[str, Any]
    frames: list[tuple[str, Rows]] = field(default_factory=list)
    layouts: dict[str, Layout] = field(default_factory=dict)
    failed: tuple[FoundFile, ...] = ()
    issues: list[Issue] = field(default_factory=list)

    def add(self, table: str, rows: Rows) -> None:
        """Append rows of a table, if there are any."""
        if row_count(rows):
            self.frames.append((table, rows))

    def layout(self, layout: Layout) -> str:
        """Remember a layout and return its fingerprint."""
        self.layouts.setdefault(layout.fingerprint, layout)
        return layout.fingerprint

    def of(self, table: str) -> Iterator[pd.DataFrame]:
        """Yield the rows of a table as frames."""
        return (pd.DataFrame(rows) for name, rows in self.frames if name == table)


def row_count(rows: Rows) -> int:
    """Return the number of rows."""
    return len(rows) if isinstance(rows, pd.DataFrame) else len(next(iter(rows.values()), ()))


def arrays_of(rows: Rows) -> dict[str, Any]:
    """Return the columns as arrays of numpy or pandas."""
    if not isinstance(rows, pd.DataFrame):
        return dict(rows)
    return {
        str(name): values.to_numpy() if isinstance(values.dtype, np.dtype) else values.array
        for name, values in rows.items()
    }


def nullable_int(
    values: npt.NDArray[Any], nulls: npt.NDArray[np.bool_] | None
) -> npt.NDArray[Any] | pd.arrays.IntegerArray:
    """Return integers as a column, with NULL where ``nulls`` is True."""
    integers = values.astype(np.int64)
    if nulls is None:
        return integers
    return pd.arrays.IntegerArray(integers, nulls)
