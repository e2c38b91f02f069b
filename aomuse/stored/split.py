"""Infinities and negative zeros, which no DOUBLE column holds on every engine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

#: value in special_value to the double that it stands for
SPECIAL = {"+inf": np.inf, "-inf": -np.inf, "-0.0": -0.0}


def split_special(
    table: str, frame: pd.DataFrame, key: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take the special values out of a frame."""
    replaced: dict[str, Floats] = {}
    found: list[pd.DataFrame] = []
    for column in frame.columns:
        if frame[column].dtype != np.float64:
            continue
        values = frame[column].to_numpy()
        names = _name(values)
        if names is None:
            continue
        places = np.flatnonzero(names != "")
        keys = [frame[name].iloc[places].astype(str) for name in key]
        found.append(
            pd.DataFrame(
                {
                    "table_name": table,
                    "column_name": column,
                    "row_key": ["/".join(parts) for parts in zip(*keys, strict=True)],
                    "value": names[places].astype(object),
                }
            )
        )
        replaced[column] = np.where(np.isinf(values), np.nan, values + 0.0)
    special = pd.concat(found, ignore_index=True) if found else pd.DataFrame()
    return (frame.assign(**replaced) if replaced else frame), special


def _name(values: Floats) -> npt.NDArray[np.str_] | None:
    """Return the name of each special value, '' for the others; None if there are none."""
    infinite = np.isinf(values)
    negative_zero = (values == 0) & np.signbit(values)
    if not (infinite.any() or negative_zero.any()):
        return None
    names = np.full(len(values), "", dtype="U4")
    names[infinite & (values > 0)] = "+inf"
    names[infinite & (values < 0)] = "-inf"
    names[negative_zero] = "-0.0"
    return names
