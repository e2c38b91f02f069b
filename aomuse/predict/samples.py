"""Which samples of the telemetry the model can use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from astropy.table import Table

LASERS = (1, 2, 3, 4)
_QUANTITIES = ("SEEING", "TUR_GND", "L0")


@dataclass(frozen=True)
class Limits:
    """What muse-psfr takes: an outer scale in between, m, and some turbulence in both layers."""

    min_l0_m: float
    max_l0_m: float

    def __str__(self) -> str:
        return (
            f"{self.min_l0_m:g} < L0 < {self.max_l0_m:g} m, 0 < ground layer < 1, seeing > 0,"
            " zenith distance 0 deg"
        )

    def usable(self, samples: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Return which samples (last axis: seeing, ground layer, L0) are inside; NaN is not."""
        seeing, ground, l0 = np.moveaxis(samples, -1, 0)
        inside = (l0 > self.min_l0_m) & (l0 < self.max_l0_m) & (ground > 0) & (ground < 1)
        return np.asarray(inside & (seeing > 0) & np.isfinite(seeing))


@dataclass(frozen=True)
class Atmosphere:
    """One row of SPARTA_ATM_DATA: means over the lasers that can be used."""

    seeing_arcsec: float
    ground_layer_fraction: float
    l0_m: float
    lasers: int


def missing_column(table: Table) -> str | None:
    """Return the first column that the model needs and the table lacks."""
    names = (f"LGS{laser}_{name}" for laser in LASERS for name in _QUANTITIES)
    return next((name for name in names if name not in table.colnames), None)


def atmospheres(table: Table, limits: Limits) -> list[Atmosphere]:
    """Return the atmosphere of each row with a laser that can be used."""
    samples = np.array(
        [[table[f"LGS{laser}_{name}"] for name in _QUANTITIES] for laser in LASERS],
        dtype=np.float64,
    ).transpose(2, 0, 1)
    rows = []
    for row, usable in zip(samples, limits.usable(samples), strict=True):
        if usable.any():
            seeing, ground, l0 = row[usable].mean(axis=0).tolist()
            rows.append(Atmosphere(seeing, ground, l0, int(usable.sum())))
    return rows
