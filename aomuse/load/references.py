"""Local numbers in frames become the database's ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.exchange.frames import Layout, Rows, arrays_of, row_count
from aomuse.load.dictionaries import Dictionaries
from aomuse.models import Base

#: Column of ids, the column of local numbers that stands for it, and whose numbers these are.
_COLUMNS = (
    ("source_file_id", "file", "file"),
    ("reduced_file_id", "reduced_number", "file"),
    ("prm_file_id", "prm_number", "file"),
    ("psf_file_id", "psf_number", "file"),
    ("header_id", "header", "header"),
    ("psf_fit_id", "fit", "fit"),
)
#: Tables whose ids others need: the local number, and the columns that identify a row.
_NUMBERED = {
    "source_file": ("file", ("role", "path")),
    "header": ("header", ("source_file_id", "hdu_index")),
    "psf_fit": ("fit", ("name", "model")),
}


@dataclass
class References:
    """The ids of an exposure's rows by local number: of its files, headers and fits.

    ``layouts`` are the exposure's by fingerprint; `learn` reads the ids of rows just written.
    """

    exposure_id: int
    run_id: int
    dictionaries: Dictionaries
    layouts: dict[str, Layout]
    ids: dict[str, dict[int, int]] = field(
        default_factory=lambda: {"file": {}, "header": {}, "fit": {}}
    )
    row_count: int = 0

    def resolve(self, table: str, rows: Rows) -> dict[str, Any]:
        """Return the columns of a table, as arrays."""
        columns = Base.metadata.tables[table].columns
        own, count = arrays_of(rows), row_count(rows)
        new: dict[str, Any] = {}
        if "exposure_id" in columns:
            new["exposure_id"] = np.full(count, self.exposure_id, np.int32)
        if "load_run_id" in columns:
            new["load_run_id"] = np.full(count, self.run_id, np.int32)
        for column, local, numbered in _COLUMNS:
            if local in own and column in columns:
                new[column] = _mapped(own[local], self.ids[numbered])
        if table == "header_card":
            pairs = list(zip(own["keyword"], own["comment"], strict=True))
            ids = self.dictionaries.keywords(pairs)
            new["keyword_id"] = np.array([ids[pair] for pair in pairs], np.int32)
        elif table == "header":
            layout_ids = {f: self.dictionaries.layout(v)[0] for f, v in self.layouts.items()}
            new["table_layout_id"] = _mapped(own["layout"], layout_ids)
        elif table == "table_value":
            _, column_ids = self.dictionaries.layout(self.layouts[own["layout"][0]])
            new["table_column_id"] = _mapped(own["column_position"], column_ids)
        found = own | new
        return {column.name: found[column.name] for column in columns if column.name in found}

    def learn(
        self, connection: Connection, table: str, rows: Rows, resolved: dict[str, Any]
    ) -> None:
        """Read back the ids of rows just written, by what identifies them."""
        if table not in _NUMBERED:
            return
        local, names = _NUMBERED[table]
        columns = Base.metadata.tables[table].c
        select = sa.select(columns.id, *(columns[name] for name in names)).where(
            columns.exposure_id == self.exposure_id
        )
        ids = {tuple(key): number for number, *key in connection.execute(select)}
        keys = zip(*(list(resolved[name]) for name in names), strict=True)
        self.ids[local] |= {
            int(number): ids[key] for number, key in zip(rows[local], keys, strict=True)
        }


def _mapped(numbers: Any, ids: Mapping[Any, int]) -> Any:
    """Return ids in place of what stands for them, NULL where there is nothing."""
    missing = np.asarray(pd.isna(numbers))
    if missing.any():
        found = [0 if no else ids[n] for no, n in zip(missing, numbers, strict=True)]
        return pd.arrays.IntegerArray(np.array(found, np.int64), missing)
    values = np.asarray(numbers)
    if (values == values[0]).all():
        # The big tables carry one fit: a constant, not a look-up a row.
        return np.full(len(values), ids[values[0]], np.int32)
    return np.array([ids[number] for number in values.tolist()], np.int32)
