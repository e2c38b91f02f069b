"""Infinities and negative zeros, put back where they were."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.models import SpecialValue

_VALUES = {"+inf": np.inf, "-inf": -np.inf, "-0.0": -0.0}
#: What stands in their columns.
_STAND_INS = {np.inf: None, -np.inf: None, -0.0: 0.0}


class SpecialValues:
    """The special values of one exposure."""

    def __init__(self, connection: Connection, exposure_id: int) -> None:
        self._values: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
        for table, column, key, value in connection.execute(
            sa.select(
                SpecialValue.table_name,
                SpecialValue.column_name,
                SpecialValue.row_key,
                SpecialValue.value,
            ).where(SpecialValue.exposure_id == exposure_id)
        ):
            self._values[table, column][key] = _VALUES[value]

    def value(self, table: str, column: str, key: str, stored: float | None) -> float | None:
        """Return the value of one row: the special one, if its stand-in is stored, or that."""
        special = self._values.get((table, column), {}).get(key)
        return stored if special is None or stored != _STAND_INS[special] else special

    def apply(
        self,
        table: str,
        column: str,
        keys: list[npt.NDArray[np.generic]],
        values: npt.NDArray[np.float64],
    ) -> None:
        """Put special values into an array."""
        special = self._values.get((table, column))
        if not special:
            return
        for row, parts in enumerate(zip(*(key.tolist() for key in keys), strict=True)):
            found = special.get("/".join(str(part) for part in parts))
            if found is not None and (values[row] == 0 if found == 0 else np.isnan(values[row])):
                values[row] = found
