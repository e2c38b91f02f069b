"""Where a table column's values are stored: the text in table_column.stored_in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aomuse.errors import RebuildError

#: The text for the column store.
COLUMN_STORE = "table_value"

_TEXT = re.compile(r"(?P<table>\w+)(\.(?P<column>\w+)(\[(?P<index_column>\w+)=(?P<index>\d+)\])?)?")


@dataclass(frozen=True)
class StoredIn:
    """A table and column of the database; with an index, its rows of one laser or layer.

    Examples
    --------
    >>> str(StoredIn("sparta_atm", "r0_m", "lgs", 3))
    'sparta_atm.r0_m[lgs=3]'
    >>> StoredIn.parse("sparta_atm.r0_m[lgs=3]").index
    3
    """

    table: str
    column: str | None = None
    index_column: str | None = None
    index: int | None = None

    def __str__(self) -> str:
        place = self.table if self.column is None else f"{self.table}.{self.column}"
        return place if self.index is None else f"{place}[{self.index_column}={self.index}]"

    @classmethod
    def parse(cls, text: str) -> StoredIn:
        """Return what a text says; RebuildError if it says nothing."""
        match = _TEXT.fullmatch(text)
        if match is None:
            raise RebuildError(f"there is no {text!r}, where a column should be stored")
        table, column, index_column, index = match.group("table", "column", "index_column", "index")
        return cls(table, column, index_column, int(index) if index else None)
