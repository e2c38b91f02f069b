"""What each column of a table or view means, as the data dictionary has it, with unit and UCD."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aomuse.models import Base
from aomuse.query.frames.columns import astropy_unit, unit_of_name
from aomuse.query.ucds import ucd_of
from aomuse.query.views import View

#: Units that comments end with.
_UNITS = (
    *("arcsec", "deg", "m", "m/s", "mm", "nm", "pixels", "s", "d", "deg C", "%", "hPa"),
    *("mag", "rad²", "radians", "kbyte"),
)
_ENDING = re.compile(rf", ({'|'.join(map(re.escape, _UNITS))})(?:;.*)?$", flags=re.DOTALL)


@dataclass(frozen=True)
class Meaning:
    """What a column means; unit as astropy reads it, unit and UCD empty for none."""

    description: str
    unit: str
    ucd: str


@dataclass(frozen=True)
class Relation:
    """A table or view: what a row of it is, and what its columns mean."""

    name: str
    comment: str
    columns: Mapping[str, Meaning]


def meaning_of(name: str, comment: str) -> Meaning:
    """Return the meaning of a column, from its name and comment."""
    ending = _ENDING.search(comment)
    unit = astropy_unit(ending.group(1)) if ending else unit_of_name(name)
    return Meaning(comment, unit, ucd_of(name))


def of_tables() -> list[Relation]:
    """Return all tables of the schema."""
    return [
        Relation(
            table.name,
            table.comment or "",
            {column.name: meaning_of(column.name, column.comment or "") for column in table.c},
        )
        for table in Base.metadata.sorted_tables
    ]


def of_views(views: Iterable[View]) -> list[Relation]:
    """Return views with the meaning of their columns."""
    return [
        Relation(
            view.name,
            view.comment,
            {column.name: meaning_of(column.name, column.comment) for column in view.columns},
        )
        for view in views
    ]
