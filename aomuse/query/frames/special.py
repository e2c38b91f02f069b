"""Infinities and negative zeros of many exposures, put back where they were."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.models import SpecialValue

_VALUES = {"+inf": np.inf, "-inf": -np.inf, "-0.0": -0.0}


class Specials:
    """The special values that some exposures have in one table."""

    def __init__(self, connection: Connection, exposure_ids: Sequence[int], table: str) -> None:
        self._values: dict[str, dict[str, float]] = defaultdict(dict)
        rows = connection.execute(
            sa.select(SpecialValue.column_name, SpecialValue.row_key, SpecialValue.value).where(
                SpecialValue.exposure_id.in_(exposure_ids), SpecialValue.table_name == table
            )
        )
        for column, key, value in rows:
            self._values[column][key] = _VALUES[value]

    def value(self, column: str, key: str, stored: Any) -> Any:
        """Return the value of one row: the special one, or what is stored."""
        return self._values[column].get(key, stored) if column in self._values else stored

    def apply(
        self,
        column: str,
        keys: Sequence[npt.NDArray[np.generic]],
        values: npt.NDArray[np.float64],
    ) -> None:
        """Put special values into an array."""
        if column not in self._values:
            return
        special = self._values[column]
        for row, parts in enumerate(zip(*(key.tolist() for key in keys), strict=True)):
            found = special.get("/".join(str(part) for part in parts))
            if found is not None:
                values[row] = found
