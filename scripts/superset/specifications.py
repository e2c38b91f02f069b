"""The datasets of the dashboard: which view each shows, its metrics, and columns of its own."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import types as sqltypes

from aomuse.models import Base
from aomuse.query.views import View, static_views

#: The views of MariaDB, for which Superset is.
VIEWS: dict[str, View] = {view.name: view for view in static_views("mariadb")}


@dataclass(frozen=True)
class Metric:
    """An aggregate that charts and users of a dataset choose by name."""

    name: str
    expression: str
    label: str
    meaning: str
    d3format: str = ",.3~f"


@dataclass(frozen=True)
class Extra:
    """A column that the view does not have, worked out by Superset's query."""

    name: str
    expression: str
    kind: str
    meaning: str


@dataclass(frozen=True)
class Column:
    """A column of a dataset: name, kind, and where its meaning stands."""

    name: str
    kind: str
    meaning: str


@dataclass(frozen=True)
class Dataset:
    """A dataset of the dashboard.

    Attributes
    ----------
    name : str
        Name in Superset; of the view, where it is one.
    time : str
        The column that a time filter asks.
    meaning : str
        What a row is.
    metrics : tuple of Metric
        Its aggregates.
    extras : tuple of Extra
        Its own columns.
    parts : tuple of (str, str, tuple of str)
        Views and tables that a joined dataset is made of: name, alias in ``source``, columns.
    source : str
        What follows FROM in a joined dataset; empty for a view.
    """

    name: str
    time: str
    meaning: str
    metrics: tuple[Metric, ...]
    extras: tuple[Extra, ...] = ()
    parts: tuple[tuple[str, str, tuple[str, ...]], ...] = field(default=())
    source: str = ""

    def columns(self) -> list[Column]:
        """Return the columns that come from the database, with the meanings that stand there."""
        if not self.parts:
            return _columns(self.name)
        by_name = {part: {c.name: c for c in _columns(part)} for part, _, _ in self.parts}
        return [by_name[part][name] for part, _, names in self.parts for name in names]

    def sql(self) -> str | None:
        """Return the query of a joined dataset, None for a view."""
        if not self.parts:
            return None
        columns = ",\n  ".join(
            f"{alias}.{name}" for _, alias, names in self.parts for name in names
        )
        return f"SELECT\n  {columns}\nFROM {self.source}"


def _columns(name: str) -> list[Column]:
    if name in VIEWS:
        return [Column(c.name, _kind(c.name), c.comment) for c in VIEWS[name].columns]
    table = Base.metadata.tables[name]
    return [Column(c.name, _kind(c.name), c.comment or "") for c in table.columns]


def _kinds_of_models() -> dict[str, str]:
    kinds = {}
    for table in Base.metadata.tables.values():
        if table.name == "metric":  # Its domain says in which state of the loop it holds, in words.
            continue
        for column in table.columns:
            match column.type:
                case sqltypes.String():
                    kinds[column.name] = "STRING"
                case sqltypes.DateTime():
                    kinds[column.name] = "DATETIME"
                case sqltypes.Integer() | sqltypes.Boolean():
                    kinds[column.name] = "BIGINT"
    return kinds


_KINDS = _kinds_of_models() | {
    "target": "STRING",
    "wavelength_window": "STRING",
    "night": "DATE",
    "month": "DATE",
}


def _kind(name: str) -> str:
    """Return the type of a column of a view, by its name; a test compares with MariaDB."""
    return _KINDS.get(name, "BIGINT" if name.endswith("_count") else "DOUBLE")
