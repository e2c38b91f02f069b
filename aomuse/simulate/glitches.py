"""Samples that went wrong, as in real telemetry: outliers, zeros and NaN."""

from __future__ import annotations

import numpy as np

from aomuse.simulate.atmosphere import Series
from aomuse.simulate.hdus import SimulatedColumn

_LOST = 0.01  # share of the samples of a laser that are lost
_ABSURD_SCALE = 0.02  # share of those whose outer scale is not to be believed


def with_glitches(
    columns: list[SimulatedColumn], rng: np.random.Generator
) -> list[SimulatedColumn]:
    """Spoil a few samples of SPARTA_ATM_DATA, one laser at a time.

    A sensor that lost its star for a moment reports zeros in all columns, or NaN in its seeing and
    r0; in calm air the fit of the outer scale ends far outside of what can be measured, and the
    Strehl ratio is rounded to zero. A laser that is off is left as it is.
    """
    values = {column.name: np.array(column.values, dtype=np.float64) for column in columns}
    for laser in range(1, 5):
        own = [name for name in values if name.startswith(f"LGS{laser}_")]
        seeing = values[f"LGS{laser}_SEEING"]
        # Drawn in any case, so that a laser that is off does not change the others.
        lost, absurd, mute, kind = rng.random((4, len(seeing)))
        if not seeing.any():
            continue
        for name in own:
            values[name][lost < _LOST] = 0.0
        scale: Series = values[f"LGS{laser}_L0"]
        scale[absurd < _ABSURD_SCALE] = np.where(kind < 0.5, 1000.0, 0.0)[absurd < _ABSURD_SCALE]
        for quantity in ("SEEING", "R0"):
            values[f"LGS{laser}_{quantity}"][mute < _LOST] = np.nan
        values[f"LGS{laser}_STREHL"][mute > 1.0 - _LOST] = 0.0
    return [
        column
        if column.name not in values or not column.name.startswith("LGS")
        else SimulatedColumn(column.name, column.tform, values[column.name])
        for column in columns
    ]
