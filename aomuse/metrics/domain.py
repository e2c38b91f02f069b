"""Where a metric holds: the modes, models, states and ranges for which its formula was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

#: How the names of modes with adaptive optics, and of MUSE's two fields, begin.
ADAPTIVE, WIDE_ADAPTIVE, WIDE, NARROW = ("WFM-AO", "NFM"), ("WFM-AO",), ("WFM",), ("NFM",)


@dataclass(frozen=True)
class Range:
    """Values of a quantity that a metric uses: above ``low``, up to and with ``high``."""

    quantity: str
    low: float
    high: float = np.inf
    unit: str = ""
    with_low: bool = False

    def holds(self, values: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Return which values lie in the range; NaN and infinity do not."""
        given = np.asarray(values, dtype=float)
        above = given >= self.low if self.with_low else given > self.low
        return np.asarray(np.isfinite(given) & above & (given <= self.high))

    def __str__(self) -> str:
        low = f"{self.low:g} {'<=' if self.with_low else '<'} {self.quantity}"
        high = f" <= {self.high:g}" if np.isfinite(self.high) else ""
        return low + high + (f" {self.unit}" if self.unit else "")


@dataclass(frozen=True)
class Domain:
    """Where a metric holds; what is empty does not matter to it."""

    #: How the names of its instrument modes begin.
    modes: tuple[str, ...] = ()
    #: PSF models, each with how its modes begin.
    models: tuple[tuple[str, tuple[str, ...]], ...] = ()
    #: State of the tip-tilt loop.
    loop: str = ""
    #: State of the lasers, of which one is enough.
    lasers: str = ""
    ranges: tuple[Range, ...] = ()

    def reason(self, instrument_mode: str | None, model: str | None = None) -> str | None:
        """Return why a metric does not hold in a mode or for a PSF model; None if it does."""
        mode = instrument_mode or ""
        if self.modes and not mode.startswith(self.modes):
            return f"it holds for {_listed(self.modes)} only, and the mode is {mode or 'unknown'}"
        if not self.models:
            return None
        for name, modes in self.models:
            if (model or "unknown").startswith(name):
                if not modes or mode.startswith(modes):
                    return None
                what = f"a {name} profile describes {_listed(modes)} only"
                return f"{what}, and the mode is {mode or 'unknown'}"
        names = _listed([name for name, _ in self.models])
        return f"it holds for the PSF model {names} only, not for {model or 'unknown'}"

    @property
    def columns(self) -> Mapping[str, Any]:
        """Return the columns of the table ``metric``: text, None where all is in the domain."""
        models = [f"{name} in {_listed(modes)}" if modes else name for name, modes in self.models]
        return {
            "modes": _listed(self.modes) or None,
            "models": _listed(models) or None,
            "loop_state": self.loop or None,
            "lasers": self.lasers or None,
            "ranges": "; ".join(map(str, self.ranges)) or None,
        }


def _listed(words: tuple[str, ...] | list[str]) -> str:
    return ", ".join(words)


ANYWHERE = Domain()
