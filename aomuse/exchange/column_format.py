"""How a file defines a table column."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ColumnFormat:
    """How the file defines a table column: the T… keywords, verbatim where they are text.

    ``description`` is of catalogues in ECSV, ``datatype`` of these and of imported JSON.
    """

    position: int
    name: str
    format: str
    unit: str | None = None
    null_value: str | None = None
    scale: float | None = None
    zero: float | None = None
    display: str | None = None
    dimensions: str | None = None
    description: str | None = None
    datatype: str | None = None
