"""The wavelength windows of the summaries."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """A half-open range of wavelengths in nm."""

    id: int
    name: str
    minimum_nm: float
    maximum_nm: float


#: Only the first reaches into the notch for the sodium lasers, 576 to 605 nm.
WINDOWS = (
    Window(1, "all", 0.0, 10000.0),
    Window(2, "475-576 nm", 475.0, 576.0),
    Window(3, "605-700 nm", 605.0, 700.0),
    Window(4, "700-800 nm", 700.0, 800.0),
    Window(5, "800-935 nm", 800.0, 935.0),
)
