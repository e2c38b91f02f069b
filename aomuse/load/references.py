"""Local numbers in frames become the database's ids."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.exchange.frames import Layout
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

    def resolve(self, table: str, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the frame with the columns of its table."""
        columns = Base.metadata.tables[table].columns
        own = set(frame.columns)
        new: dict[str, object] = {}
        if "exposure_id" in columns:
            new["exposure_id"] = self.exposure_id
        if "load_run_id" in columns:
            new["load_run_id"] = self.run_id
        for column, local, numbered in _COLUMNS:
            if local in own and column in columns:
                new[column] = _mapped(frame[local], self.ids[numbered])
        if table == "header_card":
            pairs = list(zip(frame["keyword"], frame["comment"], strict=True))
            ids = self.dictionaries.keywords(pairs)
            new["keyword_id"] = [ids[pair] for pair in pairs]
        elif table == "header":
            layout_ids = {f: self.dictionaries.layout(v)[0] for f, v in self.layouts.items()}
            new["table_layout_id"] = frame["layout"].map(layout_ids).astype("Int64")
        elif table == "table_value":
            _, column_ids = self.dictionaries.layout(self.layouts[frame["layout"].iloc[0]])
            new["table_column_id"] = frame["column_position"].map(column_ids)
        # Not by assign, which copies the frame and makes its index again for each column.
        named = columns.keys()  # to iterate over columns gives them, not their names
        names = [name for name in named if name in new or name in own]
        found = {name: new[name] if name in new else frame[name] for name in names}
        resolved = pd.DataFrame(found, index=frame.index, copy=False)
        resolved.columns = _labels(tuple(names))
        return resolved

    def learn(
        self, connection: Connection, table: str, frame: pd.DataFrame, resolved: pd.DataFrame
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
        keys = zip(*(resolved[name] for name in names), strict=True)
        self.ids[local] |= {
            int(number): ids[key] for number, key in zip(frame[local], keys, strict=True)
        }


@cache
def _labels(names: tuple[str, ...]) -> pd.Index[str]:
    """Return labels of columns, as objects: in pyarrow's strings a column takes longer to find."""
    return pd.Index(names, dtype=object)


def _mapped(numbers: pd.Series[int], ids: dict[int, int]) -> object:
    if numbers.isna().any():
        return numbers.map(ids, na_action="ignore").astype("Int64")
    values = numbers.to_numpy()
    if (values == values[0]).all():
        # The big tables carry one fit: a constant, not a look-up a row.
        return ids[values[0]]
    return numbers.map(ids)
