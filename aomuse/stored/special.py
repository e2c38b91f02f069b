"""Special values: infinities and negative zeros, which no DOUBLE column holds on every engine.

Their column holds NULL or 0 as a stand-in, and special_value has the value. It counts only while
the stand-in is there: whoever writes another value over it, by plain SQL too, means that value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.models import Base, SpecialValue

Floats = npt.NDArray[np.float64]
Values = npt.NDArray[Any]

#: Table, column, key of the row, and name of the value.
SpecialRow = tuple[str, str, str, str]

#: special_value.value and the double that it means.
SPECIAL = {"+inf": np.inf, "-inf": -np.inf, "-0.0": -0.0}


class SpecialValues:
    """The special values of some exposures, in some tables or all."""

    def __init__(self, connection: Connection, exposures: Collection[int], *tables: str) -> None:
        self._values: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
        select = sa.select(
            SpecialValue.table_name,
            SpecialValue.column_name,
            SpecialValue.row_key,
            SpecialValue.value,
        ).where(SpecialValue.exposure_id.in_(exposures))
        if tables:
            select = select.where(SpecialValue.table_name.in_(tables))
        for name, column, key, value in connection.execute(select):
            self._values[name, column][key] = SPECIAL[value]

    def value(self, table: str, column: str, key: object, stored: float | None) -> float | None:
        """Return the value of one row, given what its column holds."""
        special = self._values.get((table, column), {}).get(str(key))
        if special is None or stored != (0.0 if special == 0 else None):
            return stored
        return special

    def restore(
        self, table: str, column: str, keys: Sequence[Iterable[Any]], values: Floats
    ) -> None:
        """Put the special values of rows into an array; NaN is NULL there."""
        special = self._values.get((table, column))
        if not special:
            return
        # Only stand-ins can be special, and they are few.
        places = np.flatnonzero(np.isnan(values) | (values == 0))
        parts = [np.asarray(key)[places].tolist() for key in keys]
        for place, row in zip(places.tolist(), zip(*parts, strict=True), strict=True):
            value = special.get("/".join(map(str, row)))
            if value is not None and (value == 0) == (values[place] == 0):
                values[place] = value

    def restored(
        self, table: str, columns: dict[str, Values], fixed: Mapping[str, Any] | None = None
    ) -> dict[str, Values]:
        """Return columns of a table's rows with the special values.

        They include its key, but for parts that all rows share, which are ``fixed``.
        """
        count = len(next(iter(columns.values())))
        same = {name: np.broadcast_to(value, count) for name, value in (fixed or {}).items()}
        known = columns | same
        keys = [known[part.name] for part in Base.metadata.tables[table].primary_key]
        for name, values in columns.items():
            if values.dtype == np.float64:
                self.restore(table, name, keys, values)
        return columns


def split_special(
    table: str, columns: Mapping[str, Any], key: Sequence[str]
) -> tuple[dict[str, Any], list[SpecialRow]]:
    """Return arrays with stand-ins for their special values, and these as rows."""
    clean = dict(columns)
    found: list[SpecialRow] = []
    for column, values in columns.items():
        if values.dtype != np.float64:
            continue
        infinite, zero = np.isinf(values), values == 0
        if not infinite.any() and not zero.any():
            continue
        places = np.flatnonzero(infinite | (zero & np.signbit(values)))
        if not len(places):
            continue
        parts = [map(str, columns[name][places]) for name in key]
        keys = ("/".join(row) for row in zip(*parts, strict=True))
        names = (_NAMES[value] for value in values[places].tolist())
        found += [(table, column, *row) for row in zip(keys, names, strict=True)]
        clean[column] = np.where(infinite, np.nan, values + 0.0)
    return clean, found


def special_columns(exposure_id: int, rows: Sequence[SpecialRow]) -> dict[str, Any]:
    """Return rows of special_value as arrays."""
    columns = (np.array(values, dtype=object) for values in zip(*rows, strict=True))
    names = ("table_name", "column_name", "row_key", "value")
    named = dict(zip(names, columns, strict=True))
    return {"exposure_id": np.full(len(rows), exposure_id, np.int32)} | named


_NAMES: Mapping[float, str] = {value: name for name, value in SPECIAL.items()}
